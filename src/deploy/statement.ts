import { WizardError } from '../base/errors.js';
import type { RelationName } from '../model/catalog.js';
import { parseStatement, type ParsedStatement } from '../sql/parse.js';
import { bodiesOf, bodyOf, field, list, names, textOf, type TreeNode } from '../sql/tree.js';
import type { LockTaken } from './locks.js';

/**
 * What a statement of a plan may be. Anything else is refused: deployments run what the loop can try, and what `migrate plan` made of a file: `migration` in a transaction, and outside of one what may be run
 * again after it was cut off (`repeatable`) or can be ended by a statement of its own (`detach-partition`).
 */
export type StatementForm =
  | 'create-index'
  | 'drop-index'
  | 'reindex'
  | 'attach-index'
  | 'analyze'
  | 'create-statistics'
  | 'column-statistics'
  | 'drop-statistics'
  | 'setting'
  | 'validate-constraint'
  | 'alter-type'
  | 'alter-table'
  | 'alter-sequence'
  | 'migration'
  | 'repeatable'
  | 'reindex-table'
  | 'detach-partition';

/** One statement of a plan, with what it touches. */
export interface PlanStatement {
  readonly sql: string;
  readonly form: StatementForm;
  /** CONCURRENTLY: outside a transaction, it waits for the transactions that use its table, and a failure may leave something behind: an invalid index, a partition that is half detached. */
  readonly concurrently: boolean;
  /** The table that it names; null for statements that name none. */
  readonly table: RelationName | null;
  /** The index, statistics object, sequence or partition that it names. */
  readonly object: RelationName | null;
  /** The setting that it changes, in small letters; null for the others. */
  readonly setting: string | null;
  /** The locks of a migration's step, as its plan has them; null where the form says it. */
  readonly claim: LockTaken | null;
  /** What ends it after it was cut off; null where it does so itself. */
  readonly finish: string | null;
}

/** Reads one statement of a plan. Throws `deploy/plan` for one that a deployment does not run. */
export function readStatement(sql: string): PlanStatement {
  const parsed = parsedOf(sql);
  const found = READERS[parsed.type]?.(parsed.body, sql) ?? null;
  if (found === null)
    throw refused(`holds a ${parsed.type.replace(/Stmt$/, '')} statement of a form that it does not run`);
  return { ...BARE, ...found, sql };
}

/** A statement of which no more than its form is known. */
export const BARE = {
  concurrently: false,
  table: null,
  object: null,
  setting: null,
  claim: null,
  finish: null,
} as const;

type Found = Partial<PlanStatement> & { readonly form: StatementForm };

const READERS: Readonly<Record<string, (body: TreeNode, sql: string) => Found | null>> = {
  IndexStmt: createIndex,
  DropStmt: drop,
  ReindexStmt: reindex,
  VacuumStmt: analyze,
  CreateStatsStmt: createStatistics,
  AlterTableStmt: alterTable,
  AlterSeqStmt: (body) => ({ form: 'alter-sequence', object: relation(field(body, 'sequence')) }),
  DoStmt: setting,
};

function createIndex(body: TreeNode): Found {
  const table = relation(field(body, 'relation'));
  const name = textOf(body, 'idxname');
  if (name === null) throw refused('makes an index without a name, which could not be taken away again');
  return {
    form: 'create-index',
    concurrently: body['concurrent'] === true,
    table,
    object: { schema: table.schema, name },
  };
}

function drop(body: TreeNode): Found | null {
  const objects = list(body, 'objects');
  const path = objects.length === 1 ? names(list(bodyOf(objects[0], 'List') ?? {}, 'items')) : [];
  if (path.length !== 2 || body['behavior'] === 'DROP_CASCADE') return null;
  const object = { schema: path[0] ?? '', name: path[1] ?? '' };
  if (body['removeType'] === 'OBJECT_INDEX')
    return { form: 'drop-index', concurrently: body['concurrent'] === true, object };
  return body['removeType'] === 'OBJECT_STATISTIC_EXT' ? { form: 'drop-statistics', object } : null;
}

