import { quoteIdent, quoteLiteral } from '../base/quote.js';
import { indexesOf, sameRelation } from '../model/catalog.js';
import type { Column, Constraint, Index, RelationName, Table } from '../model/catalog.js';
import { deparseGuarded } from '../sql/deparse.js';
import { parseStatement } from '../sql/parse.js';
import { bodyOf, field, isNode, list, mapTree } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { SafeStep } from './define.js';
import { dropIndex } from './index-for-constraint.js';
import { objectName, written, writtenLiteral } from './relation.js';
import type { Relation } from './relation.js';

/** What has to be made again for the column that takes another's place. */
export interface Hanging {
  readonly indexes: readonly Index[];
  /** While the old column is in use: indexes, then what rests on them. */
  readonly before: readonly SafeStep[];
  /** In the switch, before the old column goes. */
  readonly leaving: readonly string[];
  /** After it, still before the old column goes: default, identity, sequence. */
  readonly moving: readonly string[];
  /** In the switch, once the new column has the name. */
  readonly arriving: readonly string[];
}

/**
 * Indexes, keys, foreign keys of both sides, checks, default, identity and sequence of a column, for a new one beside it. Null where one of them can not be made beside the old: exclusion constraints,
 * a cluster or replica identity index, foreign keys of partitioned tables, ones that are not enforced, and tables that others inherit from.
 */
export function hangingOn(column: Column, next: string, relation: Relation, context: MigrationContext): Hanging | null {
  const table = tableOf(context, relation);
  const { catalog } = context;
  if (!catalog || !table || table.kind !== 'r' || table.hasChildren || table.partitionOf || column.generated)
    return null;
  const moving: Moving = { table, from: column.name, to: next };
  const indexes = indexesOf(catalog, table).filter((index) => usesColumn(index, column.name));
  const own = catalog.constraints.filter((one) => sameRelation(one.table, table) && one.columns.includes(column.name));
  const referring = catalog.constraints.filter(({ references }) => refersTo(references, table, column.name));
  const foreign = [...new Set([...own.filter(({ kind }) => kind === 'foreign'), ...referring])];
  const stays =
    indexes.some((index) => index.exclusion || index.clustered || index.replicaIdentity || !index.valid) ||
    own.some(({ kind, columns, references }) => kind === 'exclusion' || refersToItself(columns, references, moving)) ||
    foreign.some((one) => tableOf(context, one.table)?.kind !== 'r' || /NOT ENFORCED/.test(one.definition));
  if (stays) return null;
  const checks = own.filter(({ kind }) => kind === 'check');
  return {
    indexes,
    before: [
      ...indexes.map((index) => ({
        sql: [concurrently(index, moving)],
        down: [dropIndex({ schema: index.schema, name: index.name }, beside(index.name))],
      })),
      ...[...checks, ...foreign].flatMap((one) => addedBeside(one, moving)),
    ],
    leaving: foreign.map(({ table: of, name }) => `ALTER TABLE ${written(of)} DROP CONSTRAINT ${quoteIdent(name)}`),
    moving: movedDefault(column, moving),
    arriving: [
      ...indexes.map((index) => inPlace(index, own, moving)),
      ...[...checks, ...foreign].map(
        ({ table: of, name }) =>
          `ALTER TABLE ${written(of)} RENAME CONSTRAINT ${quoteIdent(beside(name))} TO ${quoteIdent(name)}`,
      ),
    ],
  };
}

/** One column takes the place of another. */
interface Moving {
  readonly table: Table;
  readonly from: string;
  readonly to: string;
}

function beside(name: string): string {
  return objectName(name, null, 'new');
}

/** An index with an expression may be on any column: its text says so. */
export function usesColumn(index: Index, name: string): boolean {
  const parts = [...index.keys, ...index.include];
  if (parts.some((part) => part.column === name)) return true;
  if (index.predicate === null && parts.every((part) => part.column !== null)) return false;
  let found = false;
  mapTree(parseStatement(index.definition).tree, ({ type, body }) => {
    if (type === 'ColumnRef' && isNamed(body, name)) found = true;
    return null;
  });
  return found;
}

function refersTo(references: Constraint['references'], table: RelationName, column: string): boolean {
  return references !== null && sameRelation(references.table, table) && references.columns.includes(column);
}

function refersToItself(
  columns: readonly string[],
  references: Constraint['references'],
  { table, from }: Moving,
): boolean {
  return columns.includes(from) && refersTo(references, table, from);
}

/** The index of the same form on the new column. */
function concurrently(index: Index, { from, to }: Moving): string {
  const { body } = parseStatement(index.definition);
  const renamed = mapTree(renameColumns(body, from, to), ({ type, body: element }) =>
    type === 'IndexElem' && element['name'] === from ? { IndexElem: { ...element, name: to } } : null,
  ) as TreeNode;
  return deparseGuarded({ IndexStmt: { ...renamed, idxname: beside(index.name), concurrent: true } });
}

