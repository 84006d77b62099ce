import { bodyOf, list, names, field, walk } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { beginsOnce } from '../../midnights.js';
import { bothWays, functionName, listed, operation, stringConstant, wholeConstant } from '../../shapes.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly comparison: TreeNode;
  readonly operator: string;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  /** First day of the period that the constant is, and of the next. */
  readonly from: string;
  readonly until: string;
  /** Further periods of which the time may be in one. */
  readonly others?: readonly { readonly from: string; readonly until: string }[];
}

export default defineRewrite<Site>({
  id: 'sargable/truncated-time-to-range',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`date_trunc('month', c) = '2024-03-01'`, `c::date = '2024-03-15'`, `date(c) = '2024-03-15'` and `extract(year FROM c) = 2024`, and the same with `<`, `<=`, `>`, `>=`, BETWEEN for years and IN, become a half-open range of `c`; `extract(year FROM c) * 100 + extract(month FROM c) = 202403` becomes the range of that month.",
    why: 'An index on `c` can not serve a condition on a function of it, and the planner does not know that the function keeps the order.',
    limits:
      'The column is a date, timestamp or timestamptz of a table; the constant is a literal that begins a period of the unit (a day, month, quarter or year), within the years 1000 to 9998. For timestamptz both forms read the period in the time zone of the session, whichever that is: where the clock of any goes back over the midnight that begins or ends the period, the day begins twice there, and `sargable/truncated-time-bounds` is offered instead.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators", section "date_trunc"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    view.queries.flatMap((query) =>
      [...walk(query.body)].flatMap((node) => {
        if (node.type !== 'A_Expr') return [];
        const several =
          yearsBetween(query, node.body) ?? amongDays(query, node.body) ?? numberedMonth(query, node.body);
        if (several) return [several];
        return bothWays({ A_Expr: node.body }).flatMap(({ operator, left, right }) => {
          const truncated = truncation(left);
          const origin = truncated ? originOf(query, truncated.column) : null;
          const period = truncated ? periodOf(truncated.unit, right) : null;
          if (!truncated || !period || !origin || !TYPES.has(origin.column?.baseType ?? '') || operator === '<>')
            return [];
          if (!isExact(origin, period)) return [];
          return [{ comparison: node.body, operator, column: truncated.column, origin, ...period }];
        });
      }),
    ),
  requires: ({ origin, from, until }) => [
    seen(`${origin.name} is ${origin.column?.type}, whose truncation keeps the order`),
    seen(`${from} begins a period of the unit`),
    ...(origin.column?.baseType === 'timestamptz'
      ? [seen(`in no time zone does the clock go back over midnight of ${from} or ${until}`)]
      : []),
  ],
  rewrite: ({ comparison, operator, column, from, until, others }, view) => {
    if (others) {
      const args = [{ from, until }, ...others].map((one) =>
        expression(`$1 >= '${one.from}' AND $1 < '${one.until}'`, [column]),
      );
      return replace(view.statement.tree, comparison, { BoolExpr: { boolop: 'OR_EXPR', args } });
    }
    const [first, next] = [expression(`'${from}'`), expression(`'${until}'`)];
    const ranges: Readonly<Record<string, TreeNode>> = {
      '=': expression('$1 >= $2 AND $1 < $3', [column, first, next]),
      '>=': expression('$1 >= $2', [column, first]),
      '>': expression('$1 >= $2', [column, next]),
      '<': expression('$1 < $2', [column, first]),
      '<=': expression('$1 < $2', [column, next]),
    };
    const to = ranges[operator];
    return to ? replace(view.statement.tree, comparison, to) : null;
  },
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, at timestamptz NOT NULL, page text);',
    data: `
      INSERT INTO visit SELECT n, timestamptz '2023-01-01' + n * interval '10 minutes', repeat('p', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON visit (at);
      ANALYZE;`,
    statement: "SELECT id, page FROM visit WHERE date_trunc('day', at) = '2023-06-01'",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'in Havana the first hour of that day came twice, and the literal means the second time',
    statement: "SELECT id, page FROM visit WHERE date_trunc('day', at) = '2023-11-05'",
    to: "SELECT id, page FROM visit WHERE at >= '2023-11-05' AND at < '2023-11-06'",
  },
});

const TYPES = new Set(['date', 'timestamp', 'timestamptz']);

/** Whether the period is the same range wherever it is read. */
function isExact(origin: ColumnOrigin, { from, until }: Pick<Site, 'from' | 'until'>): boolean {
  return origin.column?.baseType !== 'timestamptz' || (beginsOnce(from) && beginsOnce(until));
}

type Unit = 'day' | 'month' | 'quarter' | 'year' | 'year-number';

function truncation(value: TreeValue): { readonly unit: Unit; readonly column: TreeNode } | null {
  const cast = bodyOf(value, 'TypeCast');
  if (cast) {
    const type = names(list(field(cast, 'typeName') ?? {}, 'names')).at(-1);
    if (type !== 'date') return null;
    // Every unit begins at a midnight, which the cast leaves as it is: what Metabase sends.
    return bodyOf(cast['arg'], 'ColumnRef') ? { unit: 'day', column: cast['arg'] as TreeNode } : cutBy(cast['arg']);
  }
  const call = bodyOf(value, 'FuncCall');
  if (!call) return null;
  const [unit, column, zone] = list(call, 'args');
  const name = functionName(call);
  if (name === 'date')
    return bodyOf(unit, 'ColumnRef') && column === undefined ? { unit: 'day', column: unit as TreeNode } : null;
  const given = stringConstant(unit)?.toLowerCase();
  if (!bodyOf(column, 'ColumnRef') || zone !== undefined) return null;
  return name === 'date_trunc'
    ? cutBy(value)
    : EXTRACTING.has(name) && given === 'year'
      ? { unit: 'year-number', column: column as TreeNode }
      : null;
}

