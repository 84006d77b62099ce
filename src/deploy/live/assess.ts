import { chanceOfRise, type Occurrence } from '../../stats/rise.js';
import { compareStatements, gainOf, type Comparison, type Gain, type Past } from './compare.js';
import type { WindowFigures } from './figures.js';
import type { PromisedGain } from '../plan.js';
import type { LiveLimits } from './limits.js';

/** Something bad, before and after. */
export interface Rise {
  readonly before: Occurrence;
  readonly after: Occurrence;
  /** How likely that much would be seen were it not more frequent than is tolerated. */
  readonly chance: number;
  readonly risen: boolean;
}

/** What the figures of a window say, held against those before. */
export interface Assessment {
  readonly statements: readonly Comparison[];
  /** Of the time after, held by statements that could be judged. */
  readonly judgedShare: number;
  /** Null where nothing was promised. */
  readonly gain: Gain | null;
  /** Null where the counters were reset, or nobody looked. */
  readonly rollbacks: Rise | null;
  readonly deadlocks: Rise | null;
  readonly lockWaits: Rise | null;
  /** Of the slowest standby, milliseconds; null without one. */
  readonly lagMs: number | null;
  /** Why statements are not known; null where they are. */
  readonly unknown: string | null;
}

/** Holds a window against those before it. Pure. */
export function assess(
  past: Past,
  after: WindowFigures,
  promised: readonly PromisedGain[],
  limits: LiveLimits,
): Assessment {
  const unknown = after.unknown ?? (past.length === 0 ? NOTHING_BEFORE : (past[0]?.unknown ?? null));
  const statements = unknown === null ? compareStatements(past, after, limits) : [];
  const judged = statements.filter(({ state }) => state === 'slower' || state === 'fine');
  const before = past.find(({ transactions }) => transactions !== null)?.transactions ?? null;
  const looked = past.find(({ looks }) => looks.count > 0)?.looks;
  const { transactions, looks } = after;
  const rise = (old: Occurrence, now: Occurrence): Rise => riseOf(old, now, limits);
  return {
    statements,
    judgedShare: judged.reduce((sum, { share }) => sum + share, 0),
    gain: unknown === null ? gainOf(promised, past, after, limits) : null,
    rollbacks:
      before && transactions
        ? rise(
            { count: before.rolledBack, of: before.ended },
            { count: transactions.rolledBack, of: transactions.ended },
          )
        : null,
    deadlocks:
      before && transactions
        ? rise({ count: before.deadlocks, of: before.ended }, { count: transactions.deadlocks, of: transactions.ended })
        : null,
    lockWaits:
      looked && looks.count > 0
        ? rise({ count: looked.waiting, of: looked.count }, { count: looks.waiting, of: looks.count })
        : null,
    lagMs: looks.lagMs,
    unknown,
  };
}

const NOTHING_BEFORE = 'nothing was counted before';

/** Rollbacks, deadlocks and lock waits are looked at beside each other: each gets a third of the doubt. */
function riseOf(before: Occurrence, after: Occurrence, { errorTolerance, confidence }: LiveLimits): Rise {
  const chance = chanceOfRise(before, after, errorTolerance);
  return { before, after, chance, risen: before.of > 0 && chance < (1 - confidence) / 3 };
}
