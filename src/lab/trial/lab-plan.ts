import type { ParameterClass } from '../../model/workload.js';
import { median } from '../../stats/quantile.js';
import { buffersOf, caseMs } from './summary.js';
import type { CaseRecord } from './summary.js';

/** A statement with one set of values, and how the lab's server means to run it. */
export interface LabPlan {
  readonly fingerprint: string;
  readonly parameterClass: ParameterClass;
  /** As SQL literals. */
  readonly values: readonly string[];
  /** With the values in place. */
  readonly sql: string;
  /** `planShape`. */
  readonly shape: string;
  /** Medians of its executions; blocks are those touched by one. */
  readonly ms: number;
  readonly buffers: number;
  /** The timeout that it ran into, milliseconds; the figures are then lower bounds. */
  readonly timedOutMs: number | null;
  /** What it reads and writes, as `schema.name`. */
  readonly relations: ReadonlySet<string>;
}

/** A case as it was last measured. */
export function labPlanOf(record: CaseRecord): LabPlan {
  const { oneCase, planned, samples, timedOutMs } = record;
  return {
    fingerprint: oneCase.fingerprint,
    parameterClass: oneCase.parameterClass,
    values: oneCase.values,
    sql: oneCase.sql,
    shape: planned.shape,
    ms: caseMs(record),
    buffers: median(samples.map(buffersOf)),
    timedOutMs,
    relations: planned.relations,
  };
}
