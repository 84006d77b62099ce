import { quoteIdent, quoteLiteral, quoteQualified } from '../../base/quote.js';
import { placeOf } from '../../model/catalog.js';
import type { RelationName } from '../../model/catalog.js';
import type { Session } from '../../postgres/session.js';

/** Rows of one real table, put aside so that they can be written again and again. Its schema is all that has to go afterwards. */
export interface Sample {
  /** The table whose rows these are: a partition, where the table has partitions. */
  readonly source: RelationName;
  /** Columns that can be written: no generated ones. Quoted. */
  readonly columns: readonly string[];
  /** Rows that the scratch tables begin with. */
  readonly baseRows: number;
  /** Newest rows (by their place in the table), which the base does not hold. */
  readonly freshRows: number;
  readonly facts: TableFacts;
}

/** Two tables alike, of which one is to get the index. Quoted names. */
export interface ScratchPair {
  readonly with: string;
  readonly without: string;
}

/** How much is put aside. 20 000 rows: the leaf level of any index then has dozens of pages, and a pair is loaded in under a second. */
export interface SampleLimits {
  readonly baseRows: number;
  readonly freshRows: number;
}

export const SAMPLE_LIMITS: SampleLimits = { baseRows: 20_000, freshRows: 4000 };

/** The schema of everything here. */
const SCHEMA = 'database_wizard_scratch';
const BASE = quoteQualified(SCHEMA, 'base');
/** The newest rows, numbered from 1 in the order in which they lie in their table. */
export const FRESH = quoteQualified(SCHEMA, 'fresh');
/** The number's column; nobody names one like this. */
export const NUMBER = quoteIdent('database_wizard_row');

/** Below this a figure per row is mostly that of the statement. */
const LEAST_ROWS = 40;
/** Of rows that are put aside, so that wide ones do not fill the disk. */
const MOST_BYTES = 64 * 2 ** 20;

