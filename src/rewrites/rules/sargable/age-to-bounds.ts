import { bodyOf, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { allOf, conjuncts, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { isNow, isToday } from '../../intervals.js';
import { bothWays, castOf, functionName, stringConstant, wholeConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly origin: ColumnOrigin;
  /** What the condition implies. */
  readonly bounds: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/age-to-bounds',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`extract(year FROM age(c)) >= 18` and `date_part('year', age(x, c)) = 30` get the bounds of `c` that they imply, two days wider, beside them.",
    why: 'An index on `c` can not serve a condition on an age, and the planner guesses how many rows fulfil it.',
    limits:
      'The column is a date, timestamp or timestamptz of a table; x is current_date, now() or a literal date that is written with its year; the number of years is a literal from 1 to 1000. The original stays as a filter: months have different lengths, and clocks change.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators", section "age"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const found = ageIn(left);
        const years = wholeConstant(right);
        const origin = found ? originOf(query, found.column) : null;
        const template = years === null || years < 1 || years > 1000 ? null : boundsFor(operator, years);
        if (!found || !origin || !template || !TYPES.has(origin.column?.baseType ?? '')) return [];
        const bounds = expression(template, [found.column, found.until]);
        const isThere = conjuncts(bounds).every((one) => present.has(treeText(one)));
        return isThere ? [] : [{ condition: node, origin, bounds }];
      }),
    );
  },
  requires: ({ origin }) => [
    seen(`${origin.name} is ${origin.column?.type}: who is n years old was born n years ago at the latest`),
    seen('the bounds are two days wider than that, and the condition stays'),
  ],
  rewrite: ({ condition, bounds }, view) => {
    const both = allOf([bounds, condition]);
    return both ? replace(view.statement.tree, condition, both) : null;
  },
  example: {
    schema: 'CREATE TABLE person (id bigint PRIMARY KEY, born date, name text);',
    data: `
      INSERT INTO person SELECT n, date '1940-01-01' + n % 30000, repeat('p', 60) FROM generate_series(1, 30000) AS n;
      CREATE INDEX ON person (born);
      ANALYZE;`,
    statement: "SELECT id, name FROM person WHERE extract(year FROM age(date '2024-06-01', born)) >= 84",
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'the bounds are two days wider than the age, and take the place of no condition',
    to: "SELECT id, name FROM person WHERE born <= date '2024-06-01' - interval '84 years' + interval '2 days'",
  },
});

const TYPES = new Set(['date', 'timestamp', 'timestamptz']);

/** `extract(year FROM age(until, column))`. */
function ageIn(value: TreeValue): { readonly column: TreeNode; readonly until: TreeNode } | null {
  const call = bodyOf(value, 'FuncCall');
  const [unit, of, more] = call && ['extract', 'date_part'].includes(functionName(call)) ? list(call, 'args') : [];
  const age = stringConstant(unit)?.toLowerCase() === 'year' && !more ? bodyOf(of, 'FuncCall') : null;
  const [first, second, third] = age && functionName(age) === 'age' ? list(age, 'args') : [];
  if (third || !bodyOf(second ?? first, 'ColumnRef')) return null;
  const until = second === undefined ? expression('current_date') : (first as TreeNode);
  const literal = castOf(until);
  const isDay =
    ['date', 'timestamp', 'timestamptz'].includes(literal?.type ?? '') &&
    /^\s*\d{4}-\d/.test(stringConstant(literal?.value) ?? '');
  return isDay || isNow(until) || isToday(until) ? { column: (second ?? first) as TreeNode, until } : null;
}

/** What a comparison of whole years says of the day, two days wider. */
function boundsFor(operator: string, years: number): string | null {
  const latest = (count: number): string => `$1 <= $2 - interval '${count} years' + interval '2 days'`;
  const earliest = (count: number): string => `$1 >= $2 - interval '${count} years' - interval '2 days'`;
  const forms: Readonly<Record<string, string>> = {
    '>=': latest(years),
    '>': latest(years + 1),
    '<': earliest(years),
    '<=': earliest(years + 1),
    '=': `${latest(years)} AND ${earliest(years + 1)}`,
  };
  return forms[operator] ?? null;
}
