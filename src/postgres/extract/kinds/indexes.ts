import { quoteIdent, quoteQualified } from '../../../base/quote.js';
import { USER_SCHEMA, type ExtractContext } from '../context.js';
import { simpleObject, type SchemaObject } from '../script.js';
import { storageParameter } from './tables.js';

interface IndexRow extends Record<string, unknown> {
  readonly key: string;
  readonly nspname: string;
  readonly relname: string;
  readonly table: string;
  /** Among the table's indexes, by age. */
  readonly position: number;
  readonly table_key: string;
  readonly table_kind: string;
  readonly table_is_partition: boolean;
  readonly definition: string;
  readonly valid: boolean;
  readonly clustered: boolean;
  readonly replica_identity: boolean;
  readonly options: readonly string[] | null;
  readonly parent: string | null;
  readonly parent_key: string | null;
  /** `number:target` of each expression column with a statistics target of its own. */
  readonly statistics_targets: readonly string[] | null;
  readonly constraint_key: string | null;
  readonly constraint_name: string | null;
  readonly constraint_type: 'p' | 'u' | 'x' | null;
  readonly constraint_definition: string | null;
  readonly deferrable: boolean | null;
  readonly deferred: boolean | null;
}

/** Indexes, and the constraints that stand on one: primary key, unique, exclusion. */
export async function readIndexes(context: ExtractContext): Promise<readonly SchemaObject[]> {
  const rows = await context.rows<IndexRow>(`
    SELECT 'pg_class:' || i.indexrelid AS key, n.nspname::text, c.relname::text, i.indrelid::regclass::text AS "table",
      pg_catalog.row_number() OVER (PARTITION BY i.indrelid ORDER BY i.indexrelid)::int4 AS position,
      'pg_class:' || i.indrelid AS table_key, tc.relkind::text AS table_kind, tc.relispartition AS table_is_partition,
      pg_catalog.pg_get_indexdef(i.indexrelid) AS definition, i.indisvalid AS valid, i.indisclustered AS clustered,
      i.indisreplident AS replica_identity, c.reloptions AS options,
      h.inhparent::regclass::text AS parent, 'pg_class:' || h.inhparent AS parent_key,
      (SELECT pg_catalog.array_agg(a.attnum || ':' || a.attstattarget ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = i.indexrelid AND a.attstattarget >= 0) AS statistics_targets,
      'pg_constraint:' || k.oid AS constraint_key, k.conname::text AS constraint_name, k.contype::text AS constraint_type,
      pg_catalog.pg_get_constraintdef(k.oid) AS constraint_definition, k.condeferrable AS deferrable, k.condeferred AS deferred
    FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_class tc ON tc.oid = i.indrelid
    LEFT JOIN pg_catalog.pg_inherits h ON h.inhrelid = i.indexrelid
    LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
    WHERE ${USER_SCHEMA} AND c.relpersistence <> 't' ORDER BY n.nspname, c.relname`);
  const own = rows.filter(({ key, table_key: tableKey }) => !context.isMember(key) && !context.isMember(tableKey));
  noteInvalid(
    context,
    own.filter((row) => !isUsable(row)),
  );
  return own.filter(isUsable).flatMap(objectsOf);
}

/** An index of a partitioned table is not valid while a partition lacks its part, and yet it is there. */
function isUsable(row: IndexRow): boolean {
  return row.valid || row.table_kind === 'p';
}

function objectsOf(row: IndexRow): SchemaObject[] {
  const identity = quoteQualified(row.nspname, row.relname);
  const needs = row.parent_key === null ? [row.table_key] : [row.table_key, row.parent_key];
  const alterIndex = `ALTER INDEX ${identity}`;
  const targets = (row.statistics_targets ?? []).map((entry) => {
    const [position, target] = entry.split(':');
    return `${alterIndex} ALTER COLUMN ${position} SET STATISTICS ${target}`;
  });
  // By age: of two that serve alike, the planner and foreign keys take the older one.
  const sortKey = `${row.table} ${String(row.position).padStart(6, '0')}`;
  const base = { key: row.key, identity, sortKey, section: 'post', needs, on: row.table } as const;
  const index =
    row.constraint_name === null
      ? simpleObject({ ...base, kind: 'index' }, row.definition, ...targets)
      : simpleObject(
          { ...base, aliases: [row.constraint_key ?? ''], kind: 'constraint' },
          ...constraintStatements(row),
          ...targets,
        );
  const objects = [index];
  const follow = (
    kind: 'index partition' | 'clustered index' | 'replica identity',
    sql: string,
    more: readonly string[] = [],
  ): void => {
    objects.push(
      simpleObject({ key: `${kind} ${row.key}`, kind, identity, section: 'post', needs: [row.key, ...more] }, sql),
    );
  };
  if (row.parent !== null && row.parent_key !== null) {
    follow('index partition', `ALTER INDEX ${row.parent} ATTACH PARTITION ${identity}`, [row.parent_key]);
  }
  if (row.clustered) follow('clustered index', `ALTER TABLE ${row.table} CLUSTER ON ${quoteIdent(row.relname)}`);
  if (row.replica_identity) {
    follow('replica identity', `ALTER TABLE ONLY ${row.table} REPLICA IDENTITY USING INDEX ${quoteIdent(row.relname)}`);
  }
  return objects;
}

function constraintStatements(row: IndexRow): string[] {
  const definition = row.constraint_definition ?? '';
  const options = (row.options ?? []).map(storageParameter).join(', ');
  const add = `ALTER TABLE ONLY ${row.table} ADD CONSTRAINT ${quoteIdent(row.constraint_name ?? '')}`;
  // The text of an exclusion constraint has its options already; else WITH stands before DEFERRABLE.
  if (options === '' || row.constraint_type === 'x') return [`${add} ${definition}`];
  const suffix = row.deferrable === true ? ` DEFERRABLE${row.deferred === true ? ' INITIALLY DEFERRED' : ''}` : '';
  const head = definition.endsWith(suffix) ? definition.slice(0, definition.length - suffix.length) : definition;
  return [`${add} ${head} WITH (${options})${suffix}`];
}

function noteInvalid(context: ExtractContext, rows: readonly IndexRow[]): void {
  for (const row of rows) {
    context.skip({
      what: `index ${quoteQualified(row.nspname, row.relname)}`,
      reason: 'It is not valid in the source: a concurrent build failed or still runs.',
      remedy: 'Drop it or rebuild it with REINDEX INDEX CONCURRENTLY.',
    });
  }
}