/** Puts rows of a table aside; gives the reason where that can not be. The table itself is only read. */
export async function takeSample(
  session: Session,
  table: RelationName,
  limits: SampleLimits,
): Promise<Sample | { readonly reason: string }> {
  const facts = await readFacts(session, table);
  if ('reason' in facts) return facts;
  await dropScratch(session);
  await session.run(`CREATE SCHEMA ${quoteIdent(SCHEMA)}`);
  const source = quoteQualified(facts.source.schema, facts.source.name);
  const list = facts.columns.join(', ');
  const { tailPages, tailRows } = await readTail(session, source, facts.pages, limits.freshRows);
  const freshRows = tailPages >= facts.pages ? Math.min(limits.freshRows, Math.floor(tailRows / 3)) : limits.freshRows;
  if (tailPages >= facts.pages && tailRows < LEAST_ROWS)
    return { reason: `${placeOf(facts.source)} holds ${tailRows} rows in the lab, too few to measure a write` };
  await session.run(
    `CREATE UNLOGGED TABLE ${FRESH} AS
     SELECT pg_catalog.row_number() OVER (ORDER BY database_wizard_place) AS ${NUMBER}, ${list} FROM (
       SELECT t.ctid AS database_wizard_place, ${list} FROM ONLY ${source} AS t WHERE t.ctid >= ${pageStart(facts.pages - tailPages)}
        ORDER BY t.ctid DESC LIMIT ${freshRows}) AS newest`,
  );
  const [cut] = await session.query<{ place: string }>(
    `SELECT t.ctid::text AS place FROM ONLY ${source} AS t WHERE t.ctid >= ${pageStart(facts.pages - tailPages)}
      ORDER BY t.ctid DESC OFFSET ${freshRows - 1} LIMIT 1`,
  );
  const older = `t.ctid < ${quoteLiteral(cut?.place ?? '(0,0)')}::pg_catalog.tid`;
  const rows = (tailRows / Math.max(1, tailPages)) * facts.pages;
  const wanted = Math.min(limits.baseRows, Math.ceil(MOST_BYTES / Math.max(1, facts.sizeBytes / Math.max(1, rows))));
  const share = (100 * 1.2 * wanted) / Math.max(1, rows);
  const sampled = share < 60 ? ` TABLESAMPLE SYSTEM (${share.toFixed(6)}) REPEATABLE (1)` : '';
  await session.run(
    `CREATE UNLOGGED TABLE ${BASE} AS SELECT ${list} FROM ONLY ${source} AS t${sampled} WHERE ${older} LIMIT ${wanted}`,
  );
  const [counted] = await session.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${BASE}`);
  const baseRows = Number(counted?.rows ?? 0);
  await session.run(`ANALYZE ${FRESH}`);
  return { source: facts.source, columns: facts.columns, baseRows, freshRows, facts };
}

/**
 * Makes two tables like the source with its indexes, storage parameters and generated columns, and the sample's base in both.
 * Neither foreign keys nor triggers nor checks are on them: they cost the same with an index and without. Each step is a
 * transaction of its own: with `wal_level = minimal` a table that the same transaction made writes no WAL.
 */
export async function makePair(session: Session, sample: Sample): Promise<ScratchPair> {
  const pair = { with: quoteQualified(SCHEMA, 'with'), without: quoteQualified(SCHEMA, 'without') };
  const source = quoteQualified(sample.source.schema, sample.source.name);
  const list = sample.columns.join(', ');
  for (const table of [pair.with, pair.without]) {
    await session.run(`DROP TABLE IF EXISTS ${table}`);
    await session.run(
      `CREATE ${sample.facts.unlogged ? 'UNLOGGED ' : ''}TABLE ${table}
       (LIKE ${source} INCLUDING GENERATED INCLUDING STORAGE INCLUDING COMPRESSION INCLUDING INDEXES)${sample.facts.storage}`,
    );
    await session.run(`INSERT INTO ${table} (${list}) SELECT ${list} FROM ${BASE}`);
  }
  return pair;
}

/** The name for `IndexSpec.table` of the scratch table that gets the index. */
export const SCRATCH_WITH: RelationName = { schema: SCHEMA, name: 'with' };

export async function dropScratch(session: Session): Promise<void> {
  await session.run(
    `SET client_min_messages = error; DROP SCHEMA IF EXISTS ${quoteIdent(SCHEMA)} CASCADE; RESET client_min_messages`,
  );
}

interface TableFacts {
  readonly source: RelationName;
  readonly columns: readonly string[];
  readonly pages: number;
  readonly sizeBytes: number;
  readonly unlogged: boolean;
  /** `WITH (...)`, or nothing: fillfactor decides how many updates stay on their page. */
  readonly storage: string;
}

const KINDS: Readonly<Record<string, string>> = {
  f: 'is a foreign table: its rows are not in this server',
  v: 'is a view',
  m: 'is a materialised view: nothing writes to it but a refresh',
};

async function readFacts(session: Session, table: RelationName): Promise<TableFacts | { readonly reason: string }> {
  const name = quoteQualified(table.schema, table.name);
  const [row] = await session.query<{
    schema: string;
    name: string;
    kind: string;
    unlogged: boolean;
    options: string[] | null;
    pages: string;
    bytes: string;
    columns: string[];
  }>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind, c.relpersistence = 'u' AS unlogged,
            c.reloptions AS options, pg_catalog.pg_table_size(c.oid)::text AS bytes,
            (CASE WHEN c.relkind IN ('r', 'm') THEN pg_catalog.pg_relation_size(c.oid) ELSE 0 END
              / pg_catalog.current_setting('block_size')::int8)::text AS pages,
            ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
                   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
                   ORDER BY a.attnum) AS columns
       FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.oid = coalesce(
        (SELECT t.relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)) AS t
           JOIN pg_catalog.pg_class AS leaf ON leaf.oid = t.relid AND leaf.relkind = 'r'
          WHERE t.isleaf ORDER BY pg_catalog.pg_relation_size(t.relid) DESC, t.relid LIMIT 1),
        pg_catalog.to_regclass($1))`,
    [name],
  );
  if (!row) return { reason: `${placeOf(table)} is not there` };
  const refused = KINDS[row.kind] ?? (row.kind === 'p' ? 'has no partition that holds rows' : null);
  if (refused !== null) return { reason: `${placeOf(table)} ${refused}` };
  if (row.columns.length === 0) return { reason: `${placeOf(table)} has no column that could be written` };
  const options = (row.options ?? []).map((option) => {
    const at = option.indexOf('=');
    return `${option.slice(0, at)} = ${quoteLiteral(option.slice(at + 1))}`;
  });
  return {
    source: { schema: row.schema, name: row.name },
    columns: row.columns.map(quoteIdent),
    pages: Number(row.pages),
    sizeBytes: Number(row.bytes),
    unlogged: row.unlogged,
    storage: options.length === 0 ? '' : ` WITH (${options.join(', ')})`,
  };
}

/** From the end of the table, doubling, until enough rows are seen. */
async function readTail(
  session: Session,
  source: string,
  pages: number,
  wanted: number,
): Promise<{ readonly tailPages: number; readonly tailRows: number }> {
  for (let tailPages = Math.min(pages, 8); ; tailPages = Math.min(pages, tailPages * 2)) {
    const [row] = await session.query<{ rows: string }>(
      `SELECT count(*) AS rows FROM ONLY ${source} AS t WHERE t.ctid >= ${pageStart(pages - tailPages)}`,
    );
    const tailRows = Number(row?.rows ?? 0);
    if (tailRows >= wanted || tailPages >= pages) return { tailPages, tailRows };
  }
}

function pageStart(page: number): string {
  return `'(${Math.max(0, page)},0)'::pg_catalog.tid`;
}
