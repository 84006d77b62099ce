import { bodyOf } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { MIRRORED, bothWays, castOf, isFixed, operation, stringConstant, wholeConstant } from '../../shapes.js';
import type { Operation } from '../../shapes.js';
import { intervalConstant, isMoment, isNow, isToday } from '../../intervals.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly to: TreeNode;
  readonly why: string;
}

export default defineRewrite<Site>({
  id: 'sargable/column-arithmetic',
  minMajor: 14,
  maxMajor: null,
  sparesOverflow: true,
  docs: {
    what: "`c + 5 > 10`, `now() - c < interval '7 days'`, `c + interval '2 hours' > now()` and `current_date - c < 30` become a comparison of the column alone.",
    why: 'An index on `c` can not serve a condition on arithmetic with it.',
    limits:
      'Whole columns and literals; differences of timestamptz and now() or a literal against an interval literal of one unit (a day has 24 hours there, and a month 30 days, as in every comparison of intervals); intervals added to a timestamptz only in hours, minutes and seconds, since days depend on the clock changes; to a date or a timestamp without time zone, against a literal, in days and weeks too. Where the original fails with an overflow for some row, the new form does not.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators"', 'PostgreSQL manual, "Interval Input"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap((compared) => {
        const [found] = [
          whole(query, compared),
          difference(query, compared),
          shifted(query, compared),
          shiftedLocal(query, compared),
          days(query, compared),
        ].filter((one) => one !== null);
        return found ? [{ condition: node, ...found }] : [];
      }),
    ),
  requires: ({ why }) => [seen(why)],
  rewrite: ({ condition, to }, view) => replace(view.statement.tree, condition, to),
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, at timestamptz NOT NULL, page text);',
    data: `
      INSERT INTO visit SELECT n, now() - n * interval '10 minutes', repeat('p', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON visit (at);
      ANALYZE;`,
    statement: "SELECT id, page FROM visit WHERE now() - at < interval '7 days'",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'the older a row is, the longer ago it is: the comparison turns round',
    to: "SELECT id, page FROM visit WHERE at < now() - interval '168 hours'",
  },
});

type Found = Pick<Site, 'to' | 'why'> | null;

/** Far from where integers overflow. */
const MOST = 1_000_000_000;

function typeOf(query: Query, column: TreeNode): string {
  return originOf(query, column)?.column?.baseType ?? '';
}

/** `c + 5 > 10`, `5 - c > 2`. */
function whole(query: Query, { operator, left, right }: Operation): Found {
  const sum = operation(left);
  const bound = wholeConstant(right);
  if (!sum || bound === null || Math.abs(bound) > MOST) return null;
  const columnFirst = bodyOf(sum.left, 'ColumnRef') !== null;
  const [column, other] = columnFirst ? [sum.left, sum.right] : [sum.right, sum.left];
  const part = wholeConstant(other);
  if (part === null || Math.abs(part) > MOST || !['int2', 'int4', 'int8', 'numeric'].includes(typeOf(query, column)))
    return null;
  const why = 'adding a whole number to both sides keeps the order';
  if (sum.operator === '+') return { to: expression(`$1 ${operator} ${bound - part}`, [column]), why };
  if (sum.operator !== '-') return null;
  // Of numeric there is NaN, which is greater than all: it stays so on either side of a minus.
  if (!columnFirst && typeOf(query, column) === 'numeric') return null;
  return columnFirst
    ? { to: expression(`$1 ${operator} ${bound + part}`, [column]), why }
    : { to: expression(`$1 ${MIRRORED[operator]} ${part - bound}`, [column]), why };
}

/** `now() - c < interval '7 days'`: the difference has no months, and its days have 24 hours. */
function difference(query: Query, { operator, left, right }: Operation): Found {
  const minus = operation(left);
  const length = intervalConstant(right);
  if (minus?.operator !== '-' || !length) return null;
  const why = 'a difference of two times is compared by its length, a day being 24 hours and a month 30 days';
  const seconds = `interval '${length.seconds % 3600 === 0 ? `${length.seconds / 3600} hours` : `${length.seconds} seconds`}'`;
  if ((isNow(minus.left) || isMoment(minus.left)) && typeOf(query, minus.right) === 'timestamptz')
    return { to: expression(`$1 ${MIRRORED[operator]} $2 - ${seconds}`, [minus.right, minus.left]), why };
  if ((isNow(minus.right) || isMoment(minus.right)) && typeOf(query, minus.left) === 'timestamptz')
    return { to: expression(`$1 ${operator} $2 + ${seconds}`, [minus.left, minus.right]), why };
  return null;
}

/** `c + interval '2 hours' > now()`. */
function shifted(query: Query, { operator, left, right }: Operation): Found {
  const sum = operation(left);
  const length = sum ? intervalConstant(sum.right) : null;
  if (!sum || !length?.exact || !['+', '-'].includes(sum.operator)) return null;
  if (typeOf(query, sum.left) !== 'timestamptz' || !(isNow(right) || castOf(right)?.type === 'timestamptz'))
    return null;
  if (!isFixed(right)) return null;
  const back = sum.operator === '+' ? '-' : '+';
  return {
    to: expression(`$1 ${operator} $2 ${back} $3`, [sum.left, right, sum.right]),
    why: 'hours, minutes and seconds are as long at any time',
  };
}

/** `c + interval '30 days' > '2024-12-31'`, for a timestamp without time zone, in which every day has 24 hours. */
function shiftedLocal(query: Query, { operator, left, right }: Operation): Found {
  const sum = operation(left);
  const length = sum ? intervalConstant(sum.right) : null;
  if (!sum || !length || !(length.exact || length.days) || !['+', '-'].includes(sum.operator)) return null;
  if (!['timestamp', 'date'].includes(typeOf(query, sum.left)) || stringConstant(right) === null) return null;
  const cast = castOf(right);
  if (cast !== null && cast.type !== 'timestamp') return null;
  const back = sum.operator === '+' ? '-' : '+';
  return {
    to: expression(`$1 ${operator} $2::timestamp ${back} $3`, [sum.left, cast?.value ?? right, sum.right]),
    why: 'without time zone a day has 24 hours, and adding the same to both sides keeps the order',
  };
}

/** `current_date - c < 30` and `c + 30 > current_date`, for dates. */
function days(query: Query, { operator, left, right }: Operation): Found {
  const sum = operation(left);
  if (!sum) return null;
  const why = 'adding whole days to both sides keeps the order of dates';
  if (sum.operator === '-' && isDay(sum.left) && typeOf(query, sum.right) === 'date' && isCount(right))
    return { to: expression(`$1 ${MIRRORED[operator]} $2 - $3`, [sum.right, sum.left, right]), why };
  if (!isDay(right) || typeOf(query, sum.left) !== 'date' || !isCount(sum.right)) return null;
  if (sum.operator !== '+' && sum.operator !== '-') return null;
  const back = sum.operator === '+' ? '-' : '+';
  return { to: expression(`$1 ${operator} $2 ${back} $3`, [sum.left, right, sum.right]), why };
}

/** `current_date`, or a literal date that is written with its year. */
function isDay(value: TreeNode): boolean {
  const cast = castOf(value);
  return isToday(value) || (cast?.type === 'date' && /^\s*\d{4}-\d/.test(stringConstant(cast.value) ?? ''));
}

function isCount(value: TreeNode): boolean {
  const count = wholeConstant(value);
  return count !== null && Math.abs(count) < 1_000_000;
}
