import { tryParseStatement } from './parse.js';
import type { ParsedStatement } from './parse.js';
import { bodiesOf, bodyOf, commonTables, field, list, mapTree, names, numberOf, textOf, typed, walk } from './tree.js';
import type { TreeNode, TreeValue } from './tree.js';
import type { ColumnsOf } from './use-types.js';

/** A query with parameters: `$1` or, where no column has that name, the parameter's own. */
export interface FunctionQuery {
  readonly sql: string;
  /** Empty where it has no name. */
  readonly parameters: readonly string[];
  /** What the columns of its result are called; none for the names that the query gives. */
  readonly columns: readonly string[];
}

/** What a statement reads that is a query itself, by the name that it writes. */
export interface NamedQueries {
  /** Of a view; null for what is none, or whose query is not known. */
  readonly viewQuery: (schema: string | null, name: string) => string | null;
  /** Of a function with so many arguments that FROM reads as a query; null for all others. */
  readonly functionQuery: (schema: string | null, name: string, count: number) => FunctionQuery | null;
  readonly columnsOf: ColumnsOf;
}

/**
 * The statement with each view and each function in FROM that is a query as a subquery, those within them too, as PostgreSQL rewrites and inlines them. Views that it writes to stay.
 * The text stays the statement's own; where there is nothing to expand the statement itself is given.
 */
export function expandQueries(statement: ParsedStatement, queries: NamedQueries): ParsedStatement {
  const tree = expanded(statement.tree, queries, 0) as TreeNode;
  const node = typed(tree);
  return node === null || tree === statement.tree ? statement : { ...statement, tree, body: node.body };
}

/** Deeper than this they are read as relations. */
const MOST_DEEP = 8;

function expanded(tree: TreeValue, queries: NamedQueries, depth: number): TreeValue {
  const nodes = depth === MOST_DEEP ? [] : walk(tree);
  const ctes = commonTables(nodes);
  const subqueries = new Map<TreeNode, TreeNode>();
  for (const { type, body } of nodes) {
    const subquery =
      type === 'RangeVar'
        ? viewSubquery(body, ctes, queries)
        : type === 'RangeFunction'
          ? callSubquery(body, queries)
          : null;
    if (subquery) subqueries.set(body, { ...subquery, subquery: expanded(subquery['subquery'], queries, depth + 1) });
  }
  if (subqueries.size === 0) return tree;
  return mapTree(tree, ({ type, body }) => {
    // FOR UPDATE OF names an alias.
    if (type === 'LockingClause') return { LockingClause: body };
    const subquery = subqueries.get(body);
    return subquery === undefined ? null : { RangeSubselect: subquery };
  });
}

function viewSubquery(relation: TreeNode, ctes: ReadonlySet<string>, queries: NamedQueries): TreeNode | null {
  const [schema, name] = [textOf(relation, 'schemaname'), textOf(relation, 'relname') ?? ''];
  const subquery = schema === null && ctes.has(name) ? null : selectOf(queries.viewQuery(schema, name));
  return subquery && { subquery, alias: field(relation, 'alias') ?? { aliasname: name } };
}

function selectOf(sql: string | null): TreeNode | null {
  const parsed = sql === null ? null : tryParseStatement(sql);
  return parsed?.type === 'SelectStmt' ? parsed.tree : null;
}

/** Null too where an argument is a bare column, which would mean another one inside. */
function callSubquery(range: TreeNode, queries: NamedQueries): TreeNode | null {
  const [only, ...others] = bodiesOf(list(range, 'functions'), 'List');
  const call = only && bodyOf(list(only, 'items')[0], 'FuncCall');
  if (!call || others.length > 0 || range['ordinality'] === true || range['coldeflist'] !== undefined) return null;
  const path = names(list(call, 'funcname'));
  const name = path.at(-1) ?? '';
  const args = list(call, 'args');
  const isBare = walk(args).some(
    (node) => node.type === 'NamedArgExpr' || (node.type === 'ColumnRef' && list(node.body, 'fields').length === 1),
  );
  const query = isBare ? null : queries.functionQuery(path.length > 1 ? (path[0] ?? null) : null, name, args.length);
  const select = query === null ? null : selectOf(query.sql);
  const columns = select === null ? null : columnsIn(select, queries);
  if (query === null || select === null || columns === null) return null;
  const subquery = mapTree(select, ({ type, body }) => {
    const fields = type === 'ColumnRef' ? names(list(body, 'fields')) : [];
    const last = fields.at(-1) ?? '';
    const means = fields.length === 2 ? fields[0] === name : fields.length === 1 && !columns.has(last);
    const at = type === 'ParamRef' ? (numberOf(body, 'number') ?? 0) - 1 : means ? query.parameters.indexOf(last) : -1;
    return (args[at] ?? null) as TreeNode | null;
  });
  const given = field(range, 'alias');
  const named = query.columns.map((column) => ({ String: { sval: column } }));
  return {
    lateral: true,
    subquery,
    alias: { aliasname: name, ...(named.length > 0 && { colnames: named }), ...given },
  };
}

/** The names of all columns of the relations in a query; null where one of them is not known. */
function columnsIn(select: TreeNode, { columnsOf }: NamedQueries): ReadonlySet<string> | null {
  const found = new Set<string>();
  const nodes = walk(select);
  const ctes = commonTables(nodes);
  for (const { type, body } of nodes) {
    if (type !== 'RangeVar' || ctes.has(textOf(body, 'relname') ?? '')) continue;
    const columns = columnsOf(textOf(body, 'schemaname'), textOf(body, 'relname') ?? '');
    if (columns === null) return null;
    for (const column of columns) found.add(column);
  }
  return found;
}
