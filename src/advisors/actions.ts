import { quoteIdent, quoteLiteral, quoteQualified } from '../base/quote.js';
import {
  createIndexSql,
  hasOwnStatistics,
  type Action,
  type Hint,
  type IndexSpec,
  type Rewrite,
} from '../model/action.js';
import { freeName } from '../indexes/candidates/index-name.js';
import { findTable, sameRelation, type Catalog, type Index, type RelationName, placeOf } from '../model/catalog.js';
import type { Settings } from '../model/settings.js';
import type { WorkloadStatement } from '../model/workload.js';

/**
 * The action that creates an index: CONCURRENTLY, or plain on a partitioned table, where PostgreSQL has no other way. One on an expression has statistics of its own, which only the ANALYZE
 * that belongs to it makes: without them the planner guesses until autovacuum comes by.
 */
export function createIndexAction(spec: IndexSpec, catalog: Catalog): Action {
  const partitioned = findTable(catalog, spec.table)?.kind === 'p';
  const on = placeOf(spec.table);
  const concurrently = partitioned ? '' : 'CONCURRENTLY ';
  const including = spec.include.length > 0 ? ` include (${spec.include.map(bare).join(', ')})` : '';
  const where = spec.where === null ? '' : ` where ${spec.where}`;
  return {
    kind: 'create-index',
    title: `Create ${spec.method} index on ${on} (${spec.keys.map(bare).join(', ')})${including}${where}`,
    up: [
      createIndexSql(spec, { concurrently: !partitioned }),
      ...(hasOwnStatistics(spec) ? [`ANALYZE ${quoteQualified(spec.table.schema, spec.table.name)}`] : []),
    ],
    down: [`DROP INDEX ${concurrently}IF EXISTS ${quoteQualified(spec.table.schema, spec.name)}`],
    lock: partitioned
      ? `takes SHARE on ${on} and its partitions, which blocks writes until the index is built`
      : `takes SHARE UPDATE EXCLUSIVE on ${on}, which blocks DDL and VACUUM but neither reads nor writes`,
    transactional: partitioned,
    tables: [spec.table],
    index: spec,
    rewrite: null,
  };
}

/** The action that drops an index; its revert creates it again from its own definition, with the partitions' indexes under their names. */
export function dropIndexAction(index: Index, catalog: Catalog): Action {
  const partitioned = findTable(catalog, index.table)?.kind === 'p';
  const on = placeOf(index.table);
  const name = quoteQualified(index.schema, index.name);
  return {
    kind: 'drop-index',
    title: `Drop index ${placeOf(index)}`,
    up: [`DROP INDEX ${partitioned ? '' : 'CONCURRENTLY '}${name}`],
    down: partitioned
      ? partitionedDefinitions(index, catalog)
      : [concurrently(index.definition), ...besideDefinition(index)],
    lock: partitioned
      ? `takes ACCESS EXCLUSIVE on ${on} and its partitions, which blocks reads and writes for a moment`
      : `takes SHARE UPDATE EXCLUSIVE on ${on}, which blocks DDL and VACUUM but neither reads nor writes`,
    transactional: partitioned,
    tables: [index.table],
    index: null,
    rewrite: null,
  };
}

/** The action that sends another text in a statement's place. The rule with this id proved it. */
export function rewriteAction(
  statement: WorkloadStatement,
  rule: string,
  { to, proof }: Pick<Rewrite, 'to' | 'proof'>,
  about: Pick<Action, 'title' | 'tables'>,
): Action {
  const rewrite = { fingerprint: statement.fingerprint, rule, from: statement.sql, to, proof };
  return sentOtherwise('rewrite', rewrite, about, 'takes no lock: the application sends another text');
}

/** The action that sends a statement under settings of the planner. */
export function hintAction(
  { fingerprint, sql }: WorkloadStatement,
  { hint, proof }: { readonly hint: Hint; readonly proof: readonly string[] },
  about: Pick<Action, 'title' | 'tables'>,
): Action {
  const rewrite = { fingerprint, rule: 'hint', from: sql, to: sql, proof, hint };
  return sentOtherwise(
    'hint',
    rewrite,
    about,
    'takes no lock: the application sends the statement under other settings',
  );
}

function sentOtherwise(
  kind: 'rewrite' | 'hint',
  rewrite: Rewrite,
  { title, tables }: Pick<Action, 'title' | 'tables'>,
  lock: string,
): Action {
  return { kind, title, up: [], down: [], lock, transactional: true, tables, index: null, rewrite };
}

/** The action that builds an index anew. There is nothing to revert: it finds the same rows before and after. */
export function reindexAction(index: Index): Action {
  const name = quoteQualified(index.schema, index.name);
  const on = placeOf(index.table);
  // PostgreSQL has no other way for the index of an exclusion constraint (manual, "REINDEX").
  const blocking = index.exclusion;
  return {
    kind: 'reindex',
    title: `Rebuild index ${placeOf(index)}`,
    up: [`REINDEX INDEX ${blocking ? '' : 'CONCURRENTLY '}${name}`],
    down: [],
    lock: blocking
      ? `takes SHARE on ${on}, which blocks writes until the index is built, and ACCESS EXCLUSIVE on the index`
      : `takes SHARE UPDATE EXCLUSIVE on ${on}, which blocks DDL and VACUUM but neither reads nor writes`,
    transactional: blocking,
    tables: [index.table],
    index: null,
    rewrite: null,
  };
}

