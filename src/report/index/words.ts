import { formatBytes, formatCount, formatCounted, formatMs, formatPercent } from '../../base/units.js';
import { READ_TOLERANCE } from '../../indexes/measured/statement-guard.js';
import type { Advice, ExistingAdvice, IndexReport, ProposedIndex } from './index-report.js';

/** What the estimating search came to: `Of 31 candidates 2 were chosen, 4.39 MB: workload time x0.31 (estimated) ...`. */
export function searchSentence({ search, indexes, workload, storageBudgetBytes }: IndexReport): string {
  if (search.objective === null) return NOT_PLANNED;
  const proof =
    search.bound === null || search.gap === null || search.gap >= NOTHING_PROVED
      ? 'no bound was proved'
      : `by the objective nothing more than ${formatPercent(search.gap)} better can be made of them`;
  const ended = search.complete ? '' : `; ${endOf(search)} the search, this is the best so far`;
  const ratio = search.timeRatio === null ? 'unknown' : `x${search.timeRatio.toFixed(search.timeRatio < 0.1 ? 3 : 2)}`;
  const isPart = search.timeRatio !== null && search.timeOf < workload.statements;
  const time = isPart
    ? `${ratio} for ${formatCount(search.timeOf)} of ${formatCounted(workload.statements, 'statement')}`
    : ratio;
  const count = (basis: ProposedIndex['basis']): number => indexes.filter((one) => one.basis === basis).length;
  const more = [
    [count('budget'), 'of the choices for the budget itself, others near it and what measuring left of it'],
    [count('foreign-key'), 'for foreign keys, of which no plan shows the use'],
  ] as const;
  const isMore = search.usedBytes !== null && storageBudgetBytes !== null && search.usedBytes > storageBudgetBytes;
  const room = isMore ? ' (more than may be kept, so that measuring has a choice)' : '';
  return (
    `Of ${formatCount(search.candidates)} candidates ${formatCount(count('plans'))} were chosen, ${formatBytes(search.usedBytes)}${room}: workload time ${time} ` +
    `(estimated, ${formatCounted(search.plannerCalls, 'planner call')}); ${proof}${ended}.` +
    more.map(([number, words]) => (number > 0 ? ` ${formatCount(number)} more ${words}.` : '')).join('')
  );
}

function endOf({ plannerCalls, mostPlannerCalls, interrupted }: IndexReport['search']): string {
  if (interrupted) return 'a signal stopped';
  return mostPlannerCalls !== null && plannerCalls >= mostPlannerCalls ? 'its planner calls ended' : 'the time ended';
}

/** A gap that says no more than that costs are not negative. */
const NOTHING_PROVED = 0.999;

const NOT_PLANNED = 'No statement of the workload could be planned: nothing was searched.';

/** In the place of indexes, where there is none. */
export function noneSentence({ search }: IndexReport): string {
  if (search.objective === null) return 'Whether any is worth having is unknown: see what was skipped, and why.';
  if (search.complete) return 'None is worth having for this workload, by the planner.';
  return `None was found before ${endOf(search)} the search: whether any is worth having is unknown.`;
}

/** What a negative figure of the curve means; null where there is none. */
export function curveNote({ curve }: IndexReport): string | null {
  return curve.some((point) => (point.usedBytes ?? 0) < 0)
    ? 'Used is less than nothing where indexes that are there would go, and take more than the new ones.'
    : null;
}

/** What became of a workload of too many statements; null where every one was asked about. */
export function compressionSentence({ search: { compression } }: IndexReport): string | null {
  if (compression === null) return null;
  const { statements, kept, merged, leftOut, boundShare } = compression;
  const share =
    boundShare === null
      ? 'what they hold of the objective is unknown'
      : `on their account no set is worse than the best by more than ${formatPercent(boundShare)} of the objective`;
  const left = leftOut === 0 ? 'none was left out' : `${formatCount(leftOut)} lightest were left out: ${share}`;
  return (
    `Of ${formatCounted(statements, 'statement')} ${formatCount(kept)} were searched; ` +
    `${formatCount(merged)} ask for the same as one of them and are assumed to gain alike; ${left}.`
  );
}

