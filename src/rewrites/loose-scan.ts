import { sameRelation, placeOf } from '../model/catalog.js';
import type { Catalog } from '../model/catalog.js';
import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { allOf, columnOf, conjuncts, query as selectOf } from './build.js';
import { freshAlias } from './columns.js';
import { missing, seen } from './facts.js';
import type { Fact } from './facts.js';
import { bothWays, holdsSubquery, isFixed } from './shapes.js';
import { originOf, originsIn } from './view.js';
import type { ColumnOrigin, Query, Source, StatementView } from './view.js';

/** Types whose values a btree orders as `<` does, and tells apart as DISTINCT does. */
export const ORDERED = new Set([
  'int2',
  'int4',
  'int8',
  'numeric',
  'text',
  'varchar',
  'bpchar',
  'date',
  'timestamp',
  'timestamptz',
  'uuid',
  'time',
]);

/** The different values of a column, each found by one descent of an index. */
export interface LooseScan {
  /** Of the recursive CTE, and of its one column. */
  readonly name: string;
  readonly column: string;
  /** `CommonTableExpr`: the values in order, and NULL at the end. */
  readonly cte: TreeNode;
}

/** Makes it, over the rows of one table of a query that fulfil the conditions; those name the table alone. */
export function looseScan(view: StatementView, origin: ColumnOrigin, conditions: readonly TreeNode[]): LooseScan {
  const { source } = origin;
  const [name, column] = [freshAlias(view, 'steps'), 'value'];
  const own = columnOf(source.alias, origin.name);
  const first = selectOf('SELECT $1 FROM _1 ORDER BY $1 LIMIT 1', [own]);
  const from = { fromClause: [source.item] };
  const where = (more: readonly TreeNode[]): TreeNode => {
    const all = allOf([...conditions, ...more]);
    return all === undefined ? {} : { whereClause: all };
  };
  const previous = columnOf(name, column);
  const larger = selectOf('SELECT $1 > $2', [own, previous]);
  const after = bodyOf(list(larger, 'targetList')[0], 'ResTarget')?.['val'] as TreeNode;
  const next = {
    SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: { ...first, ...from, ...where([after]) } } },
  };
  const step = selectOf(`SELECT $1 FROM ${name} WHERE $2 IS NOT NULL`, [next, previous]);
  const body = {
    op: 'SETOP_UNION',
    all: true,
    limitOption: 'LIMIT_OPTION_DEFAULT',
    larg: { ...first, ...from, ...where([]) },
    rarg: step,
  };
  return {
    name,
    column,
    cte: {
      CommonTableExpr: {
        ctename: name,
        aliascolnames: [{ String: { sval: column } }],
        ctematerialized: 'CTEMaterializeDefault',
        ctequery: { SelectStmt: body },
      },
    },
  };
}

/** The query with one more CTE before those that it has. */
export function withRecursive(body: TreeNode, cte: TreeNode): TreeNode {
  const clause = bodyOf({ WithClause: body['withClause'] }, 'WithClause');
  return { ...body, withClause: { ...clause, recursive: true, ctes: [cte, ...(clause ? list(clause, 'ctes') : [])] } };
}

/** The columns that conditions hold at one value. */
export function pinned(query: Query, conditions: readonly TreeNode[]): readonly string[] {
  return conditions.flatMap((condition) =>
    bothWays(condition).flatMap(({ operator, left, right }) => {
      const origin = operator === '=' && isFixed(right) ? originOf(query, left) : null;
      return origin ? [origin.name] : [];
    }),
  );
}

/** The conditions of WHERE of a query of one table; null where they name anything else, or hold a subquery. */
export function ownConditions(view: StatementView, query: Query, source: Source): readonly TreeNode[] | null {
  const all = conjuncts(query.body['whereClause']);
  const plain = all.every(
    (one) => !holdsSubquery(one) && originsIn(view, query, one)?.every((origin) => origin.source === source) === true,
  );
  return plain ? all : null;
}

/** The one table of FROM; null where there is any other. */
export function onlyTable(query: Query): Source | null {
  const [source, more] = query.sources;
  const item = list(query.body, 'fromClause')[0];
  return source?.table && !more && source.item === item && isNode(item) ? source : null;
}

/** Whether an index finds the next value: it begins with the column, after those that are held at one value. */
export function steppable(catalog: Catalog, origin: ColumnOrigin, held: readonly string[]): Fact {
  const { table } = origin.source;
  if (!table || !ORDERED.has(origin.column?.baseType ?? ''))
    return missing(`${origin.name} is not a column of a table of a type that a btree orders`);
  const index = catalog.indexes.find((one) => {
    const keys = one.keys.map(({ column }) => column);
    const at = keys.indexOf(origin.name);
    const able = one.method === 'btree' && one.valid && one.predicate === null && sameRelation(one.table, table);
    return able && at >= 0 && keys.slice(0, at).every((key) => key !== null && held.includes(key));
  });
  return index
    ? seen(`${index.name} finds the next value of ${placeOf(table)}.${origin.name}`)
    : missing(`no index of ${placeOf(table)} begins with ${origin.name}`);
}

/** Whether a plain btree index begins with a column. */
export function leadsIndex(catalog: Catalog, { source: { table }, name }: ColumnOrigin): boolean {
  return catalog.indexes.some(
    (one) =>
      table !== null &&
      sameRelation(one.table, table) &&
      one.method === 'btree' &&
      one.valid &&
      one.predicate === null &&
      one.keys[0]?.column === name,
  );
}

/** The column that a reference names, if it is one of the given source. */
export function columnOfSource(query: Query, source: Source, value: TreeValue): ColumnOrigin | null {
  const origin = originOf(query, value);
  return origin?.source === source ? origin : null;
}
