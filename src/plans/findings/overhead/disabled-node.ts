import { z } from 'zod';
import { definePlanFinding } from '../../define.js';
import { expected, quoted } from '../../evidence.js';
import { labelOf } from '../../label.js';
import { inputsOf } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'overhead/disabled-node',
  severity: 'warning',
  needs: [],
  docs: {
    what: 'A node that a setting forbids (enable_seqscan = off and the like) and that is in the plan all the same.',
    why: 'Nothing else was possible: the setting does not do what it was made for, and may spoil other plans.',
    limits:
      'PostgreSQL 18 marks such nodes; before, a cost of 1e10 or more gives them away. Which setting it was, EXPLAIN (SETTINGS) says.',
    sources: ['PostgreSQL manual, "Planner Method Configuration"'],
  },
  options: z.object({ leastCost: z.number().nonnegative().default(1e10) }),
  find: (view, { leastCost }) =>
    view.nodes.flatMap((one) => {
      const marked = one.node.details['Disabled'] === true;
      if (!marked && !(isCostly(one, leastCost) && !inputsOf(one).some((input) => isCostly(input, leastCost))))
        return [];
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
              : expected('cost', one.node.estimate?.totalCost ?? 0, 'planner units', one),
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

function isCostly({ node }: ViewedNode, leastCost: number): boolean {
  return (node.estimate?.totalCost ?? 0) >= leastCost;
}
