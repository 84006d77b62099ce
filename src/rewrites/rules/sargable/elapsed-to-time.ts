import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { isMoment, isNow } from '../../intervals.js';
import { MIRRORED, bothWays, functionName, operation, stringConstant, wholeConstant } from '../../shapes.js';
import { stepRange } from '../../steps.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly origin: ColumnOrigin;
  /** What stands in the condition's place. */
  readonly range: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/elapsed-to-time',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`extract(epoch FROM now() - c) < 86400`, and with `/ 60` or `/ 3600`, becomes `c > now() - interval '86400 seconds'`; `extract(day FROM now() - c) >= 7` gets `c <= now() - interval '168 hours'` beside it; date_part alike.",
    why: 'An index on `c` can not serve a condition on what has passed since it.',
    limits:
      'The column is a timestamptz of a table, and a literal may stand in place of now(); the literal comes to at most 100,000,000 seconds, about three years, so that no rounding of a quotient comes in. The condition on days stays as a filter: for infinite times it is NULL.',
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators", section "EXTRACT, date_part"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) => {
    const conditions = conditionsOf(view);
    const present = new Set(conditions.map(({ node }) => treeText(node)));
    return conditions.flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const bound = wholeConstant(right);
        if (bound === null) return [];
        const quotient = operation(left);
        const by = quotient?.operator === '/' ? wholeConstant(quotient.right) : null;
        const found = elapsed(query, quotient && by !== null ? quotient.left : left);
        const form = found && formOf(found.unit, operator, { bound, by: quotient ? by : 1 });
        if (!found || !form) return [];
        const range = expression(form, [found.column, found.now, node]);
        const beside = conjuncts(range).filter((one) => one !== node);
        // The range beside what stays is there already.
        const isThere = beside.every((one) => present.has(treeText(one)));
        return found.unit === 'day' && isThere ? [] : [{ condition: node, origin: found.origin, range }];
      }),
    );
  },
  requires: ({ origin }) => [
    seen(
      `${origin.name} is ${origin.column?.type}: what has passed since it grows by the second, and 24 hours are a day of it`,
    ),
  ],
  rewrite: ({ condition, range }, view) => replace(view.statement.tree, condition, range),
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, at timestamptz NOT NULL, page text);',
    data: `
      INSERT INTO visit SELECT n, now() - n * interval '10 minutes', repeat('p', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON visit (at);
      ANALYZE;`,
    statement: 'SELECT id, page FROM visit WHERE extract(epoch FROM now() - at) / 3600 < 24',
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'days are cut: after seven days and an hour more than six have passed, and so have seven',
    statement: 'SELECT id, page FROM visit WHERE extract(day FROM now() - at) > 7',
    to: "SELECT id, page FROM visit WHERE at < now() - interval '168 hours'",
  },
});

const MOST_SECONDS = 100_000_000;
const DAY_HOURS = 24;

interface Elapsed {
  readonly unit: 'epoch' | 'day';
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly now: TreeNode;
}

/** `extract(unit FROM now() - c)`. */
function elapsed(query: Query, value: TreeValue): Elapsed | null {
  const call = bodyOf(value, 'FuncCall');
  const [field, of, more] = call && ['extract', 'date_part'].includes(functionName(call)) ? list(call, 'args') : [];
  const unit = stringConstant(field)?.toLowerCase();
  const difference = isNode(of) && more === undefined ? operation(of) : null;
  if (difference?.operator !== '-' || !(isNow(difference.left) || isMoment(difference.left))) return null;
  const origin = originOf(query, difference.right);
  if (origin?.column?.baseType !== 'timestamptz' || (unit !== 'epoch' && unit !== 'day')) return null;
  return { unit, column: difference.right, origin, now: difference.left };
}

function formOf(
  unit: Elapsed['unit'],
  operator: string,
  { bound, by }: { readonly bound: number; readonly by: number | null },
): string | null {
  if (operator === '<>' || by === null || by <= 0) return null;
  if (unit === 'epoch') {
    const seconds = bound * by;
    return Math.abs(seconds) > MOST_SECONDS ? null : `$1 ${MIRRORED[operator]} $2 - interval '${seconds} seconds'`;
  }
  if (by !== 1 || bound < 1 || bound * DAY_HOURS * 3600 > MOST_SECONDS) return null;
  const since = (days: number): string => `<= $2 - interval '${days * DAY_HOURS} hours'`;
  const range = stepRange(operator, since(bound), since(bound + 1));
  return range === null ? null : `${range} AND $3`;
}
