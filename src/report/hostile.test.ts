import { describe, expect, it } from 'vitest';
import { exampleExamination } from '../../test/support/example-examination.js';
import { exampleRun } from '../../test/support/example-run.js';
import { renderExamineMarkdown } from './examine-markdown.js';
import { renderExamine } from './examine-terminal.js';
import { renderHtml } from './html.js';
import { renderMarkdown } from './markdown.js';
import { renderRun } from './terminal.js';
import { displayWidth } from './text/columns.js';
import { toExamineReport } from './to-examine-report.js';
import { toRunReport } from './to-run-report.js';

const HOSTILE = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>\u001b[31m|\`\n# [a](javascript:x) https://evil.example ${'x'.repeat(90)}注文`;

const run = toRunReport(exampleRun({ outputFolder: 'out' }));
const examination = toExamineReport(exampleExamination());

describe('text of strangers in report.html', () => {
  const page = renderHtml(poisoned(run));
  const tags = [...page.matchAll(/<(\/?[a-zA-Z][\w-]*)/g)].map((match) => match[1]);

  it('makes no element and no attribute', () => {
    expect(tags).not.toContain('script');
    expect(tags).not.toContain('img');
    expect(tagList(page).filter((tag) => /\son\w+\s*=/i.test(tag.replace(/"[^"]*"/g, '""')))).toEqual([]);
    expect(page).toContain('&#60;script&#62;');
  });

  it('makes no link but to places on the page and files beside it', () => {
    const links = [...page.matchAll(/\b(?:href|src|action|xlink:href)="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(links.length).toBeGreaterThan(10);
    expect(links.filter((link) => !/^(?:#[\w-]+|(?:migrations|rewrites)\/[\w.]+\.sql)$/.test(link))).toEqual([]);
  });

  it('links to no file that is not ours', () => {
    const path = 'javascript:alert(1)//.sql';
    const moved = {
      ...run,
      migrations: [{ iteration: 1, title: 'x', up: path, down: 'migrations/../../x.sql' }],
      rewrites: [{ iteration: 4, title: 'x', file: path, holdsFor: 'x', foundIn: [], patch: path, noPatch: null }],
    };
    expect(renderHtml(moved)).not.toMatch(/href="(?!#)/);
  });

  it('leaves every element closed', () => expect(unclosed(page)).toEqual([]));
});

describe('report.html', () => {
  const page = renderHtml(run);

  it('needs nothing from outside, and says so to the browser', () => {
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
    expect(page).not.toMatch(/url\(|@import|<link|<script|https?:\/\//);
  });

  it('leaves every element closed', () => expect(unclosed(page)).toEqual([]));

  it('shows each iteration with its decision, and the refuted one with both plans', () => {
    for (const { number } of run.iterations) expect(page).toContain(`id="iteration-${number}"`);
    const refuted = page.slice(page.indexOf('id="iteration-3"'), page.indexOf('id="iteration-4"')).replace(/\s+/g, ' ');
    expect(refuted).toContain('refuted by measurement');
    expect(refuted).toContain('6.7x slower');
    expect(refuted).toContain('625x faster');
    expect(refuted).toMatch(/<span class="gone"><b>Seq Scan<\/b ?> on stock_movements/);
    expect(refuted).toMatch(
      /<span class="new"><b>Index Scan<\/b ?> on stock_movements <em>by stock_movements_moved_at_idx/,
    );
  });

  it('draws each run as a dot before and after', () => {
    const card = page.slice(page.indexOf('id="iteration-1"'), page.indexOf('id="iteration-2"'));
    expect(card.match(/<circle /g)).toHaveLength(48);
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('says unknown where nothing was measured', () => {
    const empty = renderHtml(
      toRunReport(
        exampleRun({
          iterations: [],
          scorecard: [],
          findingsBefore: [],
          findingsAfter: [],
          untried: [],
          before: none(),
          after: none(),
        }),
      ),
    );
    expect(empty).toContain('>unknown</span>');
    expect(empty).not.toMatch(/NaN|Infinity|undefined|\[object/);
    expect(unclosed(empty)).toEqual([]);
  });
});

describe.each([
  [
    'a run',
    (columns: number, colour: boolean, bad: boolean) => renderRun(bad ? poisoned(run) : run, { columns, colour }),
  ],
  [
    'an examination',
    (columns: number, colour: boolean, bad: boolean) =>
      renderExamine(bad ? poisoned(examination) : examination, { columns, colour }),
  ],
])('%s on a terminal', (_, render) => {
  it.each([30, 40, 80, 120])('is never wider than %i', (columns) => {
    for (const bad of [false, true]) {
      for (const colour of [false, true]) {
        const wide = render(columns, colour, bad)
          .split('\n')
          .filter((line) => displayWidth(line) > columns);
        expect(wide).toEqual([]);
      }
    }
  });

  it('is plain without colour, whatever names hold, and coloured with it', () => {
    expect(render(80, false, true)).not.toContain('\u001b');
    expect(render(80, true, false)).toContain('\u001b[1m');
    expect(render(80, true, true)).not.toContain('\u001b[31m|');
  });
});

describe.each([
  ['report.md', renderMarkdown(poisoned(run))],
  ['an examination', renderExamineMarkdown(poisoned(examination))],
])('text of strangers in %s', (_, text) => {
  const outside = text.replace(/^(`{3,})\w*\n[\s\S]*?^\1$/gm, '');

  it('makes no tag, link or heading', () => {
    expect(outside).not.toMatch(/<\w/);
    expect(outside).not.toMatch(/(?<!\\)\[[^\]]*(?<!\\)\]\(/);
    expect(outside).not.toMatch(/https?:\/\//);
    expect(outside.split('\n').filter((line) => line.startsWith('# '))).toHaveLength(1);
  });

  it('breaks no table', () => {
    const rows = outside.split('\n').filter((line) => line.startsWith('|'));
    expect(rows.length).toBeGreaterThan(5);
    expect(rows.filter((row) => !row.endsWith(' |'))).toEqual([]);
  });
});

/** The same document with every free text replaced by a hostile one; words of a fixed set stay. */
function poisoned<T>(document: T): T {
  const fixed =
    /^(?:accept|reject|escalate|improved|neutral|regressed|insufficient|unverifiable|met|missed|unknown|measured|estimated|executionMs|buffers|walBytes|storageBytes|risk|info|warning|critical|open|resolved|statement|setting|file|none|pg_stat_statements|low|medium|high|fp-.*)$/;
  const visit = (value: unknown): unknown => {
    if (typeof value === 'string')
      return fixed.test(value) || /^(?:migrations|rewrites)\//.test(value) ? value : HOSTILE;
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, visit(each)]));
    return value;
  };
  return visit(document) as T;
}

function none(): ReturnType<typeof exampleRun>['before'] {
  return {
    totalMs: Number.NaN,
    p50Ms: Number.NaN,
    p95Ms: Number.NaN,
    p99Ms: Number.NaN,
    buffers: 0,
    sharedRead: 0,
    walBytes: 0,
    perStatement: [],
    failed: [],
  };
}

function tagList(page: string): readonly string[] {
  return [...page.matchAll(/<[a-zA-Z](?:"[^"]*"|[^">])*>/g)].map((match) => match[0]);
}

/** Elements that are opened and not closed, or closed and not opened. */
function unclosed(page: string): readonly string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, closing, name = '', rest = ''] of page.matchAll(/<(\/?)([a-zA-Z][\w-]*)((?:"[^"]*"|[^">])*)>/g)) {
    if (['meta', 'br', '!doctype'].includes(name) || rest.endsWith('/')) continue;
    if (closing === '') open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
}
