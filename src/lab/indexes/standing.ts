import { chooseMeasured, measuredValue } from '../../indexes/measured/measured-choice.js';
import type { ChoiceProblem, MeasuredChoice } from '../../indexes/measured/measured-choice.js';
import type { FailedCase } from '../../model/measurement.js';
import { isToldByPlan } from '../trial/cases.js';
import { failedCase } from '../trial/measure.js';
import { figuresOf, hasRun, isOver, planOfSet, runBeside } from './case-record.js';
import type { Bench, CaseRecord } from './case-record.js';
import { leaveEachOut } from './left-out.js';
import { mendSet } from './mend-set.js';
import { Outlook } from './outlook.js';
import { benchOf, untilStopped } from './outer-loop.js';
import type { OuterLoop } from './outer-loop.js';
import { problemOf, settle } from './settle.js';
import { tidy } from './tidy.js';
import type { ChoiceRules } from './settle.js';
import { culpritOf, slowerWith, soleCause } from './verified.js';
import { runAgain, seenPairs, steady, verifySurely } from './verify.js';
import type { Verified, VerifiedSet } from './verify.js';

/** A set that was verified as it is. */
export interface Standing {
  readonly kept: readonly string[];
  readonly records: readonly CaseRecord[];
  readonly verified: readonly Verified[];
  readonly failed: readonly FailedCase[];
  /** Indexes that the last verification spoke against, and why. */
  readonly banned: ReadonlyMap<string, string>;
  readonly proved: boolean;
  readonly complete: boolean;
}

/** What a set that stands is looked for from, and how far. */
export interface Beginning {
  /** A set that fits and made no statement too slow, to be run as a whole where there is no time to choose; null where there is none. */
  readonly walked: readonly string[] | null;
  readonly until: 'verified' | 'draft';
}

/**
 * Chooses by the figures, runs the chosen set against none, and chooses again with what that showed, until a set stands. After an abort the best that
 * stood by then is given, or else the choice by the figures, with its statements as far as they ran. A draft ends before a set is run as a whole: nothing that ran speaks against it.
 */
export async function findStanding(
  loop: OuterLoop,
  measured: readonly CaseRecord[],
  rules: ChoiceRules,
  begin: Beginning,
): Promise<Standing> {
  const known: Known = { banned: new Map(), failed: [], stood: [] };
  const standing = await untilStopped(loop, () => standingBy(loop, measured, { rules, known, ...begin }));
  if (standing !== null) return standing;
  const stopped = { ...known, records: measured, proved: false, complete: false };
  const best = bestOf(problemOf(measured, withoutBanned(rules, known.banned), rules.objective), known.stood);
  if (best !== null) {
    loop.note('stopped while sets were verified: the best that was verified is given');
    return { ...stopped, kept: best.choice.kept, verified: best.verified };
  }
  loop.note('stopped before a set was verified: what is kept is chosen by what ran until then');
  const { choice, verified } = choiceBySeen(measured, rules, known.banned);
  const seen = new Set(verified.map((one) => one.record));
  const unseen = measured.filter((record) => !seen.has(record));
  const failed = [...known.failed, ...unseen.map(({ oneCase }) => failedCase(oneCase, NOT_SEEN))];
  return { ...stopped, failed, kept: choice.kept, verified };
}

/** A set that makes no statement too slow by what ran, as if it stood. */
export function seenStanding(records: readonly CaseRecord[], kept: readonly string[]): Standing {
  const verified = seenPairs(records, kept);
  return { kept, records, verified, failed: [], banned: new Map(), proved: false, complete: false };
}

/** The choice by what ran, until nothing that ran speaks against it. */
function choiceBySeen(records: readonly CaseRecord[], rules: ChoiceRules, banned: Map<string, string>): Stood {
  for (;;) {
    const choice = chooseMeasured(problemOf(records, withoutBanned(rules, banned), rules.objective));
    const verified = seenPairs(records, choice.kept);
    const culprit = culpritOf(verified, choice.kept, rules);
    if (culprit === null) return { choice, verified };
    banned.set(culprit.index, culprit.reason);
  }
}

const NOT_SEEN = 'stopped before it ran under what is kept';

