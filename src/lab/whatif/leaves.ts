import { groupBy } from '../../base/group.js';
import { join } from 'node:path';
import { quoteLiteral, quoteQualified } from '../../base/quote.js';
import { relationKey } from '../../model/catalog.js';
import type { RelationName } from '../../model/catalog.js';
import type { RawColumnStatistics } from '../../postgres/clone/columns.js';
import type { ColumnEnds } from '../../postgres/clone/endpoints.js';
import type { PlannerState } from '../../postgres/clone/planner.js';
import type { Session } from '../../postgres/session.js';
import { parseArrayText } from './array-text.js';
import type { Leaves } from './install.js';
import { readBlock } from './relation-file.js';
import type { Storage } from './storage.js';

/** Indexes made in one transaction. */
const BATCH = 50;

/**
 * For each index whose column reaches beyond its statistics a leaf page with its least and its greatest key, pointing
 * into the table's first block: where a histogram may be out of date the planner reads the true ends from the index.
 * Made by the server itself: a table of the key columns with two rows, and an index of the same definition.
 */
export async function buildLeaves(session: Session, storage: Storage, planner: PlannerState): Promise<Leaves> {
  return buildLeavesFor(session, storage, planner.endpoints.filter(reachBeyond(planner.columns)));
}

/** Whether the ends of a column are not those of its statistics. Where they are, the planner learns nothing from an index. */
export function reachBeyond(columns: readonly RawColumnStatistics[]): (ends: ColumnEnds) => boolean {
  const known = new Map(
    columns
      .filter((column) => !column.inherited)
      .map((column) => [columnKey({ schema: column.schemaname, name: column.relname }, column.attname), column]),
  );
  return (ends) => {
    const statistics = known.get(columnKey(ends.table, ends.column));
    return ends.least !== null && ends.greatest !== null && !(statistics && endsWithin(ends, statistics));
  };
}

/** What the leaf of an index is to hold. */
export interface LeafContent {
  readonly index: RelationName;
  readonly least: string | null;
  readonly greatest: string | null;
}

/** The same for indexes of the clone whose ends are known; those whose values the clone does not take are left out. */
export async function buildLeavesFor(
  session: Session,
  storage: Storage,
  contents: readonly LeafContent[],
): Promise<Leaves> {
  const leaves = new Map<string, Buffer>();
  const definitions = contents.length === 0 ? new Map<string, KeyRow[]>() : await readDefinitions(session, contents);
  const parts = contents.flatMap((content) => {
    const keys = definitions.get(relationKey(content.index));
    return keys === undefined || content.least === null || content.greatest === null ? [] : [{ content, keys }];
  });
  // Columns beside the first hold nothing there: many indexes have the same leaf.
  const alike = [...groupBy(parts, ({ content, keys }) => endsSql(content, keys, 0)).values()];
  const built = new Map<string, Buffer>();
  for (let start = 0; start < alike.length; start += BATCH) {
    const firsts = alike.slice(start, start + BATCH).flatMap((group) => group.slice(0, 1));
    await buildBatch(session, storage, firsts, built);
  }
  for (const group of alike) {
    const [first] = group;
    const page = first === undefined ? undefined : built.get(relationKey(first.content.index));
    if (page === undefined) continue;
    for (const { content } of group) leaves.set(relationKey(content.index), page);
  }
  return leaves;
}

function columnKey(table: RelationName, column: string): string {
  return JSON.stringify([table.schema, table.name, column]);
}

/** Whether the statistics have the same ends, so that the planner would learn nothing from the index. */
function endsWithin(ends: ColumnEnds, statistics: RawColumnStatistics): boolean {
  const histogram = statistics.histogram_bounds === null ? null : parseArrayText(statistics.histogram_bounds);
  if (histogram !== null && histogram.length > 0)
    return histogram[0] === ends.least && histogram.at(-1) === ends.greatest;
  const common = statistics.most_common_vals === null ? null : parseArrayText(statistics.most_common_vals);
  return common !== null && common.includes(ends.least) && common.includes(ends.greatest);
}

