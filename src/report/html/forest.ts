import type { ReportedIteration } from '../run-report.js';
import { effectWords, formatRatio, isRefuted, metricWords } from '../words.js';
import { ratioAxis } from './axis.js';
import type { LogAxis } from './axis.js';
import { badge } from './badge.js';
import { html } from './markup.js';
import type { Markup } from './markup.js';

/** Every iteration on one axis: what was foreseen (hollow), what was measured (filled, with its interval). Null when nothing was tried. */
export function forestPlot(iterations: readonly ReportedIteration[]): Markup | null {
  if (iterations.length === 0) return null;
  const axis = ratioAxis(
    iterations
      .flatMap(({ effect, hypothesis }) => [
        effect?.ratio,
        effect?.ciLow,
        effect?.ciHigh,
        hypothesis.prediction.statementRatio,
      ])
      .filter((ratio) => typeof ratio === 'number'),
  );
  return html`<div class="forest">
      <div class="frow fhead" aria-hidden="true"><span></span><span></span>${scale(axis)}<span></span></div>
      ${iterations.map((iteration) => row(iteration, axis))}
    </div>
    <p class="legend">
      <span class="key"><i class="k-foreseen"></i>foreseen by the planner (estimated)</span
      ><span class="key"><i class="k-measured"></i>measured, with its 95 % interval</span
      ><span class="key"><i class="k-one"></i>no change; left is better</span>
    </p>`;
}

function scale(axis: LogAxis): Markup {
  return html`<svg class="plot scale" role="presentation">
    ${axis.ticks.map(({ value, label }) => html`<text x="${percent(axis.at(value))}" y="12" text-anchor="middle">${label}</text>`)}
  </svg>`;
}

function row(iteration: ReportedIteration, axis: LogAxis): Markup {
  const { effect, hypothesis } = iteration;
  const foreseen = hypothesis.prediction.statementRatio;
  const measured = effect?.ratio ?? null;
  const label = `${hypothesis.title}: foreseen ${formatRatio(foreseen)}, measured ${formatRatio(measured)}`;
  return html`<a class="frow ${rowClass(iteration)}" href="#iteration-${iteration.number}">
    <span class="fnum">${iteration.number}</span>
    <span class="ftitle">${hypothesis.title} ${badge(iteration)}</span>
    <svg class="plot" role="img" aria-label="${label}">
      ${axis.ticks.map(({ value }) => html`<line class="${value === 1 ? 'one' : 'grid'}" x1="${percent(axis.at(value))}" x2="${percent(axis.at(value))}" y1="0" y2="100%" />`)}
      ${foreseen !== null && measured !== null && isRefuted(iteration) && html`<line class="gap" x1="${percent(axis.at(foreseen))}" x2="${percent(axis.at(measured))}" y1="50%" y2="50%" />`}
      ${effect && effect.ciLow !== null && effect.ciHigh !== null && html`<line class="ci" x1="${percent(axis.at(effect.ciLow))}" x2="${percent(axis.at(effect.ciHigh))}" y1="50%" y2="50%" />`}
      ${foreseen !== null && html`<svg x="${percent(axis.at(foreseen))}" y="50%" overflow="visible"><path class="foreseen" d="M0-5.5 5.5 0 0 5.5-5.5 0Z" /></svg>`}
      ${measured !== null && html`<circle class="measured" cx="${percent(axis.at(measured))}" cy="50%" r="4.5" />`}
    </svg>
    <span class="fvalue"
      >${effect ? html`${effectWords(effect)}<small>${metricWords(effect.metric)}</small>` : html`unknown<small>not measured</small>`}</span
    >
  </a>`;
}

function rowClass(iteration: ReportedIteration): string {
  if (iteration.decision === 'accept') return 'is-accepted';
  if (iteration.decision === 'escalate') return 'is-escalated';
  return isRefuted(iteration) ? 'is-refuted' : 'is-rejected';
}

/** A percentage for an attribute. */
export function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}
