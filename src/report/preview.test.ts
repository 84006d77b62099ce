import { writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { exampleRun } from '../../test/fixtures/run.js';
import { renderHtml } from './html.js';
import { renderMarkdown } from './markdown.js';
import { renderRun } from './terminal.js';
import { migrationFiles } from './migrations.js';
import { toRunReport } from './to-run-report.js';
test('preview', () => {
  const r = toRunReport(exampleRun({ outputFolder: '/tmp/out' }));
  writeFileSync('/tmp/demo1/report.html', renderHtml(r)); writeFileSync('/tmp/demo1/report.md', renderMarkdown(r));
  writeFileSync('/tmp/demo1/t80.txt', renderRun(r, { columns: 80, colour: false }));
  writeFileSync('/tmp/demo1/m.txt', JSON.stringify(migrationFiles(exampleRun().iterations), null, 1).replaceAll('\\n', '\n'));
});
