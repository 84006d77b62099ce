import { bodyOf, list, mapTree, treeText, walk } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { withNames } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { callsIn, functionName, givesRows, hasGroupingSets, holdsSubquery } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly sublink: TreeNode;
  /** The aggregate of the subquery. */
  readonly call: TreeNode;
  readonly type: string;
}

export default defineRewrite<Site>({
  id: 'aggregate/share-of-total',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT kind, count(*) * 100.0 / (SELECT count(*) FROM t) FROM t GROUP BY kind` takes the total from the groups: `sum(count(*)) OVER ()`; sum, min and max alike, and in a query without GROUP BY `sum(x) OVER ()`.',
    why: 'The subquery reads all rows a second time.',
    limits:
      'The subquery reads the one table of the query under the same WHERE, and nothing else; the query has no HAVING, DISTINCT, grouping sets or `*`. sum() is of whole numbers or numeric, since floating-point numbers add up otherwise in another order; min() and max() are of whole numbers, dates and times.',
    sources: ['PostgreSQL manual, "Window Function Calls"', 'PostgreSQL manual, "Aggregate Functions" (types of sum)'],
  },
  triggers: ['rows/many-rows-deduplicated', 'memory/sort-on-disk', 'scan/rows-discarded'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const [source, another] = query.sources;
      if (query.type !== 'SelectStmt' || !source?.table || another || OTHER.some((name) => body[name] !== undefined))
        return [];
      if (hasGroupingSets(body) || JSON.stringify(body['targetList']).includes('A_Star')) return [];
      if (
        body['groupClause'] === undefined &&
        callsIn(body['targetList']).some(({ body: call, name }) => AGGREGATES.has(name) && call['over'] === undefined)
      )
        return [];
      return [body['targetList'], body['sortClause']].flatMap((part) =>
        [...walk(part)].flatMap(({ type, body: sublink }): readonly Site[] => {
          const inner =
            type === 'SubLink' && sublink['subLinkType'] === 'EXPR_SUBLINK'
              ? queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined)
              : undefined;
          if (!inner || inner.parent !== query || !isSameRows(query, inner)) return [];
          const call = totalOf(inner);
          const of = call ? typeOf(inner, call) : null;
          return call && of !== null ? [{ query, sublink, call, type: of }] : [];
        }),
      );
    }),
  requires: ({ query, call }) => [
    seen('the subquery reads the same table under the same condition'),
    seen(`the ${functionName(call)} of all rows is that of the groups' own`),
    seen(`${query.sources[0]?.alias} is the only source, and no group is left out`),
  ],
  rewrite: ({ query, sublink, call, type }, view) => {
    const own = inNamesOf(query, call);
    const name = functionName(call) === 'count' ? 'sum' : functionName(call);
    const isGrouped = query.body['groupClause'] !== undefined;
    const whole = isGrouped ? `${name}($1) OVER ()` : '$1';
    const value = isGrouped ? { FuncCall: own } : { FuncCall: { ...own, over: { frameOptions: 1058 } } };
    const to = expression(type === '' || !isGrouped ? whole : `(${whole})::${type}`, [value]);
    const named = withNames(query.body, sublink, to);
    return replace(view.statement.tree, query.body, { SelectStmt: named });
  },
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, kind int, amount int NOT NULL, note text);',
    data: `
      INSERT INTO visit SELECT n, n % 7, n % 100, repeat('n', 60) FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement:
      'SELECT kind, count(*) AS n, round(100.0 * sum(amount) / (SELECT sum(amount) FROM visit), 2) AS share FROM visit GROUP BY kind',
    gain: { buffers: 1.8 },
  },
  unsoundTwin: {
    why: 'the groups that HAVING leaves out belong to the total as well',
    statement:
      'SELECT kind, count(*) * 100 / (SELECT count(*) FROM visit) AS share FROM visit GROUP BY kind HAVING count(*) > 1',
    to: 'SELECT kind, count(*) * 100 / (sum(count(*)) OVER ())::bigint AS share FROM visit GROUP BY kind HAVING count(*) > 1',
  },
});

const OTHER = ['havingClause', 'distinctClause', 'windowClause', 'lockingClause', 'withClause', 'valuesLists'];
const INNER = [...OTHER, 'groupClause', 'sortClause', 'limitCount', 'limitOffset'];
const AGGREGATES = new Set(['count', 'sum', 'avg', 'min', 'max', 'array_agg', 'string_agg', 'bool_and', 'bool_or']);

/** Whether a subquery reads the same rows: one table under the same conditions, whatever it calls it. */
function isSameRows(query: Query, inner: Query): boolean {
  const [own, other, more] = [query.sources[0], inner.sources[0], inner.sources[1]];
  if (!own?.table || more || other?.table !== own.table || INNER.some((name) => inner.body[name] !== undefined))
    return false;
  if ([own, other].some(({ item }) => bodyOf(item, 'RangeVar')?.['inh'] !== true)) return false;
  if (holdsSubquery([query.body['whereClause'] ?? null, inner.body['whereClause'] ?? null])) return false;
  const condition = (of: Query): string => treeText(plainNames(of, of.body['whereClause']));
  return !givesRows(query.body['targetList']) && condition(query) === condition(inner);
}

/** The tree with each column of the only source by its bare name. */
function plainNames(query: Query, tree: TreeValue): TreeValue {
  return mapTree(tree ?? null, ({ type, body }) => {
    const origin = type === 'ColumnRef' ? originOf(query, { ColumnRef: body }) : null;
    return origin?.query === query ? { ColumnRef: { fields: [{ String: { sval: origin.name } }] } } : null;
  });
}

/** A call of the subquery as the query itself writes it. */
function inNamesOf(query: Query, call: TreeNode): TreeNode {
  const alias = query.sources[0]?.alias ?? '';
  return mapTree(call, ({ type, body }) => {
    const path = type === 'ColumnRef' ? list(body, 'fields') : [];
    return path.length > 0 ? { ColumnRef: { fields: [{ String: { sval: alias } }, path.at(-1) ?? null] } } : null;
  }) as TreeNode;
}

/** The only output of the subquery, where it is one aggregate of the rows as they are. */
function totalOf(inner: Query): TreeNode | null {
  const [only, more] = list(inner.body, 'targetList');
  const call = bodyOf(bodyOf(only, 'ResTarget')?.['val'], 'FuncCall');
  const plain = ['agg_distinct', 'agg_filter', 'agg_order', 'over'].every((name) => call?.[name] === undefined);
  const able = call && !more && plain && ['count', 'sum', 'min', 'max'].includes(functionName(call));
  return able && !holdsSubquery(call) ? call : null;
}

/** Types whose equal values are the same value. */
const ORDERED = new Set(['int2', 'int4', 'int8', 'date', 'timestamp', 'timestamptz']);

/** The type to which the total of the groups is cast; empty where it is of it already. Null where that is not known. */
function typeOf(inner: Query, call: TreeNode): string | null {
  const name = functionName(call);
  if (name === 'count') return 'bigint';
  const [argument, more] = list(call, 'args');
  const origin = originOf(inner, argument);
  if (more || origin?.query !== inner || !origin.column) return null;
  const { baseType } = origin.column;
  if (name !== 'sum') return ORDERED.has(baseType) ? '' : null;
  if (baseType === 'int2' || baseType === 'int4') return 'bigint';
  return baseType === 'int8' || baseType === 'numeric' ? '' : null;
}
