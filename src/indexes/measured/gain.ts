/**
 * What a change is worth as a fraction: the larger of the fall of the total and of the geometric mean over statements
 * weighted by their share (decision 0005), so that a hundredfold gain of a small statement counts. Negative when it is a loss.
 */
export function gainOf(
  statements: readonly { readonly calls: number }[],
  before: readonly number[],
  after: readonly number[],
): number {
  const total = (values: readonly number[]): number =>
    values.reduce((sum, value, i) => sum + value * (statements[i]?.calls ?? 0), 0);
  const all = total(before);
  if (!(all > 0)) return 0;
  const logs = before.reduce((sum, value, i) => {
    const next = after[i] ?? value;
    if (value === next) return sum;
    return (
      sum + ((value * (statements[i]?.calls ?? 0)) / all) * Math.log(Math.max(next, LEAST) / Math.max(value, LEAST))
    );
  }, 0);
  const fall = 1 - total(after) / all;
  return fall < 0 ? fall : Math.max(fall, 1 - Math.exp(logs));
}

/** A logarithm needs more than nothing: a microsecond, or a thousandth of a block. */
const LEAST = 1e-3;
