import { describe, expect, it } from 'vitest';
import { labelOf } from '../label.js';
import { findPlan, findPlans, readPlan } from './read-plan.js';

const TEXT = `
Limit  (cost=0.29..8.31 rows=10 width=36) (actual time=0.020..0.500 rows=10 loops=1)
  Buffers: shared hit=12 read=3 dirtied=1, temp read=4 written=5
  I/O Timings: shared read=1.250
  ->  Index Scan Backward using "Odd ""name""" on public."order" o  (cost=0.29..80.31 rows=1000 width=36) (actual time=0.010..0.400 rows=10 loops=1)
        Index Cond: (id < 500)
        Filter: (note = 'a: b'::text)
        Rows Removed by Filter: 7
  SubPlan 1
    ->  Result  (cost=0.00..0.01 rows=1 width=4) (never executed)
Settings: work_mem = '64kB'
Planning Time: 0.100 ms
Trigger for constraint order_fk: time=2.500 calls=3
Execution Time: 0.600 ms`;

const NODE = {
  'Node Type': 'Seq Scan',
  'Relation Name': 't',
  Alias: 't',
  'Startup Cost': 0,
  'Total Cost': 5,
  'Plan Rows': 7,
  'Plan Width': 4,
};
const JSON_FORM = JSON.stringify(
  [{ Plan: { ...NODE, 'Node Type': 'Sort', Plans: [NODE] }, 'Query Identifier': 1 }],
  null,
  2,
);

describe('the text form', () => {
  it('reads nodes, names, figures and what stands beside the plan', () => {
    const { form, tree } = readPlan(TEXT);
    expect(form).toBe('text');
    const [scan, subplan] = tree.root.children;
    expect(tree.root.buffers).toMatchObject({
      sharedHit: 12,
      sharedRead: 3,
      sharedDirtied: 1,
      tempRead: 4,
      tempWritten: 5,
    });
    expect(tree.root.ioTimings?.sharedReadMs).toBe(1.25);
    expect(scan).toMatchObject({
      type: 'Index Scan',
      backward: true,
      schema: 'public',
      relation: 'order',
      alias: 'o',
      index: 'Odd "name"',
      relationship: 'outer',
      actual: { rows: 10, loops: 1, totalMs: 0.4 },
      details: { 'Rows Removed by Filter': 7, Filter: "(note = 'a: b'::text)" },
    });
    expect(subplan).toMatchObject({
      relationship: 'sub-plan',
      subplanName: 'SubPlan 1',
      actual: { loops: 0, rows: 0 },
    });
    expect(tree).toMatchObject({
      planningMs: 0.1,
      executionMs: 0.6,
      settings: { work_mem: '64kB' },
      triggers: [{ name: 'order_fk', timeMs: 2.5, calls: 3, isConstraint: true }],
    });
  });

  it.each([
    [
      'psql borders',
      TEXT.trim()
        .split('\n')
        .map((line) => `| ${line} |`)
        .join('\n'),
    ],
    ['carriage returns', TEXT.replaceAll('\n', '\r\n')],
    ['words around it', `it is slow:\n${TEXT}\n\nwhy?`],
    [
      'a quoted CSV cell a line',
      TEXT.trim()
        .split('\n')
        .map((line) => `"${line.replaceAll('"', '""')}"`)
        .join('\n'),
    ],
  ])('reads it with %s', (_, text) => {
    expect(readPlan(text).tree.root).toEqual(readPlan(TEXT).tree.root);
  });

  it('reads compilation where the server has it', () => {
    const { tree } = readPlan(
      `${TEXT}\nJIT:\n  Functions: 4\n  Options: Inlining true, Optimization false\n  Timing: Generation 1.000 ms, Total 20.500 ms`,
    );
    expect(tree.jit).toMatchObject({ functions: 4, totalMs: 20.5, options: { Inlining: true, Optimization: false } });
  });
});

