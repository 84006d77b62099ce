import { asWizardError } from '../base/errors.js';
import type { Advisors } from '../kernel/ports.js';
import type { Skipped } from '../model/coverage.js';
import type { LoopWhatIf } from '../model/what-if.js';
import { untilAborted } from './interruption.js';

/** The what-if engine of a run. It only foresees: when it fails, the run goes on without it and says so. */
export interface Foresight {
  /** Null where there is none, and as soon as it failed. */
  readonly whatIf: LoopWhatIf | null;
  /** Why it failed; empty while it works. */
  readonly skipped: readonly Skipped[];
  /** Advisors that are asked once more, without it, when it fails under their questions: what they did not say then is not health. */
  advise(advisors: Advisors): Advisors;
  /** Brings it to the accepted state; one that does not follow is given up. */
  follow(step: () => Promise<void>): Promise<void>;
}

/** Watches over an engine. An abort does not wait for an answer and is thrown on; every other failure ends the engine, not the run. */
export function createForesight(
  engine: LoopWhatIf | null,
  signal: AbortSignal,
  note: (text: string) => void,
): Foresight {
  let failure: Skipped | null = null;
  const giveUp = (thrown: unknown): void => {
    if (signal.aborted) throw thrown;
    if (failure) return;
    failure = { what: 'what-if engine, after it failed', reason: asWizardError(thrown).message, remedy: REMEDY };
    note(`the what-if engine failed and is given up: ${failure.reason}`);
  };
  /** The engine's answer; `otherwise` where it fails, which is thrown on where there is none. */
  const answered = async <T>(answer: Promise<T>, otherwise?: T): Promise<T> => {
    try {
      return await untilAborted(signal, answer);
    } catch (thrown) {
      giveUp(thrown);
      if (otherwise !== undefined) return otherwise;
      throw thrown;
    }
  };
  const watched: LoopWhatIf | null = engine && {
    cost: (fingerprints, change) =>
      answered(
        engine.cost(fingerprints, change),
        fingerprints.map((fingerprint) => ({ fingerprint, ...UNKNOWN })),
      ),
    costOf: (queries) => answered(engine.costOf(queries), null),
    size: (spec) => answered(engine.size(spec)),
    sizes: (specs) => answered(engine.sizes(specs)),
  };
  return {
    get whatIf() {
      return failure ? null : watched;
    },
    get skipped() {
      return failure ? [failure] : [];
    },
    advise: (advisors) => ({
      async examine(snapshot, whatIf, bounds) {
        const before = failure;
        const findings = await untilAborted(signal, advisors.examine(snapshot, whatIf, bounds)).catch(
          (thrown: unknown) => {
            if (failure === before) throw thrown;
            return [];
          },
        );
        return failure === before ? findings : untilAborted(signal, advisors.examine(snapshot, null, bounds));
      },
    }),
    async follow(step) {
      if (failure) return;
      try {
        await untilAborted(signal, step());
      } catch (thrown) {
        giveUp(thrown);
      }
    },
  };
}

const UNKNOWN = { cost: null, uses: [], usesExisting: [], planShape: null, planned: 0 } as const;

const REMEDY =
  'From there on predictions read `unknown` and indexes are proposed by statistics alone; trials are not affected.';
