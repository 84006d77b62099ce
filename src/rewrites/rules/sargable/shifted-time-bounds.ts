import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { intervalConstant, isNow } from '../../intervals.js';
import { bothWays, castOf, functionName, isConstant, isFixed, operation, stringConstant } from '../../shapes.js';
import type { Operation } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly origin: ColumnOrigin;
  /** The range of the column that the condition implies. */
  readonly bound: TreeNode;
  /** It says the same as the condition. */
  readonly exact: boolean;
}

export default defineRewrite<Site>({
  id: 'sargable/shifted-time-bounds',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`c + interval '30 days' < x`, `c + interval '1 month' > x` and `c AT TIME ZONE 'UTC' >= x` get the range of `c` that they imply beside them: `c < x - interval '30 days' + interval '2 days'` and so on.",
    why: 'An index on `c` can not serve a condition on a time that is made of it.',
    limits:
      'The column is a timestamp or timestamptz of a table, and x the same for every row. The condition stays as a filter, but of UTC, which the other side is turned into: days are not all of 24 hours, months not all of as many days, and clocks go back, which the range leaves room for. Hours, and days of a timestamp, `sargable/column-arithmetic` takes to the other side.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) =>
      bothWays(node).flatMap((compared): readonly Site[] => {
        const found = shifted(query, compared) ?? inZone(query, compared);
        return found && !present.has(treeText(found.bound)) ? [{ condition: node, ...found }] : [];
      }),
    );
  },
  requires: ({ origin }) => [
    seen(
      `${origin.name} is ${origin.column?.type}: shifting times keeps their order, and is undone to within the room that is left`,
    ),
  ],
  rewrite: ({ condition, bound, exact }, view) =>
    replace(
      view.statement.tree,
      condition,
      exact ? bound : { BoolExpr: { boolop: 'AND_EXPR', args: [bound, condition] } },
    ),
  example: {
    schema: 'CREATE TABLE letter (id bigint PRIMARY KEY, sent timestamptz NOT NULL, text text);',
    data: `
      INSERT INTO letter SELECT n, now() - n * interval '10 minutes', repeat('t', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON letter (sent);
      ANALYZE;`,
    statement: "SELECT id, text FROM letter WHERE sent + interval '30 days' > now() + interval '20 days'",
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'a month after the 29th of January is the 28th of February, and a month before that is the 28th of January',
    statement: "SELECT id, text FROM letter WHERE sent + interval '1 month' > '2023-02-28 00:00+00'",
    to: "SELECT id, text FROM letter WHERE sent > timestamptz '2023-02-28 00:00+00' - interval '1 month'",
  },
});

/** Days are an hour longer or shorter where clocks change, and a day was left out where the date line was crossed; months have up to three days more than others. */
const ROOM = { days: "interval '2 days'", months: "interval '5 days'" };

type Found = Omit<Site, 'condition'> | null;

/** `c + interval '30 days' < x`. */
function shifted(query: Query, { operator, left, right }: Operation): Found {
  const sum = operation(left);
  const length = sum ? intervalConstant(sum.right) : null;
  const origin = sum ? originOf(query, sum.left) : null;
  const type = origin?.column?.baseType ?? '';
  if (!sum || !length || length.exact || !origin || !['+', '-'].includes(sum.operator)) return null;
  if (!TIMES.has(type) || (type === 'timestamp' && length.days)) return null;
  const back = sum.operator === '+' ? '-' : '+';
  const room = length.days ? ROOM.days : ROOM.months;
  return boundOf({ origin, column: sum.left, operator }, typed(right, type), `$2 ${back} $3`, [sum.right], room);
}

/** `c AT TIME ZONE 'UTC' >= x`. */
function inZone(query: Query, { operator, left, right }: Operation): Found {
  const call = bodyOf(left, 'FuncCall');
  const [zone, column, more] = call && functionName(call) === 'timezone' ? list(call, 'args') : [];
  const origin = column === undefined ? null : originOf(query, column);
  const type = origin?.column?.baseType ?? '';
  if (!origin || more !== undefined || !isNode(zone) || !isNode(column) || !isConstant(zone) || !TIMES.has(type))
    return null;
  const other = type === 'timestamp' ? 'timestamptz' : 'timestamp';
  const exact = ['UTC', 'GMT', 'ETC/UTC'].includes(stringConstant(zone)?.toUpperCase() ?? '');
  const compared = { origin, column, operator };
  if (!exact) return boundOf(compared, typed(right, other), '($2 AT TIME ZONE $3)', [zone], ROOM.days);
  const value = typed(right, other);
  const isCompared = FORMS[operator] !== undefined;
  return value && isCompared
    ? { origin, exact, bound: expression(`$1 ${operator} ($2 AT TIME ZONE $3)`, [column, value, zone]) }
    : null;
}

interface Compared {
  readonly origin: ColumnOrigin;
  readonly column: TreeNode;
  readonly operator: string;
}

/** The bounds of the column, given what it is compared with and how that is shifted back. */
function boundOf(
  { origin, column, operator }: Compared,
  value: TreeNode | null,
  back: string,
  parts: readonly TreeNode[],
  room: string,
): Found {
  const low = `$1 > ${back} - ${room}`;
  const high = `$1 < ${back} + ${room}`;
  const form = FORMS[operator]?.map((side) => (side === 'low' ? low : high)).join(' AND ');
  return value && form ? { origin, exact: false, bound: expression(form, [column, value, ...parts]) } : null;
}

const FORMS: Readonly<Record<string, readonly ('low' | 'high')[]>> = {
  '>': ['low'],
  '>=': ['low'],
  '<': ['high'],
  '<=': ['high'],
  '=': ['low', 'high'],
};

const TIMES = new Set(['timestamp', 'timestamptz']);

/** A value that is the same for every row, as a time of a type; null where it may be of another. */
function typed(value: TreeNode, type: string): TreeNode | null {
  if (!isFixed(value)) return null;
  if (stringConstant(value) !== null && castOf(value) === null) return expression(`$1::${type}`, [value]);
  if (castOf(value)?.type === type) return value;
  return type === 'timestamptz' && isTimeOfNow(value) ? value : null;
}

/** now() or CURRENT_TIMESTAMP, or such a time with intervals added. */
function isTimeOfNow(value: TreeNode): boolean {
  const sum = operation(value);
  if (sum && ['+', '-'].includes(sum.operator)) return intervalConstant(sum.right) !== null && isTimeOfNow(sum.left);
  return isNow(value);
}
