import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, functionName, stringConstant, wholeConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly operator: string;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly seconds: number;
}

export default defineRewrite<Site>({
  id: 'sargable/epoch-to-time',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`extract(epoch FROM c) > 1700000000` becomes `c > to_timestamp(1700000000)`; for a timestamp without time zone `c > timestamp 'epoch' + interval '1700000000 seconds'`.",
    why: 'An index on `c` can not serve a condition on a function of it.',
    limits:
      'The column is a timestamp or timestamptz of a table; the constant is a whole number of at most 10 digits below 4,000,000,000, so that no rounding comes in.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators", section "EXTRACT, date_part"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const call = bodyOf(left, 'FuncCall');
        const [unit, column, more] = call ? list(call, 'args') : [];
        const isEpoch = call && ['extract', 'date_part'].includes(functionName(call)) && more === undefined;
        if (!isEpoch || stringConstant(unit)?.toLowerCase() !== 'epoch') return [];
        const origin = originOf(query, column);
        const seconds = wholeConstant(right) ?? largeWhole(right);
        const type = origin?.column?.baseType ?? '';
        if (!origin || !bodyOf(column, 'ColumnRef') || seconds === null || Math.abs(seconds) >= MOST) return [];
        return ['timestamp', 'timestamptz'].includes(type)
          ? [{ condition: node, operator, column: column as TreeNode, origin, seconds }]
          : [];
      }),
    ),
  requires: ({ origin }) => [
    seen(`${origin.name} is ${origin.column?.type}: its seconds since 1970 keep the order, infinite times among them`),
  ],
  rewrite: ({ condition, operator, column, origin, seconds }, view) => {
    const moment =
      origin.column?.baseType === 'timestamptz'
        ? `to_timestamp(${seconds})`
        : `timestamp 'epoch' + interval '${seconds} seconds'`;
    return replace(view.statement.tree, condition, expression(`$1 ${operator} ${moment}`, [column]));
  },
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, at timestamptz NOT NULL, page text);',
    data: `
      INSERT INTO visit SELECT n, to_timestamp(1700000000) + n * interval '10 minutes', repeat('p', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON visit (at);
      ANALYZE;`,
    statement: 'SELECT id, page FROM visit WHERE extract(epoch FROM at) > 1735900000',
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'a time half a second later is of the same whole second, and is later',
    statement: 'SELECT id, page FROM visit WHERE extract(epoch FROM at) > 1735900000',
    to: 'SELECT id, page FROM visit WHERE at >= to_timestamp(1735900001)',
  },
});

/** Beyond, `date_part` rounds to more than half a microsecond: a double has 53 bits. */
const MOST = 4_000_000_000;

/** A whole number that is too large for an integer is read as a numeric. */
function largeWhole(value: unknown): number | null {
  const text = JSON.stringify(bodyOf(value as TreeNode, 'A_Const') ?? {});
  const digits = /"fval":"(\d{10})"/.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}
