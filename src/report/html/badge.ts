import type { ReportedIteration } from '../run-report.js';
import { isRefuted } from '../words.js';
import { html } from './markup.js';
import type { Markup } from './markup.js';

/** The decision as a word in its colour. */
export function badge(iteration: ReportedIteration): Markup {
  if (iteration.decision === 'accept') return html`<span class="badge accepted">accepted</span>`;
  if (iteration.decision === 'escalate') return html`<span class="badge escalated">escalated</span>`;
  return isRefuted(iteration)
    ? html`<span class="badge refuted">refuted by measurement</span>`
    : html`<span class="badge rejected">rejected</span>`;
}
