import { formatBytes, formatCount, formatMs } from '../../base/units.js';
import { layoutOf } from '../../sql/layout.js';
import type { ReportedIteration, ReportedStatement, RunReport } from '../run-report.js';
import { changedLines, proofTitle, sentLines } from '../text/sent-lines.js';
import {
  effectWords,
  evidenceValue,
  formatMetric,
  formatRatio,
  isRefuted,
  metricWords,
  predictionWords,
  signedBytes,
} from '../words.js';
import { badge } from './badge.js';
import { distributions } from './distribution.js';
import { fileLink } from './file-link.js';
import { html } from './markup.js';
import type { Markup } from './markup.js';
import { planChange } from './plan.js';

/** The loop's turns in order, one card each on a line. */
export function timeline(report: RunReport): Markup {
  if (report.iterations.length === 0) return html`<p class="muted">No change was tried.</p>`;
  const files = new Map<number, readonly string[]>([
    ...report.migrations.map((row) => [row.iteration, [row.up, row.down]] as const),
    ...report.rewrites.map((row) => [row.iteration, [row.file]] as const),
  ]);
  return html`<p class="legend">
      <span class="key"><i class="k-before"></i>a run before</span
      ><span class="key"><i class="k-after"></i>a run after</span
      ><span>tick: median; band: the middle 90 % of the runs; logarithmic axis; ratios with their 95 % interval</span>
    </p>
    <ol class="timeline">
      ${report.iterations.map((iteration) => card(iteration, files.get(iteration.number) ?? []))}
    </ol>`;
}

/** Statements drawn in full on a card; the others are in its table. */
const DRAWN = 5;

function card(iteration: ReportedIteration, files: readonly string[]): Markup {
  const { hypothesis } = iteration;
  const drawn = iteration.statements.toSorted((a, b) => weight(b) - weight(a)).slice(0, DRAWN);
  const plans = drawn.filter((row) => row.planBefore !== row.planAfter).map(planChange);
  return html`<li id="iteration-${iteration.number}" class="${isRefuted(iteration) ? 'refuted' : iteration.decision}">
    <span class="node">${iteration.number}</span>
    <article>
      <header>
        <h3>${hypothesis.title}</h3>
        ${badge(iteration)}
      </header>
      <p class="why">${hypothesis.finding.title} <code>${hypothesis.advisor}</code></p>
      ${duel(iteration)}
      <p class="reason">${iteration.reason}</p>
      ${distributions(drawn)} ${iteration.escalation && escalation(iteration.escalation)}
      <dl class="checks">
        <div>
          <dt>Results equal</dt>
          <dd>
            ${iteration.resultsEqual === null ? 'unknown' : iteration.resultsEqual ? 'yes, measured' : html`<strong class="bad">no</strong>`}
          </dd>
        </div>
        <div>
          <dt>Revert</dt>
          <dd>${iteration.revertVerified ? 'run, catalog equal to before' : 'not verified'}</dd>
        </div>
        <div>
          <dt>Risk</dt>
          <dd>${hypothesis.risk.level}</dd>
        </div>
        <div>
          <dt>Trial took</dt>
          <dd>${formatMs(iteration.durationMs)}</dd>
        </div>
      </dl>
      ${sql(iteration, files)}
      ${plans.length > 0 && html`<details${isRefuted(iteration) && ' open'}><summary>Plans, before and after</summary>${plans}</details>`}
      <details>
        <summary>Evidence, all effects, every statement</summary>
        ${evidence(iteration)}${effects(iteration)}${statementTable(iteration.statements)}
      </details>
    </article>
  </li>`;
}

function weight(row: ReportedStatement): number {
  if (row.timeRatio === null || row.timeRatio <= 0) return 0;
  return Math.abs(Math.log(row.timeRatio)) * Math.sqrt(Math.max(row.beforeMs ?? 0, row.afterMs ?? 0));
}

