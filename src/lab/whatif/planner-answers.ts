import type { PlannedCost } from '../../model/what-if.js';
import { SHELVED_NAME, indexKey } from './shelved.js';
import type { ShelvedIndex } from './shelved.js';

/** What was answered, with the clone's own names for candidates: another asker may call them otherwise. */
export interface Answer {
  readonly cost: number | null;
  readonly planShape: string | null;
  /** Keys of the candidates that were shown, and of those that a plan used. */
  readonly shown: ReadonlySet<string>;
  readonly used: ReadonlySet<string>;
  /** `schema.name` of the indexes of the accepted state that a plan used. */
  readonly usedExisting: readonly string[];
}

/**
 * Whether what was answered with more candidates in sight holds with these: all that the plan used are here, and those
 * missing could change an estimate by nothing but their use.
 */
export function answersFor(answer: Answer, add: readonly ShelvedIndex[]): boolean {
  const asked = new Set(add.map(({ spec }) => indexKey(spec)));
  if ([...asked].some((key) => !answer.shown.has(key)) || [...answer.used].some((key) => !asked.has(key))) return false;
  return answer.shown.size === asked.size || [...answer.shown].every((key) => asked.has(key) || isInert(key));
}

/** A unique index, or one on an expression, tells the planner something even where it is not used. */
function isInert(key: string): boolean {
  return INERT.test(key);
}

/** `CREATE INDEX ... USING method (columns)` as `indexKey` writes it, with no parenthesis among the keys. */
const INERT = /^CREATE INDEX "x" ON (?:"(?:[^"]|"")*"|\.)+ USING \w+ \([^()]*\)/;

/** An answer in the asker's own names. */
export function presentAnswer(
  fingerprint: string,
  answer: Answer,
  add: readonly ShelvedIndex[],
): Omit<PlannedCost, 'planned'> {
  const names = new Map(add.flatMap((index) => index.names.map((name) => [name, index.spec.name])));
  const uses = new Set(
    add.filter(({ spec }) => answer.used.has(indexKey(spec)) && answer.cost !== null).map(({ spec }) => spec.name),
  );
  return {
    fingerprint,
    cost: answer.cost,
    uses: [...uses].toSorted(),
    usesExisting: answer.usedExisting,
    planShape: answer.planShape?.replaceAll(SHELVED_NAME, (name) => names.get(name) ?? name) ?? null,
  };
}

/** A statement that is not in the workload. */
export const UNPLANNED = { cost: null, uses: [], usesExisting: [], planShape: null, planned: 0 } as const;
