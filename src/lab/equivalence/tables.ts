import { quoteIdent, quoteQualified } from '../../base/quote.js';
import { indexesOf, lookupTable, sameRelation } from '../../model/catalog.js';
import type { Catalog, Column, RelationName, Table } from '../../model/catalog.js';
import type { Session } from '../../postgres/session.js';
import type { ParsedStatement } from '../../sql/parse.js';
import { columnPath } from '../../sql/scope.js';
import { bodyOf, commonTables, isNode, list, textOf, walk } from '../../sql/tree.js';
import type { TreeNode } from '../../sql/tree.js';
import { withPassing } from './passing.js';
import { takenValues } from './taken.js';
import { epochColumns, epochValues } from './epochs.js';
import { calculatedColumns, extremesOf } from './extremes.js';
import { ONE_DAY } from './series.js';
import { candidatesOf } from './values.js';
import type { Constant, Constants } from './constants.js';
import { linksOf } from './links.js';
import { rolesOf } from './roles.js';
import type { ColumnRole } from './roles.js';

/** A column with the values it may be given, as SQL. */
export interface FilledColumn {
  readonly name: string;
  readonly group: string;
  readonly mayBeNull: boolean;
  /** Named by a statement, or part of a key: its values vary. */
  readonly matters: boolean;
  /** Part of a unique key: more values, so that there can be more rows. */
  readonly key: boolean;
  /** The same number for columns that the statements or foreign keys tie together. */
  readonly link: number;
  readonly role: ColumnRole;
  readonly plain: readonly string[];
  readonly exact: readonly string[];
  readonly near: readonly string[];
  /** Those that meet what a statement asks of this column alone; empty where that leaves out none. */
  readonly passing: readonly string[];
  /** Of times, how far they may follow each other: the intervals of the statements, and a day; empty for any other. */
  readonly steps: readonly string[];
  /** The ends of its type, where a statement calculates with it; else empty. */
  readonly extremes: readonly string[];
}

/** A table that the statements read, with what its rows may be. Parents of foreign keys come before their children. */
export interface FilledTable extends RelationName {
  readonly columns: readonly FilledColumn[];
  readonly foreignKeys: readonly {
    readonly columns: readonly string[];
    readonly parent: RelationName;
    readonly references: readonly string[];
  }[];
  /** Columns of each unique key. */
  readonly keys: readonly (readonly string[])[];
}

/** The tables of two statements, or why they can not be filled. */
export type TouchedTables = Filled | { readonly reason: string };

export interface Filled {
  readonly tables: readonly FilledTable[];
  /** Constraints that were dropped for the transaction, as the statements that did it. */
  readonly dropped: readonly { readonly table: RelationName; readonly sql: string }[];
}

/** Finds the tables that two statements read, drops for this transaction the constraints that do not always hold, and asks the server which values each column takes. */
export async function touchedTables(
  session: Session,
  catalog: Catalog,
  { statements, constants }: { readonly statements: readonly ParsedStatement[]; readonly constants: Constants },
): Promise<TouchedTables> {
  const trees = statements.map((one) => one.tree);
  const named = relationsOf(trees, catalog);
  if ('reason' in named) return named;
  const links = linksOf(statements, named.tables, catalog);
  const roleOf = rolesOf(trees);
  const dropped = await dropLooseConstraints(session, catalog, named.tables);
  const labels = await enumLabels(session);
  const used = usedColumns(trees);
  const calculated = calculatedColumns(trees);
  const epochs = epochColumns(trees);
  const filled: FilledTable[] = [];
  for (const table of parentsFirst(named.tables, catalog)) {
    const foreignKeys = catalog.constraints.flatMap((one) =>
      one.kind === 'foreign' && one.references && sameRelation(one.table, table) && isStrict(one)
        ? [{ columns: one.columns, parent: one.references.table, references: one.references.columns }]
        : [],
    );
    const keys = indexesOf(catalog, table).filter((index) => index.unique);
    const columns: FilledColumn[] = [];
    for (const column of table.columns) {
      if (column.generated) continue;
      const key = keys.some((index) => index.keys.some((one) => one.column === column.name));
      const matters = used === null || used.has(column.name) || key;
      const own = constantsFor(links.namesOf(table, column.name), constants);
      const extremes = calculated.has(column.name) ? extremesOf(column.baseType) : [];
      const perSecond = WHOLE.has(column.baseType) ? epochs.get(column.name) : undefined;
      const facts = { labels: labels.get(column.baseType) ?? [], own, constants, matters, key, extremes, perSecond };
      columns.push({
        ...describe(column, facts),
        link: links.groupOf(table, column.name),
        role: roleOf(column.name),
        passing: [],
      });
    }
    filled.push({
      schema: table.schema,
      name: table.name,
      columns,
      foreignKeys,
      keys: keys.map((index) => index.keys.flatMap(({ column }) => column ?? [])),
    });
  }
  const taken = await takenValues(session, { tables: filled, dropped }, { tables: named.tables, catalog });
  if ('reason' in taken) return taken;
  return { ...taken, tables: await withPassing(session, taken.tables, { statements, tables: named.tables }) };
}