/** What was foreseen against what was measured: the two figures that a verdict stands on. */
function duel({ hypothesis, effect }: ReportedIteration): Markup {
  const { prediction } = hypothesis;
  return html`<div class="duel">
    <div class="foreseen">
      <small>foreseen${prediction.provenance === 'estimated' && ', estimated'}</small
      ><b>${predictionWords(prediction)}</b
      ><span
        >${prediction.basis}${prediction.storageBytes !== null && html`; storage ${signedBytes(prediction.storageBytes)}`}</span
      >
    </div>
    <div class="measured">
      <small>measured${effect && `, ${metricWords(effect.metric)}`}</small
      ><b>${effect ? effectWords(effect) : 'unknown'}</b
      ><span
        >${
          effect
            ? html`${formatMetric(effect.metric, effect.before)} → ${formatMetric(effect.metric, effect.after)}; 95 %
              interval ${formatRatio(effect.ciLow)} to ${formatRatio(effect.ciHigh)}`
            : 'nothing was measured'
        }</span
      >
    </div>
  </div>`;
}

function escalation(row: NonNullable<ReportedIteration['escalation']>): Markup {
  return html`<div class="note">
    <strong>To be decided by ${row.decidedBy}</strong> within ${formatCount(row.timeLimitHours)} h (${row.protocol}):
    ${row.decisionNeeded}
    <ul>
      ${row.evidence.map((fact) => html`<li>${fact}</li>`)}
    </ul>
  </div>`;
}

function sql({ hypothesis: { action, risk } }: ReportedIteration, files: readonly string[]): Markup {
  const list = files.map((file, position) => html`${position > 0 && ', '}${fileLink(file)}`);
  const body = action.rewrite
    ? html`<h6>before</h6>
        <pre>${layoutOf(action.rewrite.from).join('\n')}</pre>
        <h6>after</h6>
        <pre>${sentLines(action.rewrite).join('\n')}</pre>
        <h6>difference</h6>
        <pre>${changedLines(action.rewrite).join('\n')}</pre>
        <h6>${proofTitle(action.rewrite)}</h6>
        <ul>
          ${action.rewrite.proof.map((fact) => html`<li>${fact}</li>`)}
        </ul>`
    : html`<h6>apply</h6>
        <pre>${action.up.map((statement) => `${statement};`).join('\n')}</pre>
        ${
          action.down.length > 0 &&
          html`<h6>revert</h6>
            <pre>${action.down.map((statement) => `${statement};`).join('\n')}</pre>`
        }`;
  return html`<details>
    <summary>SQL, lock and risk</summary>
    ${files.length > 0 && html`<p>Files: ${list}</p>`}${body}
    <p>Lock: ${action.lock}.</p>
    <p>Behaviour: ${risk.behaviour}. Data: ${risk.data}.</p>
  </details>`;
}

function evidence({ hypothesis }: ReportedIteration): Markup {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Evidence</th>
          <th class="n">Value</th>
          <th>Label</th>
          <th>Source</th>
        </tr>
      </thead>
      <tbody>
        ${hypothesis.finding.evidence.map(
          (fact) =>
            html`<tr>
              <td>${fact.what}</td>
              <td class="n">${evidenceValue(fact)}</td>
              <td>${fact.provenance}</td>
              <td>${fact.source}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function effects({ effects: rows }: ReportedIteration): Markup | null {
  if (rows.length === 0) return null;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Effect, measured</th>
          <th class="n">before</th>
          <th class="n">after</th>
          <th class="n">ratio</th>
          <th class="n">95 % interval</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              <td>${metricWords(row.metric)}</td>
              <td class="n">${formatMetric(row.metric, row.before)}</td>
              <td class="n">${formatMetric(row.metric, row.after)}</td>
              <td class="n">${formatRatio(row.ratio)}</td>
              <td class="n">${formatRatio(row.ciLow)} to ${formatRatio(row.ciHigh)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function statementTable(rows: readonly ReportedStatement[]): Markup | null {
  if (rows.length === 0) return null;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Statement, measured</th>
          <th class="n">before</th>
          <th class="n">after</th>
          <th class="n">ratio</th>
          <th class="n">95 % interval</th>
          <th class="n">buffers</th>
          <th class="n">WAL</th>
          <th class="n">rounds</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              <td>${row.name}</td>
              <td class="n">${formatMs(row.beforeMs)}</td>
              <td class="n">${formatMs(row.afterMs)}</td>
              <td class="n">${formatRatio(row.timeRatio)}</td>
              <td class="n">${formatRatio(row.timeCiLow)} to ${formatRatio(row.timeCiHigh)}</td>
              <td class="n">${formatCount(row.beforeBuffers)} → ${formatCount(row.afterBuffers)}</td>
              <td class="n">${formatBytes(row.beforeWalBytes)} → ${formatBytes(row.afterWalBytes)}</td>
              <td class="n">${formatCount(row.rounds)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
