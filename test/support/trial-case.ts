import type { TrialCase } from '../../src/lab/trial/cases.js';

/** A read of the plain kind. */
export function aTrialCase(name: string, changes: Partial<TrialCase> = {}): TrialCase {
  return {
    key: name,
    fingerprint: name,
    name,
    kind: 'select',
    calls: 1,
    parameterClass: 'given',
    parameterSet: 0,
    values: [],
    sql: '',
    shape: { kind: 'select', ordered: false, orderKeys: null, limit: 0, offset: false, loose: null, cursor: true },
    soils: false,
    settings: '',
    opaque: false,
    ...changes,
  };
}
