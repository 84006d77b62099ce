import { z } from 'zod';
import { quoteIdent, quoteQualified } from '../../../base/quote.js';
import { formatCount, formatMs, formatPercent } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import type { PlanFacts } from '../../facts.js';
import type { PlanTrigger } from '../../tree.js';

export default definePlanFinding({
  id: 'overhead/trigger-dominates',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A trigger that took 20 % of the execution or more.',
    why: 'A foreign key without an index on its referencing columns makes every DELETE of a parent row scan the whole child table.',
    limits:
      'Needs EXPLAIN ANALYZE with timing. What a trigger does inside is not in the plan (auto_explain.log_nested_statements shows it). Which columns a foreign key has, only the database says.',
    sources: ['PostgreSQL manual, "Constraints", section "Foreign Keys"', 'PostgreSQL manual, "EXPLAIN"'],
  },
  options: z.object({
    share: z.number().min(0).max(1).default(0.2),
    leastMs: z.number().nonnegative().default(10),
  }),
  find(view, { share, leastMs }, facts) {
    const total = view.executionMs ?? 0;
    return view.tree.triggers.flatMap((trigger) => {
      const ms = trigger.timeMs ?? 0;
      if (total <= 0 || ms < leastMs || ms < share * total) return [];
      return [
        {
          node: null,
          share: Math.min(1, ms / total),
          title: `The ${trigger.isConstraint ? 'constraint' : 'trigger'} ${trigger.name} took ${formatMs(ms)} of ${formatMs(total)} (${formatPercent(ms / total)}).`,
          evidence: [
            counted(`time of ${trigger.name}`, ms, 'ms'),
            counted('calls', trigger.calls, 'calls'),
            counted('execution time', total, 'ms'),
          ] as const,
          remedy:
            trigger.isConstraint && view.root.node.operation === 'Insert' ? OF_NEW_ROWS : remedyFor(trigger, facts),
        },
      ];
    });
  },
  example: {
    setup: `
      CREATE TABLE parent (id int PRIMARY KEY);
      INSERT INTO parent SELECT g FROM generate_series(1, 2000) g;
      CREATE TABLE child (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parent);
      INSERT INTO child SELECT g, 1 + g % 500 FROM generate_series(1, 40000) g;
      ANALYZE;`,
    fires: { statement: 'DELETE FROM parent WHERE id > 1900' },
    silent: {
      before: 'CREATE INDEX ON child (parent_id);',
      statement: 'DELETE FROM child WHERE id <= 800',
    },
    options: { leastMs: 0 },
  },
});

/** A new row has its check in the table that it refers to, which has a unique index there. */
const OF_NEW_ROWS =
  'Each new row looks for the row that it refers to, by its key, and locks it: that is long for many rows, for blocks that are not cached, and behind whoever changes that row. A bulk load is checked faster at once, by a constraint that is added after it.';

function remedyFor({ name, isConstraint, calls }: PlanTrigger, facts: PlanFacts | null): string {
  if (!isConstraint)
    return `See what the trigger does for each of its ${formatCount(calls)} calls; one FOR EACH STATEMENT with transition tables does it once.`;
  const key = facts?.catalog.constraints.find((one) => one.name === name && one.kind === 'foreign');
  if (!key)
    return 'An index on the referencing columns of this foreign key, if rows of the referenced table are deleted or their keys changed; which columns they are, the database says.';
  const columns = key.columns.map(quoteIdent).join(', ');
  return `An index on ${quoteQualified(key.table.schema, key.table.name)} (${columns}), if there is none: CREATE INDEX CONCURRENTLY. Each check looks for rows there.`;
}
