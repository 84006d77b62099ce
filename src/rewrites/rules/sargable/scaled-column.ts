import { bodyOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { decimalConstant, decimalText, digitsOf, floorAt, isWhole } from '../../decimals.js';
import type { Decimal } from '../../decimals.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, operation } from '../../shapes.js';
import { stepRange } from '../../steps.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly form: string;
}

export default defineRewrite<Site>({
  id: 'sargable/scaled-column',
  minMajor: 14,
  maxMajor: null,
  sparesOverflow: true,
  docs: {
    what: '`price * 1.2 > 60`, `cents / 100 >= 50` and `total / 100 < 5` become comparisons of the column alone: `price > 50`, `cents >= 5000`, `total < 500`.',
    why: 'An index on `c` can not serve a condition on a multiple of it, and the planner guesses how many rows fulfil it.',
    limits:
      'A whole or numeric column and positive literals. The bound has to be a decimal, or the column a numeric(p, s) or a whole number, between whose values it can be rounded. Whole numbers are divided by whole numbers, which cuts; a numeric(p, s) of at most 15 digits is divided by 10, 100, 1000 and so on alone, since other quotients are rounded. Where the original fails with an overflow for some row, the new form does not.',
    sources: ['PostgreSQL manual, "Mathematical Functions and Operators"'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const scaled = operation(left);
        const bound = decimalConstant(right);
        if (!scaled || !bound) return [];
        const first = bodyOf(scaled.left, 'ColumnRef') !== null;
        if (!first && scaled.operator !== '*') return [];
        const [column, other] = first ? [scaled.left, scaled.right] : [scaled.right, scaled.left];
        const origin = originOf(query, column);
        const factor = decimalConstant(other);
        if (!origin || !factor || factor.units <= 0n) return [];
        if (!isWhole(origin) && origin.column?.baseType !== 'numeric') return [];
        const form =
          scaled.operator === '*'
            ? multiplied(origin, operator, factor, bound)
            : scaled.operator === '/'
              ? divided(origin, operator, factor, bound)
              : null;
        return form === null ? [] : [{ condition: node, column, origin, form }];
      }),
    ),
  requires: ({ origin }) => [
    seen(
      `${origin.name} is ${origin.column?.type}: a positive factor keeps the order, and the bound is exact among its values`,
    ),
  ],
  rewrite: ({ condition, column, form }, view) => replace(view.statement.tree, condition, expression(form, [column])),
  example: {
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, price numeric(10, 2) NOT NULL, title text);',
    data: `
      INSERT INTO article SELECT n, n / 100.0, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON article (price);
      ANALYZE;`,
    statement: 'SELECT id, title FROM article WHERE price * 1.19 > 475',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'whole numbers are cut by a division: 59 / 60 is 0 and below 1, and so is no other multiple',
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, seconds int);',
    statement: 'SELECT id FROM article WHERE seconds / 60 > 2',
    to: 'SELECT id FROM article WHERE seconds > 120',
  },
});

/** `c * k op b`. */
function multiplied(origin: ColumnOrigin, operator: string, factor: Decimal, bound: Decimal): string | null {
  const numerator = bound.units * 10n ** BigInt(factor.scale);
  const denominator = factor.units * 10n ** BigInt(bound.scale);
  const digits = digitsOf(origin);
  const at = floorAt(digits?.scale ?? MOST_SCALE, numerator, denominator);
  if (at.exact) return `$1 ${operator} ${decimalText(at)}`;
  if (!digits) return null;
  if (operator === '>' || operator === '>=') return `$1 > ${decimalText(at)}`;
  return operator === '<' || operator === '<=' ? `$1 <= ${decimalText(at)}` : null;
}

/** A quotient that ends within so many digits is written out. */
const MOST_SCALE = 12;

/** `c / k op b`. */
function divided(origin: ColumnOrigin, operator: string, factor: Decimal, bound: Decimal): string | null {
  if (isWhole(origin)) return factor.scale === 0 && bound.scale === 0 ? cut(operator, factor.units, bound.units) : null;
  const digits = digitsOf(origin);
  const isPower = factor.scale === 0 && /^10+$/.test(String(factor.units));
  if (!digits || digits.all > EXACT_DIGITS || !isPower) return null;
  return `$1 ${operator} ${decimalText({ units: bound.units * factor.units, scale: bound.scale })}`;
}

/** A numeric quotient has at least 16 significant digits (`NUMERIC_MIN_SIG_DIGITS` in PostgreSQL's numeric.h). */
const EXACT_DIGITS = 15;

/** A division of whole numbers is cut towards zero: the least c with `c / k >= n`. */
function cut(operator: string, by: bigint, bound: bigint): string | null {
  const least = (n: bigint): bigint => (n > 0n ? n * by : (n - 1n) * by + 1n);
  return stepRange(operator, `>= ${least(bound)}`, `>= ${least(bound + 1n)}`);
}