function relationsOf(
  trees: readonly TreeNode[],
  catalog: Catalog,
): { readonly tables: readonly Table[] } | { readonly reason: string } {
  const tables = new Map<string, Table>();
  for (const tree of trees) {
    const ctes = commonTables(walk(tree));
    for (const body of relations(tree)) {
      const [schema, name] = [textOf(body, 'schemaname'), textOf(body, 'relname') ?? ''];
      if (schema === null && ctes.has(name)) continue;
      const table = lookupTable(catalog, schema, name);
      if (!table) return { reason: `${name} is not a table of the catalog` };
      if (table.kind !== 'r' && table.kind !== 'p')
        return { reason: `${table.schema}.${table.name} is not a table: what it reads can not be filled` };
      tables.set(`${table.schema}\n${table.name}`, table);
    }
  }
  return { tables: [...tables.values()] };
}

/** `RangeVar`s, and the bare one of an UPDATE, DELETE or INSERT. */
function relations(tree: TreeNode): readonly TreeNode[] {
  return [...walk(tree)].flatMap(({ type, body }) => {
    if (type === 'RangeVar') return [body];
    const target = ['UpdateStmt', 'DeleteStmt', 'InsertStmt'].includes(type) ? body['relation'] : undefined;
    return isNode(target) ? [target] : [];
  });
}

/** Names of the columns that the statements mention anywhere; null for `*`. */
function usedColumns(trees: readonly TreeNode[]): ReadonlySet<string> | null {
  const used = new Set<string>();
  for (const node of trees.flatMap((tree) => [...walk(tree)])) {
    if (node.type === 'JoinExpr' && node.body['isNatural'] === true) return null;
    for (const item of list(node.body, 'usingClause')) used.add(textOf(bodyOf(item, 'String') ?? {}, 'sval') ?? '');
    if (node.type !== 'ColumnRef') continue;
    const { path, star } = columnPath(node.body);
    if (star) return null;
    // The alias of a whole row is one path too: then all columns matter, and none is called like it.
    if (path.length === 1 && trees.some((tree) => hasAlias(tree, path[0] ?? ''))) return null;
    used.add(path.at(-1) ?? '');
  }
  return used;
}

function hasAlias(tree: TreeNode, name: string): boolean {
  return [...walk(tree)].some(
    ({ type, body }) =>
      type === 'RangeVar' &&
      (textOf((body['alias'] ?? {}) as TreeNode, 'aliasname') ?? textOf(body, 'relname')) === name,
  );
}

function isStrict(one: { readonly validated: boolean; readonly deferrable: boolean }): boolean {
  return one.validated && !one.deferrable;
}

