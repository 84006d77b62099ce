import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { decimalConstant, decimalText, digitsOf } from '../../decimals.js';
import type { Decimal } from '../../decimals.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { bothWays, castOf, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly operator: string;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly bound: Decimal;
}

export default defineRewrite<Site>({
  id: 'sargable/float-cast-to-numeric',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`total::float8 > 99.5` and `total > 99.5::float8`, with a column numeric(p, s), become `total > 99.5`.',
    why: 'The column is turned into a double for the comparison, and an index on it can not serve that. Drivers of languages whose numbers are doubles send them so.',
    limits:
      'The column is numeric(p, s), and it and the literal have at most 15 digits together before and after the point: so many a double holds apart and in their order.',
    sources: ['PostgreSQL manual, "Floating-Point Types"', 'ISO C, DBL_DIG of <float.h>'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const cast = castOf(left);
        const value = castOf(right);
        const isCast = cast?.type === 'float8';
        if (!isCast && value?.type !== 'float8') return [];
        const column = isCast ? cast.value : left;
        const origin = originOf(query, column);
        const bound = written(value?.type === 'float8' ? value.value : right);
        return origin?.column?.baseType === 'numeric' && bound
          ? [{ condition: node, operator, column, origin, bound }]
          : [];
      }),
    ),
  requires: ({ origin, bound }) => {
    const digits = digitsOf(origin);
    const before = Math.max(
      (digits?.all ?? 0) - (digits?.scale ?? 0),
      decimalText(bound).replace(/^-|\..*$/g, '').length,
    );
    const all = before + Math.max(digits?.scale ?? 0, bound.scale);
    return [
      digits && all <= DIGITS
        ? seen(
            `${origin.name} is ${origin.column?.type}: with the literal ${all} digits, which a double holds apart and in their order`,
          )
        : missing(`${origin.name} is ${origin.column?.type}: values beyond 15 digits may be equal as doubles`),
    ];
  },
  rewrite: ({ condition, operator, column, bound }, view) =>
    replace(view.statement.tree, condition, expression(`$1 ${operator} ${decimalText(bound)}`, [column])),
  example: {
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, price numeric(10, 2) NOT NULL, title text);',
    data: `
      INSERT INTO article SELECT n, n / 100.0, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON article (price);
      ANALYZE;`,
    statement: 'SELECT id, title FROM article WHERE price::float8 > 399.25',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'a numeric of any length may be nearer to the literal than doubles are to each other',
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, price numeric NOT NULL, title text);',
    statement: 'SELECT id, title FROM article WHERE price::float8 = 0.1',
  },
});

/** `DBL_DIG`. */
const DIGITS = 15;

function written(value: TreeValue): Decimal | null {
  const text = stringConstant(value);
  if (text === null) return decimalConstant(value);
  return /^-?\d{1,15}(\.\d{1,9})?$/.test(text) ? decimalConstant({ A_Const: { fval: { fval: text } } }) : null;
}