/** What was measured of the set that is kept: `Measured: 1.20 min -> 2.10 s, ...`. */
export function measuredSentence({ measured, indexes, interrupted, workload }: IndexReport): string {
  if (!measured)
    return interrupted
      ? 'No measurement came to its end: a signal stopped the run.'
      : 'Nothing was measured: no index was proposed.';
  const kept = indexes.filter((one) => one.decision === 'create').length;
  const { statements } = measured;
  const more = statements.filter((one) => (one.afterBuffers ?? 0) > (one.beforeBuffers ?? Number.POSITIVE_INFINITY));
  return (
    `Measured: ${formatCount(kept)} of ${formatCount(indexes.length)} were kept, ${formatBytes(measured.sizeBytes)} as built. ` +
    `The statements that they bear on, ${formatCount(statements.length)} of ${formatCount(workload.statements)}: ${formatMs(measured.before.ms)} -> ${formatMs(measured.after.ms)}, ` +
    `${formatCount(measured.before.buffers)} -> ${formatCount(measured.after.buffers)} blocks, weighted by calls` +
    moreBlocksWords(more) +
    `${measured.proved ? '; by what was measured no better set can be made of the indexes that were built' : ''}${measured.complete ? '' : `; ${measured.interrupted ? 'a signal stopped the run before all of it was measured' : 'not all of it was measured in the time that each part of it has'}`}.` +
    slowerWords(statements)
  );
}

/** Those that touch more blocks with the set, the most first; nothing where none does. */
function moreBlocksWords(more: MeasuredStatements): string {
  const added = ({ calls, beforeBuffers, afterBuffers }: MeasuredStatements[number]): number =>
    calls * ((afterBuffers ?? 0) - (beforeBuffers ?? 0));
  if (more.length === 0) return '';
  const named = more
    .toSorted((a, b) => added(b) - added(a))
    .map((row) => `"${row.name}" ${formatCount(row.beforeBuffers)} -> ${formatCount(row.afterBuffers)}`);
  return ` (${formatCount(more.length)} of them touch more blocks than before: ${firstOf(named, MOST_SLOWER)})`;
}

/** What is slower with the set and was let pass, the most first; nothing where nothing is. */
function slowerWords(statements: MeasuredStatements): string {
  const lost = ({ calls, beforeMs, afterMs }: MeasuredStatements[number]): number =>
    calls * ((afterMs ?? 0) - (beforeMs ?? 0));
  const slower = statements
    .filter(({ beforeMs, afterMs }) => (afterMs ?? 0) > (beforeMs ?? Number.POSITIVE_INFINITY) * READ_TOLERANCE)
    .toSorted((a, b) => lost(b) - lost(a));
  if (slower.length === 0) return '';
  const named = slower.map(({ name, beforeMs, afterMs }) => `"${name}" ${formatMs(beforeMs)} -> ${formatMs(afterMs)}`);
  return (
    ` Slower than before by more than ${Math.round((READ_TOLERANCE - 1) * 100)} %, let pass as writes, as little of the workload or as too short to tell: ` +
    `${firstOf(named, MOST_SLOWER)}; ${formatMs(slower.reduce((sum, one) => sum + lost(one), 0))} in all, weighted by calls.`
  );
}

