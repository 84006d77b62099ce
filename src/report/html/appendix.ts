import { formatCount } from '../../base/units.js';
import { CALIBRATION_BINS, calibrationBinRows, calibrationSentence } from '../calibration.js';
import type { RunReport } from '../run-report.js';
import { evidenceWords, formatRatio, meanWords, predictionSentence, statementChange, rewriteOrigin } from '../words.js';
import { fileLink } from './file-link.js';
import { html } from './markup.js';
import type { Markup } from './markup.js';

/** Every statement before and after, with bars on a logarithmic scale. */
export function workloadTable({ workload: { before, after } }: RunReport): Markup {
  const later = new Map(after.perStatement.map((row) => [row.fingerprint, row]));
  const rows = before.perStatement
    .map((row) => ({ row, next: later.get(row.fingerprint) ?? null }))
    .toSorted((a, b) => (b.row.meanMs ?? 0) * b.row.calls - (a.row.meanMs ?? 0) * a.row.calls);
  const longest = Math.max(0.001, ...rows.flatMap(({ row, next }) => [row.meanMs ?? 0, next?.meanMs ?? 0]));
  const failed = [
    ...before.failed,
    ...after.failed.filter((row) => before.failed.every((known) => known.fingerprint !== row.fingerprint)),
  ];
  return html`<div class="scroll">
      <table class="workload">
        <thead>
          <tr>
            <th>Statement</th>
            <th class="n">calls</th>
            <th class="n">before</th>
            <th class="n">after</th>
            <th class="barcol">mean time, log scale</th>
            <th>change</th>
            <th class="n">buffers</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(({ row, next }) => {
            const change = statementChange(row, next);
            return html`<tr>
              <td>${row.name} <small>${row.kind}${next?.carriedOver === true && ', carried over'}</small></td>
              <td class="n">${formatCount(row.calls)}</td>
              <td class="n">${meanWords(row)}</td>
              <td class="n">${meanWords(next)}</td>
              <td class="barcol">
                <svg class="pair" role="presentation">
                  <rect class="before" y="1" height="5" rx="1" width="${barWidth(row.meanMs, longest)}" />
                  <rect class="after" y="8" height="5" rx="1" width="${barWidth(next?.meanMs ?? null, longest)}" />
                </svg>
              </td>
              <td>
                <span class="${tone(change.ratio)}"
                  >${next?.carriedOver === true && next.meanMs === row.meanMs ? 'untouched' : change.words}</span
                >
              </td>
              <td class="n">${formatCount(row.buffers)} → ${formatCount(next?.buffers ?? null)}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
    ${
      failed.length > 0 &&
      html`<h4>Not measured</h4>
        <ul>
          ${failed.map((row) => html`<li>${row.name}: ${row.reason}</li>`)}
        </ul>`
    }`;
}

/** From a microsecond to the longest, by the logarithm. */
function barWidth(ms: number | null, longest: number): string {
  if (ms === null) return '0';
  return `${(Math.max(0.01, Math.log10(Math.max(ms, 0.001) / 0.001) / Math.log10(Math.max(10, longest / 0.001))) * 100).toFixed(1)}%`;
}

function tone(ratio: number | null): string {
  if (ratio === null || (ratio > 0.9 && ratio < 1.1)) return 'muted';
  return ratio < 1 ? 'good' : 'bad';
}

/** The files to run, in order. */
export function fileList({ migrations, rewrites }: RunReport): Markup {
  if (migrations.length + rewrites.length === 0)
    return html`<p class="muted">Nothing was accepted, so there is nothing to run.</p>`;
  return html`<ol class="files">
    ${migrations.map(
      (row) =>
        html`<li>
          ${fileLink(row.up)}<span
            >${row.title} (<a href="#iteration-${row.iteration}">iteration ${row.iteration}</a>)</span
          ><small>reverted by ${fileLink(row.down)}</small>
        </li>`,
    )}${rewrites.map(
      (row) =>
        html`<li>
          ${fileLink(row.file)}<span
            >${row.title} (<a href="#iteration-${row.iteration}">iteration ${row.iteration}</a>)</span
          ><small
            >for ${row.holdsFor}; stands in the application's
            code${row.patch !== null && html`, changed by ${fileLink(row.patch)}`}</small
          >${rewriteOrigin(row).map((text) => html`<small>${text}</small>`)}
        </li>`,
    )}
  </ol>`;
}

export function calibrationTable({ calibration: rows, calibrationQuality: quality }: RunReport): Markup {
  if (rows.length === 0) return html`<p class="muted">Nothing was measured.</p>`;
  return html`<p>${calibrationSentence(quality)}</p>
    <p>Ratios after / before; below 1 is better. The planner's figures are estimated, the others measured.</p>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>#</th>
            <th>Change</th>
            <th class="n">statements, estimated</th>
            <th class="n">measured</th>
            <th class="n">workload, estimated</th>
            <th class="n">measured</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                <td><a href="#iteration-${row.iteration}">${row.iteration}</a></td>
                <td>${row.title}</td>
                <td class="n">${formatRatio(row.predictedStatementRatio)}</td>
                <td class="n">${formatRatio(row.measuredStatementRatio)}</td>
                <td class="n">${formatRatio(row.predictedWorkloadRatio)}</td>
                <td class="n">${formatRatio(row.measuredWorkloadRatio)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${quality.bins.length > 0 && binTable(quality)}`;
}

function binTable(quality: RunReport['calibrationQuality']): Markup {
  return html`<h4>Does a predicted fall come true?</h4>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            ${CALIBRATION_BINS.map((title, column) => html`<th class="${column > 0 ? 'n' : ''}">${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${calibrationBinRows(quality).map(
            (row) =>
              html`<tr>
                ${row.map((cell, column) => html`<td class="${column > 0 ? 'n' : ''}">${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

export function findingList({ findings }: RunReport): Markup {
  if (findings.length === 0) return html`<p class="muted">None by the advisors that ran.</p>`;
  const order = ['critical', 'warning', 'info'];
  const sorted = findings.toSorted(
    (a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || a.status.localeCompare(b.status),
  );
  return html`<ul class="findings">
    ${sorted.map(
      (row) =>
        html`<li class="${row.severity}">
          <span class="pill">${row.severity}</span>
          <div>
            <b>${row.title}</b> <em class="${row.status}">${row.status}</em>
            <details>
              <summary><code>${row.advisor}</code> ${row.evidence.length} facts</summary>
              <ul>
                ${row.evidence.map((fact) => html`<li>${evidenceWords(fact)}</li>`)}
              </ul>
              ${row.actions.length > 0 && html`<p>Remedies: ${row.actions.map((action) => action.title).join('; ')}.</p>`}
            </details>
          </div>
        </li>`,
    )}
  </ul>`;
}

export function untriedList({ untried }: RunReport): Markup {
  if (untried.length === 0) return html`<p class="muted">Every hypothesis was tried.</p>`;
  return html`<ul class="plainlist">
    ${untried.map((row) => html`<li><b>${row.title}</b> <code>${row.advisor}</code><br />${row.reason}. <span class="muted">Foreseen: ${predictionSentence(row.predicted)}</span></li>`)}
  </ul>`;
}

export function coverageLists({ coverage, noise }: RunReport): Markup {
  return html`<div class="two">
      <div>
        <h4>Examined</h4>
        <ul>
          ${coverage.examined.map((row) => html`<li>${row.what}${row.count !== null && html` <span class="muted">${formatCount(row.count)}</span>`}</li>`)}
        </ul>
      </div>
      <div>
        <h4>Skipped</h4>
        ${
          coverage.skipped.length === 0
            ? html`<p class="muted">Nothing.</p>`
            : html`<ul>
                ${coverage.skipped.map((row) => html`<li><b>${row.what}</b>: ${row.reason}${row.remedy !== null && html`<br /><span class="muted">To see it: ${row.remedy}</span>`}</li>`)}
              </ul>`
        }
      </div>
    </div>
    <p>
      Noise floor, measured A against A over ${formatCount(noise.pairs)} pairs: doing nothing shows time ratios up to
      ${formatRatio(noise.timeLogRatio === null ? null : Math.exp(noise.timeLogRatio))} and buffer ratios up to
      ${formatRatio(noise.bufferLogRatio === null ? null : Math.exp(noise.bufferLogRatio))}. A change counts only where
      its interval is clear of that.
    </p>`;
}
