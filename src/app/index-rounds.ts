import { formatBytes } from '../base/units.js';
import { specKey } from '../indexes/candidates/candidates.js';
import type { DroppedIndex, MeasuredIndexSet } from '../indexes/measured/measured-index-set.js';
import type { UnvaluedIndex } from '../indexes/selection/unvalued.js';
import type { MeasureSetOptions } from '../lab/indexes/measured-set.js';
import type { IndexSpec } from '../model/action.js';
import { searchBeside, sizedFor } from './index-alternatives.js';
import { withCompanions } from './index-companions.js';
import type { IndexSearch } from './index-search.js';
import type { IndexSearchOptions } from './index-search-once.js';
import { narrowerForms } from './narrower-indexes.js';

/** How what was searched is measured. */
export interface RoundsOptions {
  readonly search: Omit<IndexSearchOptions, 'timeMs' | 'lab'>;
  /** Null for no limit. */
  readonly budgetBytes: number | null;
  /** For measuring in all. */
  readonly timeMs: number;
  /** For all further searches. */
  readonly searchMs: number;
  /** EXPLAINs of all further searches; no limit when not given. */
  readonly searchCalls?: number;
  /** Null where it was called off. The first round may take all of the time, others what is left. */
  readonly measure: (
    specs: readonly IndexSpec[],
    timeMs: number,
    more?: Pick<MeasureSetOptions, 'companions' | 'standing'>,
  ) => Promise<MeasuredIndexSet | null>;
}

/** What a search found that is to be measured. */
export type Found = Omit<IndexSearch, 'snapshot' | 'workloadMs' | 'skipped' | 'measuredCosts'>;

/** What measurement left, and what was measured beside what the search had chosen. */
export interface MeasuredRounds {
  readonly measured: MeasuredIndexSet | null;
  readonly alternatives: readonly UnvaluedIndex[];
}

/**
 * Measures what was searched, and what its figures refuse for a few statements beside what may keep these from it. While much of the budget is left, since what
 * the planner promised was not true, searches what could stand beside the kept indexes without those that were refused, and measures both together; and what was refused
 * by then for a few statements is measured once more beside others, and narrower forms where the budget held not all that measurement likes. Where there is neither, a first round that was cut short goes on. Such a set is taken where its measuring came to its end, or where it gains more than the one before. An index that no plan used,
 * since another one was there, is refused the second time.
 */
export async function measureInRounds(found: Found, options: RoundsOptions): Promise<MeasuredRounds> {
  const { search, budgetBytes, measure } = options;
  const { signal } = search;
  let { alternatives } = found;
  let leftMs = options.timeMs;
  const timed = async (...what: Parameters<typeof measure>): Promise<MeasuredIndexSet | null> => {
    const startedMs = performance.now();
    const set = await measure(...what);
    leftMs -= performance.now() - startedMs;
    return set;
  };
  const specs = [...found.selection.chosen, ...alternatives, ...found.unvalued].map((one) => one.spec);
  if (specs.length === 0 || signal.aborted) return { measured: null, alternatives };
  const companionsOf = (
    kept: readonly IndexSpec[],
    dropped: readonly DroppedIndex[],
  ): ReturnType<typeof withCompanions> => withCompanions(search, { ...found, kept, dropped, budgetBytes });
  let asked: readonly UnvaluedIndex[] = [];
  const companions: MeasureSetOptions['companions'] = async ({ kept, dropped }) => {
    asked = await companionsOf(
      kept.map((one) => one.spec),
      dropped,
    );
    return asked.map((one) => one.spec);
  };
  const first = await timed(specs, leftMs * FIRST_SHARE, { companions });
  if (first === null) return { measured: null, alternatives };
  let measured = first;
  const given = new Set(specs.map(specKey));
  const there = new Set([...first.kept, ...first.dropped].map((one) => specKey(one.spec)));
  const tried = asked.every((one) => there.has(specKey(one.spec))) ? asked : [];
  const built = new Map<string, number>();
  const count = (all: readonly IndexSpec[]): void => {
    for (const key of all.map(specKey)) built.set(key, (built.get(key) ?? 0) + 1);
  };
  alternatives = [...alternatives, ...tried.filter((one) => !given.has(specKey(one.spec)))];
  count([...specs, ...tried.map((one) => one.spec)]);
  for (let round = 1; round <= MORE_ROUNDS; round += 1) {
    if (leftMs < MUCH_TIME * first.durationMs || signal.aborted) break;
    const kept = measured.kept.map((one) => one.spec);
    const isOnce = ({ spec }: DroppedIndex): boolean => built.get(specKey(spec)) === 1;
    const dropped = measured.dropped.filter(isOnce);
    const again = await companionsOf(kept, dropped);
    const leftBytes = (budgetBytes ?? measured.sizeBytes) - measured.sizeBytes;
    const isBudgeted = budgetBytes !== null && measured.complete;
    const isRoom = isBudgeted && leftBytes >= MUCH_LEFT * budgetBytes;
    const beside = isRoom && round <= SEARCHES ? await besideKept(found, options, { measured, leftBytes, isOnce }) : [];
    const forms = isBudgeted ? narrowerForms(measured, found.candidates, built) : [];
    const roomless = isBudgeted ? forWantOfRoom(dropped) : [];
    const sized = await sizedFor(search.whatIf, found.candidates, [...forms, ...roomless]);
    const more = [...new Map([...again, ...beside, ...sized].map((one) => [specKey(one.spec), one])).values()];
    const isCut = round === 1 && !first.complete;
    if ((more.length === 0 && !isCut) || signal.aborted) break;
    const fresh = more.map((one) => one.spec);
    // With nothing to add, the first round goes on where its time ended it.
    const next = await timed(fresh.length > 0 ? [...kept, ...fresh] : specs, leftMs, {
      standing: kept.map((one) => one.name),
    });
    if (next === null || !(next.complete || gainOf(next, first) > gainOf(measured, first))) break;
    measured = together(measured, next);
    alternatives = [...alternatives, ...more.filter(({ spec }) => !built.has(specKey(spec)))];
    count(fresh);
  }
  return { measured, alternatives };
}

