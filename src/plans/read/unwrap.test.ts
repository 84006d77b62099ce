import { describe, expect, it } from 'vitest';
import { whereCutOff } from '../whole.js';
import { readPlan } from './read-plan.js';

const LINES = [
  'Hash Join  (cost=1.09..32.08 rows=32 width=224) (actual time=0.524..0.525 rows=3 loops=1)',
  `  Hash Cond: ("o o".region = 'a "b" c > d'::text)`,
  '  Buffers: shared hit=12',
  '  ->  Seq Scan on orders "o o"  (cost=0.00..29.84 rows=64 width=73) (actual time=0.026..0.397 rows=128 loops=1)',
  '        Filter: (total < 5)',
  '        Rows Removed by Filter: 261',
  '        Buffers: shared hit=10',
  '  ->  Hash  (cost=1.07..1.07 rows=2 width=68) (actual time=0.062..0.062 rows=2 loops=1)',
  '        Buckets: 1024  Batches: 1  Memory Usage: 9kB',
  '        ->  Seq Scan on region  (cost=0.00..1.07 rows=2 width=68) (actual time=0.032..0.038 rows=2 loops=1)',
  'Planning Time: 0.636 ms',
  'Execution Time: 0.616 ms',
];
const TEXT = LINES.join('\n');
const WIDTH = Math.max(...LINES.map((line) => line.length));
const PLAIN = readPlan(TEXT).tree;

function box(lines: readonly string[], [left, line, right]: readonly [string, string, string]): string {
  return [
    `${left}${'-'.repeat(WIDTH + 2)}${right}`,
    ...['QUERY PLAN', ...lines].map((one) => `${line} ${one.padEnd(WIDTH)} ${line}`),
    `(${lines.length} Zeilen)`,
  ].join('\n');
}

