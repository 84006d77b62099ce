import { asWizardError } from '../../base/errors.js';
import type { Skipped } from '../../model/coverage.js';
import type { PlanModes } from '../../model/plan-modes.js';
import type { Session } from '../../postgres/session.js';
import { measureModes, planModes, withPrepared } from './measure.js';
import type { PreparedQuestion } from './measure.js';

/** Generic against custom plans of a workload, measured again only where the plans changed. */
export interface PlanModesWatch {
  /** Plans all, and runs those whose plans differ and are not known. Runs nothing that writes: the caller gives no such statement. */
  look(session: Session, questions: readonly PreparedQuestion[]): Promise<readonly PlanModes[]>;
  /** Of the last look. */
  readonly skipped: readonly Skipped[];
}

/** At most so long for all measurements of one look; what would begin later is left out, and said. */
const LOOK_BUDGET_MS = 8000;

export function watchPlanModes(): PlanModesWatch {
  const known = new Map<string, PlanModes>();
  let skipped: readonly Skipped[] = [];
  return {
    get skipped() {
      return skipped;
    },
    async look(session, questions) {
      const startedMs = performance.now();
      const left: Skipped[] = [];
      const found: PlanModes[] = [];
      for (const question of questions) {
        question.check();
        try {
          const isLate = (): boolean => performance.now() - startedMs > LOOK_BUDGET_MS;
          const seen = await withPrepared(session, question.sql, () => lookAt(session, question, { known, isLate }));
          if (seen === 'late') left.push(notLooked(question, 'the time for it was used up'));
          else if (seen) found.push(seen);
        } catch (thrown) {
          const error = asWizardError(thrown);
          if (error.sqlstate === undefined || error.code === 'run/interrupted') throw error;
          left.push(notLooked(question, error.message));
        }
      }
      skipped = left;
      return found;
    },
  };
}

interface Memory {
  readonly known: Map<string, PlanModes>;
  readonly isLate: () => boolean;
}

/** Null where the generic plan is that for every set of values. */
async function lookAt(
  session: Session,
  question: PreparedQuestion,
  { known, isLate }: Memory,
): Promise<PlanModes | 'late' | null> {
  const planned = await planModes(session, question);
  if (planned.custom.every((shape) => shape === planned.generic)) return null;
  const key = JSON.stringify([question.fingerprint, question.sql, planned]);
  const before = known.get(key);
  if (before) return before;
  if (isLate()) return 'late';
  const measured = await measureModes(session, question, planned);
  known.set(key, measured);
  return measured;
}

function notLooked({ name }: PreparedQuestion, reason: string): Skipped {
  return { what: `generic against custom plan of ${name}`, reason, remedy: null };
}