describe('what stands around plans', () => {
  const ran = '(cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)';

  it('is the servers that Citus sent parts to: their nodes are those of the node that did', () => {
    const text = `
Custom Scan (Citus Adaptive)  ${ran}
  ->  Distributed Subplan 1_1
        Subplan Duration: 4.39 ms
        ->  Seq Scan on a  ${ran}
            Planning Time: 5.000 ms
            Execution Time: 6.000 ms
  Task Count: 2
  ->  Task
        Node: host=localhost port=5432 dbname=d
        ->  Hash Join  ${ran}
              ->  Seq Scan on b  ${ran}
              ->  Hash  ${ran}
                    ->  Seq Scan on c  ${ran}
Planning Time: 1.000 ms
Execution Time: 9.000 ms`;
    const { root, planningMs, executionMs } = readPlan(text).tree;
    expect([planningMs, executionMs]).toEqual([1, 9]);
    expect(labelOf(root)).toBe('Custom Scan (Citus Adaptive)');
    expect(root.children.map(({ type, subplanName }) => [type, subplanName])).toEqual([
      ['Seq Scan', 'Distributed Subplan 1_1'],
      ['Hash Join', null],
    ]);
    expect(root.children[1]?.children.map(({ type }) => type)).toEqual(['Seq Scan', 'Hash']);
  });

  it('is another plan, in whatever form they are', () => {
    const times = (text: string): readonly (number | null)[] => findPlans(text).map(({ tree }) => tree.executionMs);
    const one = (ms: number): string =>
      `Limit  ${ran}\n  ->  Seq Scan on a  ${ran}\nPlanning Time: 0.1 ms\nExecution Time: ${ms} ms\n`;
    expect(times(one(1))).toEqual([1]);
    expect(times(`Before:\n${one(1)}\nAfter:\n${one(2)}`)).toEqual([1, 2]);
    expect(findPlans(JSON_FORM)).toHaveLength(1);
    expect(findPlans(`${JSON_FORM}\nthen {1}:\n${JSON_FORM}\n${JSON_FORM}`)).toHaveLength(3);
    const json = (ms: number): string => `{"Plan": {"Node Type": "Result", "Plans": []}, "Execution Time": ${ms}}`;
    expect(times(`[${json(1)}, ${json(2)}]`)).toEqual([1, 2]);
    expect(times(`[{"QUERY PLAN": [${json(1)}]}]\n[{"QUERY PLAN": [${json(2)}]}]`)).toEqual([1, 2]);
    const xml = (ms: number): string =>
      `<Query><Plan><Node-Type>Result</Node-Type></Plan><Execution-Time>${ms}</Execution-Time></Query>`;
    expect(times(`<explain xmlns="x">${xml(1)}</explain>\n<explain xmlns="x">${xml(2)}</explain>`)).toEqual([1, 2]);
    const yaml = (ms: number): string => `- Plan:\n    Node Type: "Result"\n  Execution Time: ${ms}\n`;
    expect(times(yaml(1) + yaml(2))).toEqual([1, 2]);
  });

  it('is what auto_explain logs one after another, each with its query', () => {
    const logged = (n: number): string =>
      [
        `2026-01-02 03:04:0${n} UTC [7] LOG:  duration: ${n}.0 ms  plan:`,
        `\tQuery Text: SELECT *\n\tFROM t${n}`,
        `\tSeq Scan on t${n}  ${ran}`,
        `\t  Filter: (a = ${n})`,
      ].join('\n');
    const found = findPlans(`${logged(1)}\n${logged(2)}\n${logged(3)}\n`).map(({ tree }) => tree);
    expect(found.map(({ query }) => query)).toEqual(['SELECT *\nFROM t1', 'SELECT *\nFROM t2', 'SELECT *\nFROM t3']);
    expect(found.map(({ root }) => root.relation)).toEqual(['t1', 't2', 't3']);
  });

  it('is the time as servers before 10 write it', () => {
    const { tree } = readPlan(`Result  ${ran}\nPlanning time: 3.5 ms\nExecution time: 4.5 ms`);
    expect([tree.planningMs, tree.executionMs]).toEqual([3.5, 4.5]);
  });
});

describe('the JSON form', () => {
  it.each([
    ['as it is', JSON_FORM],
    [
      'psql with its plus signs',
      JSON_FORM.split('\n')
        .map((line) => `${line} +`)
        .join('\n'),
    ],
    ['behind a log prefix', `2026-01-01 10:00:00 UTC [77] LOG:  duration: 12 ms  plan:\n${JSON_FORM}`],
    ["as a driver's row", JSON.stringify([{ 'QUERY PLAN': JSON.parse(JSON_FORM) as unknown }])],
  ])('reads it %s', (_, text) => {
    expect(readPlan(text).tree.root).toMatchObject({ type: 'Sort', children: [{ type: 'Seq Scan', relation: 't' }] });
  });

  it('takes a bare node for a plan, and none out of one that was cut off', () => {
    expect(findPlan(JSON.stringify(NODE))?.tree.root.type).toBe('Seq Scan');
    for (let end = 1; end < JSON_FORM.length - 2; end += 7)
      expect(findPlan(JSON_FORM.slice(0, end)), String(end)).toBeNull();
  });

  it('keeps all 64 bits of an identifier', () => {
    const text = JSON_FORM.replace('"Query Identifier": 1', '"Query Identifier": -9223372036854775807');
    expect(readPlan(text).tree.queryIdentifier).toBe('-9223372036854775807');
  });
});

it.each(['', 'SELECT 1', '{}', '[]', '<a/>', 'Plan: ', 'x'.repeat(1000), '[[[[[[[[', '{"Plan": {"Node Type": {}}}'])(
  'finds no plan in %j',
  (text) => {
    expect(findPlan(text)).toBeNull();
    expect(() => readPlan(text)).toThrow('No plan could be found');
  },
);
