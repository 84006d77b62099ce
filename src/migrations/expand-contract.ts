import { bareLiteral, quoteIdent } from '../base/quote.js';
import { deparseExpression, deparseGuarded } from '../sql/deparse.js';
import { field, list, mapTree, names } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { FILL_NOTE, inBatches } from './backfill.js';
import { isRehung } from './advance-hanging.js';
import { columnKey, constraintsOf, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { SafeSequence, SafeStep } from './define.js';
import { dependentsOf } from './dependents.js';
import { hangingOn } from './hanging-on.js';
import type { Hanging } from './hanging-on.js';
import { keptAside } from './kept-aside.js';
import { notNullCondition } from './advance.js';
import { typeBack } from './type-back.js';
import { goingAtSwitch } from './views-aside.js';
import { typeChangeOf } from './effects/alter-table.js';
import { columnBody, withCommand } from './operation.js';
import type { Operation } from './operation.js';
import { objectName, shown, written, writtenLiteral } from './relation.js';
import type { Relation } from './relation.js';
import { alterTable, alteration } from './shapes.js';

/**
 * A type change that would write the table anew, as a new column which a trigger keeps, batches that fill it, what hangs on the column made again beside it (`hangingOn`), and a switch. Null where the catalog does not
 * know the column, or where something on it can not be made again. A view, a policy or a generated column on it makes the second step fail, with nothing done.
 */
export function expandAndContract(operation: Operation, context: MigrationContext): SafeSequence | null {
  const found = alteration(operation, 'AT_AlterColumnType');
  const name = found?.command.name ?? null;
  const definition = found ? columnBody(found.command.body) : null;
  if (!found || name === null || !definition) return null;
  if (typeChangeOf(found.relation, found.command, context) !== 'rewrite') return null;
  const { relation } = found;
  if (dependentsOf(relation, name, context).length > 0 || isRehung(relation, name, context)) return null;
  const next = objectName(relation.name, name, 'new');
  const known = tableOf(context, relation)?.columns.find((one) => one.name === name);
  const given = context.state.defaults.get(columnKey(context, relation, name));
  const hanging = known
    ? hangingOn({ ...known, hasDefault: known.hasDefault || Boolean(given) }, next, relation, context)
    : null;
  if (!hanging) return null;
  const value = valueOf(definition, name);
  const kept = keptByTrigger({
    relation,
    column: next,
    label: name,
    value,
    replaces: name,
    going: goingAtSwitch(context),
  });
  const alter = alterTable(operation, relation);
  const [column, old] = [quoteIdent(next), quoteIdent(name)];
  const notNull = notNullOf(relation, name, next, alter, context);
  const add = { ColumnDef: { ...definition, colname: next, raw_default: undefined, is_local: true } };
  const { name: _, ...command } = found.command.body;
  const aside = keptAside(relation, name, hanging.indexes);
  const back = known ? typeBack(known, definition, alter) : null;
  return {
    differs: `${name} of ${shown(relation)} comes to stand last in its table`,
    up: [
      {
        sql: [deparseGuarded(withCommand(operation, { ...command, subtype: 'AT_AddColumn', def: add }))],
        down: [`${alter} DROP COLUMN IF EXISTS ${column}`],
      },
      {
        ...kept.step,
        note: 'Rows that are written from here on have both values; its name makes it the last trigger to run. Where a view, a policy or the like uses the old column it fails, before any row is written.',
      },
      {
        sql: [
          inBatches({
            relation,
            statement: `UPDATE ${written(relation)} SET ${column} = ${deparseExpression(value)}`,
            where: `${column} IS DISTINCT FROM (${deparseExpression(value)})`,
            quiet: true,
          }),
        ],
        down: [],
        commits: true,
        note: FILL_NOTE,
      },
      ...(notNull?.before ?? []),
      ...hanging.before,
      {
        sql: [
          // Reads the catalog alone; between the locks of two tables nothing may take its time, or writers of both come between.
          aside.keep,
          ...hanging.leaving,
          ...kept.gone,
          ...(notNull?.leaving ?? []),
          ...hanging.moving,
          `${alter} DROP COLUMN ${old}`,
          `${alter} RENAME COLUMN ${column} TO ${old}`,
          ...hanging.arriving,
          ...(notNull?.arriving ?? []),
          aside.give,
        ],
        down: back,
        isSwitch: true,
        title: `switch ${relation.name} ${name} to its new type`,
        note: back
          ? 'The switch. Its way back takes back all of the change: it writes the whole table anew under its lock, fails with nothing changed where a value no longer fits, and the column stays last.'
          : 'The switch. Before it everything can be taken back; after it the old values are gone.',
      },
    ],
  };
}

/** A column whose values a trigger works out. */
interface Kept {
  readonly relation: Relation;
  readonly column: string;
  /** Views on the column that goes, which go with it. */
  readonly going: readonly Relation[];
  /** What the trigger and its function are named by. */
  readonly label: string;
  /** Over the columns of the row. */
  readonly value: TreeNode;
  /** The column that it comes in place of; null for none. */
  readonly replaces: string | null;
}

/** A trigger that gives a column its value in each row that is written, and the statements that remove it. */
export function keptByTrigger({ relation, column, label, value, replaces, going }: Kept): {
  readonly step: SafeStep;
  readonly gone: readonly string[];
} {
  const name = objectName(relation.name, label, 'sync');
  const [fn, last] = [written({ schema: relation.schema, name }), `zz_${name}`];
  const trigger = quoteIdent(last);
  const row = deparseExpression(mapTree(value, ofNew) as TreeNode);
  const gone = [`DROP TRIGGER ${trigger} ON ${written(relation)}`, `DROP FUNCTION ${fn}()`];
  const ifThere = gone.map((sql) => sql.replace(/^DROP (TRIGGER|FUNCTION)/, 'DROP $1 IF EXISTS'));
  return {
    step: {
      sql: [
        `CREATE FUNCTION ${fn}() RETURNS trigger LANGUAGE plpgsql AS $sync$ BEGIN NEW.${quoteIdent(column)} := ${row}; RETURN NEW; END $sync$`,
        `CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${written(relation)} FOR EACH ROW EXECUTE FUNCTION ${fn}()`,
        refusal(relation, last, replaces, going),
      ],
      down: ifThere,
      note: 'Rows that are written from here on have the value; its name makes it the last trigger to run.',
    },
    gone,
  };
}

/**
 * Fails where a trigger of somebody runs after this one and could change what the value is made of; and where something uses the column that goes, which would make the switch fail. Indexes, keys, defaults and
 * constraints are not among it: they are made again.
 */
function refusal(relation: Relation, trigger: string, replaces: string | null, going: readonly Relation[]): string {
  const table = `${writtenLiteral(relation)}::pg_catalog.regclass`;
  const views = going.map((view) => `pg_catalog.to_regclass(${writtenLiteral(view)})`).join(', ');
  const except =
    going.length === 0
      ? ''
      : `
      AND NOT (d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND EXISTS (SELECT FROM pg_catalog.pg_rewrite AS r WHERE r.oid = d.objid AND r.ev_class IN (${views})))`;
  const users = `
    SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) || ' uses the column'
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'n' AND d.refobjid = ${table}
      AND a.attname = ${bareLiteral(replaces ?? '')} AND d.classid NOT IN ('pg_catalog.pg_constraint'::pg_catalog.regclass, 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass)${except}
    UNION`;
  return `DO $refusal$
DECLARE
  wizard_reason text;
BEGIN
  FOR wizard_reason IN${replaces === null ? '' : users}
    SELECT pg_catalog.format('trigger %s runs after %s', t.tgname, ${bareLiteral(trigger)})
    FROM pg_catalog.pg_trigger AS t
    WHERE t.tgrelid = ${table} AND NOT t.tgisinternal AND t.tgtype & 3 = 3 AND t.tgname > ${bareLiteral(trigger)}
  LOOP
    RAISE EXCEPTION '%', wizard_reason USING HINT = 'Drop or rename it first, and bring it back when the migration is through.';
  END LOOP;
END $refusal$`;
}

/** How the new column becomes NOT NULL where the old one is: proved by a CHECK before the switch, so that the switch reads no row. */
function notNullOf(
  relation: Relation,
  name: string,
  next: string,
  alter: string,
  context: MigrationContext,
): Pick<Hanging, 'before' | 'leaving' | 'arriving'> | null {
  if (tableOf(context, relation)?.columns.find((one) => one.name === name)?.notNull !== true) return null;
  const found = constraintsOf(context, relation).find(
    ({ kind, columns }) => kind === 'not-null' && columns[0] === name,
  );
  const check = quoteIdent(objectName(relation.name, next, 'check'));
  const named = quoteIdent(objectName(relation.name, next, 'not_null'));
  return {
    before: [
      {
        sql: [`${alter} ADD CONSTRAINT ${check} CHECK (${notNullCondition(next)}) NOT VALID`],
        down: [`${alter} DROP CONSTRAINT IF EXISTS ${check}`],
        asItIs: true,
      },
      { sql: [`${alter} VALIDATE CONSTRAINT ${check}`] },
    ],
    leaving: [`${alter} ALTER COLUMN ${quoteIdent(next)} SET NOT NULL`, `${alter} DROP CONSTRAINT ${check}`],
    arriving: found && context.major >= 18 ? [`${alter} RENAME CONSTRAINT ${named} TO ${quoteIdent(found.name)}`] : [],
  };
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
