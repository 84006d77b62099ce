import { calibrationTable, coverageLists, fileList, findingList, untriedList, workloadTable } from './html/appendix.js';
import { forestPlot } from './html/forest.js';
import { timeline } from './html/iterations.js';
import { overview, scorecard } from './html/overview.js';
import { planChanges } from './html/plan-changes.js';
import { planReview } from './html/plan-review.js';
import { page } from './html/page.js';
import type { Section } from './html/page.js';
import type { RunReport } from './run-report.js';

/** `report.html`: one page that needs nothing else, not even a script. All text of strangers is escaped, and its policy forbids to load anything. */
export function renderHtml(report: RunReport): string {
  const sections: readonly Section[] = [
    ['scorecard', 'Scorecard', scorecard(report)],
    ['changes', 'Foreseen and measured', forestPlot(report.iterations)],
    ['files', 'What to run', fileList(report)],
    ['iterations', 'Iterations', timeline(report)],
    ['plans', 'Plans that changed since the last run', planChanges(report)],
    ['review', 'What the plans show', planReview(report)],
    ['statements', 'Statements, before and after', workloadTable(report)],
    ['findings', 'Findings', findingList(report)],
    ['untried', 'Not tried', untriedList(report)],
    ['calibration', 'How good were the predictions', calibrationTable(report)],
    ['coverage', 'Coverage and method', coverageLists(report)],
  ];
  return page(`${report.target.label}: what was tried, measured and kept`, overview(report), sections, report);
}