/** What attempts have shown by now. */
interface Known {
  readonly banned: Map<string, string>;
  readonly failed: FailedCase[];
  readonly stood: Stood[];
}

async function standingBy(
  loop: OuterLoop,
  measured: readonly CaseRecord[],
  {
    rules,
    known: { banned, failed, stood },
    walked,
    until,
  }: { readonly rules: ChoiceRules; readonly known: Known } & Beginning,
): Promise<Standing> {
  const bench = benchOf(loop, 1);
  const repairBench = benchOf(loop, 1 + REPAIR_SHARE);
  const offences = new Map<string | null, number>();
  let records = measured;
  // Sets of which every statement ran, and none was too slow.
  const good = walked ? [walked] : [];
  for (let attempt = 1; ; attempt += 1) {
    loop.options.progress?.('verify', attempt, MOST_ATTEMPTS);
    // After a verification that failed few statements have another plan than what ran, and without them next to nothing is known of any other set.
    const needsMore = attempt > 1 && good.length + stood.length === 0;
    const settling = attempt === 1 ? benchOf(loop, SETTLING_SHARE) : needsMore ? repairBench : bench;
    const knownShare = isOver(repairBench) ? 0 : HALF;
    const choice = await settle(settling, records, { rules: withoutBanned(rules, banned), knownShare, good });
    const screened = await screen(loop, records, choice.kept, rules);
    if (screened === null && until === 'draft') {
      const verified = seenPairs(records, choice.kept);
      return { kept: choice.kept, records, verified, failed, banned, proved: false, complete: false };
    }
    const known = loop.earlier.verified;
    const set = screened ?? (await verifySurely(bench, records, choice.kept, { rules, known }));
    const { verified } = set;
    failed.push(...set.failed);
    records = set.records;
    // What no longer can stand is not worth steadier figures.
    if (slowerWith(verified, rules).length === 0) {
      await steady(bench, verified);
      await runAgain(bench, slowerWith(verified, rules));
    }
    await tidy(loop, records);
    const culprit = culpritOf(verified, choice.kept, rules);
    const slower = slowerWith(verified, rules);
    const isLast = attempt >= MOST_ATTEMPTS;
    if (culprit === null) {
      stood.push({ choice, verified });
      await tidy(loop, await leaveEachOut(partOf(bench, HALF), { kept: choice.kept, records }, rules));
    } else {
      if (loop.options.standing?.length && stood.length === 0 && isOver(bench))
        return { kept: [], records, verified: [], failed, banned, proved: false, complete: false };
      const goesOn = !isLast && (stood.length === 0 || !isOver(bench));
      const mended = goesOn ? await mendedFrom(loop, records, { kept: choice.kept, rules, bench: repairBench }) : null;
      if (mended !== null) {
        good.push(mended);
        continue;
      }
      await lookAround(bench, slower, choice.kept);
    }
    const problem = problemOf(records, withoutBanned(rules, banned), rules.objective);
    const again = chooseMeasured(problem, culprit === null ? 'thorough' : 'brief');
    const stands = again.kept.join() === choice.kept.join();
    const isSettled = culprit === null && stands;
    // What is proved is the best but for indexes that gain too little to count: an earlier set with one of them is none better.
    const proved = isSettled && again.proved ? { choice, verified } : null;
    const best = proved ?? (isSettled || isLast || isOver(bench) ? bestOf(problem, stood) : null);
    if (best !== null) {
      const isChosen = stands && best.choice === choice;
      if (!isChosen)
        loop.note('by the last figures another set looks better still; the best that was verified is given');
      return {
        ...best,
        kept: best.choice.kept,
        records,
        failed,
        banned,
        proved: isChosen && choice.proved,
        complete: !isOver(bench),
      };
    }
    if (culprit === null) continue;
    const own = slower.filter(({ record }) => record.oneCase.name === culprit.statement);
    const cause = soleCause(own, choice.kept, rules);
    if (cause !== null && !loop.earlier.causes.has(cause)) {
      loop.earlier.causes.add(cause);
      banned.set(cause, culprit.reason);
      continue;
    }
    // Of each set another plan as bad as the last may come: then one after another goes, as when nothing has stood by the last attempt.
    const times = (offences.get(culprit.statement) ?? 0) + 1;
    offences.set(culprit.statement, times);
    if (stands || isLast || times >= MOST_OFFENCES) banned.set(culprit.index, culprit.reason);
  }
}

