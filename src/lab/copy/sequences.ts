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

/** Sequences read with one statement of their own. */
const BATCH = 200;

interface SequenceRow extends Record<string, unknown> {
  readonly schema: string;
  readonly name: string;
  readonly readable: boolean;
  readonly last_value: string | null;
}

/** Reads where all sequences stand. */
export async function readPositions(source: Session): Promise<readonly SequencePosition[]> {
  const rows = await source.query<SequenceRow>(`
    SELECT n.nspname::text AS schema, c.relname::text AS name, p.readable,
      CASE WHEN p.readable THEN pg_catalog.pg_sequence_last_value(c.oid) END AS last_value
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AS readable) p
    WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY n.nspname, c.relname`);
  const used = rows.map((row) => ({ schema: row.schema, name: row.name, lastValue: row.last_value, isCalled: true }));
  const uncalled = rows.filter((row) => row.readable && row.last_value === null);
  const fresh = await readUncalled(source, uncalled);
  return used.map((position) => fresh.get(quoteQualified(position.schema, position.name)) ?? position);
}

/** A sequence that gave no value yet may still have been set: only the sequence itself says to what. */
async function readUncalled(source: Session, rows: readonly SequenceRow[]): Promise<Map<string, SequencePosition>> {
  const found = new Map<string, SequencePosition>();
  for (let at = 0; at < rows.length; at += BATCH) {
    const batch = rows.slice(at, at + BATCH);
    const parts = batch.map(
      ({ schema, name }, index) =>
        `SELECT ${index} AS position, s.last_value::text, s.is_called FROM ${quoteQualified(schema, name)} s`,
    );
    const values = await source.query<{ position: number; last_value: string; is_called: boolean }>(
      parts.join(' UNION ALL '),
    );
    for (const value of values) {
      const row = batch[value.position];
      if (row === undefined) continue;
      const { schema, name } = row;
      found.set(quoteQualified(schema, name), { schema, name, lastValue: value.last_value, isCalled: value.is_called });
    }
  }
  return found;
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
