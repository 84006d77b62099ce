import type { TreeNode } from '../../../sql/tree.js';
import { allOf, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { epochTime, momentOf } from '../../epochs.js';
import type { EpochTime } from '../../epochs.js';
import { seen } from '../../facts.js';
import { bothWays, listed } from '../../shapes.js';
import { stepRange } from '../../steps.js';
import { conditionsOf } from '../../truth.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly origin: ColumnOrigin;
  readonly to: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/time-of-epoch',
  minMajor: 14,
  maxMajor: null,
  sparesOverflow: true,
  docs: {
    what: "`to_timestamp(c) >= '2024-01-01 00:00+00'`, of a column of whole seconds since 1970, becomes `c >= ceil(extract(epoch FROM timestamptz '2024-01-01 00:00+00'))::bigint`; BETWEEN alike, `to_timestamp(c / 1000)` and `to_timestamp(c / 1000.0)` of milliseconds and microseconds, and `timestamptz 'epoch' + c * interval '1 second'`.",
    why: 'An index on `c` can not serve a condition on a function of it.',
    limits:
      "c is an integer or bigint column of a table; it is compared with a literal, now(), `now() - interval '7 days'`, current_date and the like, and of parts of a second with a literal between 1971 and 2099, where a double tells every microsecond. Where a value is too large for a time, the original fails, and the new form does not.",
    sources: ['PostgreSQL manual, "Date/Time Functions and Operators"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }): readonly Site[] => {
      const between = listed(node, 'AEXPR_BETWEEN');
      const pairs = between
        ? between.items.map((right, i) => ({ operator: i === 0 ? '>=' : '<=', left: between.left, right }))
        : bothWays(node);
      const found = pairs.flatMap(({ operator, left, right }) => {
        const time = epochTime(query, left);
        const moment = time ? momentOf(right) : null;
        const form = time && moment && (time.perSecond === 1 || moment.isNear) ? formOf(time, operator) : null;
        return time && moment && form
          ? [{ origin: time.origin, to: expression(form, [time.column, moment.node]) }]
          : [];
      });
      const [first, second] = found;
      if (!first || (between && !second)) return [];
      return [{ condition: node, origin: first.origin, to: allOf(found.map(({ to }) => to)) ?? first.to }];
    }),
  requires: ({ origin }) => [
    seen(
      `${origin.name} is ${origin.column?.type}: a whole number of seconds or of parts of one is later than a time where it is later than that time's own, rounded`,
    ),
  ],
  rewrite: ({ condition, to }, view) => replace(view.statement.tree, condition, to),
  example: {
    schema: 'CREATE TABLE reading (id bigint PRIMARY KEY, clock bigint NOT NULL, note text);',
    data: `
      INSERT INTO reading SELECT n, 1700000000 + n * 600, repeat('n', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON reading (clock);
      ANALYZE;`,
    statement: "SELECT id, note FROM reading WHERE to_timestamp(clock) >= '2024-12-30 00:00+00'",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'the second that a moment lies in began before it',
    statement: "SELECT id, note FROM reading WHERE to_timestamp(clock) >= '2024-12-30 00:00:00.5+00'",
    to: "SELECT id, note FROM reading WHERE clock >= floor(extract(epoch FROM timestamptz '2024-12-30 00:00:00.5+00'))::bigint",
  },
});

/** The comparison of the column, `$1`, with the time `$2`, as a template; null for another operator. */
function formOf({ perSecond, isCut }: EpochTime, operator: string): string | null {
  const epoch = 'extract(epoch FROM $2)';
  const scaled = perSecond === 1 || isCut ? epoch : `${epoch} * ${perSecond}`;
  const times = isCut ? ` * ${perSecond}` : '';
  const least = `ceil(${scaled})::bigint${times}`;
  const above = isCut ? `>= (floor(${scaled})::bigint + 1)${times}` : `> floor(${scaled})::bigint`;
  return stepRange(operator, `>= ${least}`, above);
}
