/** How many values come so often. */
export interface Multiplicity {
  /** Rows of each. */
  readonly rows: number;
  readonly values: number;
}

/** Steps by which rows are told apart: the next is at least a fifth more. */
const STEP = 1.2;
/** With ten times as many the answers that were tried differ by less than a percent; all take some milliseconds. */
const ROUNDS = 400;
/** Parameters that a mixture is charged for beyond the one of values that are all alike (Schwarz 1978, the BIC): two more kinds with their shares. */
const MORE_PARAMETERS = 4;

/**
 * How often values come among all rows, from how often they came in a sample of every `scale`-th row. All values alike if that is likely enough, else the mixture
 * under which the sample is the likeliest (Laird 1978, "Nonparametric maximum likelihood estimation of a mixing distribution", by expectation and
 * maximisation). An estimate by one figure, as ANALYZE has it (Haas and Stokes 1998), takes all to be alike always: of keys that come five times
 * and others that come anyhow it finds 15 % too few at a sixth of the rows, and half of those of a Zipf distribution.
 */
export function multiplicities(sample: readonly Multiplicity[], scale: number): readonly Multiplicity[] {
  if (sample.length === 0 || scale <= 1) return sample;
  const taken = 1 / scale;
  const most = Math.max(...sample.map(({ rows }) => rows)) * scale * 2;
  const grid: number[] = [];
  for (let rows = 1; rows <= most; rows = Math.max(rows + 1, Math.round(rows * STEP))) grid.push(rows);
  const seen = grid.map((all) => -Math.expm1(all * Math.log1p(-taken)));
  const chances = grid.map((all) => sample.map(({ rows }) => binomial(rows, all, taken)));
  const values = sample.reduce((sum, one) => sum + one.values, 0);
  const alike = grid
    .map((rows, at) => ({
      rows,
      values: values / (seen[at] ?? 1),
      fit: likelihood(sample, chances[at] ?? [], seen[at] ?? 1),
    }))
    .reduce((best, one) => (one.fit > best.fit ? one : best));
  const weights = mixture(sample, chances, seen);
  const anySeen = weights.reduce((sum, weight, at) => sum + weight * (seen[at] ?? 0), 0);
  const gain = likelihood(sample, mixed(weights, chances), anySeen) - alike.fit;
  if (gain <= (MORE_PARAMETERS / 2) * Math.log(values)) return [{ rows: alike.rows, values: alike.values }];
  return grid.flatMap((rows, at) => ((weights[at] ?? 0) > 0 ? [{ rows, values: weights[at] ?? 0 }] : []));
}

/** Values by rows that make the sample the likeliest. `chances`: by rows, for each count of the sample. */
function mixture(
  sample: readonly Multiplicity[],
  chances: readonly (readonly number[])[],
  seen: readonly number[],
): readonly number[] {
  const values = sample.reduce((sum, one) => sum + one.values, 0);
  let weights = seen.map((chance) => values / (seen.length * chance));
  for (let round = 0; round < ROUNDS; round += 1) {
    const whole = mixed(weights, chances);
    weights = weights.map((weight, at) => {
      const own = chances[at] ?? [];
      const share = sample.reduce(
        (sum, one, from) => sum + (one.values * (own[from] ?? 0)) / Math.max(whole[from] ?? 0, Number.MIN_VALUE),
        0,
      );
      return (weight * share) / (seen[at] ?? 1);
    });
  }
  return weights;
}

/** Sums over rows of weight and chance, for each count. */
function mixed(weights: readonly number[], chances: readonly (readonly number[])[]): readonly number[] {
  const counts = chances[0]?.length ?? 0;
  return Array.from({ length: counts }, (_, from) =>
    weights.reduce((sum, weight, at) => sum + weight * (chances[at]?.[from] ?? 0), 0),
  );
}

/** Logarithm, of the sample given that a value was seen at all. */
function likelihood(sample: readonly Multiplicity[], chances: readonly number[], seen: number): number {
  return sample.reduce(
    (sum, one, from) => sum + one.values * Math.log(Math.max(chances[from] ?? 0, Number.MIN_VALUE) / seen),
    0,
  );
}

/** Chance that of `all` rows, each taken with that chance, so many are. */
function binomial(rows: number, all: number, taken: number): number {
  if (rows > all) return 0;
  let log = rows * Math.log(taken) + (all - rows) * Math.log1p(-taken);
  for (let one = 0; one < rows; one += 1) log += Math.log((all - one) / (one + 1));
  return Math.exp(log);
}
