import { z } from 'zod';
import { definePlanFinding } from '../../define.js';
import { notKnown, quoted } from '../../evidence.js';
import type { PlanView } from '../../view.js';

export default definePlanFinding({
  id: 'estimates/generic-plan',
  severity: 'info',
  needs: [],
  docs: {
    what: 'A plan with parameters in it ($1): a generic plan, made without their values.',
    why: 'From the sixth execution on a prepared statement may keep one plan for all values. For ranges and skewed columns that plan can be many times slower than one made for the values.',
    limits:
      'One plan does not say whether a custom one is better: compare both, or see generic_plans in pg_prepared_statements. Parameters that stand for init plans up to PostgreSQL 16 ($0) are told apart by their names.',
    sources: ['PostgreSQL manual, "PREPARE"', 'PostgreSQL manual, plan_cache_mode'],
  },
  options: z.object({}),
  find(view) {
    const found = parametersIn(view);
    const [first] = found;
    if (first === undefined) return [];
    return [
      {
        node: null,
        title: `The plan is a generic one: ${found.join(', ')} ${found.length === 1 ? 'has' : 'have'} no value in it.`,
        evidence: [
          quoted('parameters in the plan', found.join(', ')),
          notKnown('cost of a custom plan', 'a plan for the values, which this text does not hold'),
        ],
        remedy:
          "Compare with a custom plan: SET plan_cache_mode = force_custom_plan, then EXPLAIN EXECUTE with typical and with rare values. Where it is much better: ALTER ROLE ... SET plan_cache_mode = 'force_custom_plan' for the role that runs it.",
      },
    ];
  },
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, kind int NOT NULL);
      INSERT INTO t SELECT g, CASE WHEN g <= 10 THEN g ELSE 0 END FROM generate_series(1, 20000) g;
      CREATE INDEX ON t (kind);
      ANALYZE t;`,
    fires: {
      before: 'PREPARE q (int) AS SELECT * FROM t WHERE kind = $1;',
      statement: 'EXECUTE q (3)',
      settings: { plan_cache_mode: 'force_generic_plan' },
    },
    silent: {
      before: 'PREPARE p (int) AS SELECT * FROM t WHERE kind = $1 AND id > (SELECT min(id) FROM t);',
      statement: 'EXECUTE p (3)',
      settings: { plan_cache_mode: 'force_custom_plan' },
    },
  },
});

function parametersIn({ nodes }: PlanView): readonly string[] {
  const ours = new Set(
    nodes.flatMap(({ node }) => (/\(returns ([^)]*)\)/.exec(node.subplanName ?? '')?.[1] ?? '').split(/,\s*/)),
  );
  const texts = nodes.flatMap(({ node }) =>
    Object.entries(node.details).flatMap(([key, value]) =>
      typeof value === 'string' && key !== 'Subplan Name' ? [value.replaceAll(/'(?:[^']|'')*'/g, '')] : [],
    ),
  );
  const found = texts.flatMap((text) => [...text.matchAll(/(?<![\w$])\$\d+/g)].map(([name]) => name));
  return [...new Set(found)].filter((name) => !ours.has(name)).toSorted();
}
