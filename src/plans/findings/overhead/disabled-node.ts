import { z } from 'zod';
import { definePlanFinding } from '../../define.js';
import { expected, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'overhead/disabled-node',
  severity: 'warning',
  needs: [],
  docs: {
    what: 'A node that a setting forbids (enable_seqscan = off and the like) and that is in the plan all the same.',
    why: 'Nothing else was possible: the setting does not do what it was made for, and may spoil other plans.',
    limits:
      'PostgreSQL 18 marks such nodes; before, 1e10 that a node adds to its startup cost by itself gives them away: a costly one without that is none. Which setting it was, EXPLAIN (SETTINGS) says.',
    sources: ['PostgreSQL manual, "Planner Method Configuration"'],
  },
  options: z.object({ leastCost: z.number().nonnegative().default(1e10) }),
  find: (view, { leastCost }) =>
    view.nodes.flatMap((one) => {
      const marked = one.node.details['Disabled'] === true;
      if (!marked && ownStartupCost(one) < ROUGHLY * leastCost) return [];
      const settings = Object.entries(view.tree.settings).filter(([name]) => name.startsWith('enable_'));
      const [first] = settings;
      return [
        {
          node: one,
          share: 1,
          title: `${labelOf(one.node)} is in the plan though a setting forbids it.`,
          evidence: [
            marked
              ? quoted('Disabled', 'true', one)
              : expected('startup cost', one.node.estimate?.startupCost ?? 0, 'planner units', one),
            ...settings.map(([name, value]) => quoted(name, value)),
          ],
          remedy: `RESET ${first ? settings.map(([name]) => name).join(', ') : 'the enable_ settings of this session, role or database'}; see SELECT * FROM pg_settings WHERE name LIKE 'enable%' AND setting = 'off'.`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL);
      INSERT INTO t SELECT g, g FROM generate_series(1, 1000) g;
      ANALYZE t;`,
    fires: { statement: 'SELECT sum(v) FROM t', settings: { enable_seqscan: 'off' } },
    silent: { statement: 'SELECT v FROM t WHERE id = 7', settings: { enable_seqscan: 'off' } },
    explain: 'SETTINGS',
  },
});

/** A join that is forbidden starts without having read its inputs to the end, all of which is taken off. */
const ROUGHLY = 0.9;

/** Without all that is below: a sort starts with its input's whole cost, and a node with that of its init plans. */
function ownStartupCost({ node, children }: ViewedNode): number {
  return children.reduce(
    (left, child) => left - (child.node.estimate?.totalCost ?? 0),
    node.estimate?.startupCost ?? 0,
  );
}