/**
 * Runs only those statements side by side, under a set and without, that it makes too slow by what ran before. Null where none of them is too slow then: only such a set is
 * worth running every statement of it.
 */
async function screen(
  loop: OuterLoop,
  records: readonly CaseRecord[],
  kept: readonly string[],
  rules: ChoiceRules,
): Promise<VerifiedSet | null> {
  const seen = seenPairs(records, kept);
  // What a single run makes too slow may be chance: running it again tells.
  const slower = new Set(slowerWith(seen, { ...rules, onceTolerance: 1 }).map((one) => one.record));
  if (slower.size === 0) return null;
  const sure = await verifySurely(benchOf(loop, 1), [...slower], kept, { rules, known: loop.earlier.verified });
  const verified = [...sure.verified, ...seen.filter((one) => !slower.has(one.record))];
  const stillThere = new Set(sure.records);
  const left = records.filter((record) => !slower.has(record) || stillThere.has(record));
  const isSure = culpritOf(verified, kept, rules)?.statement != null;
  return isSure ? { verified, failed: sure.failed, records: left } : null;
}

/** A smaller set that makes no statement too slow by what ran; null where the time ended the way there, or the statements' own plans show none. */
async function mendedFrom(
  loop: OuterLoop,
  records: readonly CaseRecord[],
  { kept, rules, bench }: { readonly kept: readonly string[]; readonly rules: ChoiceRules; readonly bench: Bench },
): Promise<readonly string[] | null> {
  const mended = await mendSet(new Outlook(bench, records, rules), kept, loop.earlier.verified);
  return mended !== null && mended.length < kept.length ? mended : null;
}

/** Runs, once, what statements that a set makes too slow would do with one index of their plan left out: what makes the plan can only be told by that. */
async function lookAround(bench: Bench, slower: readonly Verified[], kept: readonly string[]): Promise<void> {
  for (const { record, before, after } of slower) {
    if (!isToldByPlan(record.oneCase)) continue;
    for (const name of after.plan.uses) {
      const plan = await planOfSet(
        bench,
        record,
        kept.filter((one) => one !== name),
      );
      const figures = figuresOf(record, plan);
      // What fails was told of when all of them were there.
      if (!hasRun(figures)) await runBeside(bench, record, before, figures);
    }
  }
}

/** Until so much of the time that is left. */
function partOf(bench: Bench, share: number): Bench {
  const nowMs = performance.now();
  return { ...bench, deadlineMs: nowMs + (bench.deadlineMs - nowMs) * share };
}

interface Stood {
  readonly choice: MeasuredChoice;
  readonly verified: readonly Verified[];
}

/** Of the sets that stood their verification the best by what is known now. */
function bestOf(problem: ChoiceProblem, stood: readonly Stood[]): Stood | null {
  const totals = stood.map((one) => ({ one, total: measuredValue(problem, one.choice.kept).total }));
  return totals.toSorted((a, b) => a.total - b.total)[0]?.one ?? null;
}

/** The rules under which no banned index fits. */
function withoutBanned(rules: ChoiceRules, banned: ReadonlyMap<string, string>): ChoiceRules {
  const indexes = rules.indexes.map((index) => (banned.has(index.name) ? { ...index, sizeBytes: NEVER_FITS } : index));
  return { ...rules, indexes };
}

/** Of a gain: once the time is over a set that was seen to bring so much of it is taken in place of one that nobody saw. */
const HALF = 0.5;
/** Of the time for measuring, until which a first set is looked for: the rest is for running it as a whole. */
const SETTLING_SHARE = 0.8;
/** Of the time for measuring, beyond it: for what runs once where the first set did not stand. */
const REPAIR_SHARE = 0.3;
/** Sets that are verified; what ran side by side once is not run again, so that later ones cost little. */
const MOST_ATTEMPTS = 10;
/** Sets that one statement may speak against before an index goes for it: what each showed is known to the next choice. */
const MOST_OFFENCES = 3;
/** More than any budget. */
const NEVER_FITS = Number.MAX_SAFE_INTEGER;
