import { formatBytes, formatCount, formatCounted, formatMs, formatPercent } from '../../base/units.js';
import { md, mdFence, mdTable } from '../text/md.js';
import type { Advice, IndexReport, ProposedIndex } from './index-report.js';
import {
  actionWords,
  compressionSentence,
  costWords,
  curveNote,
  gainWords,
  measuredSentence,
  noneSentence,
  reasonWords,
  removalSentence,
  searchSentence,
  servesWords,
  unaffectedSentence,
} from './words.js';

/** `indexes.md`: the selection in GitHub's Markdown. */
export function renderIndexMarkdown(report: IndexReport): string {
  const sections = [
    head(report),
    ...(report.indexes.length === 0 ? [md(noneSentence(report))] : keptFirst(report.indexes).map(proposal)),
    statements(report),
    curve(report),
    advice('Indexes that are there', report.existing),
    advice('Missing for another reason than the plans of this workload', report.missing),
    skipped(report),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function head(report: IndexReport): string {
  const compressed = compressionSentence(report);
  const unaffected = unaffectedSentence(report);
  const removal = removalSentence(report);
  return [
    `# ${md(report.target.label)}: indexes for the whole workload`,
    `PostgreSQL ${report.target.major}, ${md(report.startedAt)} to ${md(report.finishedAt)}, ${md(report.tool.name)} ${md(report.tool.version)}.`,
    md(searchSentence(report)),
    ...(compressed === null ? [] : [md(compressed)]),
    md(measuredSentence(report)),
    ...(unaffected === null ? [] : [md(unaffected)]),
    ...(removal === null ? [] : [md(removal)]),
    `The target was only read: ${formatCounted(report.overhead.statements, 'statement')}, ${formatMs(report.overhead.totalMs)} (measured).`,
  ].join('\n\n');
}

function keptFirst(indexes: readonly ProposedIndex[]): readonly ProposedIndex[] {
  return indexes.toSorted((a, b) => Number(b.decision === 'create') - Number(a.decision === 'create'));
}

function proposal(one: ProposedIndex): string {
  return [
    `## ${one.decision}: ${md(one.title)}`,
    [
      `- for ${md(servesWords(one))}`,
      `- ${md(gainWords(one))}`,
      `- ${md(costWords(one))}`,
      `- ${md(reasonWords(one))}`,
      ...one.redundant.map((index) => `- makes redundant: ${md(index)}`),
    ].join('\n'),
    mdFence(one.action.up.map((sql) => `${sql};`).join('\n'), 'sql'),
  ].join('\n\n');
}

function statements({ measured }: IndexReport): string {
  if (!measured || measured.statements.length === 0) return '';
  return [
    '## Statements, without and with the set (measured, turn by turn)',
    mdTable(
      ['Statement', 'calls', 'without', 'with', 'blocks without', 'with'],
      measured.statements.map((row) => [
        md(row.name),
        formatCount(row.calls),
        `${row.cutOff === 'before' || row.cutOff === 'both' ? '> ' : ''}${formatMs(row.beforeMs)}`,
        `${row.cutOff === 'after' || row.cutOff === 'both' ? '> ' : ''}${formatMs(row.afterMs)}`,
        formatCount(row.beforeBuffers),
        formatCount(row.afterBuffers),
      ]),
      [1, 2, 3, 4, 5],
    ),
  ].join('\n\n');
}

function curve(report: IndexReport): string {
  const { curve: points } = report;
  if (points.length === 0) return '';
  const note = curveNote(report);
  return [
    '## Objective against storage (estimated: planner costs, mostly their logarithms, by weight)',
    mdTable(
      ['budget', 'used', 'indexes', 'objective'],
      points.map((point) => [
        point.storageBytes === null ? 'no limit' : formatBytes(point.storageBytes),
        formatBytes(point.usedBytes),
        formatCount(point.indexes),
        formatPercent(point.objective),
      ]),
      [0, 1, 2, 3],
    ),
    ...(note === null ? [] : [note]),
  ].join('\n\n');
}

function advice(title: string, rows: readonly Advice[]): string {
  if (rows.length === 0) return '';
  const lines = rows.flatMap((row) => [
    `- ${md(row.advice)} (${md(row.advisor)})`,
    ...actionWords(row).map((text) => `  - ${md(text)}`),
  ]);
  return [`## ${title}`, lines.join('\n')].join('\n\n');
}

function skipped({ coverage }: IndexReport): string {
  if (coverage.skipped.length === 0) return '';
  return [
    '## Not looked at',
    coverage.skipped
      .map((row) => `- ${md(row.what)}: ${md(row.reason)}${row.remedy ? ` (${md(row.remedy)})` : ''}`)
      .join('\n'),
  ].join('\n\n');
}
