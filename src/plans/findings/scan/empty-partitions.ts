import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { definePlanFinding } from '../../define.js';
import { counted } from '../../evidence.js';
import { lookupTable } from '../../../model/catalog.js';
import type { PlanFacts } from '../../facts.js';
import { below, figure, inputsOf } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'scan/empty-partitions',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'An Append over 10 tables or more of which 80 % gave no row, while none was left out when it ran.',
    why: 'A condition that the partition key can be compared by lets PostgreSQL leave partitions out before they are opened, locked and read.',
    limits:
      'Needs EXPLAIN ANALYZE. Partitions that were left out when the statement was planned are not in the plan: how many there are only the database says. Where the statement has no condition on the key, there is nothing to prune by.',
    sources: ['PostgreSQL manual, "Partition Pruning"'],
  },
  options: z.object({
    leastChildren: z.number().nonnegative().default(10),
    emptyShare: z.number().min(0).max(1).default(0.8),
  }),
  find: (view, { leastChildren, emptyShare }, facts) =>
    view.nodes.flatMap((one) => {
      if (!/^(?:Merge )?Append$/.test(one.node.type) || figure(one.node, 'Subplans Removed') > 0) return [];
      const run = inputsOf(one).filter((child) => (child.loops ?? 0) > 0 && readsTable(child));
      const empty = run.filter((child) => (child.rows ?? 0) === 0);
      if (run.length < leastChildren || empty.length < emptyShare * run.length) return [];
      return [
        {
          node: one,
          title: `${formatCount(empty.length)} of ${formatCount(run.length)} partitions were read and gave no row.`,
          evidence: [
            counted('partitions read', run.length, 'partitions', one),
            counted('of them without a row', empty.length, 'partitions', one),
          ],
          remedy: `A condition on the bare partition key${keyOf(run, facts)}, compared with constants or parameters of its type (no function, no cast around the column).`,
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE p (at date NOT NULL, v int NOT NULL) PARTITION BY RANGE (at);
      DO $$ BEGIN FOR m IN 0..11 LOOP
        EXECUTE format('CREATE TABLE p_%s PARTITION OF p FOR VALUES FROM (%L) TO (%L)', m, date '2024-01-01' + m * 30, date '2024-01-01' + (m + 1) * 30);
      END LOOP; END $$;
      INSERT INTO p SELECT date '2024-01-01' + g % 360, g FROM generate_series(1, 36000) g;
      ANALYZE p;`,
    fires: { statement: "SELECT sum(v) FROM p WHERE date_trunc('day', at::timestamp) = timestamp '2024-02-05'" },
    silent: { statement: "SELECT sum(v) FROM p WHERE at = date '2024-02-05'" },
  },
});

function readsTable(one: ViewedNode): boolean {
  return [...below(one)].some(({ node }) => node.type.endsWith('Scan') && node.relation !== null);
}

function keyOf(children: readonly ViewedNode[], facts: PlanFacts | null): string {
  const relation = children[0] && [...below(children[0])].find(({ node }) => node.relation !== null)?.node;
  const table = relation && facts ? lookupTable(facts.catalog, relation.schema, relation.relation ?? '') : undefined;
  const parent =
    table?.partitionOf && facts
      ? lookupTable(facts.catalog, table.partitionOf.schema, table.partitionOf.name)
      : undefined;
  return parent && parent.partitionKey.length > 0 ? ` (${parent.partitionKey.join(', ')})` : '';
}
