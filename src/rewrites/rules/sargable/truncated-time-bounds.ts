import { bodyOf, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { isToday } from '../../intervals.js';
import { beginsOnce } from '../../midnights.js';
import {
  bothWays,
  castOf,
  functionName,
  isConstant,
  isFixed,
  listed,
  operation,
  stringConstant,
  wholeConstant,
} from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { UTC, zoned } from '../../zones.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly unit: string;
  readonly zone: Zone | null;
  readonly from: TreeNode | null;
  readonly until: TreeNode | null;
}

/** How the column's time is turned before it is truncated. */
interface Zone {
  readonly name: string;
  /** The column is a timestamp that is read as UTC first; else it is a timestamptz. */
  readonly fromUtc: boolean;
}

export default defineRewrite<Site>({
  id: 'sargable/truncated-time-bounds',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`date_trunc('month', c) = x` and `c::date BETWEEN x AND y`, where x and y are parameters, `current_date`, `now()` and the like, and `date_trunc('hour', c) = '2024-03-01 05:00'`, get the range of `c` that they imply, beside the condition; `(c AT TIME ZONE 'Europe/Berlin')::date = '2024-03-15'` and `current_date - c::date < 7` alike; and a join `date_trunc('day', c) = d.day` with another table or series.",
    why: 'An index on `c` can not serve a condition on a function of it, and the planner does not know that the function keeps the order.',
    limits:
      'The column is a timestamp or timestamptz of a table. The condition stays as a filter, so that infinite times and values within a period are right; of another zone than UTC the range is 16 hours wider on each side, which is further than any zone is from UTC. The range of a timestamptz begins a day early: where a clock goes back over midnight, the first hour of a day is before the time that its date stands for. Where x is a literal that begins a period, `sargable/truncated-time-to-range` replaces it instead, but for days that begin twice somewhere.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators", section "date_trunc"'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards', 'join/inner-sequential-scan'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) =>
      [...limits(node), ...joined(query, node)].flatMap(({ left, from, until }) => {
        const truncated = truncation(left);
        const origin = truncated ? originOf(query, truncated.column) : null;
        const own = origin?.column?.baseType ?? '';
        if (!truncated || !origin || !['timestamp', 'timestamptz'].includes(own)) return [];
        const { zone, unit } = truncated;
        if (own === 'timestamp' && isPlainDay(node, { unit, zone })) return [];
        if (zone && own !== (zone.fromUtc ? 'timestamp' : 'timestamptz')) return [];
        const type = zone ? 'timestamp' : unit === 'date' ? 'date' : own;
        const site = {
          condition: node,
          column: truncated.column,
          origin,
          unit,
          zone,
          from: from && typedAs(from, type),
          until: until && typedAs(until, type),
        };
        return boundsOf(site).some((one) => present.has(treeText(one))) ? [] : [site];
      }),
    );
  },
  requires: ({ origin }) => [
    seen(`${origin.name} is ${origin.column?.type}: it is no day before its truncation, and not after the next one`),
  ],
  rewrite: (site, view) =>
    replace(view.statement.tree, site.condition, {
      BoolExpr: { boolop: 'AND_EXPR', args: [...boundsOf(site), kept(site)] },
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

interface Truncation {
  readonly unit: string;
  readonly column: TreeNode;
  readonly zone: Zone | null;
}

function truncation(value: TreeValue): Truncation | null {
  const cast = castOf(value);
  if (cast) return cast.type === 'date' ? timeOf('date', cast.value) : null;
  const call = bodyOf(value, 'FuncCall');
  if (!call) return null;
  const [unit, column, zone] = list(call, 'args');
  if (functionName(call) === 'date') return column === undefined ? timeOf('date', unit) : null;
  if (functionName(call) !== 'date_trunc' || zone !== undefined) return null;
  const given = stringConstant(unit)?.toLowerCase() ?? '';
  return UNITS.has(given) ? timeOf(given, column) : null;
}

/** A column, or one `AT TIME ZONE` a zone, or first `AT TIME ZONE 'UTC'` and then another. */
function timeOf(unit: string, value: TreeValue): Truncation | null {
  if (bodyOf(value, 'ColumnRef')) return { unit, column: value as TreeNode, zone: null };
  const turned = zoned(value);
  if (!turned) return null;
  if (bodyOf(turned.value, 'ColumnRef'))
    return { unit, column: turned.value, zone: { name: turned.zone, fromUtc: false } };
  const before = zoned(turned.value);
  return before && UTC.test(before.zone) && bodyOf(before.value, 'ColumnRef')
    ? { unit, column: before.value, zone: { name: turned.zone, fromUtc: true } }
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
    const since = operation(left);
    const days = wholeConstant(right);
    if (since?.operator === '-' && days !== null && isFixed(since.left) && truncation(since.right)?.unit === 'date') {
      const day = expression('$1 - $2', [since.left, right]);
      if (!isToday(since.left)) return [];
      const [from, until] = [operator === '<' || operator === '<=', operator === '>' || operator === '>='];
      const both = operator === '=';
      return from || until || both
        ? [{ left: since.right, from: from || both ? day : null, until: until || both ? day : null }]
        : [];
    }
    const isLiteral = isConstant(right) && bodyOf(right, 'ParamRef') === null;
    const isElsewhere = isLiteral && !FINE.has(truncation(left)?.unit ?? '') && !truncation(left)?.zone;
    if (!isFixed(right) || (isElsewhere && !beginsTwice(right))) return [];
    if (operator === '=') return [{ left, from: right, until: right }];
    if (operator === '>=' || operator === '>') return [{ left, from: right, until: null }];
    return operator === '<=' || operator === '<' ? [{ left, from: null, until: right }] : [];
  });
}

