import { formatBytes, formatCount, formatPercent } from '../../base/units.js';
import { html } from '../html/markup.js';
import type { Markup } from '../html/markup.js';
import type { IndexReport } from './index-report.js';

const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 48;
const BOTTOM = 28;
const TOP = 12;

/** Estimated cost against storage as a step line, which shows where more storage stops to pay; null with fewer than two points. */
export function curveDrawing({ curve, storageBudgetBytes }: IndexReport): Markup | null {
  const points = curve
    .flatMap(({ usedBytes, objective, indexes }) =>
      usedBytes === null || objective === null ? [] : [{ bytes: Math.max(0, usedBytes), objective, indexes }],
    )
    .toSorted((a, b) => a.bytes - b.bytes || b.objective - a.objective);
  if (points.length < 2) return null;
  const most = Math.max(1, ...points.map((point) => point.bytes), storageBudgetBytes ?? 0);
  const x = (bytes: number): number => LEFT + (bytes / most) * (WIDTH - LEFT - 16);
  const y = (objective: number): number => TOP + (1 - Math.min(1, objective)) * (HEIGHT - TOP - BOTTOM);
  const start = `M${x(0).toFixed(1)} ${y(1).toFixed(1)}`;
  const steps = points.map((point) => `H${x(point.bytes).toFixed(1)}V${y(point.objective).toFixed(1)}`).join('');
  const budget =
    storageBudgetBytes !== null &&
    html`<line
      class="one"
      x1="${x(storageBudgetBytes)}"
      x2="${x(storageBudgetBytes)}"
      y1="${TOP}"
      y2="${HEIGHT - BOTTOM}"
    />`;
  return html`<svg
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      role="img"
      aria-label="Objective against storage"
      style="width:100%;max-width:720px"
    >
      ${[0, 0.25, 0.5, 0.75, 1].map(
        (share) =>
          html`<line class="grid" x1="${LEFT}" x2="${WIDTH - 16}" y1="${y(share)}" y2="${y(share)}" />
            <text x="${LEFT - 6}" y="${y(share) + 4}" text-anchor="end">${formatPercent(share)}</text>`,
      )}
      ${[0, 0.25, 0.5, 0.75, 1].map(
        (part) =>
          html`<text x="${x(part * most)}" y="${HEIGHT - 8}" text-anchor="middle">${formatBytes(part * most)}</text>`,
      )}
      ${budget}
      <path d="${start}${steps}H${x(most).toFixed(1)}" fill="none" stroke="currentColor" stroke-width="2" />
      ${points.map(
        (point) =>
          html`<circle cx="${x(point.bytes)}" cy="${y(point.objective)}" r="4" fill="currentColor">
            <title>
              ${formatBytes(point.bytes)}, ${formatCount(point.indexes)} indexes: ${formatPercent(point.objective)} of
              the cost
            </title>
          </circle>`,
      )}
    </svg>
    <p class="muted small">
      The objective of the search, estimated: planner costs, mostly their logarithms, by each statement's weight. Each
      point is the best set found for a
      budget${storageBudgetBytes === null ? '' : ', the dashed line is the budget given'}.
    </p>`;
}
