import { groupBy } from '../base/group.js';
import { formatBytes, formatCount, formatCounted, formatMs, formatPercent } from '../base/units.js';
import type { RunReport } from './run-report.js';

/** An effect as a report holds it, or as the model does. */
interface EffectLike {
  readonly metric: string;
  readonly before: number | null;
  readonly after: number | null;
  readonly ratio: number | null;
  readonly ciLow: number | null;
  readonly ciHigh: number | null;
}

const METRIC_WORDS: Readonly<Record<string, string>> = {
  executionMs: 'execution time',
  buffers: 'buffers touched',
  walBytes: 'WAL written',
  storageBytes: 'storage',
  risk: 'risk',
};

/** A metric for a reader; unknown ones as they are. */
export function metricWords(metric: string): string {
  return METRIC_WORDS[metric] ?? metric;
}

/** A value of a metric with its unit; `unknown` for null. */
export function formatMetric(metric: string, value: number | null): string {
  if (metric === 'executionMs') return formatMs(value);
  if (metric === 'walBytes' || metric === 'storageBytes') return formatBytes(value);
  return formatCount(value);
}

/** A ratio after / before as people say it: `12x less`, `1.4x more`, `same`; `unknown` for null. */
export function changeWords(ratio: number | null): string {
  if (ratio === null || !Number.isFinite(ratio) || ratio < 0) return 'unknown';
  if (ratio === 0) return 'all gone';
  if (ratio > 0.97 && ratio < 1.03) return 'same';
  return ratio < 1 ? `${times(1 / ratio)} less` : `${times(ratio)} more`;
}

/** A ratio of times: `12x faster`, `1.4x slower`, `same`; `unknown` for null. */
export function timeWords(ratio: number | null): string {
  return changeWords(ratio).replace(/less$/, 'faster').replace(/more$/, 'slower');
}

/** What the target was asked, for a terminal. */
export function readOnlyWords({
  statements,
  totalMs,
}: {
  readonly statements: number;
  readonly totalMs: number;
}): string {
  return `The target was read only: ${formatCounted(statements, 'statement')}, ${formatMs(totalMs)} (measured).`;
}

/** Whether the two columns of a workload may be compared, and what came of it: `All accepted changes together: confirmed, ...`. */
export function togetherWords({ verdict, reason }: { readonly verdict: string; readonly reason: string }): string {
  if (verdict === 'none') return 'Nothing was accepted, so that there is nothing to compare.';
  const words = `All accepted changes together, against the beginning: ${verdict}, ${reason}.`;
  return verdict === 'unverifiable' ? `${words} The figures before and after are of different minutes.` : words;
}

/** Throughput under concurrency: `1 client 65/s -> 900/s, p95 ...; 2 clients ...`. */
export function loadWords({ levels, cores, leftOut }: NonNullable<RunReport['load']>): string {
  const rate = (perSecond: number | null): string => `${formatCount(perSecond)}/s`;
  const said = levels.map(({ clients, before, after }) => {
    const errors = before.errors + after.errors;
    return (
      `${clients} ${clients === 1 ? 'client' : 'clients'} ${rate(before.perSecond)} -> ${rate(after.perSecond)}, ` +
      `p95 ${formatMs(before.p95Ms)} -> ${formatMs(after.p95Ms)}${errors > 0 ? `, ${formatCount(errors)} errors` : ''}`
    );
  });
  const where = cores === null ? 'measured in the lab' : `measured in the lab, the sender on the same ${cores} cores`;
  const without = leftOut.length > 0 ? `; without ${leftOut.map(({ name }) => name).join(', ')}` : '';
  return `Under load: ${said.join('; ')} (${where}${without}).`;
}

/** The mean time of a statement: `12 ms`, or `> 12 s` where an execution was cut off; `unknown` for null. */
export function meanWords(
  row: { readonly meanMs: number | null; readonly timedOutMs: number | null } | null | undefined,
): string {
  const text = formatMs(row?.meanMs ?? null);
  return row && row.timedOutMs !== null ? `> ${text}` : text;
}

