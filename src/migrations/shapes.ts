import { bodiesOf, field, names, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { isNew, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { SafeSequence } from './define.js';
import { columnBody, constraintBody } from './operation.js';
import type { AlterCommand, Operation } from './operation.js';
import { written } from './relation.js';
import type { Relation } from './relation.js';

/** An ALTER TABLE of a known table. */
export interface Alteration {
  readonly relation: Relation;
  readonly command: AlterCommand;
}

/** The operation as an ALTER TABLE with one of these commands; null when it is none. */
export function alteration(
  { type, relation, command, body }: Operation,
  ...subtypes: readonly string[]
): Alteration | null {
  if (type !== 'AlterTableStmt' || !relation || !command || !subtypes.includes(command.subtype)) return null;
  const kind = textOf(body, 'objtype');
  return kind === 'OBJECT_TABLE' || kind === 'OBJECT_MATVIEW' || kind === 'OBJECT_VIEW' ? { relation, command } : null;
}

/** An ADD CONSTRAINT of a kind. */
export function addedConstraint(
  operation: Operation,
  kind: string,
): (Alteration & { readonly constraint: TreeNode; readonly name: string | null }) | null {
  const found = alteration(operation, 'AT_AddConstraint');
  const constraint = found ? constraintBody(found.command.body) : null;
  if (!found || !constraint || textOf(constraint, 'contype') !== kind) return null;
  return { ...found, constraint, name: textOf(constraint, 'conname') };
}

/** An ADD COLUMN. */
export function addedColumn(
  operation: Operation,
):
  | (Alteration & { readonly column: TreeNode; readonly name: string; readonly constraints: readonly TreeNode[] })
  | null {
  const found = alteration(operation, 'AT_AddColumn');
  const column = found ? columnBody(found.command.body) : null;
  const name = column ? textOf(column, 'colname') : null;
  if (!found || !column || name === null) return null;
  const constraints = list(column, 'constraints').flatMap((item) => {
    const body =
      item && typeof item === 'object' && !Array.isArray(item) ? field(item as TreeNode, 'Constraint') : null;
    return body ? [body] : [];
  });
  return { ...found, column, name, constraints };
}

/** `ALTER TABLE [IF EXISTS] [ONLY] name`. */
export function alterTable(operation: Operation, relation: Relation): string {
  const only = field(operation.body, 'relation')?.['inh'] !== true;
  const exists = operation.body['missing_ok'] === true ? 'IF EXISTS ' : '';
  return `ALTER TABLE ${exists}${only ? 'ONLY ' : ''}${written(relation)}`;
}

/** Whether an ALTER TABLE is of a partitioned table alone, which holds no row. */
export function isOfParentAlone({ relation, body }: Operation, context: MigrationContext): boolean {
  return relation !== null && field(body, 'relation')?.['inh'] !== true && tableOf(context, relation)?.kind === 'p';
}

/** Whether a column that is added IF NOT EXISTS may be there already: then nothing may be done to it, nor taken back. */
export function mayExist(
  { relation, command, name }: Alteration & { readonly name: string },
  context: MigrationContext,
): boolean {
  if (!command.missingOk || isNew(context, relation)) return false;
  const table = tableOf(context, relation);
  return !table || table.columns.some((column) => column.name === name);
}

/** The column names of a constraint's key. */
export function keysOf(constraint: TreeNode, name = 'keys'): readonly string[] {
  return names(list(constraint, name));
}

/** One statement after the other, each a transaction of its own. */
export function oneByOne(statements: readonly string[], differs?: string): SafeSequence {
  return { up: statements.map((sql) => ({ sql: [sql] })), ...(differs === undefined ? {} : { differs }) };
}

/** Key columns of a CREATE INDEX, `''` for an expression. */
export function indexColumns(body: TreeNode): readonly string[] {
  return bodiesOf(list(body, 'indexParams'), 'IndexElem').map((element) => textOf(element, 'name') ?? '');
}
