import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { isMoment, isNow } from '../../intervals.js';
import { bothWays, castOf, functionName, listed, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly origin: ColumnOrigin;
  readonly to: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/time-of-epoch',
  minMajor: 14,
  maxMajor: null,
  sparesOverflow: true,
  docs: {
    what: "`to_timestamp(c) >= '2024-01-01 00:00+00'`, of a column of whole seconds since 1970, becomes `c >= ceil(extract(epoch FROM timestamptz '2024-01-01 00:00+00'))::bigint`; BETWEEN alike.",
    why: 'An index on `c` can not serve a condition on a function of it.',
    limits:
      'c is an integer or bigint column of a table; it is compared with a literal or with now(). Where a value is too large for a time, the original fails, and the new form does not.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }): readonly Site[] => {
      const between = listed(node, 'AEXPR_BETWEEN');
      const pairs = between
        ? between.items.map((right, i) => ({ operator: i === 0 ? '>=' : '<=', left: between.left, right }))
        : bothWays(node);
      const found = pairs.flatMap(({ operator, left, right }) => {
        const [column, origin] = secondsIn(query, left);
        const moment = momentOf(right);
        const form = FORMS[operator];
        return column && origin && moment && form ? [{ origin, to: expression(form, [column, moment]) }] : [];
      });
      const [first, second] = found;
      if (!first || (between && !second)) return [];
      const to = second ? { BoolExpr: { boolop: 'AND_EXPR', args: [first.to, second.to] } } : first.to;
      return [{ condition: node, origin: first.origin, to }];
    }),
  requires: ({ origin }) => [
    seen(
      `${origin.name} is ${origin.column?.type}: a whole second is later than a time where it is later than its second`,
    ),
  ],
  rewrite: ({ condition, to }, view) => replace(view.statement.tree, condition, to),
  example: {
    schema: 'CREATE TABLE reading (id bigint PRIMARY KEY, clock bigint NOT NULL, note text);',
    data: `
      INSERT INTO reading SELECT n, 1700000000 + n * 600, repeat('n', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON reading (clock);
      ANALYZE;`,
    statement: "SELECT id, note FROM reading WHERE to_timestamp(clock) >= '2024-12-30 00:00+00'",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'the second that a moment lies in began before it',
    statement: "SELECT id, note FROM reading WHERE to_timestamp(clock) >= '2024-12-30 00:00:00.5+00'",
    to: "SELECT id, note FROM reading WHERE clock >= floor(extract(epoch FROM timestamptz '2024-12-30 00:00:00.5+00'))::bigint",
  },
});

const FORMS: Readonly<Record<string, string>> = {
  '>=': '$1 >= ceil(extract(epoch FROM $2))::bigint',
  '<': '$1 < ceil(extract(epoch FROM $2))::bigint',
  '>': '$1 > floor(extract(epoch FROM $2))::bigint',
  '<=': '$1 <= floor(extract(epoch FROM $2))::bigint',
};

/** The column in `to_timestamp(c)`. */
function secondsIn(query: Query, value: TreeNode): readonly [TreeNode | null, ColumnOrigin | null] {
  const call = bodyOf(value, 'FuncCall');
  const [column, more] = call && functionName(call) === 'to_timestamp' ? list(call, 'args') : [];
  const origin = isNode(column) && more === undefined ? originOf(query, column) : null;
  return isNode(column) && ['int4', 'int8'].includes(origin?.column?.baseType ?? '') ? [column, origin] : [null, null];
}

/** A finite time that is the same for every row, as a timestamptz; null for anything else. */
function momentOf(value: TreeNode): TreeNode | null {
  if (isNow(value) || isMoment(value)) return value;
  const bare = castOf(value) === null && /^\s*\d{4}-\d/.test(stringConstant(value) ?? '');
  return bare ? expression('$1::timestamptz', [value]) : null;
}
