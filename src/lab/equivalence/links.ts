import { relationKey, sameRelation } from '../../model/catalog.js';
import type { Catalog, RelationName, Table } from '../../model/catalog.js';
import type { ParsedStatement } from '../../sql/parse.js';
import { columnPath } from '../../sql/scope.js';
import { bodyOf, field, isNode, list, textOf, typed, walk } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';
import { statementUses } from '../../sql/uses.js';

/** Columns that statements hold to be equal, or that foreign keys tie: a database in which they share values is one in which joins find something. */
export interface Links {
  /** The same number for columns that are tied, directly or through others. */
  groupOf(table: RelationName, column: string): number;
  /** Names of all columns of its group. */
  namesOf(table: RelationName, column: string): ReadonlySet<string>;
}

/** Reads the links off two statements and the catalog's foreign keys between the tables that they read. */
export function linksOf(statements: readonly ParsedStatement[], tables: readonly Table[], catalog: Catalog): Links {
  const groups = new Groups(tables);
  const find = (schema: string | null, name: string): Table | undefined =>
    tables.find((table) => table.name === name && (schema === null || table.schema === schema));
  for (const statement of statements) {
    const { relations } = statementUses(
      statement,
      (schema, name) => find(schema, name)?.columns.map((column) => column.name) ?? null,
    );
    for (const use of relations) {
      const table = find(use.schema, use.name);
      for (const { kind, column, columns, value } of use.predicates) {
        const other = value.kind === 'join' ? relations.find(({ id }) => id === value.reference) : undefined;
        const otherTable = other && find(other.schema, other.name);
        const own = column ?? columns[0];
        if (!table || !otherTable || own === undefined || value.kind !== 'join' || value.column === null) continue;
        if (kind === 'equality' || kind === 'list') groups.tie([table, own], [otherTable, value.column]);
      }
    }
    for (const [left, right] of paired(statement.tree))
      for (const one of referred(left, tables)) for (const two of referred(right, tables)) groups.tie(one, two);
  }
  for (const { table, kind, columns, references } of catalog.constraints) {
    const [child, parent] = [table, references?.table].map((name) =>
      tables.find((each) => name && sameRelation(each, name)),
    );
    if (kind !== 'foreign' || !child || !parent) continue;
    columns.forEach((column, i) => groups.tie([child, column], [parent, references?.columns[i] ?? '']));
  }
  return groups;
}

type Place = readonly [Table, string];

class Groups implements Links {
  private readonly parents = new Map<string, string>();
  private readonly numbers = new Map<string, number>();

  constructor(tables: readonly Table[]) {
    for (const table of tables)
      for (const { name } of table.columns) {
        this.parents.set(keyOf(table, name), keyOf(table, name));
        this.numbers.set(keyOf(table, name), this.numbers.size);
      }
  }

  tie([table, column]: Place, [otherTable, otherColumn]: Place): void {
    const [one, two] = [this.root(keyOf(table, column)), this.root(keyOf(otherTable, otherColumn))];
    if (one !== null && two !== null) this.parents.set(one, two);
  }

  groupOf(table: RelationName, column: string): number {
    const root = this.root(keyOf(table, column));
    return root === null ? -1 : (this.numbers.get(root) ?? -1);
  }

  namesOf(table: RelationName, column: string): ReadonlySet<string> {
    const root = this.root(keyOf(table, column));
    const members = [...this.parents.keys()].filter((key) => root !== null && this.root(key) === root);
    return new Set([column, ...members.map((key) => key.slice(key.lastIndexOf('\n') + 1))]);
  }

  private root(key: string): string | null {
    const parent = this.parents.get(key);
    if (parent === undefined) return null;
    return parent === key ? key : this.root(parent);
  }
}

function keyOf(table: RelationName, column: string): string {
  return `${relationKey(table)}\n${column}`;
}

/** What the analysis of conditions does not tie: a scalar subquery that is compared, and the arms of set operations. Each side with the query in which its columns stand. */
function paired(tree: TreeNode): readonly (readonly [Side, Side])[] {
  const pairs: [Side, Side][] = [];
  for (const { type, body } of selectsAndComparisons(tree)) {
    if (type === 'SelectStmt') {
      const [left, right] = [field(body, 'larg'), field(body, 'rarg')];
      const [one, two] = [left && outputsOf(left), right && outputsOf(right)];
      one?.forEach((side, i) => two?.[i] && pairs.push([side, two[i]]));
      continue;
    }
    const query = body.query;
    for (const side of [body.left, body.right]) {
      const sublink = bodyOf(side, 'SubLink');
      const inner = sublink && bodyOf(sublink['subselect'], 'SelectStmt');
      const output = inner ? outputsOf(inner)[0] : undefined;
      const other = side === body.left ? body.right : body.left;
      if (output) pairs.push([{ value: other, query }, output]);
    }
  }
  return pairs;
}

/** A value and the query in which it stands. */
export interface Side {
  readonly value: TreeValue;
  readonly query: TreeNode;
}

type Found =
  | { readonly type: 'SelectStmt'; readonly body: TreeNode }
  | {
      readonly type: 'A_Expr';
      readonly body: { readonly left: TreeValue; readonly right: TreeValue; readonly query: TreeNode };
    };

function selectsAndComparisons(tree: TreeNode): readonly Found[] {
  const found: Found[] = [];
  const visit = (value: TreeValue, query: TreeNode): void => {
    if (Array.isArray(value)) return value.forEach((item: TreeValue) => visit(item, query));
    if (!isNode(value)) return;
    const node = typed(value);
    // Arms of a set operation are bare.
    const select = node?.type === 'SelectStmt' ? node.body : 'targetList' in value || 'larg' in value ? value : null;
    if (select && node?.type === 'SelectStmt') found.push({ type: 'SelectStmt', body: select });
    if (node?.type === 'A_Expr')
      found.push({ type: 'A_Expr', body: { left: node.body['lexpr'], right: node.body['rexpr'], query } });
    for (const item of Object.values(value)) visit(item, select ?? query);
  };
  visit(tree, tree);
  return found;
}

function outputsOf(select: TreeNode): readonly Side[] {
  const arm = field(select, 'larg');
  if (arm) return outputsOf(arm);
  return list(select, 'targetList').map((item) => ({ value: bodyOf(item, 'ResTarget')?.['val'], query: select }));
}

/** The columns in a value, looked for in the tables of its own query first. */
export function referred({ value, query }: Side, tables: readonly Table[]): readonly Place[] {
  const from = [...walk(query['fromClause'])].flatMap(({ type, body }) => (type === 'RangeVar' ? [body] : []));
  return [...walk(value)].flatMap(({ type, body }): readonly Place[] => {
    if (type !== 'ColumnRef') return [];
    const { path } = columnPath(body);
    const [alias, name] = path.length > 1 ? [path.at(-2), path.at(-1)] : [undefined, path[0]];
    const near = from
      .filter((one) => alias === undefined || (aliasOf(one) ?? textOf(one, 'relname')) === alias)
      .map((one) => textOf(one, 'relname'));
    const place = tables.find(
      (table) => near.includes(table.name) && table.columns.some((column) => column.name === name),
    );
    return place && name !== undefined ? [[place, name]] : [];
  });
}

function aliasOf(relation: TreeNode): string | null {
  const alias = field(relation, 'alias');
  return alias ? textOf(alias, 'aliasname') : null;
}