/** `date_trunc('month', c)`. */
function cutBy(value: TreeValue): { readonly unit: Unit; readonly column: TreeNode } | null {
  const call = bodyOf(value, 'FuncCall');
  const [unit, column, zone] = call && functionName(call) === 'date_trunc' ? list(call, 'args') : [];
  const given = stringConstant(unit)?.toLowerCase();
  if (!bodyOf(column, 'ColumnRef') || zone !== undefined) return null;
  return given === 'day' || given === 'month' || given === 'quarter' || given === 'year'
    ? { unit: given, column: column as TreeNode }
    : null;
}

/** `extract(year FROM c) * 100 + extract(month FROM c) = 202403`: no other month has that number. */
function numberedMonth(query: Query, comparison: TreeNode): Site | null {
  for (const { operator, left, right } of bothWays({ A_Expr: comparison })) {
    const sum = operator === '=' ? operation(left) : null;
    const product = sum?.operator === '+' ? operation(sum.left) : null;
    const year = product?.operator === '*' ? extracted(product.left, 'year') : null;
    const month = sum ? extracted(sum.right, 'month') : null;
    const number = wholeConstant(right);
    if (!product || !year || !month || number === null || wholeConstant(product.right) !== 100) continue;
    const [origin, other] = [originOf(query, year), originOf(query, month)];
    const whole = periodOf('year-number', { A_Const: { ival: { ival: Math.floor(number / 100) } } });
    if (!origin || origin.source !== other?.source || origin.name !== other.name || !whole) continue;
    if (number % 100 < 1 || number % 100 > 12 || !TYPES.has(origin.column?.baseType ?? '')) continue;
    const period = monthOf(whole.from, number % 100);
    if (isExact(origin, period)) return { comparison, operator, column: year, origin, ...period };
  }
  return null;
}

function extracted(value: TreeValue, unit: string): TreeNode | null {
  const call = bodyOf(value, 'FuncCall');
  const [given, of, more] = call && EXTRACTING.has(functionName(call)) ? list(call, 'args') : [];
  return stringConstant(given)?.toLowerCase() === unit && !more && bodyOf(of, 'ColumnRef') ? (of as TreeNode) : null;
}

/** `extract(year FROM c) BETWEEN 2021 AND 2023`: one range, from the first year's beginning to the last one's end. */
function yearsBetween(query: Query, comparison: TreeNode): Site | null {
  const between = listed({ A_Expr: comparison }, 'AEXPR_BETWEEN');
  const truncated = between ? truncation(between.left) : null;
  const origin = truncated?.unit === 'year-number' ? originOf(query, truncated.column) : null;
  const [first, last] = (between?.items ?? []).map((item) => periodOf('year-number', item));
  if (!truncated || !origin || !TYPES.has(origin.column?.baseType ?? '') || !first || !last) return null;
  const { from } = first;
  return from < last.until && isExact(origin, { from, until: last.until })
    ? { comparison, operator: '=', column: truncated.column, origin, from, until: last.until }
    : null;
}

/** More alternatives than this make no plan better. */
const MOST_PERIODS = 12;

/** `c::date IN ('2024-03-15', '2024-03-18')`. */
function amongDays(query: Query, comparison: TreeNode): Site | null {
  const among = listed({ A_Expr: comparison }, 'AEXPR_IN');
  const truncated = among ? truncation(among.left) : null;
  const origin = truncated ? originOf(query, truncated.column) : null;
  if (!among || !truncated || !origin || !TYPES.has(origin.column?.baseType ?? '')) return null;
  const periods = among.items.map((item) => periodOf(truncated.unit, item));
  const [first, ...others] = periods.flatMap((one) => (one && isExact(origin, one) ? [one] : []));
  if (!first || others.length + 1 < periods.length || periods.length > MOST_PERIODS) return null;
  return { comparison, operator: '=', column: truncated.column, origin, ...first, others };
}

/** The period that a constant begins; null where it begins none. */
function periodOf(unit: Unit, constant: TreeValue): { readonly from: string; readonly until: string } | null {
  if (unit === 'year-number') {
    const year = wholeConstant(constant);
    return year !== null && year >= 1000 && year <= 9998 ? { from: `${year}-01-01`, until: `${year + 1}-01-01` } : null;
  }
  const written = /^([1-9]\d{3})-(\d\d)-(\d\d)(?: 00:00(?::00)?)?$/.exec(stringConstant(constant) ?? '');
  if (!written) return null;
  const [year, month, day] = [Number(written[1]), Number(written[2]), Number(written[3])];
  const start = new Date(Date.UTC(year, month - 1, day));
  if (year > 9998 || start.getUTCMonth() !== month - 1 || start.getUTCDate() !== day) return null;
  if (unit !== 'day' && day !== 1) return null;
  if (unit === 'year' && month !== 1) return null;
  if (unit === 'quarter' && month % 3 !== 1) return null;
  const months = { day: 0, month: 1, quarter: 3, year: 12 }[unit];
  const next = new Date(Date.UTC(year, month - 1 + months, day + (unit === 'day' ? 1 : 0)));
  return { from: iso(start), until: iso(next) };
}

const EXTRACTING = new Set(['date_part', 'extract']);

function monthOf(year: string, month: number): { readonly from: string; readonly until: string } {
  const from = new Date(`${year}T00:00:00Z`);
  from.setUTCMonth(month - 1);
  const until = new Date(from);
  until.setUTCMonth(month);
  return { from: iso(from), until: iso(until) };
}

function iso(date: Date): string {
  return date.toISOString().slice(0, 10);
}