function wrapped(width: number): string {
  return LINES.flatMap((line) => line.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join('\n');
}

const NUMBERED = LINES.map((line, at) => `${at + 1}  ${line}`);
const ESCAPED = TEXT.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

describe('a plan in the text form', () => {
  it.each([
    ['in a box of Unicode', box(LINES, ['┌', '│', '┐'])],
    ['in a box of double lines', box(LINES, ['╔', '║', '╗'])],
    [
      'in expanded records',
      LINES.flatMap((line, at) => [`-[ RECORD ${at + 1} ]----`, `QUERY PLAN | ${line}`]).join('\n'),
    ],
    ['quoted in a mail', LINES.map((line) => `> > ${line}`).join('\n')],
    ['in a comment', LINES.map((line) => `-- ${line}`).join('\n')],
    ['in a block of a comment', ['/*', ...LINES.map((line) => ` * ${line}`), ' */'].join('\n')],
    ['in a patch', LINES.map((line) => `+${line}`).join('\n')],
    ['with numbers', NUMBERED.join('\n')],
    ["behind a container's name", LINES.map((line) => `db_1  | ${line}`).join('\n')],
    [
      'out of a syslog',
      LINES.map((line, at) => `May  5 10:00:00 host postgres[99]: [5-${at + 1}] #011${line}`).join('\n'),
    ],
    ['with times', LINES.map((line) => `2026-05-05T10:00:00.123Z ${line}`).join('\n')],
    ['with colours', LINES.map((line) => `\u001b[32m${line}\u001b[0m`).join('\n')],
    ['each line in quotes', LINES.map((line) => `'${line}'`).join('\n')],
    ['as rows in JSON', JSON.stringify(LINES.map((line) => ({ 'QUERY PLAN': line })))],
    ['as lines in JSON', JSON.stringify(LINES, null, 2)],
    ['as one escaped string', JSON.stringify(TEXT)],
    ["as Python's tuples", `[${LINES.map((line) => `('${line.replaceAll("'", "\\'")}',)`).join(', ')}]`],
    ["as Ruby's hashes", `[${LINES.map((line) => `{"QUERY PLAN"=>${JSON.stringify(line)}}`).join(', ')}]`],
    ['escaped for a page', ESCAPED],
    [
      'as a table of a page',
      `<table>${ESCAPED.split('\n')
        .map((line) => `<tr><td>${line}</td></tr>`)
        .join('')}</table>`,
    ],
    [
      'as a table in Markdown, escaped',
      ['QUERY PLAN', ':---', ...ESCAPED.split('\n')]
        .map((line) => `| ${line.replaceAll(/[()_*[\]]/g, '\\$&')} |`)
        .join('\n'),
    ],
    ['with typographic arrows', TEXT.replaceAll('->', '→')],
    ['with en dashes', TEXT.replaceAll('->', '–>')],
    ['wrapped by a terminal of 80', wrapped(80)],
    ['wrapped by a terminal of 60', wrapped(60)],
  ])('is read %s', (_, text) => {
    const { tree } = readPlan(text);
    expect(tree.root).toEqual(PLAIN.root);
    expect(tree.executionMs).toBe(PLAIN.executionMs);
  });

  it('is read where a mail broke its lines between words', () => {
    const soft = LINES.map((line) => line.replace(/ (?=\(actual)/, '\n')).join('\n');
    expect(readPlan(soft).tree.root).toEqual(PLAIN.root);
  });

  it('is put together anew where its indentation is lost, and says so', () => {
    const { tree } = readPlan(LINES.map((line) => line.trim()).join('\n'));
    expect(tree).toEqual({ ...PLAIN, isRebuilt: true });
    expect(whereCutOff(PLAIN)).toBeNull();
    expect(PLAIN.isRebuilt).toBe(false);
  });

  it('of one node alone is read behind signs, in a box, in a comment and in a table', () => {
    const one = [
      'Seq Scan on t  (cost=0.00..9.00 rows=1 width=4) (actual time=0.010..8.000 rows=1 loops=1)',
      '  Filter: (a = 3)',
      '  Rows Removed by Filter: 900',
      'Planning time: 0.100 ms',
      'Execution time: 8.100 ms',
    ];
    const plain = readPlan(one.join('\n')).tree;
    expect(plain).toMatchObject({ executionMs: 8.1, root: { details: { 'Rows Removed by Filter': 900 } } });
    for (const text of [
      one.map((line) => `> ${line}`).join('\n'),
      one.map((line) => `+    ${line}`).join('\n'),
      ['| QUERY PLAN |', '|:---|', ...one.map((line) => `| ${line.replaceAll('  ', '&nbsp; ')} |`)].join('\n'),
      `/*${one.join('\n')}*/`,
      `\t/* ${one.join('\n\t')}*/;`,
      one.join('\n').replace('(actual time', '(actual\ntime'),
    ])
      expect(readPlan(text).tree).toEqual(plain);
  });

  it('is read with bullets for arrows', () => {
    const bullets = LINES.map((line) => line.replace('->  ', '- ').replace(/^Hash/, '- Hash'));
    expect(readPlan(bullets.join('\n')).tree.root).toEqual(PLAIN.root);
  });

  it('keeps what was compiled and read for planning where their lines lost their blanks', () => {
    const { tree } = readPlan(
      `${LINES[3]?.trim().slice(4)}\nPlanning:\nBuffers: shared hit=7\nJIT:\nFunctions: 3\nTiming: Generation 1.0 ms, Total 4.5 ms\nExecution Time: 9.0 ms`,
    );
    expect(tree).toMatchObject({
      jit: { functions: 3, totalMs: 4.5 },
      planningBuffers: { sharedHit: 7 },
      executionMs: 9,
    });
  });

  it('may leave figures out, but not at its end', () => {
    const text = 'Sort  (cost=1.00..2.00 rows=1 width=4)\n  ->  Seq Scan on t';
    expect(whereCutOff(readPlan(text).tree)).toContain('lacks its figures');
    expect(whereCutOff(readPlan(`${text}\n        Filter: (a = 3)`).tree)).toBeNull();
  });

  it('that was shortened by hand is read as far as it goes', () => {
    const { tree } = readPlan(
      'Limit (actual time=1.0..2.0 rows=1 loops=1)\n  -> Sort (Sort Method: quicksort) (actual time=1.0..2.0)\n       -> Seq Scan on t (actual time=0.5..1.0 rows=9)',
    );
    expect(whereCutOff(tree)).toBeNull();
    expect(tree.root.children).toMatchObject([
      { type: 'Sort', actual: null, children: [{ relation: 't', actual: null }] },
    ]);
  });

  it('ends where a line stands left of its first node', () => {
    const { tree } = readPlan(
      '  ->  Task\n    ->  Limit  (cost=1.00..2.00 rows=1 width=4)\n      ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\nMaster\n  ->  Seq Scan on u  (cost=0.00..1.00 rows=1 width=4)',
    );
    expect(tree.root).toMatchObject({ type: 'Limit', children: [{ relation: 't', children: [] }] });
  });

  it('of a server before 9.4 is known by its total runtime', () => {
    expect(readPlan(`${LINES[0]}\nTotal runtime: 5.25 ms`).tree).toMatchObject({ isBefore94: true, executionMs: 5.25 });
    expect(readPlan(`${LINES[0]}\nTotal runtime: 5.25 msec`).tree).toMatchObject({
      isBefore94: true,
      executionMs: 5.25,
    });
    expect(PLAIN.isBefore94).toBe(false);
  });

  it('that never ran and has no costs is one', () => {
    const { tree } = readPlan('ProjectSet (never executed)\n  ->  Result (never executed)');
    expect(tree.root).toMatchObject({ type: 'ProjectSet', actual: { loops: 0 }, children: [{ type: 'Result' }] });
  });

  it("gives a worker nothing but the plan's own words", () => {
    const { tree } = readPlan(
      'Gather  (cost=1.00..2.00 rows=1 width=4) (actual time=1.0..2.0 rows=1 loops=1)\n  ->  Parallel Seq Scan on t  (cost=0.00..1.00 rows=1 width=4) (actual time=1.0..2.0 rows=1 loops=2)\n        Worker 0:  actual time=1.0..2.0 rows=1 loops=1\n          Buffers: shared hit=2',
    );
    expect(tree.root.children[0]?.workers).toMatchObject([{ number: 0, buffers: { sharedHit: 2 }, details: {} }]);
    expect(tree.root.children[0]?.workers[0]?.details).toEqual({});
  });
});

describe('a plan in the JSON form', () => {
  const node = {
    'Node Type': 'Seq Scan',
    'Relation Name': 't',
    Alias: 't',
    Filter: "(note = 'it''s \"x\"'::text)",
    'Plan Rows': 7,
  };
  const json = JSON.stringify(
    [{ Plan: { 'Node Type': 'Sort', 'Plan Rows': 7, Plans: [node] }, 'Execution Time': 2.5 }],
    null,
    2,
  );
  const root = readPlan(json).tree;
  const lines = json.split('\n');

  it.each([
    ['in a box', ['┌──┐', '│ QUERY PLAN │', ...lines.map((line) => `│ ${line.padEnd(70)}↵│`), '└──┘'].join('\n')],
    [
      'in a box of ASCII',
      ['+--+', '| QUERY PLAN |', ...lines.map((line) => `| ${line.padEnd(70)}+|`), '+--+'].join('\n'),
    ],
    [
      'in a cell of CSV',
      `QUERY PLAN\n"${JSON.stringify(JSON.parse(json)).replaceAll('"', '""')}"\n`.replace(/\\""x\\""/, 'x'),
    ],
    ['as an escaped string', JSON.stringify(json)],
    ["in a driver's row as text", JSON.stringify([{ 'QUERY PLAN': json }])],
    ['quoted in a mail', lines.map((line) => `> ${line}`).join('\n')],
    ["behind a container's name", lines.map((line) => `db_1  | ${line}`).join('\n')],
    ['with typographic quotes', json.replaceAll(/"((?:[^"\\]|\\.)*)"/g, '“$1”').replaceAll(/\\“|\\”/g, String.raw`\"`)],
    ['with hard blanks', json.replaceAll('  ', '\u00a0 ')],
    ['with a comma too many', json.replace('2.5\n', '2.5,\n')],
    ['broken by a narrow terminal', JSON.stringify(JSON.parse(json)).replaceAll(/.{41}/g, '$&\n')],
  ])('is read %s', (_, text) => {
    const { tree } = readPlan(text);
    expect(tree.root).toMatchObject({ type: 'Sort', children: [{ type: 'Seq Scan', relation: 't' }] });
    expect(tree.executionMs).toBe(root.executionMs);
  });

  it('is read as Python prints it', () => {
    const text =
      "[([{'Plan': {'Node Type': 'Seq Scan', 'Parallel Aware': False, 'Filter': \"(a = 'x'::text)\", 'Plan Rows': 7}}],)]";
    expect(readPlan(text).tree.root).toMatchObject({ type: 'Seq Scan', details: { Filter: "(a = 'x'::text)" } });
  });
});