/** `date_trunc('day', c) = d.day`, where d is another source: what a calendar is joined by. */
function joined(query: Query, node: TreeNode): readonly Limits[] {
  return bothWays(node).flatMap(({ operator, left, right }): readonly Limits[] => {
    const own = truncation(left);
    const column = own ? originOf(query, own.column) : null;
    const cast = castOf(right);
    const other = originOf(query, cast && TIMES.has(cast.type) ? cast.value : right);
    if (operator !== '=' || column?.query !== query || !other || other.source === column.source) return [];
    return [{ left, from: right, until: right }];
  });
}

const TIMES = new Set(['date', 'timestamp', 'timestamptz']);

/** The condition itself. Of a join it says IS TRUE, which is the same in ON and WHERE: the planner would hash the equality, and read the whole table. */
function kept({ condition, from }: Site): TreeNode {
  return from !== null && !isFixed(from) ? { BooleanTest: { arg: condition, booltesttype: 'IS_TRUE' } } : condition;
}

/** Whether it is a comparison with a literal of which `sargable/truncated-time-to-range` makes a range, where no clock goes back. */
function isPlainDay(node: TreeNode, { unit, zone }: Pick<Site, 'unit' | 'zone'>): boolean {
  return !zone && !FINE.has(unit) && bothWays(node).some(({ right }) => beginsTwice(right));
}

/** A day with whose midnight `sargable/truncated-time-to-range` has nothing to do. */
function beginsTwice(value: TreeNode): boolean {
  const day = /^[1-9]\d{3}-\d\d-\d\d/.exec(stringConstant(value) ?? '');
  return day !== null && !beginsOnce(day[0]);
}

/** Literals and parameters take the type of what they are compared with. */
function typedAs(value: TreeNode, type: string): TreeNode {
  return bodyOf(value, 'A_Const') || bodyOf(value, 'ParamRef') ? expression(`$1::${type}`, [value]) : value;
}

function boundsOf({ column, origin, unit, zone, from, until }: Site): readonly TreeNode[] {
  const step = unit === 'date' ? 'day' : unit === 'quarter' ? '3 months' : unit;
  const length = /\d/.test(step) ? step : `1 ${step}`;
  if (zone) {
    const aside = UTC.test(zone.name) ? '' : ` interval '16 hours'`;
    const utc = zone.fromUtc ? '' : ` AT TIME ZONE 'UTC'`;
    const [less, more] = aside ? [` -${aside}`, ` +${aside}`] : ['', ''];
    return [
      ...(from ? [expression(`$1 >= ($2${less})${utc}`, [column, from])] : []),
      ...(until ? [expression(`$1 <= ($2 + interval '${length}'${more})${utc}`, [column, until])] : []),
    ];
  }
  // A minute and an hour are truncated by the clock that shows them; a day and more are what the clock shows at its midnight, which is the later one of two.
  const early = origin.column?.baseType === 'timestamptz' && !['minute', 'hour'].includes(unit);
  return [
    ...(from ? [expression(early ? "$1 >= $2 - interval '1 day'" : '$1 >= $2', [column, from])] : []),
    ...(until ? [expression(`$1 <= $2 + interval '${length}'`, [column, until])] : []),
  ];
}