function reindex(body: TreeNode): Found | null {
  if (body['kind'] !== 'REINDEX_OBJECT_INDEX') return null;
  const options = bodiesOf(list(body, 'params'), 'DefElem').map((option) => textOf(option, 'defname'));
  return {
    form: 'reindex',
    concurrently: options.includes('concurrently'),
    object: relation(field(body, 'relation')),
  };
}

function analyze(body: TreeNode): Found | null {
  const tables = bodiesOf(list(body, 'rels'), 'VacuumRelation');
  if (body['is_vacuumcmd'] === true || tables.length !== 1) return null;
  return { form: 'analyze', table: relation(field(tables[0] ?? {}, 'relation')) };
}

function createStatistics(body: TreeNode): Found | null {
  const path = names(list(body, 'defnames'));
  const tables = bodiesOf(list(body, 'relations'), 'RangeVar');
  if (path.length !== 2 || tables.length !== 1) return null;
  return {
    form: 'create-statistics',
    table: relation(tables[0] ?? null),
    object: { schema: path[0] ?? '', name: path[1] ?? '' },
  };
}

function alterTable(body: TreeNode): Found | null {
  const commands = bodiesOf(list(body, 'cmds'), 'AlterTableCmd');
  const [command] = commands;
  if (!command || commands.length !== 1) return null;
  const kind = textOf(command, 'subtype') ?? '';
  if (body['objtype'] === 'OBJECT_INDEX')
    return kind === 'AT_AttachPartition' ? { form: 'attach-index', object: relation(field(body, 'relation')) } : null;
  const table = relation(field(body, 'relation'));
  if (kind === 'AT_ValidateConstraint') return { form: 'validate-constraint', table };
  if (STATISTICS.has(kind)) return { form: 'column-statistics', table };
  if (kind === 'AT_AlterColumnType') return { form: 'alter-type', table };
  return ALTERED.has(kind) && command['behavior'] !== 'DROP_CASCADE' ? { form: 'alter-table', table } : null;
}

/** Short under their lock: what reverts a validation, and attributes of columns. */
const ALTERED = new Set(['AT_AddConstraint', 'AT_DropConstraint', 'AT_SetNotNull', 'AT_DropNotNull']);

/** How ANALYZE looks at a column. */
const STATISTICS = new Set(['AT_SetStatistics', 'AT_SetOptions', 'AT_ResetOptions']);

/** The one DO block that the loop makes: a setting of the current database, whatever that is called. */
const SETTING_BLOCK =
  /^\s*DO\s+\$wizard\$\s*BEGIN\s+EXECUTE\s+format\('ALTER DATABASE %I (?:SET ([a-z_.]+) = %L|RESET ([a-z_.]+))',\s*current_database\(\)(?:,\s*'[^']*')?\);\s*END;?\s*\$wizard\$;?\s*$/i;

function setting(_body: TreeNode, sql: string): Found | null {
  const match = SETTING_BLOCK.exec(sql);
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? null : { form: 'setting', setting: name.toLowerCase() };
}

function relation(node: TreeNode | null): RelationName {
  const schema = node && textOf(node, 'schemaname');
  const name = node && textOf(node, 'relname');
  if (schema && name && textOf(node, 'catalogname') === null) return { schema, name };
  throw refused('names a table or index without its schema');
}

function parsedOf(sql: string): ParsedStatement {
  try {
    return parseStatement(sql);
  } catch (cause) {
    throw refused('holds a text that is not one statement', cause);
  }
}

function refused(what: string, cause?: unknown): WizardError {
  return new WizardError('deploy/plan', `The plan ${what}`, {
    hint: 'Deployments run what `optimize` and `index` hand over, as it is. Give other SQL to `migrate plan`.',
    cause,
  });
}
