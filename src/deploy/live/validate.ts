import { assess, type Assessment } from './assess.js';
import type { Past } from './compare.js';
import { fineWords, harmIn, missingIn } from './decide.js';
import type { WindowFigures } from './figures.js';
import type { LiveLimits } from './limits.js';
import type { PromisedGain } from '../plan.js';

/** What came of a deployment. */
export type ValidationVerdict = 'validated' | 'regressed' | 'no-gain' | 'insufficient' | 'unknown';

/** The figures since a deployment held against those before, and what the catalog shows. */
export interface Validation {
  readonly verdict: ValidationVerdict;
  readonly reason: string;
  /** What is not as the deployment left it. */
  readonly drift: readonly string[];
  readonly assessment: Assessment;
}

/** What a validation is made of. */
export interface ValidationQuestion {
  readonly past: Past;
  readonly after: WindowFigures;
  readonly promised: readonly PromisedGain[];
  readonly drift: readonly string[];
}

/** Pure. Waits for locks and lag at the one moment of looking say nothing about a day, and are left out. */
export function validate({ past, after, promised, drift }: ValidationQuestion, limits: LiveLimits): Validation {
  const assessment = { ...assess(past, after, promised, limits), lockWaits: null, lagMs: null };
  const said = (verdict: ValidationVerdict, reason: string): Validation => ({ verdict, reason, drift, assessment });
  const harm = harmIn(assessment, limits);
  if (harm) return said(harm.verdict === 'no-gain' ? 'no-gain' : 'regressed', harm.reason);
  const missing = missingIn(assessment, limits);
  return missing ? said(missing.verdict, missing.reason) : said('validated', fineWords(assessment, limits));
}
