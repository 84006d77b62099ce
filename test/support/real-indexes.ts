import { createIndexSql } from '../../src/model/action.js';
import type { WhatIf } from '../../src/model/what-if.js';
import type { WorkloadStatement } from '../../src/model/workload.js';
import { explain } from '../../src/postgres/explain.js';
import type { Session } from '../../src/postgres/session.js';
import { bindParameters } from '../../src/sql/parameters.js';

/** Answers what-if questions the dear way: builds each index for real, analyses where it has expressions, and rolls back. What the advisors then see is the planner's own cost. */
export function realIndexes(session: Session, statements: readonly WorkloadStatement[]): WhatIf {
  const costOf = async (statement: WorkloadStatement): Promise<number> => {
    const sets = statement.parameterSets.length > 0 ? statement.parameterSets : [{ values: [] }];
    let cost = 0;
    for (const set of sets)
      cost += (await explain(session, bindParameters(statement.sql, set.values))).root['Total Cost'];
    return cost / sets.length;
  };
  return {
    async cost(fingerprints, { add }) {
      await session.run('BEGIN');
      try {
        for (const spec of add) {
          await session.run(createIndexSql(spec, { concurrently: false }));
          if (spec.keys.some((key) => key.startsWith('(')))
            await session.run(`ANALYZE "${spec.table.schema}"."${spec.table.name}"`);
        }
        const answers = [];
        for (const statement of statements.filter((one) => fingerprints.includes(one.fingerprint))) {
          answers.push({
            fingerprint: statement.fingerprint,
            cost: await costOf(statement),
            uses: [],
            planShape: null,
          });
        }
        return answers;
      } finally {
        await session.run('ROLLBACK');
      }
    },
    async size() {
      return { pages: 1, sizeBytes: 8192, rows: 1 };
    },
  };
}
