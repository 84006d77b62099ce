import type { ParameterClass } from './workload.js';

/** A prepared statement with one set of values, under its generic and its custom plan. Measured in the lab, interleaved. */
export interface PlanModesOfSet {
  readonly parameterClass: ParameterClass;
  /** `planShape`. */
  readonly customShape: string;
  readonly genericShape: string;
  /** Medians of planning and execution together: a custom plan is made for each execution. */
  readonly customMs: number;
  readonly genericMs: number;
  /** Blocks per execution, medians; null where it was cut off. */
  readonly customBuffers: number;
  readonly genericBuffers: number | null;
  /** Generic against custom, paired by round, with its 95 % interval; a lower bound where the generic plan was cut off. */
  readonly ratio: number;
  readonly ciLow: number;
  readonly ciHigh: number;
  readonly rounds: number;
  /** The timeout that the generic plan ran into, milliseconds; null where it finished. */
  readonly genericTimedOutMs: number | null;
}

/** A statement whose generic plan is another one than that for some of its values. */
export interface PlanModes {
  readonly fingerprint: string;
  /** What the server itself took for the sixth execution, after five with custom plans and the sets in turn, as the target sets `plan_cache_mode`. */
  readonly chosen: 'generic' | 'custom';
  readonly sets: readonly PlanModesOfSet[];
}
