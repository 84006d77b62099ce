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

/** What an index of a set must bring. */
export interface GainLimits {
  /** Of the whole, as a fraction (`gainOf`): this much is always enough. */
  readonly leastGain: number;
}

/**
 * Whether a change brings enough: `leastGain` of the whole; or, where a workload has so many statements that none holds as much,
 * a tenth of what its own statements take and of what a statement takes on average.
 */
export function isWorthwhile(
  statements: readonly { readonly calls: number }[],
  before: readonly number[],
  after: readonly number[],
  { leastGain }: GainLimits,
): boolean {
  const gain = gainOf(statements, before, after);
  if (gain >= leastGain) return true;
  if (gain < OWN_GAIN / Math.max(1, statements.length)) return false;
  const own = statements.flatMap((_, i) => (isChanged(before[i] ?? 0, after[i] ?? 0) ? [i] : []));
  const at = <T>(of: readonly T[]): T[] => own.flatMap((i) => of[i] ?? []);
  return gainOf(at(statements), at(before), at(after)) >= Math.max(OWN_GAIN, leastGain);
}

/** Ten times what an index that repeats the beginning of a primary key was measured to bring to its own statements: 1 %. */
const OWN_GAIN = 0.1;
/** Another plan that takes nearly as much is no change: figures of few runs differ by this. */
const NEARLY = 0.05;

function isChanged(before: number, after: number): boolean {
  return Math.abs(after - before) > NEARLY * Math.max(before, after);
}
