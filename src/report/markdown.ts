import { skippedSentences } from './text/skipped.js';
import { formatBytes, formatCount, formatCounted, formatMs } from '../base/units.js';
import { capital } from '../base/words.js';
import { CALIBRATION_BINS, calibrationBinRows, calibrationSentence } from './calibration.js';
import { planBufferWords, planCauseWords, planChangesSentence, planTimeWords } from './plan-changes.js';
import { hintWords, planFindingPlace, planReviewSentence, triedWords } from './plan-review.js';
import type { ReportedIteration, RunReport } from './run-report.js';
import { md, mdFence, mdTable } from './text/md.js';
import { changedLines, proofTitle, sentLines } from './text/sent-lines.js';
import {
  effectSentence,
  effectWords,
  evidenceWords,
  formatMetric,
  formatRatio,
  isRefuted,
  loadWords,
  meanWords,
  metricWords,
  predictionSentence,
  predictionWords,
  quantileWords,
  statementChange,
  togetherWords,
  totalWords,
  rewriteOrigin,
} from './words.js';

/** `report.md`: the whole run in GitHub's Markdown. */
export function renderMarkdown(report: RunReport): string {
  const sections = [
    head(report),
    scorecard(report),
    changes(report),
    ...report.iterations.map((iteration) => iterationSection(iteration)),
    planChanges(report),
    planReview(report),
    workload(report),
    files(report),
    calibration(report),
    untried(report),
    findings(report),
    coverage(report),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function head({
  tool,
  target,
  startedAt,
  finishedAt,
  stop,
  workload: { before, after },
  together,
  load,
  noise,
  overhead,
  replayed,
}: RunReport): string {
  return [
    `# ${md(target.label)}: what was tried, measured and kept`,
    `PostgreSQL ${target.major}, ${md(startedAt)} to ${md(finishedAt)}, ${md(tool.name)} ${md(tool.version)}. Stopped: **${md(stop.reason)}**, ${md(stop.detail)}.`,
    mdTable(
      ['Workload', 'total', 'p50', 'p95', 'p99', 'buffers', 'WAL'],
      [workloadRow('before', before), workloadRow('after', after)],
      [1, 2, 3, 4, 5, 6],
    ),
    md(togetherWords(together)),
    ...(load === null ? [] : [md(loadWords(load))]),
    `All figures are measured on a lab copy unless they are labelled estimated; what was not measured reads unknown. ` +
      `Noise floor (A against A, ${formatCount(noise.pairs)} pairs): time ratio ${formatRatio(noiseRatio(noise.timeLogRatio))}, buffers ${formatRatio(noiseRatio(noise.bufferLogRatio))}. ` +
      `The target was only read: ${formatCounted(overhead.statements, 'statement')}, ${formatMs(overhead.totalMs)} (measured).` +
      (replayed > 0 ? ` ${formatCount(replayed)} iterations were taken up from the ledger.` : ''),
  ].join('\n\n');
}

function workloadRow(title: string, of: RunReport['workload']['before']): readonly string[] {
  const times = [totalWords(of), ...[of.p50Ms, of.p95Ms, of.p99Ms].map((ms) => quantileWords(of, ms))];
  return [title, ...times, formatCount(of.buffers), formatBytes(of.walBytes)];
}

function noiseRatio(logRatio: number | null): number | null {
  return logRatio === null ? null : Math.exp(logRatio);
}

function scorecard({ scorecard: rows }: RunReport): string {
  if (rows.length === 0) return '';
  return `## Scorecard\n\n${mdTable(
    ['', 'Target', 'Value', 'Source'],
    rows.map((row) => [`**${row.status}**`, md(row.target), md(row.value), md(row.source)]),
  )}`;
}

function changes({ iterations }: RunReport): string {
  if (iterations.length === 0) return '## Changes\n\nNone was tried.';
  return `## Changes\n\n${mdTable(
    ['#', 'Decision', 'Change', 'Foreseen (estimated)', 'Measured'],
    iterations.map((iteration) => [
      String(iteration.number),
      `**${decisionWord(iteration)}**`,
      md(iteration.hypothesis.title),
      predictionWords(iteration.hypothesis.prediction),
      iteration.effect ? `${metricWords(iteration.effect.metric)} ${effectWords(iteration.effect)}` : 'unknown',
    ]),
  )}`;
}

function decisionWord(iteration: ReportedIteration): string {
  if (iteration.decision === 'accept') return 'accepted';
  if (iteration.decision === 'escalate') return 'escalated';
  return isRefuted(iteration) ? 'refuted by measurement' : 'rejected';
}

function iterationSection(iteration: ReportedIteration): string {
  const { hypothesis, escalation } = iteration;
  const { action } = hypothesis;
  const parts = [
    `### ${iteration.number}. ${md(hypothesis.title)}: ${decisionWord(iteration)}`,
    md(iteration.reason),
    [
      `- Finding: ${md(hypothesis.finding.title)} (${md(hypothesis.advisor)}, ${md(hypothesis.finding.place)})`,
      ...hypothesis.finding.evidence.map((fact) => `- Evidence: ${md(evidenceWords(fact))}`),
      `- Foreseen: ${md(predictionSentence(hypothesis.prediction))}`,
      `- Verdict: ${iteration.verdict}; ${md(iteration.verdictReason)}`,
      ...iteration.effects.map((effect) => `- Effect: ${md(effectSentence(effect))}`),
      `- Results equal: ${iteration.resultsEqual === null ? 'unknown' : iteration.resultsEqual ? 'yes' : '**no**'}; revert run and catalog equal: ${iteration.revertVerified ? 'yes' : 'no'}`,
      `- Risk: ${hypothesis.risk.level}; ${md(hypothesis.risk.behaviour)}; ${md(hypothesis.risk.data)}`,
      `- Lock: ${md(action.lock)}`,
      ...(escalation
        ? [
            `- Escalated (${md(escalation.protocol)}): ${md(escalation.decisionNeeded)}; decided by ${md(escalation.decidedBy)} within ${formatCount(escalation.timeLimitHours)} h`,
          ]
        : []),
    ].join('\n'),
  ];
  const { rewrite } = action;
  if (rewrite) {
    parts.push(
      mdFence(sentLines(rewrite).join('\n'), 'sql'),
      mdFence(changedLines(rewrite).join('\n'), 'diff'),
      [`${md(capital(proofTitle(rewrite)))}:`, ...rewrite.proof.map((fact) => `- ${md(fact)}`)].join('\n'),
    );
  }
  const sql = action.up.map((statement) => `${statement};`).join('\n');
  if (sql !== '') parts.push(mdFence(sql, 'sql'));
  if (iteration.statements.length > 0) {
    parts.push(
      mdTable(
        ['Statement', 'before', 'after', 'ratio', '95 % interval', 'buffers', 'rounds'],
        iteration.statements.map((row) => [
          md(row.name),
          formatMs(row.beforeMs),
          formatMs(row.afterMs),
          formatRatio(row.timeRatio),
          `${formatRatio(row.timeCiLow)} to ${formatRatio(row.timeCiHigh)}`,
          `${formatMetric('buffers', row.beforeBuffers)} to ${formatMetric('buffers', row.afterBuffers)}`,
          formatCount(row.rounds),
        ]),
        [1, 2, 3, 6],
      ),
    );
  }
  return parts.join('\n\n');
}

function workload({ workload: { before, after } }: RunReport): string {
  const later = new Map(after.perStatement.map((row) => [row.fingerprint, row]));
  const rows = before.perStatement.map((row) => {
    const next = later.get(row.fingerprint);
    return [
      md(row.name),
      formatCount(row.calls),
      meanWords(row),
      meanWords(next),
      statementChange(row, next).words,
      formatCount(row.buffers),
      formatCount(next?.buffers ?? null),
    ];
  });
  const failed = [
    ...new Set([...before.failed, ...after.failed].map((row) => `- not measured: ${md(row.name)}: ${md(row.reason)}`)),
  ];
  return [
    '## Statements, before and after (measured)',
    mdTable(['Statement', 'calls', 'before', 'after', 'change', 'buffers before', 'after'], rows, [1, 2, 3, 5, 6]),
    ...(failed.length > 0 ? [failed.join('\n')] : []),
  ].join('\n\n');
}

function planChanges({ planChanges: all }: RunReport): string {
  if (all === null) return '';
  const rows = all.changes.map((change) => [
    `${md(change.name)} (${md(change.parameterClass)} values)`,
    planTimeWords(change),
    planBufferWords(change),
    md(planCauseWords(change)),
    md(change.planBefore),
    md(change.planNow),
  ]);
  return [
    '## Plans that changed since the last run',
    md(planChangesSentence(all)),
    ...(rows.length > 0
      ? [
          'Times are measured in the lab by two runs at different times.',
          mdTable(['Statement', 'time', 'buffers', 'cause', 'plan before', 'now'], rows),
        ]
      : []),
  ].join('\n\n');
}

function planReview({ planReview: all, iterations, startedAt }: RunReport): string {
  if (all.plans.before === 0) return '';
  const rows = all.findings.map((one) => [
    md(one.name),
    `${md(one.title)} (${md(planFindingPlace(one))})`,
    `**${one.status}**; ${triedWords(one, iterations)}`,
    one.status === 'resolved' ? '' : md(one.remedy),
  ]);
  return [
    '## What the plans show',
    md(planReviewSentence(all)),
    ...all.hints.map((hint) => md(hintWords(hint, startedAt))),
    ...(rows.length > 0 ? [mdTable(['Statement', 'finding', 'in the end', 'remedy'], rows)] : []),
  ].join('\n\n');
}

function files({ migrations, rewrites }: RunReport): string {
  if (migrations.length + rewrites.length === 0) return '';
  return [
    '## Files, in the order to run',
    mdTable(
      ['File', 'Reverts it', 'What'],
      [
        ...migrations.map((row) => [`\`${row.up}\``, `\`${row.down}\``, md(row.title)]),
        ...rewrites.map((row) => [
          [row.file, ...(row.patch === null ? [] : [row.patch])].map((path) => `\`${path}\``).join(', '),
          'the old text',
          md([row.title, `for ${row.holdsFor}`, ...rewriteOrigin(row)].join('; ')),
        ]),
      ],
    ),
  ].join('\n\n');
}

function calibration({ calibration: rows, calibrationQuality: quality }: RunReport): string {
  if (rows.length === 0) return '';
  const bins =
    quality.bins.length > 0 ? `\n\n${mdTable(CALIBRATION_BINS, calibrationBinRows(quality), [1, 2, 3])}` : '';
  return `## Predictions against measurements\n\n${calibrationSentence(quality)}\n\n${mdTable(
    ['#', 'Change', 'statements: estimated', 'measured', 'workload: estimated', 'measured'],
    rows.map((row) => [
      String(row.iteration),
      md(row.title),
      formatRatio(row.predictedStatementRatio),
      formatRatio(row.measuredStatementRatio),
      formatRatio(row.predictedWorkloadRatio),
      formatRatio(row.measuredWorkloadRatio),
    ]),
    [2, 3, 4, 5],
  )}${bins}`;
}

function untried({ untried: rows }: RunReport): string {
  if (rows.length === 0) return '';
  return `## Not tried\n\n${rows.map((row) => `- ${md(row.title)} (${md(row.advisor)}): ${md(row.reason)}. Foreseen: ${md(predictionSentence(row.predicted))}`).join('\n')}`;
}

function findings({ findings: rows }: RunReport): string {
  if (rows.length === 0) return '';
  return `## Findings\n\n${mdTable(
    ['Severity', 'Finding', 'Advisor', 'Place', 'Status'],
    rows.map((row) => [row.severity, md(row.title), md(row.advisor), md(row.place), row.status]),
  )}`;
}

function coverage({ coverage: all }: RunReport): string {
  return [
    '## Coverage',
    `Examined: ${all.examined.map((row) => `${md(row.what)}${row.count === null ? '' : ` (${formatCount(row.count)})`}`).join(', ') || 'nothing'}.`,
    all.skipped.length === 0
      ? 'Nothing was skipped.'
      : skippedSentences(all.skipped)
          .map((text) => `- Skipped ${md(text)}`)
          .join('\n'),
  ].join('\n\n');
}
