import type { Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import type { Workload, WorkloadStatement } from '../model/workload.js';
import { drawParameterSets } from '../lab/parameters.js';
import { openFunctions } from './inside-statements.js';

/** A workload whose every statement can be run, and what had to be guessed or left out for that. */
export interface BoundWorkload {
  readonly workload: Workload;
  readonly skipped: readonly Skipped[];
}

/** Opens the functions that statements call, and gives parameter values to statements that came without, drawn from the target's column statistics. */
export function bindWorkload(snapshot: Snapshot): BoundWorkload {
  const statements: WorkloadStatement[] = [];
  const unusable = [...snapshot.workload.unusable];
  const opened = openFunctions(snapshot);
  const skipped: Skipped[] = [...opened.skipped];
  for (const statement of opened.statements) {
    if (statement.parameterSets.length > 0) {
      statements.push(statement);
      continue;
    }
    const drawn = drawParameterSets(statement, snapshot.catalog, snapshot.statistics);
    if (drawn.sets.length === 0) {
      const reason = `no values for its parameters: ${drawn.missing.join('; ')}`;
      unusable.push({ name: statement.name, sql: statement.sql, reason });
      skipped.push({
        what: `statement ${statement.name}`,
        reason,
        remedy: 'Give them in a workload file: `-- params: ...` above the statement.',
      });
      continue;
    }
    if (drawn.guesses.length > 0) {
      skipped.push({
        what: `real parameters of ${statement.name}`,
        reason: drawn.guesses.join('; '),
        remedy: 'Give them in a workload file.',
      });
    }
    statements.push({ ...statement, parameterSets: drawn.sets });
  }
  return { workload: { ...snapshot.workload, statements, unusable }, skipped };
}
