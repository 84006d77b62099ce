import { planBufferWords, planCauseWords, planChangesSentence, planTimeWords } from '../plan-changes.js';
import type { RunReport } from '../run-report.js';
import { html } from './markup.js';
import type { Markup } from './markup.js';

/** Plans against those of the last run; null on a first run. */
export function planChanges({ planChanges: all }: RunReport): Markup | null {
  if (all === null) return null;
  return html`<p>${planChangesSentence(all)}</p>
    ${
      all.changes.length > 0 &&
      html`<p class="muted small">Times are measured in the lab by two runs at different times.</p>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th>Statement</th>
                <th>time</th>
                <th>buffers</th>
                <th>cause</th>
                <th>plan before, and now</th>
              </tr>
            </thead>
            <tbody>
              ${all.changes.map(
                (change) =>
                  html`<tr>
                    <td>${change.name} <small>${change.parameterClass}</small></td>
                    <td><span class="${tone(change.time)}">${planTimeWords(change)}</span></td>
                    <td>${planBufferWords(change)}</td>
                    <td>${planCauseWords(change)}</td>
                    <td><code>${change.planBefore}</code><br /><code>${change.planNow}</code></td>
                  </tr>`,
              )}
            </tbody>
          </table>
        </div>`
    }`;
}

function tone(time: string): string {
  return time === 'slower' ? 'bad' : time === 'faster' ? 'good' : 'muted';
}
