import type { WorkloadStatement } from '../model/workload.js';
import type { Evidence } from '../model/finding.js';

/** A figure or text that was read as it is; a null value becomes `unknown`. */
export function measured(what: string, value: number | string | null, unit: string, source: string): Evidence {
  return { what, value, unit, source, provenance: value === null ? 'unknown' : 'measured' };
}

/** A figure that the planner or a model guesses; a null value becomes `unknown`. */
export function estimated(what: string, value: number | string | null, unit: string, source: string): Evidence {
  return { what, value, unit, source, provenance: value === null ? 'unknown' : 'estimated' };
}

/** How often a statement runs, and for how long. */
export function usage({ name, fingerprint, calls, meanMs }: WorkloadStatement): readonly Evidence[] {
  const source = `statement ${fingerprint}`;
  return [
    { ...measured('calls', calls, 'calls', source), of: name },
    { ...measured('mean time', meanMs, 'ms', source), of: name },
  ];
}
