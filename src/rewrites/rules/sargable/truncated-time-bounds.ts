import { bodyOf, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, castOf, functionName, isConstant, isFixed, listed, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly unit: string;
  readonly from: TreeNode | null;
  readonly until: TreeNode | null;
}

export default defineRewrite<Site>({
  id: 'sargable/truncated-time-bounds',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`date_trunc('month', c) = x` and `c::date BETWEEN x AND y`, where x and y are parameters, `current_date`, `now()` and the like, and `date_trunc('hour', c) = '2024-03-01 05:00'`, get the range of `c` that they imply, beside the condition.",
    why: 'An index on `c` can not serve a condition on a function of it, and the planner does not know that the function keeps the order.',
    limits:
      'The column is a timestamp or timestamptz of a table. The condition stays as a filter, so that infinite times and values within a period are right. Where x is a literal that begins a period, `sargable/truncated-time-to-range` replaces it instead.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators", section "date_trunc"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) =>
      limits(node).flatMap(({ left, from, until }) => {
        const truncated = truncation(left);
        const origin = truncated ? originOf(query, truncated.column) : null;
        if (!truncated || !origin || !['timestamp', 'timestamptz'].includes(origin.column?.baseType ?? '')) return [];
        const type = truncated.unit === 'date' ? 'date' : (origin.column?.baseType ?? '');
        const site = {
          condition: node,
          column: truncated.column,
          origin,
          unit: truncated.unit,
          from: from && typedAs(from, type),
          until: until && typedAs(until, type),
        };
        return boundsOf(site).some((one) => present.has(treeText(one))) ? [] : [site];
      }),
    );
  },
  requires: ({ origin }) => [
    seen(`${origin.name} is ${origin.column?.type}: it is not before its truncation, and not after the next one`),
  ],
  rewrite: (site, view) =>
    replace(view.statement.tree, site.condition, {
      BoolExpr: { boolop: 'AND_EXPR', args: [...boundsOf(site), site.condition] },
    }),
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, at timestamptz NOT NULL, page text);',
    data: `
      INSERT INTO visit SELECT n, now() - n * interval '10 minutes', repeat('p', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON visit (at);
      ANALYZE;`,
    statement: 'SELECT id, page FROM visit WHERE at::date BETWEEN current_date - 7 AND current_date',
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'the last day lasts until the next begins',
    to: 'SELECT id, page FROM visit WHERE at >= current_date - 7 AND at <= current_date AND at::date BETWEEN current_date - 7 AND current_date',
  },
});

/** Units of which `sargable/truncated-time-to-range` has no literal periods. */
const FINE = new Set(['minute', 'hour', 'week']);

const UNITS = new Set(['minute', 'hour', 'day', 'week', 'month', 'quarter', 'year']);

function truncation(value: TreeValue): { readonly unit: string; readonly column: TreeNode } | null {
  const cast = castOf(value);
  if (cast)
    return cast.type === 'date' && bodyOf(cast.value, 'ColumnRef') ? { unit: 'date', column: cast.value } : null;
  const call = bodyOf(value, 'FuncCall');
  if (!call) return null;
  const [unit, column, zone] = list(call, 'args');
  if (functionName(call) === 'date')
    return bodyOf(unit, 'ColumnRef') && column === undefined ? { unit: 'date', column: unit as TreeNode } : null;
  if (functionName(call) !== 'date_trunc') return null;
  const given = stringConstant(unit)?.toLowerCase() ?? '';
  return UNITS.has(given) && bodyOf(column, 'ColumnRef') && zone === undefined
    ? { unit: given, column: column as TreeNode }
    : null;
}

interface Limits {
  readonly left: TreeNode;
  readonly from: TreeNode | null;
  readonly until: TreeNode | null;
}

function limits(node: TreeNode): readonly Limits[] {
  const between = listed(node, 'AEXPR_BETWEEN');
  const [low, high] = between?.items ?? [];
  if (between && low && high && isFixed(low) && isFixed(high)) return [{ left: between.left, from: low, until: high }];
  return bothWays(node).flatMap(({ operator, left, right }): readonly Limits[] => {
    const isLiteral = isConstant(right) && bodyOf(right, 'ParamRef') === null;
    if (!isFixed(right) || (isLiteral && !FINE.has(truncation(left)?.unit ?? ''))) return [];
    if (operator === '=') return [{ left, from: right, until: right }];
    if (operator === '>=' || operator === '>') return [{ left, from: right, until: null }];
    return operator === '<=' || operator === '<' ? [{ left, from: null, until: right }] : [];
  });
}

/** Literals and parameters take the type of what they are compared with. */
function typedAs(value: TreeNode, type: string): TreeNode {
  return bodyOf(value, 'A_Const') || bodyOf(value, 'ParamRef') ? expression(`$1::${type}`, [value]) : value;
}

function boundsOf({ column, unit, from, until }: Site): readonly TreeNode[] {
  const step = unit === 'date' ? 'day' : unit === 'quarter' ? '3 months' : unit;
  const length = /\d/.test(step) ? step : `1 ${step}`;
  return [
    ...(from ? [expression('$1 >= $2', [column, from])] : []),
    ...(until ? [expression(`$1 <= $2 + interval '${length}'`, [column, until])] : []),
  ];
}
