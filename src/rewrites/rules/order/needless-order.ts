import { bodyOf, list, textOf, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { callsIn } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  /** The query that aggregates; null where the subquery only says whether there is a row. */
  readonly outer: Query | null;
  readonly inner: Query;
}

export default defineRewrite<Site>({
  id: 'order/needless-order',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: 'ORDER BY in a subquery of FROM whose rows are only aggregated, `SELECT count(*) FROM (SELECT ... ORDER BY x) AS s`, is dropped; the same in a subquery of IN and EXISTS.',
    why: 'The planner sorts as it is told, although the aggregates do not depend on the order.',
    limits:
      'The outer query shows aggregates and what it groups by alone: count, min, max, bool_and, bool_or, and sum and avg of whole and numeric columns (floating point depends on the order). The subquery has no LIMIT, and no window function or DISTINCT ON.',
    sources: ['PostgreSQL manual, "Aggregate Functions"'],
  },
  triggers: [],
  match: (view) => [
    ...view.queries.flatMap(ofMembership),
    ...view.queries.flatMap((outer): readonly Site[] => {
      const [source, more] = outer.sources;
      const item = source ? bodyOf(source.item, 'RangeSubselect') : null;
      const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
      if (!inner || more || inner.body['sortClause'] === undefined) return [];
      const other = ['limitCount', 'limitOffset', 'lockingClause', 'distinctClause'];
      const windows = callsIn(inner.body['targetList']).some(({ body }) => body['over'] !== undefined);
      if (windows || other.some((name) => inner.body[name] !== undefined)) return [];
      const calls = callsIn([outer.body['targetList'], outer.body['havingClause']]);
      const grouped = outer.body['groupClause'] !== undefined || calls.length > 0;
      return grouped && !calls.some(({ body }) => body['over'] !== undefined) ? [{ outer, inner }] : [];
    }),
  ],
  requires: ({ outer, inner }) => {
    if (!outer) return [seen('whether a row is among others does not depend on their order')];
    const calls = callsIn([outer.body['targetList'], outer.body['havingClause']]);
    const bad = calls.find(
      ({ name, body }) => !isIndifferent(name) && !(SUMS.has(name) && isExact(outer, inner, body)),
    );
    return [
      bad
        ? missing(`${bad.name}() may depend on the order of the rows`)
        : seen('no aggregate of the outer query depends on the order of the rows'),
    ];
  },
  rewrite: ({ inner }, view) => {
    const { sortClause: _, ...body } = inner.body;
    return replace(view.statement.tree, inner.body, { SelectStmt: body });
  },
  example: {
    schema: 'CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id int NOT NULL, amount int NOT NULL);',
    data: `
      INSERT INTO purchase SELECT n, n % 500, n % 77 FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement:
      'SELECT count(*), sum(s.amount) FROM (SELECT customer_id, amount FROM purchase ORDER BY amount DESC) AS s',
    gain: { rows: 1.5, why: 'a sort of rows in memory touches no buffer and reads each row once more' },
  },
  unsoundTwin: {
    why: 'an array has its elements in the order in which they come',
    statement: 'SELECT array_agg(s.id) FROM (SELECT id FROM purchase ORDER BY amount DESC, id DESC) AS s',
  },
});

/** ORDER BY without LIMIT in a subquery of IN, NOT IN, ANY, ALL or EXISTS. */
function ofMembership(inner: Query): readonly Site[] {
  const { body, parent, role } = inner;
  if (role !== 'sublink' || !parent || body['sortClause'] === undefined) return [];
  const other = ['limitCount', 'limitOffset', 'lockingClause', 'distinctClause'];
  if (other.some((name) => body[name] !== undefined)) return [];
  const kinds = new Set(['ANY_SUBLINK', 'ALL_SUBLINK', 'EXISTS_SUBLINK']);
  const asks = [...walk(parent.body)].some(
    ({ type, body: link }) =>
      type === 'SubLink' &&
      kinds.has(textOf(link, 'subLinkType') ?? '') &&
      bodyOf(link['subselect'], 'SelectStmt') === body,
  );
  return asks ? [{ outer: null, inner }] : [];
}

const SUMS = new Set(['sum', 'avg']);

function isIndifferent(name: string): boolean {
  return ['count', 'min', 'max', 'bool_and', 'bool_or', 'every', 'bit_and', 'bit_or'].includes(name);
}

/** Whether the argument is a whole or numeric column of a table, as the subquery hands it on, or a count or sum of one. */
function isExact(outer: Query, inner: Query, call: TreeNode): boolean {
  const origin = originOf(outer, list(call, 'args')[0]);
  const at = origin?.source.columns?.indexOf(origin.name) ?? -1;
  const value = bodyOf(list(inner.body, 'targetList')[at], 'ResTarget')?.['val'];
  const [within] = callsIn(value);
  const column = within ? list(within.body, 'args')[0] : value;
  if (within && within.name === 'count') return true;
  const type = originOf(inner, column)?.column?.baseType ?? '';
  return ['int2', 'int4', 'int8', 'numeric'].includes(type) && (!within || ['sum', 'min', 'max'].includes(within.name));
}
