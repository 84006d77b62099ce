import { z } from 'zod';
import { formatMs } from '../../base/units.js';
import type { Hint } from '../../model/action.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { WorkloadStatement } from '../../model/workload.js';
import nestedLoopUnderestimated from '../../plans/findings/estimates/nested-loop-underestimated.js';
import memoizeMisses from '../../plans/findings/join/memoize-misses.js';
import orderedIndexWalk from '../../plans/findings/scan/ordered-index-walk.js';
import type { PlanFinding, PlanFindingKind } from '../../plans/define.js';
import { treeOfPlan } from '../../plans/read/read-plan.js';
import { viewPlan } from '../../plans/view.js';
import { relationsRead } from '../../rewrites/view.js';
import { loadParser, tryParseStatement } from '../../sql/parse.js';
import { hintAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { measured } from '../evidence.js';

/** What keeps the planner from the node that a finding is about. */
const FORBIDDING: readonly { readonly kind: PlanFindingKind; readonly settings: Hint['settings'] }[] = [
  { kind: nestedLoopUnderestimated, settings: { enable_nestloop: 'off' } },
  { kind: orderedIndexWalk, settings: { enable_indexscan: 'off', enable_indexonlyscan: 'off' } },
  { kind: memoizeMisses, settings: { enable_memoize: 'off' } },
];

const DAY_MS = 24 * 60 * 60 * 1000;

export default defineAdvisor({
  id: 'query/misplanned-statement',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Slow statements whose plan was made for other row counts than came (a nested loop run far more often than expected, an index walked in search of a LIMIT, a Memoize that never hits), with a planner setting for that one statement that keeps it from the node.',
    why: 'The planner has no statistics over several tables and none of where matching rows lie. Where no statistics, no index and no other text helps, forbidding the node for one statement does.',
    limits:
      'The last resort: tried after all other hypotheses, for a hint hides the cause and holds for the data as they are. It expires after `days`; each run of `optimize` tries it anew, and leaves it out once the planner does without. ' +
      'Needs plans that were run, of statements that take `minMs` or more. As a comment where pg_hint_plan is installed, else SET LOCAL in the transaction of the statement. ' +
      'What a role or a function with such a setting would do to its other statements is not measured.',
    sources: [
      'PostgreSQL manual, "Planner Method Configuration"',
      'pg_hint_plan, documentation, "GUC parameters"',
      'The pages of the findings: docs/plan-findings',
    ],
    bad: `
      CREATE TABLE offer (id integer PRIMARY KEY, kind integer NOT NULL, form integer NOT NULL, good integer NOT NULL);
      INSERT INTO offer SELECT n, n % 50, n % 50, n FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON offer (kind, form) INCLUDE (id, good);
      CREATE TABLE good (id integer PRIMARY KEY, label text NOT NULL);
      INSERT INTO good SELECT n, repeat('x', 100) FROM generate_series(1, 60000) AS n;
      VACUUM ANALYZE;`,
    good: 'CREATE STATISTICS offer_stat (dependencies, mcv) ON kind, form FROM offer; ANALYZE offer;',
    workload: ['SELECT o.id, g.label FROM offer AS o JOIN good AS g ON g.id = o.good WHERE o.kind = 7 AND o.form = 7'],
    contractOptions: { minMs: 0 },
  },
  options: z.object({
    minMs: z.number().nonnegative().default(50),
    days: z.number().int().positive().default(90),
  }),
  async examine(snapshot, { minMs, days }) {
    await loadParser();
    const until = new Date(Date.parse(snapshot.statistics.readAt) + days * DAY_MS).toISOString().slice(0, 10);
    return snapshot.workload.statements.flatMap((statement) => {
      const plan = snapshot.plans.get(statement.fingerprint);
      const ms = plan?.executionMs ?? null;
      const tree = plan ? treeOfPlan(plan) : null;
      if (!tree || ms === null || ms < minMs) return [];
      const view = viewPlan(tree);
      return FORBIDDING.flatMap(({ kind, settings }) => {
        const [found] = kind.find(view, null).filter(({ severity }) => minMs === 0 || severity !== 'info');
        return found
          ? [describe(snapshot, { statement, ms, found, hint: { settings, until, form: formOf(snapshot) } })]
          : [];
      });
    });
  },
});

function formOf({ catalog }: Snapshot): Hint['form'] {
  return catalog.extensions.some(({ name }) => name === 'pg_hint_plan') ? 'comment' : 'set-local';
}

interface Misplanned {
  readonly statement: WorkloadStatement;
  /** Of the execution in which it was found. */
  readonly ms: number;
  readonly found: PlanFinding;
  readonly hint: Hint;
}

function describe(snapshot: Snapshot, { statement, ms, found, hint }: Misplanned): AdvisorFinding {
  const names = Object.keys(hint.settings).join(' and ');
  const parsed = tryParseStatement(statement.sql);
  return {
    title: `"${statement.name}" has a plan for other row counts than came: ${found.title}`,
    place: `statement ${statement.fingerprint} ${found.id}`,
    evidence: [measured(`time of ${statement.name}`, ms, 'ms', `plan, run in ${formatMs(ms)}`), ...found.evidence],
    statements: [statement.fingerprint],
    actions: [
      hintAction(
        statement,
        {
          hint,
          proof: [
            'A setting of the planner changes which plan is taken, never which rows a statement gives.',
            `It holds for the data as they are: without a new trial not after ${hint.until}. Each run of optimize tries it anew.`,
            ...(hint.form === 'comment'
              ? []
              : [
                  `Where the program can not send it so: ALTER FUNCTION ... SET for a statement inside a function, ALTER ROLE ... SET for a role that sends little else. What it does to their other statements was not measured.`,
                ]),
          ],
        },
        {
          title: `Send "${statement.name}" with ${names} off`,
          tables: parsed ? relationsRead(parsed, snapshot.catalog) : [],
        },
      ),
    ],
  };
}