/** The total time of a workload, `> 1.2 min` where an execution was cut off. */
export function totalWords(summary: {
  readonly totalMs: number | null;
  readonly perStatement: readonly { readonly timedOutMs: number | null }[];
}): string {
  const text = formatMs(summary.totalMs);
  return summary.perStatement.some((row) => row.timedOutMs !== null) ? `> ${text}` : text;
}

/** A quantile of a workload's times; `> 12 s` where it falls on an execution that was cut off. */
export function quantileWords(
  { perStatement }: { readonly perStatement: readonly { readonly timedOutMs: number | null }[] },
  ms: number | null,
): string {
  const cutOff = perStatement.some(({ timedOutMs }) => timedOutMs !== null && ms !== null && ms >= timedOutMs);
  return cutOff ? `> ${formatMs(ms)}` : formatMs(ms);
}

/** How a statement's time changed: `12x faster`, `> 12x faster` where the time before was cut off. */
export function statementChange(
  before: { readonly meanMs: number | null; readonly timedOutMs: number | null },
  after: { readonly meanMs: number | null; readonly timedOutMs: number | null } | null | undefined,
): { readonly ratio: number | null; readonly words: string } {
  const ratio = before.meanMs && after && after.meanMs !== null ? after.meanMs / before.meanMs : null;
  if (before.timedOutMs === null) return { ratio, words: timeWords(ratio) };
  if (ratio === null || after?.timedOutMs !== null) return { ratio: null, words: 'unknown' };
  return { ratio, words: `> ${timeWords(ratio)}` };
}

/** An effect in a few words: `12x less`; for storage the bytes themselves, for a share of a database says little. */
export function effectWords(effect: EffectLike): string {
  if (effect.metric === 'executionMs') return timeWords(effect.ratio);
  if (effect.metric !== 'storageBytes' || effect.before === null || effect.after === null)
    return changeWords(effect.ratio);
  return signedBytes(effect.after - effect.before);
}

/** `+5.25 MB`, `-1 kB`, `0 B`. */
export function signedBytes(bytes: number): string {
  return `${bytes > 0 ? '+' : ''}${formatBytes(bytes)}`;
}

/** What the planner foresaw in a few words: `12x less`; `unknown` where it foresaw nothing. */
export function predictionWords(prediction: {
  readonly statementRatio: number | null;
  readonly workloadRatio: number | null;
}): string {
  return timeWords(prediction.statementRatio ?? prediction.workloadRatio);
}

/** A factor: `12x`, `1.4x`. */
export function times(factor: number): string {
  return `${factor >= 100 ? formatCount(factor) : factor.toFixed(factor >= 10 ? 0 : factor >= 2 ? 1 : 2)}x`;
}

/** A bare ratio with enough digits to tell; `unknown` for null. */
export function formatRatio(ratio: number | null): string {
  if (ratio === null || !Number.isFinite(ratio)) return 'unknown';
  if (ratio === 0) return '0';
  if (ratio >= 10) return formatCount(ratio);
  if (ratio >= 0.1) return ratio.toFixed(2);
  return ratio >= 0.0001 ? Number(ratio.toPrecision(2)).toString() : ratio.toExponential(1);
}

/** `execution time 12 ms -> 3 ms, ratio 0.25 (95 % interval 0.2 to 0.3), measured`. */
export function effectSentence(effect: EffectLike | null): string {
  if (!effect) return 'effect unknown: nothing was measured';
  const { metric, before, after, ratio, ciLow, ciHigh } = effect;
  const interval =
    ciLow === null || ciHigh === null
      ? 'interval unknown'
      : `95 % interval ${formatRatio(ciLow)} to ${formatRatio(ciHigh)}`;
  return `${metricWords(metric)} ${formatMetric(metric, before)} -> ${formatMetric(metric, after)}, ratio ${formatRatio(ratio)} (${interval}), measured`;
}