/** Extended statistics that could be. */
export interface StatisticsSpec {
  readonly table: RelationName;
  /** `ndistinct`, `dependencies`, `mcv`; empty for a single expression, which has no kinds. */
  readonly kinds: readonly string[];
  /** Quoted columns, and expressions in parentheses. */
  readonly items: readonly string[];
  /** What its name is made of. */
  readonly parts: readonly string[];
}

/** The action that creates extended statistics and fills them: without ANALYZE they are empty. */
export function createStatisticsAction({ table, kinds, items, parts }: StatisticsSpec, catalog: Catalog): Action {
  const on = placeOf(table);
  const taken = new Set(
    catalog.extendedStatistics.filter(({ schema }) => schema === table.schema).map(({ name }) => name),
  );
  const object = quoteQualified(table.schema, freeName(taken, [table.name, ...parts], '_stat'));
  const name = quoteQualified(table.schema, table.name);
  return {
    kind: 'create-statistics',
    title: `Create statistics${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`} on ${items.map(bare).join(', ')} from ${on}, and analyse it`,
    up: [
      `CREATE STATISTICS ${object}${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`} ON ${items.join(', ')} FROM ${name}`,
      `ANALYZE ${name}`,
    ],
    down: [`DROP STATISTICS IF EXISTS ${object}`],
    lock: `takes SHARE UPDATE EXCLUSIVE on ${on}, which blocks DDL and VACUUM but neither reads nor writes`,
    transactional: true,
    tables: [{ schema: table.schema, name: table.name }],
    index: null,
    rewrite: null,
  };
}

/** The action that changes how ANALYZE looks at one column, and analyses its table: without that nothing changes. `set` and `back` are what follows ALTER COLUMN. */
export function columnStatisticsAction(
  table: RelationName,
  column: string,
  { title, set, back }: { readonly title: string; readonly set: string; readonly back: string },
): Action {
  const name = quoteQualified(table.schema, table.name);
  const alter = `ALTER TABLE ${name} ALTER COLUMN ${quoteIdent(column)}`;
  return {
    kind: 'column-statistics',
    title,
    up: [`${alter} ${set}`, `ANALYZE ${name}`],
    down: [`${alter} ${back}`, `ANALYZE ${name}`],
    lock: `takes SHARE UPDATE EXCLUSIVE on ${placeOf(table)}, which blocks DDL and VACUUM but neither reads nor writes`,
    transactional: true,
    tables: [{ schema: table.schema, name: table.name }],
    index: null,
    rewrite: null,
  };
}

/** The action that sets a setting for the connected database. None where the value comes from a role, the session or the command line: a database default would not win. */
export function databaseSettingActions(settings: Settings, name: string, value: string): readonly Action[] {
  const setting = settings.find((one) => one.name === name);
  if (setting === undefined || !OVERRIDABLE.has(setting.source)) return [];
  const back =
    setting.source === 'database'
      ? databaseSql(`SET ${name} = %L`, `, '${setting.value}'`)
      : databaseSql(`RESET ${name}`, '');
  return [
    {
      kind: 'setting',
      title: `Set ${name} to ${value} for this database`,
      up: [databaseSql(`SET ${name} = %L`, `, '${value}'`)],
      down: [back],
      lock: 'takes no lock on any table; sessions that begin afterwards use it',
      transactional: true,
      tables: [],
      index: null,
      rewrite: null,
    },
  ];
}

/** `pg_settings.source` values that a database's own setting outranks (guc.h, GucSource). */
const OVERRIDABLE = new Set([
  'default',
  'environment variable',
  'configuration file',
  'command line',
  'global',
  'database',
]);

function databaseSql(change: string, argument: string): string {
  return `DO $wizard$ BEGIN EXECUTE format('ALTER DATABASE %I ${change}', current_database()${argument}); END $wizard$`;
}

/** The parent's index first, on itself alone, then each partition's under its old name, attached; nested partitions the same way. */
function partitionedDefinitions(index: Index, catalog: Catalog): readonly string[] {
  const children = catalog.indexes.filter((one) => one.partitionOf !== null && sameRelation(one.partitionOf, index));
  return [
    index.definition,
    ...besideDefinition(index),
    ...children.flatMap((child) => [
      ...partitionedDefinitions(child, catalog),
      `ALTER INDEX ${quoteQualified(index.schema, index.name)} ATTACH PARTITION ${quoteQualified(child.schema, child.name)}`,
    ]),
  ];
}

/** What a definition does not bring back. */
function besideDefinition({ schema, name, comment, statisticsTargets = [] }: Index): readonly string[] {
  const place = quoteQualified(schema, name);
  return [
    ...(comment === undefined ? [] : [`COMMENT ON INDEX ${place} IS ${quoteLiteral(comment)}`]),
    ...statisticsTargets.map((one) => `ALTER INDEX ${place} ALTER COLUMN ${one.place} SET STATISTICS ${one.target}`),
  ];
}

function concurrently(definition: string): string {
  return definition.replace(/^CREATE (UNIQUE )?INDEX /, 'CREATE $1INDEX CONCURRENTLY ');
}

/** A plain quoted lower-case identifier reads better without its quotes. */
function bare(sql: string): string {
  const match = /^"([a-z_][a-z0-9_]*)"(.*)$/s.exec(sql);
  return match ? `${match[1]}${match[2]}` : sql;
}
