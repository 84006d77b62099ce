import { bodyOf, isNode, list, names, typed, walk } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, conjuncts, existence, expression, withWhere } from '../../build.js';
import { mapColumns, withNames } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf } from '../../facts.js';
import { callsAggregate, holdsSubquery, isConstant, isPlain, wholeConstant } from '../../shapes.js';
import { singleRow } from '../../single-row.js';
import { conditionsOf } from '../../truth.js';
import { originOf, originsIn, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, StatementView } from '../../view.js';

interface Site {
  /** The test, and the subquery whose one value it asks about. */
  readonly test: TreeNode;
  readonly inner: Query;
  readonly column: ColumnOrigin;
  readonly asked: Asked;
  /** LIMIT 1 takes one of several rows. */
  readonly limited: boolean;
}

export default defineRewrite<Site>({
  id: 'subquery/lookup-condition-to-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`WHERE (SELECT b.state FROM b WHERE b.id = a.b_id) = 3`, where `b.id` is unique, becomes `WHERE EXISTS (SELECT 1 FROM b WHERE b.id = a.b_id AND b.state = 3)`; `(SELECT ...) IS NOT NULL` and `IS NULL` alike, and those of `(SELECT ... LIMIT 1)` where the column is NOT NULL.',
    why: 'A subquery that gives a value runs for each row; EXISTS becomes a join, which may begin at the few rows that are asked for.',
    limits:
      'The subquery reads tables by inner joins, its conditions hold a key of each at one value, and it shows one column of a built-in type. A comparison stands in WHERE, HAVING or ON, or among the alternatives of an OR there.',
    sources: [
      'PostgreSQL manual, "Scalar Subqueries"',
      'PostgreSQL source, `convert_EXISTS_sublink_to_join` in subselect.c',
    ],
  },
  triggers: ['subquery/subplan-per-row'],
  match: (view) => {
    const conditions = conditionsOf(view);
    return view.queries.flatMap((query) =>
      [...walk(query.body)].flatMap(({ type, body }): readonly Site[] => {
        const isCondition = conditions.some(({ node }) => typed(node)?.body === body);
        const found = type === 'NullTest' ? nullTest(body) : isCondition ? comparison({ [type]: body }) : null;
        const inner = found ? queryOf(view, bodyOf(found.sublink['subselect'], 'SelectStmt') ?? undefined) : undefined;
        if (!found || !inner || inner.parent !== query) return [];
        const { limitCount, limitOption, ...rest } = inner.body;
        const limited = limitCount !== undefined;
        const one = wholeConstant(limitCount) === 1 && limitOption === 'LIMIT_OPTION_COUNT';
        const [target, more] = list(inner.body, 'targetList');
        const column = originOf(inner, bodyOf(target, 'ResTarget')?.['val']);
        const able = isPlain(rest) && !more && column?.query === inner && SCALARS.has(column.column?.baseType ?? '');
        if (!able || (limited && !one)) return [];
        const asked = typeof found.asked === 'string' ? found.asked : outside(view, inner, found.asked);
        return asked ? [{ test: body, inner, column, asked, limited }] : [];
      }),
    );
  },
  requires: ({ inner, column, asked, limited }, facts) => {
    const set = facts.notNull(column);
    return limited && typeof asked === 'string' && set.holds ? [set] : singleRow(inner, facts);
  },
  rewrite: ({ test, inner, column, asked }, view) => {
    const { sortClause: _, limitCount: __, limitOption: ___, ...rest } = inner.body;
    const value = columnOf(column.source.alias, column.name);
    const set = factsOf(view.catalog).notNull(column).holds ? [] : [expression('$1 IS NOT NULL', [value])];
    const more = typeof asked === 'string' ? set : [{ A_Expr: { ...asked.comparison, [asked.side]: value } }];
    const select = withWhere(rest, [...conjuncts(inner.body['whereClause']), ...more]);
    return withNames(view.statement.tree, test, existence(select, asked !== 'unset'));
  },
  example: {
    schema: `
      CREATE TABLE topic (id int PRIMARY KEY, title text NOT NULL);
      CREATE TABLE reading (member int NOT NULL, topic_id int NOT NULL, level int, PRIMARY KEY (member, topic_id));`,
    data: `
      INSERT INTO topic SELECT n, 'topic ' || n FROM generate_series(1, 20000) AS n;
      INSERT INTO reading SELECT n % 1000, n % 7919, n % 4 FROM generate_series(1, 30000) AS n ON CONFLICT DO NOTHING;
      VACUUM ANALYZE;`,
    statement:
      'SELECT t.id, t.title FROM topic AS t WHERE (SELECT r.level FROM reading AS r WHERE r.topic_id = t.id AND r.member = 7) = 3',
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'several rows may have the value: the subquery fails then, and EXISTS finds one of them',
    schema: `
      CREATE TABLE topic (id int PRIMARY KEY, title text NOT NULL);
      CREATE TABLE reading (member int NOT NULL, topic_id int NOT NULL, level int);`,
  },
});

/** Built-in types whose comparisons are strict and of which a value is NULL or not, nothing between, as a row with NULLs in it is. */
const SCALARS = new Set(
  'int2 int4 int8 numeric float4 float8 text varchar bpchar bool date timestamp timestamptz time uuid'.split(' '),
);

const COMPARISONS = new Set(['=', '<>', '<', '>', '<=', '>=']);

/** `IS NOT NULL` or `IS NULL` of the value; or its comparison, and on which side of that it stands. */
type Asked = 'set' | 'unset' | { readonly comparison: TreeNode; readonly side: 'lexpr' | 'rexpr' };

interface Found {
  readonly sublink: TreeNode;
  readonly asked: Asked;
}

function scalar(value: TreeValue): TreeNode | null {
  const sublink = bodyOf(value, 'SubLink');
  return sublink?.['subLinkType'] === 'EXPR_SUBLINK' ? sublink : null;
}

function nullTest(body: TreeNode): Found | null {
  const sublink = scalar(body['arg']);
  return sublink && { sublink, asked: body['nulltesttype'] === 'IS_NOT_NULL' ? 'set' : 'unset' };
}

function comparison(condition: TreeNode): Found | null {
  const body = bodyOf(condition, 'A_Expr');
  const operator = names(list(body ?? {}, 'name'));
  const isListed =
    body?.['kind'] === 'AEXPR_IN' && list(bodyOf(body['rexpr'], 'List') ?? {}, 'items').every(isConstant);
  const isPair = body?.['kind'] === 'AEXPR_OP' && isNode(body['lexpr']) && COMPARISONS.has(operator[0] ?? '');
  if (!body || operator.length > 1 || !(isListed || isPair)) return null;
  for (const side of ['lexpr', 'rexpr'] as const) {
    const sublink = scalar(body[side]);
    if (sublink) return { sublink, asked: { comparison: body, side } };
  }
  return null;
}

/** The comparison with its other side as the subquery sees it: each column under the name of its table. Null where that can not be told, or a name inside hides one. */
function outside(view: StatementView, inner: Query, asked: Exclude<Asked, string>): Asked | null {
  const side = asked.side === 'lexpr' ? 'rexpr' : 'lexpr';
  const other = asked.comparison[side];
  const query = inner.parent;
  const origins = query ? originsIn(view, query, other) : null;
  const hidden = origins?.some(({ source }) => inner.sources.some(({ alias }) => alias === source.alias));
  if (!query || !origins || hidden || holdsSubquery(other) || callsAggregate(other)) return null;
  const named = mapColumns(view, query, other, ({ source, name }) => columnOf(source.alias, name));
  return { ...asked, comparison: { ...asked.comparison, [side]: named } };
}
