import { formatCount, formatCounted, formatMs } from '../../base/units.js';
import { capital } from '../../base/words.js';
import { html } from '../html/markup.js';
import type { Markup } from '../html/markup.js';
import { page } from '../html/page.js';
import { curveDrawing } from './curve.js';
import type { Advice, ExistingAdvice, IndexReport, ProposedIndex } from './index-report.js';
import {
  actionWords,
  compressionSentence,
  costWords,
  gainWords,
  measuredSentence,
  noneSentence,
  reasonWords,
  removalSentence,
  searchSentence,
  servesWords,
  unaffectedSentence,
} from './words.js';

/** `indexes.html`: one page that needs nothing else. All text of strangers is escaped. */
export function renderIndexHtml(report: IndexReport): string {
  return page(
    `${report.target.label}: indexes for the whole workload`,
    head(report),
    [
      ['indexes', 'Indexes', proposals(report)],
      ['curve', 'Objective against storage', curveDrawing(report)],
      ['statements', 'Statements, without and with the set', statements(report)],
      ['existing', 'Indexes that are there', advice(report.existing)],
      ['missing', 'Missing for another reason than the plans of this workload', advice(report.missing)],
      ['skipped', 'Not looked at', skipped(report)],
    ],
    report,
  );
}

function head(report: IndexReport): Markup {
  const compressed = compressionSentence(report);
  const unaffected = unaffectedSentence(report);
  const removal = removalSentence(report);
  return html`<header class="top">
    <p class="brand">${report.tool.name} <span>${report.tool.version}</span></p>
    <h1>${report.target.label}</h1>
    <p class="muted">
      PostgreSQL ${report.target.major} · indexes for ${formatCounted(report.workload.statements, 'statement')},
      ${formatCounted(report.workload.calls, 'call')}
    </p>
    <p>${searchSentence(report)}</p>
    ${compressed !== null && html`<p>${compressed}</p>`}
    <p><strong>${measuredSentence(report)}</strong></p>
    ${unaffected !== null && html`<p>${unaffected}</p>`} ${removal !== null && html`<p>${removal}</p>`}
    <p class="muted small">
      The target was only read: ${formatCounted(report.overhead.statements, 'statement')},
      ${formatMs(report.overhead.totalMs)} (measured). Planner costs are estimated; times, blocks, sizes and write costs
      were measured on a lab copy.
    </p>
  </header>`;
}

const BADGES = {
  create: ['accepted', 'create'],
  refuted: ['refuted', 'refuted'],
  'over-budget': ['rejected', 'over the storage budget'],
  unmeasured: ['rejected', 'not measured'],
} as const;

function proposals(report: IndexReport): Markup {
  const { indexes } = report;
  if (indexes.length === 0) return html`<p>${noneSentence(report)}</p>`;
  return html`<div class="stack">
    ${indexes.map((one) => {
      const [tone, word] = BADGES[one.decision];
      return html`<article>
        <header>
          <h3>${one.title}</h3>
          <span class="badge ${tone}">${word}</span>
        </header>
        <p class="why">For ${servesWords(one)}; ${gainWords(one)}.</p>
        <p>${costWords(one)}.</p>
        <p>${capital(reasonWords(one))}.</p>
        ${serves(one)} ${one.redundant.length > 0 && html`<p>Makes redundant: ${one.redundant.join(', ')}.</p>`}
        <pre>${one.action.up.map((sql) => `${sql};`).join('\n')}</pre>
      </article>`;
    })}
  </div>`;
}

function serves({ estimated }: ProposedIndex): Markup | false {
  return (
    estimated.serves.length > 0 &&
    html`<details>
      <summary>Planner costs, estimated</summary>
      <table>
        <thead>
          <tr>
            <th>Statement</th>
            <th class="n">now</th>
            <th class="n">with the set</th>
          </tr>
        </thead>
        <tbody>
          ${estimated.serves.map(
            (row) =>
              html`<tr>
                <td>${row.name}</td>
                <td class="n">${formatCount(row.costBefore)}</td>
                <td class="n">${formatCount(row.costAfter)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </details>`
  );
}

function statements({ measured }: IndexReport): Markup | null {
  if (!measured || measured.statements.length === 0) return null;
  const bound = (side: 'before' | 'after', row: (typeof measured.statements)[number]): string =>
    row.cutOff === side || row.cutOff === 'both' ? '> ' : '';
  return html`<div class="scroll">
    <table class="workload">
      <thead>
        <tr>
          <th>Statement</th>
          <th class="n">calls</th>
          <th class="n">without</th>
          <th class="n">with</th>
          <th class="n">blocks</th>
        </tr>
      </thead>
      <tbody>
        ${measured.statements.map(
          (row) =>
            html`<tr>
              <td>${row.name}</td>
              <td class="n">${formatCount(row.calls)}</td>
              <td class="n">${bound('before', row)}${formatMs(row.beforeMs)}</td>
              <td class="n">${bound('after', row)}${formatMs(row.afterMs)}</td>
              <td class="n">${formatCount(row.beforeBuffers)} → ${formatCount(row.afterBuffers)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function advice(rows: readonly (Advice | ExistingAdvice)[]): Markup | null {
  if (rows.length === 0) return null;
  return html`<ul class="plainlist">
    ${rows.map(
      (row) =>
        html`<li>
          ${row.advice} <small>${row.advisor}</small>
          ${row.evidence.length > 0 && html`<br /><small>${row.evidence.map((fact) => `${fact.what}: ${fact.value ?? 'unknown'} ${fact.unit} (${fact.provenance})`).join('; ')}</small>`}
          ${'trial' in row && row.trial !== null && html`<br />${actionWords(row).join(' ')}`}
          ${row.action && html`<pre>${row.action.up.map((sql) => `${sql};`).join('\n')}</pre>`}
          ${row.others.map(
            (other) =>
              html`or
                <pre>${other.up.map((sql) => `${sql};`).join('\n')}</pre>`,
          )}
        </li>`,
    )}
  </ul>`;
}

function skipped({ coverage }: IndexReport): Markup | null {
  if (coverage.skipped.length === 0) return null;
  return html`<ul class="plainlist">
    ${coverage.skipped.map((row) => html`<li>${row.what}: ${row.reason}${row.remedy !== null && ` (${row.remedy})`}</li>`)}
  </ul>`;
}
