import { WizardError } from '../../base/errors.js';
import { quoteIdent, quoteLiteral, quoteQualified } from '../../base/quote.js';
import type { Skipped } from '../../model/coverage.js';
import type { Session } from '../../postgres/session.js';

/** Where a sequence of the source stands. */
export interface SequencePosition {
  readonly schema: string;
  readonly name: string;
  /** int8 as text; null when the role may not read it. */
  readonly lastValue: string | null;
  readonly isCalled: boolean;
}

/** Sequences read or set with one statement. */
const BATCH = 200;

interface SequenceRow extends Record<string, unknown> {
  readonly schema: string;
  readonly name: string;
  readonly readable: boolean;
}

/** Reads where all sequences stand, some at a time: each that is read stays locked until the statement's end. */
export async function readPositions(source: Session): Promise<readonly SequencePosition[]> {
  const rows = await source.query<SequenceRow>(`
    SELECT n.nspname::text AS schema, c.relname::text AS name, pg_catalog.has_schema_privilege(n.oid, 'USAGE')
      AND pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AS readable
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY n.nspname, c.relname`);
  const positions = rows.filter(({ readable }) => !readable).map(unknownPosition);
  const readable = rows.filter((row) => row.readable);
  for (let at = 0; at < readable.length; at += BATCH) {
    positions.push(...(await readBatch(source, readable.slice(at, at + BATCH))));
  }
  return positions;
}

function unknownPosition({ schema, name }: SequenceRow): SequencePosition {
  return { schema, name, lastValue: null, isCalled: false };
}

/** Only the sequence itself says whether it was set without being called. One that went away meanwhile is unknown. */
async function readBatch(source: Session, rows: readonly SequenceRow[]): Promise<SequencePosition[]> {
  const parts = rows.map(
    ({ schema, name }, at) =>
      `SELECT ${at} AS at, s.last_value::text, s.is_called FROM ${quoteQualified(schema, name)} s`,
  );
  try {
    const values = await source.query<{ at: number; last_value: string; is_called: boolean }>(
      parts.join(' UNION ALL '),
    );
    return values.flatMap(({ at, last_value: lastValue, is_called: isCalled }) => {
      const row = rows[at];
      return row === undefined ? [] : [{ schema: row.schema, name: row.name, lastValue, isCalled }];
    });
  } catch (error) {
    if (!(error instanceof WizardError) || error.code !== 'target/statement') throw error;
    if (rows.length === 1) return rows.map(unknownPosition);
    const found: SequencePosition[] = [];
    for (const row of rows) found.push(...(await readBatch(source, [row])));
    return found;
  }
}

/** Sets the lab's sequences to the same positions; those that could not be read stay at their start. */
export async function setPositions(lab: Session, positions: readonly SequencePosition[]): Promise<readonly Skipped[]> {
  const known = positions.filter(({ lastValue }) => lastValue !== null);
  for (let at = 0; at < known.length; at += BATCH) {
    const calls = known.slice(at, at + BATCH).map(({ schema, name, lastValue, isCalled }) => {
      const relation = quoteLiteral(quoteQualified(schema, name));
      return `(pg_catalog.to_regclass(${relation}), ${lastValue}::int8, ${isCalled})`;
    });
    await lab.query(
      `SELECT pg_catalog.setval(v.sequence, v.value, v.called) FROM (VALUES ${calls.join(', ')}) AS v(sequence, value, called) WHERE v.sequence IS NOT NULL`,
    );
  }
  return positions
    .filter(({ lastValue }) => lastValue === null)
    .map(({ schema, name }) => ({
      what: `position of sequence ${quoteIdent(schema)}.${quoteIdent(name)}`,
      reason: 'The role may not read it; the lab starts it anew.',
      remedy: 'Grant SELECT on the sequence.',
    }));
}
