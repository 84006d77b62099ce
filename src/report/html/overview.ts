import { formatBytes, formatCount, formatCounted, formatMs } from '../../base/units.js';
import type { RunReport } from '../run-report.js';
import {
  changeWords,
  isRefuted,
  loadWords,
  quantileWords,
  times,
  timeWords,
  togetherWords,
  totalWords,
} from '../words.js';
import { html } from './markup.js';
import type { Markup } from './markup.js';

/** The head of the page: what was looked at, what came of it. */
export function overview(report: RunReport): Markup {
  const { target, workload, together, load, overhead, stop, iterations } = report;
  const { before, after } = workload;
  const factor =
    before.totalMs !== null && after.totalMs !== null && after.totalMs > 0 ? before.totalMs / after.totalMs : null;
  const count = (test: (iteration: RunReport['iterations'][number]) => boolean): number =>
    iterations.filter(test).length;
  const refuted = count(isRefuted);
  return html`<header class="top">
    <p class="brand">${report.tool.name} <span>${report.tool.version}</span></p>
    <h1>${target.label}</h1>
    <p class="muted">
      PostgreSQL ${target.major} · ${day(report.startedAt)} · ${duration(report)} · stopped:
      <strong>${stop.reason}</strong>, ${stop.detail}
    </p>
    <section class="hero" aria-label="Workload before and after">
      <div class="big">
        <span class="was">${totalWords(before)}</span><span class="arrow" aria-hidden="true">→</span
        ><span class="now">${totalWords(after)}</span
        >${factor !== null && html`<span class="factor">${times(factor)}<small>${factor >= 1 ? 'faster' : 'as fast'}</small></span>`}
      </div>
      ${bars(before.totalMs, after.totalMs)}
      <p class="muted">
        The whole workload, each statement weighted by its calls: measured in the lab, before the first change and after
        the last accepted one.
        <strong class="${together.verdict === 'confirmed' || together.verdict === 'none' ? '' : 'bad'}"
          >${togetherWords(together)}</strong
        >
      </p>
    </section>
    <dl class="tiles">
      ${tile('p50', quantileWords(before, before.p50Ms), quantileWords(after, after.p50Ms), ratio(before.p50Ms, after.p50Ms))}
      ${tile('p95', quantileWords(before, before.p95Ms), quantileWords(after, after.p95Ms), ratio(before.p95Ms, after.p95Ms))}
      ${tile('p99', quantileWords(before, before.p99Ms), quantileWords(after, after.p99Ms), ratio(before.p99Ms, after.p99Ms))}
      ${tile('buffers', formatCount(before.buffers), formatCount(after.buffers), ratio(before.buffers, after.buffers))}
      ${tile('WAL', formatBytes(before.walBytes), formatBytes(after.walBytes), ratio(before.walBytes, after.walBytes))}
    </dl>
    ${load && html`<p class="muted">${loadWords(load)}</p>`}
    <p class="tally">
      ${tally(
        'good',
        count((row) => row.decision === 'accept'),
        'accepted',
      )}${tally('bad', refuted, 'refuted by measurement')}${tally('', count((row) => row.decision === 'reject') - refuted, 'rejected otherwise')}${tally(
        'violet',
        count((row) => row.decision === 'escalate'),
        'escalated',
      )}
    </p>
    <p class="muted small">
      The target was only read: ${formatCounted(overhead.statements, 'statement')}, ${formatMs(overhead.totalMs)}
      (measured). Every figure on this page was measured on a lab copy, or is labelled estimated, or reads unknown.
    </p>
  </header>`;
}

function tally(tone: string, count: number, words: string): Markup {
  return html`<span><b class="${tone}">${count}</b> ${words}</span>`;
}

function bars(before: number | null, after: number | null): Markup | null {
  if (before === null || after === null || before + after <= 0) return null;
  const most = Math.max(before, after);
  const width = (value: number): string => `${Math.max(0.4, (value / most) * 100).toFixed(2)}%`;
  return html`<svg class="bars" role="img" aria-label="Total time before ${formatMs(before)}, after ${formatMs(after)}">
    <rect class="before" x="0" y="0" height="10" rx="2" width="${width(before)}" />
    <rect class="after" x="0" y="14" height="10" rx="2" width="${width(after)}" />
  </svg>`;
}

function tile(name: string, before: string, after: string, change: number | null): Markup {
  const tone = change === null || (change > 0.97 && change < 1.03) ? '' : change < 1 ? 'good' : 'bad';
  return html`<div>
    <dt>${name}</dt>
    <dd>
      <b>${after}</b><small>was ${before}</small
      ><em class="${tone}">${name.startsWith('p') ? timeWords(change) : changeWords(change)}</em>
    </dd>
  </div>`;
}

function ratio(before: number | null, after: number | null): number | null {
  return before !== null && after !== null && before > 0 ? after / before : null;
}

function day(iso: string): string {
  return iso.replace('T', ' ').slice(0, 16);
}

function duration({ startedAt, finishedAt }: RunReport): string {
  const ms = Date.parse(finishedAt) - Date.parse(startedAt);
  return Number.isFinite(ms) ? `took ${formatMs(ms)}` : 'took unknown';
}

/** The targets, met and missed first. */
export function scorecard({ scorecard: rows }: RunReport): Markup {
  const order = ['missed', 'met', 'unknown'];
  const sorted = rows.toSorted((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  const known = sorted.filter((row) => row.status !== 'unknown');
  const unknown = sorted.filter((row) => row.status === 'unknown');
  return html`<ul class="score">
      ${known.map(
        (row) =>
          html`<li class="${row.status}">
            <span class="pill">${row.status}</span><b>${row.value}</b><span>${row.target}</span
            ><small>${row.source}</small>
          </li>`,
      )}
    </ul>
    ${
      unknown.length > 0 &&
      html`<details class="unknowns">
        <summary>
          ${unknown.length === 1 ? '1 target is' : `${unknown.length} targets are`} unknown: this run did not measure
          them
        </summary>
        <ul>
          ${unknown.map((row) => html`<li><span>${row.target}</span> <small>${row.source}</small></li>`)}
        </ul>
      </details>`
    }`;
}
