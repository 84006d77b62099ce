import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { decimalConstant } from '../../decimals.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, isFixed, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly form: string;
  /** The values of the form's parameters: those of the list first, then what they are compared with. */
  readonly values: readonly TreeNode[];
  readonly type: string;
}

export default defineRewrite<Site>({
  id: 'sargable/bounded-column',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`greatest(a, b) > v` becomes `a > v OR b > v`, and `least(a, b) < v` becomes `a < v OR b < v`; with a constant k, `greatest(a, k) < v` becomes `k < v AND (a < v OR a IS NULL)`, `greatest(a, k) = v` the two ways to be v, and `least` likewise.',
    why: 'An index on `a` can not serve a condition on the greatest of several values. What is said of constants alone is computed while planning.',
    limits:
      'In WHERE, HAVING and ON, where NULL is as good as false. The columns are of one type: whole numbers, numeric, dates or times. Towards the other end, and for `=`, there is one column and one literal.',
    sources: ['PostgreSQL manual, "Conditional Expressions", section "GREATEST and LEAST"'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }): readonly Site[] => {
        const body = bodyOf(left, 'MinMaxExpr');
        const type = body ? typeOf(query, list(body, 'args')) : null;
        const isLiteral = decimalConstant(right) !== null || stringConstant(right) !== null;
        if (!body || type === null || !isFixed(right) || !(isLiteral || TIMES.has(type))) return [];
        const args = list(body, 'args').filter(isNode);
        const form = formOf(query, args, { operator, greatest: body['op'] === 'IS_GREATEST', isLiteral });
        if (form === null) return [];
        const given = (value: TreeNode): TreeNode =>
          stringConstant(value) === null ? value : expression(`$1::${type}`, [value]);
        return [{ condition: node, form, values: [...args.map(given), given(right)], type }];
      }),
    ),
  requires: ({ type }) => [
    seen('the condition stands where NULL is as good as false, and NULL among the values is left out'),
    seen(`what is compared is ${type}, whose values have one order`),
  ],
  rewrite: ({ condition, form, values }, view) => replace(view.statement.tree, condition, expression(form, values)),
  example: {
    schema: 'CREATE TABLE offer (id bigint PRIMARY KEY, price int, title text);',
    data: `
      INSERT INTO offer SELECT n, n % 2000, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON offer (price);
      ANALYZE;`,
    statement: 'SELECT id, title FROM offer WHERE greatest(price, 100) > 1998',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'where there is no price, the constant is the least of them, and large enough',
    statement: 'SELECT id, title FROM offer WHERE least(price, 100) > 50',
    to: 'SELECT id, title FROM offer WHERE price > 50',
  },
});

const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric']);
const TIMES = new Set(['date', 'timestamp', 'timestamptz']);

/** The one type of the columns in a list of columns and literals of that type; null for anything else. */
function typeOf(query: Query, args: readonly TreeValue[]): string | null {
  const columns = args.filter((one) => bodyOf(one, 'ColumnRef'));
  const types = new Set(columns.map((one) => originOf(query, one)?.column?.baseType ?? ''));
  const [type, another] = types;
  if (type === undefined || another !== undefined) return null;
  const isOther = (one: TreeValue): boolean =>
    NUMBERS.has(type)
      ? decimalConstant(one) !== null
      : TIMES.has(type) && bodyOf(one, 'A_Const') !== null && stringConstant(one) !== null;
  return (NUMBERS.has(type) || TIMES.has(type)) && args.every((one) => columns.includes(one) || isOther(one))
    ? type
    : null;
}

/** With `$1, $2, ...` for the values of the list, and the last one for what they are compared with. */
function formOf(
  query: Query,
  args: readonly TreeNode[],
  {
    operator,
    greatest,
    isLiteral,
  }: { readonly operator: string; readonly greatest: boolean; readonly isLiteral: boolean },
): string | null {
  const bound = `$${args.length + 1}`;
  const outward = greatest ? '>' : '<';
  if (args.length < 2) return null;
  if (operator.startsWith(outward)) return args.map((_, i) => `$${i + 1} ${operator} ${bound}`).join(' OR ');
  const column = args.findIndex((one) => originOf(query, one) !== null);
  const other = 1 - column;
  if (!isLiteral || args.length !== 2 || originOf(query, args[other]) !== null) return null;
  const [c, k] = [`$${column + 1}`, `$${other + 1}`];
  const inward = greatest ? '<' : '>';
  if (operator === inward || operator === `${inward}=`)
    return `${k} ${operator} ${bound} AND (${c} ${operator} ${bound} OR ${c} IS NULL)`;
  return operator === '='
    ? `(${c} = ${bound} AND ${k} ${inward}= ${bound}) OR (${k} = ${bound} AND (${c} ${inward}= ${bound} OR ${c} IS NULL))`
    : null;
}