/** What was foreseen, labelled: `statement time ratio 0.02, workload 0.9 (estimated, what-if planner cost)`. */
export function predictionSentence(prediction: {
  readonly workloadRatio: number | null;
  readonly statementRatio: number | null;
  readonly storageBytes: number | null;
  readonly basis: string;
  readonly provenance: string;
}): string {
  const parts: string[] = [];
  if (prediction.statementRatio !== null) parts.push(`statement time ratio ${formatRatio(prediction.statementRatio)}`);
  if (prediction.workloadRatio !== null) parts.push(`workload time ratio ${formatRatio(prediction.workloadRatio)}`);
  if (prediction.storageBytes !== null) parts.push(`storage ${signedBytes(prediction.storageBytes)}`);
  if (parts.length === 0) return `unknown: ${prediction.basis}`;
  return `${parts.join(', ')} (${prediction.provenance}: ${prediction.basis})`;
}

/** The planner foresaw a gain and the trial showed none: rejected by measurement. */
export function isRefuted(iteration: {
  readonly decision: string;
  readonly verdict: string;
  readonly hypothesis: {
    readonly prediction: { readonly statementRatio: number | null; readonly workloadRatio: number | null };
  };
}): boolean {
  const { statementRatio, workloadRatio } = iteration.hypothesis.prediction;
  const foreseen = Math.min(statementRatio ?? 1, workloadRatio ?? 1);
  return (
    iteration.decision === 'reject' &&
    (iteration.verdict === 'regressed' || iteration.verdict === 'neutral') &&
    foreseen < 0.95
  );
}

/** Where in a program a statement comes from, and why that is thought. */
export function placeWords({
  file,
  line,
  says,
}: {
  readonly file: string;
  readonly line: number | null;
  readonly says: string;
}): string {
  return `${oneLine(file)}${line === null ? '' : `:${line}`}: ${oneLine(says)}`;
}

/** Where the old text of a handed-over rewrite stands, and why no patch is there, in words; places beyond the third are in the report's data. */
export function rewriteOrigin({
  foundIn,
  noPatch,
}: {
  readonly foundIn: readonly Parameters<typeof placeWords>[0][];
  readonly noPatch: string | null;
}): readonly string[] {
  return [...foundIn.slice(0, 3).map(placeWords), ...(noPatch === null ? [] : [`no patch: ${noPatch}`])];
}

/** Text of strangers (names, reasons) on one line: control characters, which a terminal or a reader might obey, become a space. */
export function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are the characters to be taken out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ').trim();
}

/** A fact with its figure, unit and label: `rows removed 120,000 rows (measured, plan of x)`. */
export function evidenceWords(fact: Fact): string {
  const of = fact.of === undefined ? '' : ` of ${fact.of}`;
  return `${fact.what}${of}: ${evidenceValue(fact)} (${fact.provenance}, ${fact.source})`;
}

interface Fact {
  readonly what: string;
  readonly of?: string | undefined;
  readonly value: number | string | null;
  readonly unit: string;
  readonly source: string;
  readonly provenance: string;
}

/** Facts as sentences for a reader: those of the finding as a whole, then one for each statement: `select 1: calls 12, mean time 3 ms (measured); ...`. */
export function evidenceSentences(facts: readonly Fact[]): readonly string[] {
  return [...groupBy(facts, (fact) => fact.of)].map(([of, own]) => {
    if (of === undefined) return own.map(evidenceWords).join('; ');
    const said = [...groupBy(own, (fact) => fact.provenance)].map(
      ([provenance, some]) =>
        `${some.map((fact) => `${fact.what} ${evidenceValue({ ...fact, unit: fact.unit === fact.what ? '' : fact.unit })}`).join(', ')} (${provenance})`,
    );
    return `${of}: ${said.join('; ')}`;
  });
}

/** The figure of a fact with its unit; `unknown` for null. */
export function evidenceValue({
  value,
  unit,
}: {
  readonly value: number | string | null;
  readonly unit: string;
}): string {
  if (value === null) return 'unknown';
  if (typeof value === 'string') return unit === '' ? value : `${value} ${unit}`;
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 'ms') return formatMs(value);
  if (unit === 'fraction') return formatPercent(value);
  return `${Number.isInteger(value) ? formatCount(value) : formatRatio(value)}${unit === '' ? '' : ` ${unit}`}`;
}
