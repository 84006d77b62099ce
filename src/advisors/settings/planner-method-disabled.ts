import { z } from 'zod';
import type { Snapshot } from '../../model/snapshot.js';
import type { WorkloadStatement } from '../../model/workload.js';
import disabledNode from '../../plans/findings/overhead/disabled-node.js';
import { treeOfPlan } from '../../plans/read/read-plan.js';
import type { PlanTreeNode } from '../../plans/tree.js';
import { viewPlan } from '../../plans/view.js';
import { databaseSettingActions } from '../actions.js';
import { defineAdvisor } from '../define.js';
import { measured } from '../evidence.js';

export default defineAdvisor({
  id: 'settings/planner-method-disabled',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Settings such as `enable_seqscan = off` that forbid what plans of the workload do all the same.',
    why: 'Nothing else was possible there: the setting does not do what it was made for, and spoils the choice of other plans.',
    limits:
      'Speaks only where a plan holds a node that the setting forbids. A setting that keeps plans away as it was meant to is left alone. Offers no change where a role or the session sets it.',
    sources: ['PostgreSQL manual, "Planner Method Configuration"'],
    bad: `
      CREATE TABLE reading (id integer PRIMARY KEY, value integer NOT NULL);
      INSERT INTO reading SELECT n, n FROM generate_series(1, 1000) AS n;
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$;
      ANALYZE;`,
    good: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET enable_seqscan', current_database()); END $$;`,
    workload: ['SELECT sum(value) FROM reading'],
  },
  options: z.object({}),
  examine(snapshot) {
    const found = snapshot.workload.statements.flatMap((statement) =>
      forbiddenIn(snapshot, statement).map((name) => ({ statement, name })),
    );
    return [...new Set(found.map(({ name }) => name))].toSorted().map((name) => {
      const statements = found.filter((one) => one.name === name).map(({ statement }) => statement);
      return {
        title: `${name} is off, and ${statements.length} of ${snapshot.workload.statements.length} plans do what it forbids.`,
        place: name,
        evidence: [
          measured(name, 'off', '', 'pg_settings'),
          measured('plans that do it all the same', statements.length, 'plans', `plan finding ${disabledNode.id}`),
        ],
        statements: statements.map(({ fingerprint }) => fingerprint),
        actions: databaseSettingActions(snapshot.settings, name, 'on'),
      };
    });
  },
});

/** Settings that are off and forbid a node of the statement's plan. */
function forbiddenIn({ plans, settings }: Snapshot, { fingerprint }: WorkloadStatement): readonly string[] {
  const plan = plans.get(fingerprint);
  const tree = plan ? treeOfPlan(plan) : null;
  if (!tree) return [];
  const names = disabledNode.find(viewPlan(tree), null).flatMap(({ node }) => (node && settingOf(node.node)) ?? []);
  return [...new Set(names)].filter((name) => settings.some((one) => one.name === name && one.value === 'off'));
}

/** The setting that forbids a node (costsize.c); null for one that none forbids. */
function settingOf({ type, strategy }: PlanTreeNode): string | null {
  if (type === 'Aggregate') return strategy === 'Hashed' ? 'enable_hashagg' : null;
  return SETTINGS[type] ?? null;
}

const SETTINGS: Readonly<Record<string, string>> = {
  'Seq Scan': 'enable_seqscan',
  'Index Scan': 'enable_indexscan',
  'Index Only Scan': 'enable_indexonlyscan',
  'Bitmap Heap Scan': 'enable_bitmapscan',
  'Tid Scan': 'enable_tidscan',
  'Nested Loop': 'enable_nestloop',
  'Hash Join': 'enable_hashjoin',
  'Merge Join': 'enable_mergejoin',
  Sort: 'enable_sort',
  Materialize: 'enable_material',
};
