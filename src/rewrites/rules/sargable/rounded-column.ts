import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { isWhole } from '../../decimals.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, castOf, functionName, wholeConstant, WHOLE_NUMBERS } from '../../shapes.js';
import { stepRange } from '../../steps.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly form: string;
}

export default defineRewrite<Site>({
  id: 'sargable/rounded-column',
  minMajor: 14,
  maxMajor: null,
  sparesOverflow: true,
  docs: {
    what: '`floor(c) = 500`, `ceil(c) > 7`, `round(c) = 5`, `trunc(c) < 3` and `c::int = 500` become a range of `c`: `c >= 500 AND c < 501`, and so on. A cast of a whole number to another whole type, `id::bigint = 5`, goes.',
    why: 'An index on `c` can not serve a condition on what is rounded of it.',
    limits:
      'A numeric column (for floor and ceil double precision too, for casts whole numbers too) and a whole literal of at most nine digits. Where the original fails, since a value does not fit the type it is cast to, the new form does not.',
    sources: ['PostgreSQL manual, "Mathematical Functions and Operators"', 'PostgreSQL manual, "Numeric Types"'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const bound = wholeConstant(right);
        const found = bound === null || Math.abs(bound) > MOST ? null : rounded(query, left);
        const form = found && bound !== null ? formOf(found.how, operator, bound) : null;
        return found && form !== null ? [{ condition: node, column: found.column, origin: found.origin, form }] : [];
      }),
    ),
  requires: ({ origin }) => [
    seen(
      `${origin.name} is ${origin.column?.type}: rounding keeps the order, and it is known which values become the same`,
    ),
  ],
  rewrite: ({ condition, column, form }, view) => replace(view.statement.tree, condition, expression(form, [column])),
  example: {
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, price numeric(10, 2) NOT NULL, title text);',
    data: `
      INSERT INTO article SELECT n, n / 100.0, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON article (price);
      ANALYZE;`,
    statement: 'SELECT id, title FROM article WHERE round(price) = 170',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'a half is rounded away from zero, so that the range has its lower end, and not its upper one',
    to: 'SELECT id, title FROM article WHERE price > 169.5 AND price <= 170.5',
  },
});

const MOST = 999_999_999;

type How = 'floor' | 'ceil' | 'round' | 'trunc' | 'same';

interface Rounded {
  readonly how: How;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
}

const CALLS: Readonly<Record<string, How>> = {
  floor: 'floor',
  ceil: 'ceil',
  ceiling: 'ceil',
  round: 'round',
  trunc: 'trunc',
};

function rounded(query: Query, value: TreeValue): Rounded | null {
  const cast = castOf(value);
  const call = bodyOf(value, 'FuncCall');
  const [argument, more] = call ? list(call, 'args') : [];
  const column = cast ? cast.value : (argument as TreeNode | undefined);
  const origin = column && more === undefined ? originOf(query, column) : null;
  if (!column || !origin?.column) return null;
  const type = origin.column.baseType;
  if (cast) {
    if (!WHOLE_NUMBERS.has(cast.type)) return null;
    if (isWhole(origin)) return cast.type === type ? null : { how: 'same', column, origin };
    return type === 'numeric' ? { how: 'round', column, origin } : null;
  }
  const how = CALLS[functionName(call ?? {})];
  if (!how) return null;
  const able = type === 'numeric' || (type === 'float8' && (how === 'floor' || how === 'ceil'));
  return able ? { how, column, origin } : null;
}

function formOf(how: How, operator: string, n: number): string | null {
  if (how === 'same') return `$1 ${operator} ${n}`;
  return stepRange(operator, from(how, n), from(how, n + 1));
}

/** What is rounded to n or more. */
function from(how: Exclude<How, 'same'>, n: number): string {
  switch (how) {
    case 'floor':
      return `>= ${n}`;
    case 'ceil':
      return `> ${n - 1}`;
    case 'trunc':
      return n > 0 ? `>= ${n}` : `> ${n - 1}`;
    case 'round':
      return n > 0 ? `>= ${n - 0.5}` : `> ${n - 0.5}`;
  }
}