/** The constraint of the same form, made without reading a row, and then validated. */
function addedBeside(constraint: Constraint, moving: Moving): readonly SafeStep[] {
  const { table, name, kind, references } = constraint;
  const alter = `ALTER TABLE ${written(table)}`;
  const { body } = parseStatement(`${alter} ADD CONSTRAINT ${quoteIdent(beside(name))} ${constraint.definition}`);
  const command = bodyOf(list(body, 'cmds')[0], 'AlterTableCmd') ?? {};
  const old = bodyOf(command['def'], 'Constraint') ?? {};
  const isOwn = sameRelation(table, moving.table) && constraint.columns.includes(moving.from);
  const made: TreeNode =
    kind === 'check'
      ? (renameColumns(old, moving.from, moving.to) as TreeNode)
      : {
          ...old,
          ...(isOwn ? renamedIn(old, ['fk_attrs', 'fk_del_set_cols'], moving) : {}),
          ...(refersTo(references, moving.table, moving.from) ? renamedIn(old, ['pk_attrs'], moving) : {}),
          pktable: { ...field(old, 'pktable'), schemaname: references?.table.schema, relname: references?.table.name },
        };
  const later = { ...made, skip_validation: true, initially_valid: undefined };
  const def = { AlterTableCmd: { ...command, def: { Constraint: later } } };
  return [
    {
      sql: [deparseGuarded({ AlterTableStmt: { ...body, cmds: [def] } })],
      down: [`${alter} DROP CONSTRAINT IF EXISTS ${quoteIdent(beside(name))}`],
      asItIs: true,
    },
    ...(constraint.validated ? [{ sql: [`${alter} VALIDATE CONSTRAINT ${quoteIdent(beside(name))}`] }] : []),
  ];
}

function renamedIn(node: TreeNode, fields: readonly string[], { from, to }: Moving): TreeNode {
  const rename = (value: TreeValue): TreeValue =>
    bodyOf(value, 'String')?.['sval'] === from ? { String: { sval: to } } : value;
  return Object.fromEntries(
    fields.flatMap((name) => (node[name] === undefined ? [] : [[name, list(node, name).map(rename)]])),
  );
}

function renameColumns(tree: TreeNode, from: string, to: string): TreeValue {
  return mapTree(tree, ({ type, body }) => {
    if (type !== 'ColumnRef' || !isNamed(body, from)) return null;
    return { ColumnRef: { ...body, fields: [...list(body, 'fields').slice(0, -1), { String: { sval: to } }] } };
  });
}

function isNamed(reference: TreeNode, name: string): boolean {
  const last = list(reference, 'fields').at(-1);
  return isNode(last) && bodyOf(last, 'String')?.['sval'] === name;
}

/** The index takes the old one's name; as a constraint's, it becomes the constraint. */
function inPlace(index: Index, own: readonly Constraint[], { table }: Moving): string {
  const made = quoteIdent(beside(index.name));
  const constraint = own.find(({ name }) => name === index.constraint);
  if (!constraint)
    return `ALTER INDEX ${written({ schema: index.schema, name: beside(index.name) })} RENAME TO ${quoteIdent(index.name)}`;
  const kind = constraint.kind === 'primary' ? 'PRIMARY KEY' : 'UNIQUE';
  const deferral = /(?: DEFERRABLE)?(?: INITIALLY DEFERRED)?$/.exec(constraint.definition)?.[0] ?? '';
  return `ALTER TABLE ${written(table)} ADD CONSTRAINT ${quoteIdent(constraint.name)} ${kind} USING INDEX ${made}${deferral}`;
}

/** The default as the catalog holds it when the switch is made; the catalog that was read has no text of it. */
function movedDefault(column: Column, moving: Moving): readonly string[] {
  if (column.identity) return [movedIdentity(moving)];
  if (!column.hasDefault) return [];
  const { table, from, to } = moving;
  const owned = column.sequence
    ? [`ALTER SEQUENCE ${written(column.sequence.name)} OWNED BY ${written(table)}.${quoteIdent(to)}`]
    : [];
  return [
    ...owned,
    `DO $default$ BEGIN
  EXECUTE coalesce((
    SELECT pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', d.adrelid::pg_catalog.regclass, ${quoteLiteral(to)}, pg_catalog.pg_get_expr(d.adbin, d.adrelid))
    FROM pg_catalog.pg_attrdef AS d JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.adrelid = ${writtenLiteral(table)}::pg_catalog.regclass AND a.attname = ${quoteLiteral(from)}), '');
END $default$`,
  ];
}

/** The identity goes on where its numbers ended, with the options it has; the bounds of the old type become those of the new one. */
function movedIdentity({ table, from, to }: Moving): string {
  return `DO $identity$
DECLARE
  wizard_sequence text := pg_catalog.pg_get_serial_sequence(${writtenLiteral(table)}, ${quoteLiteral(from)});
  wizard_kind text;
  wizard_options text;
  wizard_last bigint;
  wizard_called boolean;
BEGIN
  SELECT CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END INTO wizard_kind FROM pg_catalog.pg_attribute
    WHERE attrelid = ${writtenLiteral(table)}::pg_catalog.regclass AND attname = ${quoteLiteral(from)};
  SELECT pg_catalog.format('START WITH %s INCREMENT BY %s CACHE %s %s', seqstart, seqincrement, seqcache, CASE WHEN seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)
      || CASE WHEN seqmax IN (32767, 2147483647, 9223372036854775807) OR seqincrement < 0 AND seqmax = -1 THEN '' ELSE ' MAXVALUE ' || seqmax END
      || CASE WHEN seqmin IN (1, -32768, -2147483648, -9223372036854775808) THEN '' ELSE ' MINVALUE ' || seqmin END
    INTO wizard_options FROM pg_catalog.pg_sequence WHERE seqrelid = wizard_sequence::pg_catalog.regclass;
  EXECUTE 'SELECT last_value, is_called FROM ' || wizard_sequence INTO wizard_last, wizard_called;
  ALTER TABLE ${written(table)} ALTER COLUMN ${quoteIdent(from)} DROP IDENTITY;
  EXECUTE pg_catalog.format('ALTER TABLE ${written(table).replaceAll('%', '%%').replaceAll("'", "''")} ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s %s)', ${quoteLiteral(to)}, wizard_kind, wizard_sequence, wizard_options);
  PERFORM pg_catalog.setval(wizard_sequence::pg_catalog.regclass, wizard_last, wizard_called);
END $identity$`;
}
