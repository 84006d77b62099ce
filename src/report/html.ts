import { calibrationTable, coverageLists, fileList, findingList, untriedList, workloadTable } from './html/appendix.js';
import { forestPlot } from './html/forest.js';
import { timeline } from './html/iterations.js';
import { html, Markup } from './html/markup.js';
import { overview, scorecard } from './html/overview.js';
import { STYLE } from './html/style.js';
import type { RunReport } from './run-report.js';

/** `report.html`: one page that needs nothing else, not even a script. All text of strangers is escaped, and its policy forbids to load anything. */
export function renderHtml(report: RunReport): string {
  const sections: readonly (readonly [id: string, title: string, body: Markup | null])[] = [
    ['scorecard', 'Scorecard', scorecard(report)],
    ['changes', 'Foreseen and measured', forestPlot(report.iterations)],
    ['files', 'What to run', fileList(report)],
    ['iterations', 'Iterations', timeline(report)],
    ['statements', 'Statements, before and after', workloadTable(report)],
    ['findings', 'Findings', findingList(report)],
    ['untried', 'Not tried', untriedList(report)],
    ['calibration', 'How good were the predictions', calibrationTable(report)],
    ['coverage', 'Coverage and method', coverageLists(report)],
  ];
  const shown = sections.filter(([, , body]) => body !== null);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="referrer" content="no-referrer" />
        <title>${report.target.label}: what was tried, measured and kept</title>
        <style>
          ${new Markup(STYLE)}
        </style>
      </head>
      <body>
        <main>
          ${overview(report)}
          <nav aria-label="Sections">${shown.map(([id, title]) => html`<a href="#${id}">${title}</a>`)}</nav>
          ${shown.map(
            ([id, title, body]) =>
              html`<section id="${id}">
                <h2>${title}</h2>
                ${body}
              </section>`,
          )}
          <footer>
            ${report.tool.name} ${report.tool.version} · <code>${report.command}</code> · ${report.startedAt} to
            ${report.finishedAt}
          </footer>
        </main>
      </body>
    </html> `;
  return page.text;
}
