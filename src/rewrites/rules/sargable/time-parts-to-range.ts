import { treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { allOf, conjuncts, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { beginsOnce } from '../../midnights.js';
import { concatenated, madeDate, partOf, rangeOf } from '../../time-parts.js';
import type { DayRange, TimePart } from '../../time-parts.js';
import { bothWays, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site extends DayRange {
  /** What is AND-ed, of which `taken` say the range together. */
  readonly condition: TreeNode;
  readonly taken: readonly TreeNode[];
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
}

export default defineRewrite<Site>({
  id: 'sargable/time-parts-to-range',
  minMajor: 14,
  maxMajor: null,
  sparesOverflow: true,
  docs: {
    what: "`extract(year FROM c) = 2024 AND extract(month FROM c) = 3`, with the day, the quarter, the week or several months alike, becomes a half-open range of `c`; `make_date(extract(year FROM c)::int, extract(month FROM c)::int, 1) = '2024-03-01'` and `extract(year FROM c) || '-' || lpad(extract(month FROM c)::text, 2, '0') = '2024-03'` alike.",
    why: 'An index on `c` can not serve conditions on its parts, and the planner multiplies their selectivities as if they were independent.',
    limits:
      'The column is a date, timestamp or timestamptz of a table; the parts are literals of the years 1000 to 9998, one year, and months that follow one another. What is put together as text has the year first, and parts that can not run into one another. For timestamptz the clock of no zone goes back over the midnight of either end.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators", section "EXTRACT, date_part"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      [together(query, node), alone(query, node)].flatMap((site) =>
        site && TYPES.has(site.origin.column?.baseType ?? '') && isExact(site) ? [site] : [],
      ),
    ),
  requires: ({ origin, from, until }) => [
    seen(
      `the parts of ${origin.name}, ${origin.column?.type}, name each day from ${from} to before ${until} and no other`,
    ),
    ...(origin.column?.baseType === 'timestamptz'
      ? [seen(`in no time zone does the clock go back over midnight of ${from} or ${until}`)]
      : []),
  ],
  rewrite: ({ condition, taken, column, from, until }, view) => {
    const range = expression(`$1 >= '${from}' AND $1 < '${until}'`, [column]);
    const rest = conjuncts(condition).filter((one) => !taken.includes(one));
    return replace(view.statement.tree, condition, allOf([...rest, range]) ?? range);
  },
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, at timestamp NOT NULL, page text);',
    data: `
      INSERT INTO visit SELECT n, timestamp '2022-01-01' + n * interval '20 minutes', repeat('p', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON visit (at);
      ANALYZE;`,
    statement:
      'SELECT id, page FROM visit WHERE extract(year FROM at) = 2023 AND extract(month FROM at) = 6 AND extract(day FROM at) = 9',
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'without a year the month is that of every year',
    statement: 'SELECT id, page FROM visit WHERE extract(month FROM at) = 6 AND extract(day FROM at) = 9',
    to: "SELECT id, page FROM visit WHERE at >= '2023-06-09' AND at < '2023-06-10'",
  },
});

const TYPES = new Set(['date', 'timestamp', 'timestamptz']);

function isExact({ origin, from, until }: Site): boolean {
  return origin.column?.baseType !== 'timestamptz' || (beginsOnce(from) && beginsOnce(until));
}

/** Conditions on the parts of one column, AND-ed, a year among them. */
function together(query: Query, condition: TreeNode): Site | null {
  const all = conjuncts(condition);
  if (all.length < 2) return null;
  const parts = all.flatMap((node): readonly (TimePart & { readonly node: TreeNode })[] => {
    const part = partOf(node);
    return part ? [{ ...part, node }] : [];
  });
  for (const year of parts) {
    const origin = year.unit === 'year' || year.unit === 'isoyear' ? originOf(query, year.column) : null;
    const same = parts.filter(({ column }) => treeText(column) === treeText(year.column));
    const found = origin ? rangeOf(same) : null;
    if (!origin || !found) continue;
    const taken = same.flatMap(({ unit, node }) => (found.units.includes(unit) ? [node] : []));
    return { condition, taken, column: year.column, origin, ...found.range };
  }
  return null;
}

/** One comparison of a date or a text that is put together of the parts of one column. */
function alone(query: Query, node: TreeNode): Site | null {
  for (const { operator, left, right } of bothWays(node)) {
    const text = stringConstant(right);
    if (operator !== '=' || text === null) continue;
    const found = madeDate(left, text) ?? concatenated(left, text);
    const origin = found ? originOf(query, found.column) : null;
    if (found && origin) return { condition: node, taken: [node], column: found.column, origin, ...found.range };
  }
  return null;
}