/** `a, b and 7 more`. */
function firstOf(words: readonly string[], most: number): string {
  const more = words.length - most;
  return `${words.slice(0, most).join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
}

type MeasuredStatements = NonNullable<IndexReport['measured']>['statements'];

const MOST_SLOWER = 5;

/** How much of the workload nothing that is kept bears on, and the heaviest of it; null where there is nothing of it. */
export function unaffectedSentence({ measured, workload }: IndexReport): string | null {
  if (measured === null) return null;
  const { unaffected, refusedOnly } = measured;
  const of = formatCounted(workload.statements, 'statement');
  const sentences = [
    unaffected.statements > 0
      ? `None of the indexes built bears on ${formatCount(unaffected.statements)} of ${of}; ${heaviestWords(unaffected)}.`
      : null,
    refusedOnly.statements > 0
      ? `Only what is not kept bears on ${formatCount(refusedOnly.statements)} of ${of}; ${heaviestWords(refusedOnly)}.`
      : null,
  ].filter((one) => one !== null);
  return sentences.length === 0 ? null : sentences.join(' ');
}

function heaviestWords({ statements, heaviest }: NonNullable<IndexReport['measured']>['unaffected']): string {
  const named = heaviest.map(
    ({ name, totalMs, cutOff }) => `"${name}" ${cutOff ? 'more than ' : ''}${formatMs(totalMs)}`,
  );
  return `${statements > named.length ? 'the heaviest of them are' : 'by weight'}, as measured before: ${named.join(', ')}`;
}

/** Why it was kept or not, and whether that was measured: `measured: without it the statements take 1.20 s more ...`. */
export function reasonWords({ decision, reason, assumed }: ProposedIndex): string {
  if (decision === 'unmeasured') return reason;
  return `${assumed > 0 ? 'estimated' : 'measured'}: ${reason}`;
}

/** Why it is there: the statements it serves, the most important first, as measured where it was kept. */
export function servesWords({ estimated: { serves }, measured, assumed }: ProposedIndex): string {
  const seen = measured?.serves ?? [];
  const names = seen.length > 0 ? seen.map(gainOfStatement) : serves.map(({ name }) => `"${name}"`);
  if (names.length === 0) return NO_STATEMENT;
  const measuredWords =
    seen.length === 0 ? '' : ` (${assumed > 0 ? 'measured, or of other plans of theirs' : 'measured'})`;
  return `${firstOf(names, MOST_SERVED)}${measuredWords}`;
}

function gainOfStatement({ name, withoutMs, withMs }: MeasuredService): string {
  return `"${name}" ${formatMs(withoutMs)} -> ${formatMs(withMs)}`;
}

type MeasuredService = NonNullable<ProposedIndex['measured']>['serves'][number];

const MOST_SERVED = 4;

/** The plans of the set that was searched do without it; measuring may still have liked it. */
const NO_STATEMENT = 'no statement that would use it beside all that was searched, by the planner';

/** Foreseen and measured size, build time, and what it costs the workload's writes: at least, for the rows are written by many in one statement. */
export function costWords({ estimated, measured }: ProposedIndex): string {
  const size = `${formatBytes(measured?.sizeBytes ?? null)} as built (${formatBytes(estimated.sizeBytes)} estimated)`;
  const build = `built in ${formatMs(measured?.buildMs ?? null)}`;
  const writes = measured?.writes
    ? `writes cost at least ${formatMs(measured.writes.ms)} and ${formatBytes(measured.writes.walBytes)} of WAL more` +
      (Math.round(measured.writes.hotUpdatesLost ?? 0) > 0
        ? `, ${formatCount(measured.writes.hotUpdatesLost)} HOT updates lost`
        : '')
    : measured
      ? 'the workload does not write to its table'
      : 'write cost unknown';
  return `${size}, ${build}, ${writes}`;
}

/** Share of the objective that it takes away, alone and in the set; of foreign keys nobody knows. */
export function gainWords({ basis, estimated: { gainAlone, gainInSet } }: ProposedIndex): string {
  if (basis === 'foreign-key') return 'the checks and cascades of its foreign key: gain unknown before it is measured';
  if (basis === 'budget')
    return 'chosen for the budget itself, one near it or what measuring left of it: gain beside the others unknown before it is measured';
  if (gainAlone === null && gainInSet === null)
    return 'the planner was not asked what it gains by itself or in the set';
  return `alone ${formatPercent(gainAlone)}, in the set ${formatPercent(gainInSet)} of the objective (estimated)`;
}

/** What to do about it, and what else could be done; of an index that was dropped in the lab, what became of it. */
export function actionWords({ action, others, ...row }: Advice | ExistingAdvice): readonly string[] {
  const trial = 'trial' in row ? row.trial : null;
  if (trial !== null) return [trialWords(trial)];
  return [...(action ? [`to try: ${action.title}`] : []), ...others.map((other) => `or: ${other.title}`)];
}

function trialWords({ outcome, reason, needsSet, sizeBytes }: NonNullable<ExistingAdvice['trial']>): string {
  if (outcome === 'stays') return `stays: ${reason ?? 'unknown'}`;
  const after = needsSet ? '; after the index of this set that serves in its place has proved itself' : '';
  return `can go, ${formatBytes(sizeBytes)}: dropped in the lab, no statement missed it${after}`;
}

/** What all that can go gives back, and what the statements did without it; null where none was dropped. */
export function removalSentence({ removals, indexes }: IndexReport): string | null {
  if (removals === null || removals.gone === 0) return null;
  const { gone, sizeBytes, statements, before, after, unasked, unended, reverted } = removals;
  const beside = indexes.some(({ decision }) => decision === 'create') ? ' beside the kept ones' : '';
  const sentences = [
    `Of the indexes that are there ${formatCount(gone)} can go, ${formatBytes(sizeBytes)}: they were dropped together in the lab${beside}, and no statement that ran missed them (indexes.drop.up.sql).`,
    statements > 0
      ? `The statements that use them or write to their tables, ${formatCount(statements)}: ${formatMs(before.ms)} -> ${formatMs(after.ms)}, ${formatCount(before.buffers)} -> ${formatCount(after.buffers)} blocks, ` +
        `${formatBytes(before.walBytes)} -> ${formatBytes(after.walBytes)} of WAL, weighted by calls.`
      : 'No statement uses them or writes to their tables.',
    reverted === true
      ? 'Their definitions were run again there, and the catalog was as before.'
      : 'The way back was not run in the time.',
    unasked > 0 ? `Not run, so that what it would miss is unknown: ${formatCounted(unasked, 'statement')}.` : null,
    unended > 0
      ? `Came to no end, so that what it uses inside functions is unknown: ${formatCounted(unended, 'statement')}.`
      : null,
  ];
  return sentences.filter((one) => one !== null).join(' ');
}
