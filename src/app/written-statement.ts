import type { WorkloadStatement } from '../model/workload.js';
import { fingerprintOf } from '../sql/fingerprint.js';
import { statementKind } from '../sql/kind.js';
import type { ParsedStatement } from '../sql/parse.js';

/** A statement of which there is the text alone: called once, without values, and nothing of it measured, unless told otherwise. */
export function writtenStatement(
  parsed: ParsedStatement,
  known: Pick<WorkloadStatement, 'name'> & Partial<WorkloadStatement>,
): WorkloadStatement {
  return {
    fingerprint: known.fingerprint ?? fingerprintOf(parsed),
    sql: parsed.sql,
    kind: statementKind(parsed),
    calls: 1,
    meanMs: null,
    totalMs: null,
    rows: null,
    sharedHit: null,
    sharedRead: null,
    tempBlocks: null,
    walBytes: null,
    parameterSets: [],
    ...known,
  };
}
