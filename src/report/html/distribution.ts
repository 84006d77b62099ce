import { formatMs } from '../../base/units.js';
import { quantile } from '../../stats/quantile.js';
import type { ReportedStatement } from '../run-report.js';
import { timeWords, formatRatio } from '../words.js';
import { timeAxis } from './axis.js';
import type { LogAxis } from './axis.js';
import { percent } from './forest.js';
import { html } from './markup.js';
import type { Markup } from './markup.js';

/** Every run of a statement as a dot, before above after, on one logarithmic axis; tick: median, bar: the middle 90 % of the runs. */
export function distributions(statements: readonly ReportedStatement[]): Markup | null {
  const shown = statements.filter((row) => row.beforeSamplesMs.length > 0 && row.afterSamplesMs.length > 0);
  if (shown.length === 0) return null;
  const axis = timeAxis(shown.flatMap((row) => [...row.beforeSamplesMs, ...row.afterSamplesMs]));
  return html`<div class="dists">
    ${shown.map((row) => one(row, axis))}
    <div class="dist" aria-hidden="true">
      <span></span
      ><svg class="strip ticks" role="presentation">
        ${axis.ticks.map(({ value, label }) => html`<text x="${percent(axis.at(value))}" y="11" text-anchor="middle">${label}</text>`)}</svg
      ><span></span>
    </div>
  </div>`;
}

function one(row: ReportedStatement, axis: LogAxis): Markup {
  const label = `${row.name}: median before ${formatMs(row.beforeMs)}, after ${formatMs(row.afterMs)}`;
  return html`<div class="dist">
    <span class="dname">${row.name}</span>
    <svg class="strip" role="img" aria-label="${label}">
      ${axis.ticks.map(({ value }) => html`<line class="grid" x1="${percent(axis.at(value))}" x2="${percent(axis.at(value))}" y1="0" y2="100%" />`)}
      ${lane(row.beforeSamplesMs, 12, axis, 'before')}${lane(row.afterSamplesMs, 30, axis, 'after')}
    </svg>
    <span class="dvalue"
      ><b>${formatMs(row.beforeMs)} <i>→</i> ${formatMs(row.afterMs)}</b><small>${timeWords(row.timeRatio)}</small
      ><small>ratio ${formatRatio(row.timeCiLow)} to ${formatRatio(row.timeCiHigh)}</small></span
    >
  </div>`;
}

/** Dots are spread over three heights, by their order, so that equal times stay visible. */
function lane(samples: readonly number[], middle: number, axis: LogAxis, side: 'before' | 'after'): Markup {
  const shown =
    samples.length > MOST_DOTS
      ? samples.filter((_, position) => position % Math.ceil(samples.length / MOST_DOTS) === 0)
      : samples;
  const low = percent(axis.at(quantile(samples, 0.05)));
  const high = percent(axis.at(quantile(samples, 0.95)));
  const median = percent(axis.at(quantile(samples, 0.5)));
  return html`<g class="${side}"
    ><line class="range" x1="${low}" x2="${high}" y1="${middle}" y2="${middle}" />${shown.map(
      (value, position) =>
        html`<circle cx="${percent(axis.at(value))}" cy="${middle + (position % 3) * 3 - 3}" r="2.2" />`,
    )}<line class="median" x1="${median}" x2="${median}" y1="${middle - 8}" y2="${middle + 8}"
  /></g>`;
}

/** More would only blacken the strip and swell the file. */
const MOST_DOTS = 60;
