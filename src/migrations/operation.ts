import { deparseGuarded } from '../sql/deparse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodiesOf, field, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { relationOf } from './relation.js';
import type { Relation } from './relation.js';

/** One command of an ALTER TABLE. */
export interface AlterCommand {
  /** `AT_AddColumn`, ... (`nodes/parsenodes.h`). */
  readonly subtype: string;
  /** The column, constraint, trigger, ... that it names. */
  readonly name: string | null;
  readonly cascade: boolean;
  readonly missingOk: boolean;
  readonly body: TreeNode;
}

/** What one statement does, or one command of an ALTER TABLE that holds several. */
export interface Operation {
  /** The statement's node type, e.g. `AlterTableStmt`. */
  readonly type: string;
  readonly body: TreeNode;
  readonly tree: TreeNode;
  /** The table that an ALTER TABLE, CREATE INDEX, TRUNCATE ... of one relation is about. */
  readonly relation: Relation | null;
  /** Of an ALTER TABLE. */
  readonly command: AlterCommand | null;
}

/** The operations of a statement, an ALTER TABLE's in the order in which PostgreSQL runs them (its passes), not in that of the text. */
export function operationsOf(statement: ParsedStatement): readonly Operation[] {
  const { type, body, tree } = statement;
  const relation = relationOf(field(body, 'relation') ?? field(body, 'view'));
  if (type !== 'AlterTableStmt') return [{ type, body, tree, relation, command: null }];
  const commands = bodiesOf(list(body, 'cmds'), 'AlterTableCmd');
  return commands
    .map((command) => {
      const single = { ...body, cmds: [{ AlterTableCmd: command }] };
      return {
        type,
        body: single,
        tree: { AlterTableStmt: single },
        relation,
        command: {
          subtype: textOf(command, 'subtype') ?? '',
          name: textOf(command, 'name'),
          cascade: textOf(command, 'behavior') === 'DROP_CASCADE',
          missingOk: command['missing_ok'] === true,
          body: command,
        },
      };
    })
    .toSorted((a, b) => passOf(a.command) - passOf(b.command));
}

/** The statement of an operation as SQL. Throws `sql/deparse` where it can not be written without changing its meaning. */
export function operationSql(operation: Operation): string {
  return deparseGuarded(operation.tree);
}

/** An ALTER TABLE with another body for its only command. */
export function withCommand(operation: Operation, command: TreeNode): TreeNode {
  return { AlterTableStmt: { ...operation.body, cmds: [{ AlterTableCmd: command }] } };
}

/** `AT_PASS_*` of `tablecmds.c`, as far as commands depend on each other. */
function passOf({ subtype, body }: AlterCommand): number {
  if (subtype.startsWith('AT_Drop')) return 0;
  if (subtype === 'AT_ColumnDefault' && !field(body, 'def')) return 0;
  if (subtype === 'AT_AlterColumnType') return 1;
  if (subtype === 'AT_AddColumn') return 2;
  if (subtype === 'AT_SetNotNull' || subtype === 'AT_AddIdentity') return 3;
  if (subtype === 'AT_AddConstraint') return field(body, 'def') && isIndexConstraint(body) ? 4 : 5;
  return 6;
}

function isIndexConstraint(command: TreeNode): boolean {
  const type = textOf(constraintBody(command) ?? {}, 'contype') ?? '';
  return type === 'CONSTR_PRIMARY' || type === 'CONSTR_UNIQUE';
}

/** The `Constraint` that an ADD CONSTRAINT holds; null for other commands. */
export function constraintBody(command: TreeNode): TreeNode | null {
  const def = field(command, 'def');
  return def ? field(def, 'Constraint') : null;
}

/** The `ColumnDef` of ADD COLUMN and ALTER COLUMN TYPE; null for other commands. */
export function columnBody(command: TreeNode): TreeNode | null {
  const def = field(command, 'def');
  return def ? field(def, 'ColumnDef') : null;
}
