import { quoteIdent } from '../base/quote.js';
import { deparseExpression, deparseGuarded } from '../sql/deparse.js';
import { field, list, mapTree, names } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { inBatches } from './backfill.js';
import { constraintsOf, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { SafeSequence, SafeStep } from './define.js';
import { hangingOn } from './hanging-on.js';
import { typeChangeOf } from './effects/alter-table.js';
import { columnBody, withCommand } from './operation.js';
import type { Operation } from './operation.js';
import { objectName, written } from './relation.js';
import type { Relation } from './relation.js';
import { alterTable, alteration } from './shapes.js';

/**
 * A type change that would write the table anew, as a new column which a trigger keeps, batches that fill it, what hangs on the column made again beside it (`hangingOn`), and a switch. Null where the catalog does not
 * know the column, or where something on it can not be made again. A view, a policy or a generated column on it makes the last step fail, with nothing lost.
 */
export function expandAndContract(operation: Operation, context: MigrationContext): SafeSequence | null {
  const found = alteration(operation, 'AT_AlterColumnType');
  const name = found?.command.name ?? null;
  const definition = found ? columnBody(found.command.body) : null;
  if (!found || name === null || !definition) return null;
  if (typeChangeOf(found.relation, found.command, context) !== 'rewrite') return null;
  const { relation } = found;
  const next = objectName(relation.name, name, 'new');
  const known = tableOf(context, relation)?.columns.find((one) => one.name === name);
  const hanging = known ? hangingOn(known, next, relation, context) : null;
  if (!hanging) return null;
  const value = valueOf(definition, name);
  const kept = keptByTrigger({ relation, column: next, label: name, value });
  const alter = alterTable(operation, relation);
  const [column, old] = [quoteIdent(next), quoteIdent(name)];
  const notNull = notNullOf(relation, name, context);
  const add = { ColumnDef: { ...definition, colname: next, raw_default: undefined, is_local: true } };
  const { name: _, ...command } = found.command.body;
  const keep = objectName(relation.name, next, 'not_null');
  return {
    differs:
      'the changed column stands last in its table, without privileges, comment and statistics target of its own',
    up: [
      { sql: [deparseGuarded(withCommand(operation, { ...command, subtype: 'AT_AddColumn', def: add }))] },
      { ...kept.step, note: 'Rows that are written from here on have both values; its name makes it the last trigger to run.' },
      {
        sql: [
          inBatches({
            relation,
            statement: `UPDATE ${written(relation)} SET ${column} = ${deparseExpression(value)}`,
            where: `${column} IS DISTINCT FROM (${deparseExpression(value)})`,
          }),
        ],
        down: [],
        commits: true,
        note: 'The rows that were there, in batches. May be interrupted and run again.',
      },
      ...(notNull ? [{ sql: [`${alter} ALTER COLUMN ${column} SET NOT NULL`], down: [] }] : []),
      ...hanging.before,
      {
        sql: [
          ...kept.gone,
          ...hanging.leaving,
          `${alter} DROP COLUMN ${old}`,
          `${alter} RENAME COLUMN ${column} TO ${old}`,
          ...hanging.arriving,
          ...(notNull?.constraint && context.major >= 18
            ? [`${alter} RENAME CONSTRAINT ${quoteIdent(keep)} TO ${quoteIdent(notNull.constraint)}`]
            : []),
        ],
        down: null,
        note: 'The switch. Before it everything can be taken back; after it the old values are gone.',
      },
    ],
  };
}

/** A column whose values a trigger works out. */
interface Kept {
  readonly relation: Relation;
  readonly column: string;
  /** What the trigger and its function are named by. */
  readonly label: string;
  /** Over the columns of the row. */
  readonly value: TreeNode;
}

/** A trigger that gives a column its value in each row that is written, and the statements that remove it. */
export function keptByTrigger({ relation, column, label, value }: Kept): {
  readonly step: SafeStep;
  readonly gone: readonly string[];
} {
  const name = objectName(relation.name, label, 'sync');
  const [fn, trigger] = [written({ schema: relation.schema, name }), quoteIdent(`zz_${name}`)];
  const row = deparseExpression(mapTree(value, ofNew) as TreeNode);
  const gone = [`DROP TRIGGER ${trigger} ON ${written(relation)}`, `DROP FUNCTION ${fn}()`];
  return {
    step: {
      sql: [
        `CREATE FUNCTION ${fn}() RETURNS trigger LANGUAGE plpgsql AS $sync$ BEGIN NEW.${quoteIdent(column)} := ${row}; RETURN NEW; END $sync$`,
        `CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${written(relation)} FOR EACH ROW EXECUTE FUNCTION ${fn}()`,
      ],
      down: gone,
      note: 'Rows that are written from here on have the value; its name makes it the last trigger to run.',
    },
    gone,
  };
}

function notNullOf(
  relation: Relation,
  name: string,
  context: MigrationContext,
): { readonly constraint: string | null } | null {
  if (tableOf(context, relation)?.columns.find((one) => one.name === name)?.notNull !== true) return null;
  const found = constraintsOf(context, relation).find(
    ({ kind, columns }) => kind === 'not-null' && columns[0] === name,
  );
  return { constraint: found?.name ?? null };
}

/** The USING expression, or the column cast to the type. */
function valueOf(definition: TreeNode, name: string): TreeNode {
  const using = field(definition, 'raw_default');
  if (using) return using;
  return {
    TypeCast: {
      arg: { ColumnRef: { fields: [{ String: { sval: name } }] } },
      typeName: field(definition, 'typeName') ?? {},
    },
  };
}

/** A column of the row that a trigger is about. */
function ofNew({ type, body }: { readonly type: string; readonly body: TreeNode }): TreeNode | null {
  if (type !== 'ColumnRef') return null;
  const path = names(list(body, 'fields'));
  return { ColumnRef: { fields: [{ String: { sval: 'new' } }, { String: { sval: path.at(-1) ?? '' } }] } };
}
