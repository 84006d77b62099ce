/** How often something happened among how many. */
export interface Occurrence {
  readonly count: number;
  /** Opportunities: transactions, looks. */
  readonly of: number;
}

/**
 * How likely at least as many would be seen after, if the rate were `factor` times that before: small where it rose by more. 1 where nothing
 * was counted. Assumes that they happen independently of each other.
 * Source: Przyborowski & Wilenski, "Homogeneity of results in testing samples from Poisson series", Biometrika 31 (1940): given their sum, the
 * counts are binomial.
 */
export function chanceOfRise(before: Occurrence, after: Occurrence, factor: number): number {
  const share = (factor * after.of) / (before.of + factor * after.of);
  if (after.count === 0 || !Number.isFinite(share)) return 1;
  if (share >= 1) return 1;
  return binomialTail(after.count, before.count + after.count, share);
}

/** The chance of at least `least` successes in `trials`: the incomplete beta function (Abramowitz & Stegun 26.5.24). */
function binomialTail(least: number, trials: number, p: number): number {
  return incompleteBeta(p, least, trials - least + 1);
}

/** By its continued fraction, on the side where that converges fast (Abramowitz & Stegun 26.5.2 and 26.5.8). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return (front / a) * betaFraction(x, a, b);
}

/** Evaluated from the front by Lentz's method, which never divides by nothing. */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= MOST_TERMS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-14) return value;
  }
  return value;
}

/** Enough for counts of a hundred million: it needs about the root of the larger one. */
const MOST_TERMS = 20_000;

function away(value: number): number {
  return Math.abs(value) < 1e-300 ? 1e-300 : value;
}

/** Stirling's series, shifted to where five terms are exact (Abramowitz & Stegun 6.1.41). */
function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  for (; at < 15; at += 1) shift -= Math.log(at);
  const inverse = 1 / (at * at);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / at;
  return shift + (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series;
}
