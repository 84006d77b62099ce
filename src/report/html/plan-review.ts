import { hintWords, planFindingPlace, planReviewSentence, triedWords } from '../plan-review.js';
import type { RunReport } from '../run-report.js';
import { html } from './markup.js';
import type { Markup } from './markup.js';

/** What the plans show before and after; null where no plan was run. */
export function planReview({ planReview: all, iterations, startedAt }: RunReport): Markup | null {
  if (all.plans.before === 0) return null;
  return html`<p>${planReviewSentence(all)}</p>
    ${all.hints.map((hint) => html`<p>${hintWords(hint, startedAt)}</p>`)}
    ${
      all.findings.length > 0 &&
      html`<div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Statement</th>
              <th>finding</th>
              <th>in the end</th>
              <th>remedy</th>
            </tr>
          </thead>
          <tbody>
            ${all.findings.map(
              (one) =>
                html`<tr>
                  <td>${one.name}</td>
                  <td>${one.title} <small>${planFindingPlace(one)}</small></td>
                  <td>
                    <span class="${one.status === 'resolved' ? 'good' : 'bad'}">${one.status}</span>
                    <small>${triedWords(one, iterations)}</small>
                  </td>
                  <td>${one.status === 'resolved' ? '' : one.remedy}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>`
    }`;
}
