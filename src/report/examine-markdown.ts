import { skippedSentences } from './text/skipped.js';
import { formatBytes, formatCount, formatCounted, formatMs, formatPercent } from '../base/units.js';
import type { ExamineReport } from './examine-report.js';
import { md, mdTable } from './text/md.js';
import { evidenceSentences } from './words.js';

/** An examination in GitHub's Markdown. */
export function renderExamineMarkdown(report: ExamineReport): string {
  const { target, startedAt, tool, overhead, inventory: all, baseline: base } = report;
  const sections = [
    `# ${md(target.label)}, examined`,
    `PostgreSQL ${target.major}, ${md(startedAt)}, ${md(tool.name)} ${md(tool.version)}. Read only: ${formatCounted(overhead.statements, 'statement')}, ${formatMs(overhead.totalMs)} on the target (measured).`,
    `## Inventory\n\n${formatCount(all.tables)} tables (${formatBytes(all.tableBytes)}, ${formatCount(all.rows)} rows estimated), ${formatCount(all.indexes)} indexes (${formatBytes(all.indexBytes)}), ` +
      `${formatCount(all.constraints)} constraints, ${formatCount(all.views)} views, ${formatCount(all.functions)} functions in ${formatCount(all.schemas)} schemas.`,
    mdTable(
      ['Largest tables', 'rows (estimated)', 'table', 'indexes'],
      all.largest.map((row) => [
        md(row.table),
        formatCount(row.rows),
        formatBytes(row.tableBytes),
        formatBytes(row.indexBytes),
      ]),
      [1, 2, 3],
    ),
    `## Baseline\n\n${
      base.source === 'none'
        ? 'unknown: no workload was read.'
        : `${formatCount(base.statements.length)} statement shapes, ${formatCounted(base.calls, 'call')}, total time ${formatMs(base.totalMs)} (${base.provenance}), from ${md(base.origin)}.`
    }`,
    `## Bottlenecks\n\n${
      report.bottlenecks.length === 0
        ? 'unknown: nothing to rank.'
        : mdTable(
            ['#', 'What', 'share', 'time', 'label', 'Why'],
            report.bottlenecks.map((row) => [
              String(row.rank),
              md(row.name),
              formatPercent(row.share),
              formatMs(row.ms),
              row.provenance,
              md(row.why),
            ]),
            [2, 3],
          )
    }`,
    `## Findings\n\n${report.findings.length === 0 ? 'None by the advisors that ran; see the coverage.' : report.findings.map(finding).join('\n')}`,
    `## Coverage\n\nExamined: ${report.coverage.examined.map((row) => `${md(row.what)}${row.count === null ? '' : ` (${formatCount(row.count)})`}`).join(', ') || 'nothing'}.`,
    skippedSentences(report.coverage.skipped)
      .map((text) => `- Skipped ${md(text)}`)
      .join('\n'),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function finding(row: ExamineReport['findings'][number]): string {
  const facts = evidenceSentences(row.evidence).map((text) => `\n  - ${md(text)}`);
  const remedies = row.actions.map((action) => `\n  - to try: ${md(action.title)}`);
  return [`- **${row.severity}** ${md(row.title)} (${md(row.advisor)})`, ...remedies, ...facts].join('');
}
