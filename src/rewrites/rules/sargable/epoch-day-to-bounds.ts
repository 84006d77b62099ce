import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { allOf, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { epochTime, momentOf } from '../../epochs.js';
import type { EpochTime } from '../../epochs.js';
import { seen } from '../../facts.js';
import { stretchOf, timeFormatOf } from '../../formatted-times.js';
import { bothWays, castOf, functionName, listed, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import type { Query } from '../../view.js';
import { zoned } from '../../zones.js';

interface Site {
  readonly condition: TreeNode;
  readonly time: EpochTime;
  readonly bounds: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'sargable/epoch-day-to-bounds',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`to_timestamp(c)::date = '2024-03-05'`, `date_trunc('month', to_timestamp(c / 1000)) >= '2024-03-01'` and `to_char(to_timestamp(c), 'YYYY-MM-DD') = '2024-03-05'`, of a column of seconds or parts of a second since 1970, get the range of `c` that they imply beside them.",
    why: 'An index on `c` can not serve a condition on a function of it.',
    limits:
      'The range is a day wider on both sides than the days asked for, whatever the clock of the time zone does at midnight, and the condition stays as a filter. c is an integer or bigint column of a table, compared with literals, current_date, now() and so many days before or after; to_char by `=` alone, and of times before the year 1 is still asked as it was.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) => {
      const site = written(query, node) ?? truncated(query, node);
      return !site || site.bounds.some((one) => present.has(treeText(one))) ? [] : [{ condition: node, ...site }];
    });
  },
  requires: ({ time: { origin } }) => [
    seen(
      `${origin.name} is ${origin.column?.type}: its time is no day before the first that is asked for, nor after the last`,
    ),
  ],
  rewrite: ({ condition, bounds }, view) =>
    replace(view.statement.tree, condition, allOf([...bounds, condition]) ?? condition),
  example: {
    schema: 'CREATE TABLE reading (id bigint PRIMARY KEY, clock bigint NOT NULL, note text);',
    data: `
      INSERT INTO reading SELECT n, 1700000000 + n * 600, repeat('n', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON reading (clock);
      ANALYZE;`,
    statement: "SELECT id, note FROM reading WHERE to_timestamp(clock)::date = '2024-12-30'",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'a day lasts until the next one begins',
    to: "SELECT id, note FROM reading WHERE clock = extract(epoch FROM timestamptz '2024-12-30')::bigint",
  },
});

/** `X::date op v`, `date(X) op v` and `date_trunc(unit, X) op v`. */
function truncated(query: Query, node: TreeNode): Omit<Site, 'condition'> | null {
  const between = listed(node, 'AEXPR_BETWEEN');
  const [low, high] = between?.items ?? [];
  const pairs =
    between && low && high
      ? [
          { operator: '>=', left: between.left, right: low },
          { operator: '<=', left: between.left, right: high },
        ]
      : bothWays(node);
  for (const { left } of pairs) {
    const found = truncation(query, left);
    const limits = found ? pairs.filter((one) => one.left === left).map((one) => limitsOf(found, one)) : [];
    if (found && limits.length > 0 && limits.every((one) => one.length > 0))
      return { time: found.time, bounds: limits.flat() };
  }
  return null;
}

interface Truncation {
  readonly time: EpochTime;
  readonly unit: string;
  /** The time is that of a zone by its name. */
  readonly isZoned: boolean;
}

function truncation(query: Query, value: TreeNode): Truncation | null {
  const call = bodyOf(value, 'FuncCall');
  const cast = castOf(value);
  const args = call ? list(call, 'args') : [];
  const isTrunc = call !== null && functionName(call) === 'date_trunc' && args.length === 2;
  const isDate = call !== null && functionName(call) === 'date' && args.length === 1;
  const of = cast?.type === 'date' ? cast.value : isTrunc ? args[1] : isDate ? args[0] : null;
  const unit = isTrunc ? (stringConstant(args[0])?.toLowerCase() ?? '') : 'day';
  if (!isNode(of) || LENGTHS[unit] === undefined) return null;
  const zone = zoned(of);
  const time = epochTime(query, zone?.value ?? of);
  return time && { time, unit, isZoned: zone !== null };
}

/** What a comparison says of the column; nothing where its other side is not a time of which that can be told. */
function limitsOf(
  { time, unit, isZoned }: Truncation,
  { operator, right }: { readonly operator: string; readonly right: TreeNode },
): readonly TreeNode[] {
  const day = /^\s*(\d{4}-\d\d-\d\d)\s*$/.exec(stringConstant(right) ?? '')?.[1];
  if (isZoned && day === undefined) return [];
  const isLiteral = stringConstant(right) !== null;
  const moment = isZoned ? expression(`'${day} 00:00+00'::timestamptz`) : momentOf(right)?.node;
  if (!moment || (isLiteral && day === undefined)) return [];
  const from = expression("$1 - interval '1 day'", [moment]);
  const until = expression(`$1 + interval '${LENGTHS[unit]}' + interval '1 day'`, [moment]);
  if (operator === '=') return [least(time, from), most(time, until)];
  if (operator.startsWith('>')) return [least(time, from)];
  return operator === '<' || operator === '<=' ? [most(time, until)] : [];
}

const LENGTHS: Readonly<Record<string, string>> = {
  hour: '1 hour',
  day: '1 day',
  week: '7 days',
  month: '1 month',
  quarter: '3 months',
  year: '1 year',
};

function least({ column, perSecond }: EpochTime, moment: TreeNode): TreeNode {
  return expression(`$1 >= floor(extract(epoch FROM $2))::bigint${times(perSecond)}`, [column, moment]);
}

function most({ column, perSecond }: EpochTime, moment: TreeNode): TreeNode {
  return expression(`$1 < ceil(extract(epoch FROM $2))::bigint${times(perSecond)}`, [column, moment]);
}

function times(perSecond: number): string {
  return perSecond === 1 ? '' : ` * ${perSecond}`;
}

/** `to_char(X, 'YYYY-MM-DD') = '2024-03-05'`. */
function written(query: Query, node: TreeNode): Omit<Site, 'condition'> | null {
  for (const { operator, left, right } of bothWays(node)) {
    const call = bodyOf(left, 'FuncCall');
    const [of, given, more] = call && functionName(call) === 'to_char' ? list(call, 'args') : [];
    const zone = zoned(of);
    const time = isNode(of) ? epochTime(query, zone?.value ?? of) : null;
    const format = timeFormatOf(stringConstant(given) ?? '');
    const stretch = format ? stretchOf(stringConstant(right) ?? '', format) : null;
    if (operator !== '=' || !time || more || !stretch) continue;
    const midnight = (day: string): TreeNode =>
      expression(`'${day.slice(0, 10)}${zone ? ' 00:00+00' : ''}'::timestamptz`);
    const bounds = [
      least(time, expression("$1 - interval '1 day'", [midnight(stretch.from)])),
      most(time, expression("$1 + interval '3 days'", [midnight(stretch.until)])),
    ];
    const early = expression(`$1 < ${BEFORE_CHRIST * time.perSecond}`, [time.column]);
    return { time, bounds: [{ BoolExpr: { boolop: 'OR_EXPR', args: [allOf(bounds) ?? early, early] } }] };
  }
  return null;
}

/** Two days into the year 1, in seconds since 1970: to_char writes a year before it as that of another one. */
const BEFORE_CHRIST = -62_135_424_000;