/** What does not hold for every row at every moment must not shape the rows: deferrable and unvalidated constraints, and foreign keys to tables which stay empty. */
async function dropLooseConstraints(
  session: Session,
  catalog: Catalog,
  tables: readonly Table[],
): Promise<Filled['dropped']> {
  const dropped: { readonly table: RelationName; readonly sql: string }[] = [];
  for (const one of catalog.constraints) {
    const table = tables.find((each) => sameRelation(each, one.table));
    if (!table || table.partitionOf !== null || one.kind === 'not-null') continue;
    const parent = one.references?.table;
    const outside = parent !== undefined && !tables.some((each) => sameRelation(each, parent));
    if (isStrict(one) && !outside) continue;
    const drop = `ALTER TABLE ${quoteQualified(table.schema, table.name)} DROP CONSTRAINT ${quoteIdent(one.name)} CASCADE`;
    await session.run(drop);
    dropped.push({ table, sql: drop });
  }
  return dropped;
}

function parentsFirst(tables: readonly Table[], catalog: Catalog): readonly Table[] {
  const ordered: Table[] = [];
  const waiting = new Set(tables);
  const visit = (table: Table): void => {
    if (!waiting.delete(table)) return;
    for (const one of catalog.constraints) {
      if (one.kind !== 'foreign' || !sameRelation(one.table, table)) continue;
      const parent = tables.find((each) => one.references && sameRelation(each, one.references.table));
      if (parent) visit(parent);
    }
    ordered.push(table);
  };
  for (const table of tables) visit(table);
  return ordered;
}

function constantsFor(names: ReadonlySet<string>, { byColumn }: Constants): readonly Constant[] {
  return [...names].flatMap((name) => byColumn.get(name) ?? []);
}

function describe(
  column: Column,
  facts: {
    readonly labels: readonly string[];
    /** Constants of its own, and of the columns that it is tied to. */
    readonly own: readonly Constant[];
    readonly constants: Constants;
    readonly matters: boolean;
    readonly key: boolean;
    readonly extremes: readonly string[];
    /** Where times are made of it: how many of it make up a second. */
    readonly perSecond: number | undefined;
  },
): Omit<FilledColumn, 'link' | 'role' | 'passing'> {
  const { own, perSecond } = facts;
  const given = candidatesOf(
    { baseType: column.baseType, labels: facts.labels, declared: column.type },
    own.length > 0 ? own : facts.constants.all,
    { now: facts.constants.now, own: own.length > 0 },
  );
  return {
    name: column.name,
    group: given.group,
    mayBeNull: !column.notNull,
    matters: facts.matters,
    key: facts.key,
    extremes: facts.extremes,
    steps: given.group === 'time' ? [ONE_DAY, ...intervalsOf(facts.constants.all)] : [],
    plain: facts.key ? [...new Set([...given.plain, ...(MORE[given.group] ?? [])])] : given.plain,
    // Constants of other columns are no more likely than any other value.
    exact: [
      ...(perSecond ? epochValues(facts.constants.all, perSecond, facts.constants.now) : []),
      ...(own.length > 0 ? given.exact : []),
    ],
    near: own.length > 0 ? given.near : [...given.exact, ...given.near],
  };
}

function intervalsOf(constants: readonly Constant[]): readonly string[] {
  return constants.flatMap(({ kind, text }) => (kind === 'interval' ? [text] : []));
}

const WHOLE = new Set(['int4', 'int8']);

const FOUR_TO_FOURTEEN = Array.from({ length: 11 }, (_, i) => String(i + 4));
/** Further values for keys, by group: as many rows as counts ask for. */
const MORE: Readonly<Record<string, readonly string[]>> = {
  number: FOUR_TO_FOURTEEN,
  text: FOUR_TO_FOURTEEN.map((n) => `'k${n}'`),
  uuid: FOUR_TO_FOURTEEN.map((n) => `'00000000-0000-0000-0000-${n.padStart(12, '0')}'`),
  time: FOUR_TO_FOURTEEN.map((n) => `'2001-01-${n.padStart(2, '0')}'`),
};

async function enumLabels(session: Session): Promise<ReadonlyMap<string, readonly string[]>> {
  const rows = await session.query<{ name: string; labels: string[] }>(
    `SELECT t.typname::text AS name, array_agg(e.enumlabel::text ORDER BY e.enumsortorder) AS labels
     FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid GROUP BY t.oid, t.typname ORDER BY t.oid`,
  );
  return new Map(rows.map(({ name, labels }) => [name, labels]));
}