interface KeyRow extends Record<string, unknown> {
  schema: string;
  name: string;
  type: string;
  collation: string | null;
  opclass: string;
  descending: boolean;
  nulls_first: boolean;
  key: boolean;
}

const KEYS_SQL = `
SELECT n.nspname::text AS schema, c.relname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       (SELECT pg_catalog.format('%I.%I', cn.nspname, k.collname) FROM pg_catalog.pg_collation AS k
          JOIN pg_catalog.pg_namespace AS cn ON cn.oid = k.collnamespace WHERE k.oid = a.attcollation) AS collation,
       (SELECT pg_catalog.format('%I.%I', onn.nspname, o.opcname) FROM pg_catalog.pg_opclass AS o
          JOIN pg_catalog.pg_namespace AS onn ON onn.oid = o.opcnamespace WHERE o.oid = i.indclass[a.attnum - 1]) AS opclass,
       coalesce((i.indoption[a.attnum - 1]::int4 & 1) <> 0, false) AS descending,
       coalesce((i.indoption[a.attnum - 1]::int4 & 2) <> 0, false) AS nulls_first, a.attnum <= i.indnkeyatts AS key
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indexrelid AND a.attnum > 0
 WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest($1::name[], $2::name[]))
 ORDER BY n.nspname, c.relname, a.attnum`;

async function readDefinitions(session: Session, contents: readonly LeafContent[]): Promise<Map<string, KeyRow[]>> {
  const rows = await session.query<KeyRow>(KEYS_SQL, [
    contents.map((one) => one.index.schema),
    contents.map((one) => one.index.name),
  ]);
  return groupBy(rows, relationKey);
}

interface Part {
  readonly content: LeafContent;
  readonly keys: readonly KeyRow[];
}

/** One that fails, because a value does not fit its type on the clone, fails alone. */
async function buildBatch(
  session: Session,
  storage: Storage,
  parts: readonly Part[],
  leaves: Map<string, Buffer>,
): Promise<void> {
  await session.run('BEGIN; CREATE SCHEMA wizard_ends');
  try {
    await session.run(parts.map(({ content, keys }, number) => endsSql(content, keys, number)).join(';'));
    const files = await session.query<{ number: number; path: string }>(
      `SELECT n AS number, pg_catalog.pg_relation_filepath(('wizard_ends.index_' || n)::regclass) AS path
         FROM pg_catalog.generate_series(0, $1::int4) AS n ORDER BY n`,
      [parts.length - 1],
    );
    for (const { number, path } of files) {
      const page = readBlock(join(storage.dataDir, path), 1);
      const part = parts[number];
      if (page !== null && part !== undefined) leaves.set(relationKey(part.content.index), page);
    }
    await session.run('ROLLBACK');
  } catch {
    await session.run('ROLLBACK');
    if (parts.length === 1) return;
    const half = Math.ceil(parts.length / 2);
    await buildBatch(session, storage, parts.slice(0, half), leaves);
    await buildBatch(session, storage, parts.slice(half), leaves);
  }
}

function endsSql(content: LeafContent, columns: readonly KeyRow[], number: number): string {
  const table = columns.map(
    (column, index) => `c${index + 1} ${column.type}${column.collation === null ? '' : ` COLLATE ${column.collation}`}`,
  );
  const keys = columns.flatMap((column, index) =>
    column.key
      ? `c${index + 1} ${column.opclass} ${column.descending ? 'DESC' : 'ASC'} NULLS ${column.nulls_first ? 'FIRST' : 'LAST'}`
      : [],
  );
  const include = columns.flatMap((column, index) => (column.key ? [] : `c${index + 1}`));
  const name = quoteQualified('wizard_ends', `table_${number}`);
  return `CREATE TABLE ${name} (${table.join(', ')});
INSERT INTO ${name} (c1) VALUES (${quoteLiteral(content.least ?? '')}), (${quoteLiteral(content.greatest ?? '')});
CREATE INDEX index_${number} ON ${name} (${keys.join(', ')})${include.length > 0 ? ` INCLUDE (${include.join(', ')})` : ''} WITH (deduplicate_items = off)`;
}