/** What gained, and had no room beside what was kept then: the room is another by now, and what took it may be worth less. Those that gain most blocks first. */
function forWantOfRoom(dropped: readonly DroppedIndex[]): readonly IndexSpec[] {
  return dropped
    .filter(({ why }) => why === 'budget')
    .toSorted((a, b) => (a.change?.buffers ?? 0) - (b.change?.buffers ?? 0))
    .slice(0, MOST_ROOMLESS)
    .map(({ spec }) => spec);
}

/** Each is built once more. */
const MOST_ROOMLESS = 12;

async function besideKept(
  found: Found,
  { search, searchMs, searchCalls }: RoundsOptions,
  {
    measured,
    leftBytes,
    isOnce,
  }: {
    readonly measured: MeasuredIndexSet;
    readonly leftBytes: number;
    readonly isOnce: (one: DroppedIndex) => boolean;
  },
): Promise<readonly UnvaluedIndex[]> {
  search.note(`${formatBytes(leftBytes)} of the budget are left: searching what could stand beside the kept indexes`);
  const kept = measured.kept.map((one) => one.spec);
  const refused = measured.dropped.filter((one) => !(one.why === 'unused' && isOnce(one))).map((one) => one.spec);
  const share = {
    timeMs: searchMs / SEARCHES,
    ...(searchCalls !== undefined && { plannerCalls: Math.ceil(searchCalls / SEARCHES) }),
  };
  return searchBeside({ ...search, ...share }, { ...found, kept, refused, leftBytes });
}

/** What a set saves, in milliseconds, with blocks at what the first set's choice held them to be worth. */
function gainOf({ before, after }: MeasuredIndexSet, { blockMs }: MeasuredIndexSet): number {
  return before.ms - after.ms + (before.buffers - after.buffers) * blockMs;
}

/** Of the time; the rest is for what the first round refuses, or else for its own end. What it has run is not run again. */
const FIRST_SHARE = 0.75;

/** Rounds after the first, while there is time and something to add: each adds what was not measured twice. */
const MORE_ROUNDS = 8;
/** Further searches: each refuses some of what the planner liked best, and what is left is liked less. */
const SEARCHES = 3;
/** Share of the first round's time that has to be left: what ran then is not run again, and most of it is that. */
const MUCH_TIME = 0.25;

/** Share of the budget for which another search is worth it: the curve of cost against storage begins there too. */
const MUCH_LEFT = 0.1;

/** The later set, with why those of the rounds before are not in it: that was told beside another set. */
function together(first: MeasuredIndexSet, second: MeasuredIndexSet): MeasuredIndexSet {
  const again = new Set([...second.kept, ...second.dropped].map((one) => specKey(one.spec)));
  const earlier = first.dropped.filter((one) => !again.has(specKey(one.spec)));
  const unaffected = new Set(first.unaffected);
  return {
    ...second,
    dropped: [...earlier.map(besideEarlier), ...second.dropped],
    // What was built before is none of those that were chosen from at last.
    proved: second.proved && earlier.every((one) => one.built === null),
    unaffected: second.unaffected.filter((name) => unaffected.has(name)),
    plannerCalls: first.plannerCalls + second.plannerCalls,
    executions: first.executions + second.executions,
    durationMs: first.durationMs + second.durationMs,
    notes: [...first.notes, ...second.notes],
  };
}

function besideEarlier(dropped: DroppedIndex): DroppedIndex {
  if (dropped.built === null || dropped.reason.endsWith(EARLIER)) return dropped;
  return { ...dropped, reason: `${dropped.reason}${EARLIER}` };
}

const EARLIER = ' (told beside an earlier set)';
