import { describe, expect, it } from 'vitest';
import { catalogue } from './catalogue.js';
import type { PlanFinding } from './define.js';
import { readPlan } from './read/read-plan.js';
import { viewPlan } from './view.js';

const found = (text: string): readonly PlanFinding[] =>
  catalogue.flatMap((kind) => kind.find(viewPlan(readPlan(text).tree), null));
const of = (id: string, text: string): readonly PlanFinding[] => found(text).filter((one) => one.id === id);

/** Figures of a node; the more so where it took long or gave many. */
const ran = (ms: number, rows: number, { expected = rows, loops = 1 } = {}): string =>
  `(cost=0.00..900.00 rows=${expected} width=4) (actual time=0.010..${ms}.000 rows=${rows} loops=${loops})`;
const planned = (start: number, total: number, rows = 10): string =>
  `(cost=${start}.00..${total}.00 rows=${rows} width=4)`;

const scan = (filter: string): string =>
  `Seq Scan on t  ${ran(90, 3)}\n  Filter: ${filter}\n  Rows Removed by Filter: 90000`;

describe('scan/rows-discarded', () => {
  it.each([
    ["((a = 1) AND (b > 2) AND (c = ANY ('{1,2}'::integer[])))", 'An index on "t" (a, c, b), equality first'],
    ["((name)::text ~~ 'ann%'::text)", 'name text_pattern_ops'],
    ["((name)::text ~~* '%ann%'::text)", 'name gin_trgm_ops'],
    ['((a = 1) OR (b = 2))', 'for each of its sides (a; b)'],
    ['(a <> 3)', 'No index on bare columns serves this filter'],
    ["(lower((name)::text) = 'ann'::text)", 'The column name stands inside a function'],
  ])('advises by what stands in %s', (filter, remedy) => {
    expect(of('scan/rows-discarded', scan(filter)).map((one) => one.remedy)).toEqual([expect.stringContaining(remedy)]);
  });

  it('says of the scans of one Append what is theirs together', () => {
    const part = (name: string, filter: string): string =>
      `  ->  Seq Scan on ${name}  ${ran(30, 1)}\n        Filter: (${filter})\n        Rows Removed by Filter: 50000`;
    const parts = [part('p1', 'p1.a = 3'), part('p2', 'p2.a = 3'), part('q', 'q.b = 3')];
    const titles = of('scan/rows-discarded', [`Append  ${ran(90, 3)}`, ...parts].join('\n')).map((one) => one.title);
    expect(titles).toEqual([
      'Seq Scan on p1 and 1 more scan like it (nodes 2, 3) read 100,002 rows to keep 2.',
      'Seq Scan on q read 50,001 rows to keep 1.',
    ]);
  });

  it('allows for means over loops that are rounded', () => {
    const inner = (removed: number): readonly string[] =>
      of(
        'scan/rows-discarded',
        `Index Scan using i on t  ${ran(1, 0, { loops: 100_000 })}\n  Index Cond: (b = 1)\n  Filter: (a = 3)\n  Rows Removed by Filter: ${removed}`,
      ).map(({ title }) => title);
    expect(inner(1)).toEqual([]);
    expect(inner(9)).toEqual(['Index Scan by i on t read about 900,000 rows to keep fewer than 50,001.']);
  });

  it('is silent about a filter that no index can serve for its subquery', () => {
    expect(of('scan/rows-discarded', scan('(NOT (SubPlan 1))'))).toEqual([]);
    expect(of('scan/rows-discarded', scan('((SubPlan 1) OR (a = 3))'))).toEqual([]);
    expect(of('scan/rows-discarded', scan('((NOT (SubPlan 1)) AND (a = 3))'))).toHaveLength(1);
  });

  it('advises no partial index for what changes from day to day', () => {
    expect(of('scan/rows-discarded', scan('(day_of(at) <> CURRENT_DATE)'))[0]?.remedy).not.toContain('partial');
  });

  it('does not say what was kept where the text leaves it out', () => {
    const [one] = of(
      'scan/rows-discarded',
      `Sort  ${ran(90, 3)}\n  ->  Seq Scan on t\n        Filter: (a = 3)\n        Rows Removed by Filter: 90000`,
    );
    expect(one?.title).toBe('Seq Scan on t threw away 90,000 rows; how many it kept, the text leaves out.');
    expect(JSON.stringify(one?.evidence)).not.toContain('rows kept');
  });
});

describe('scan/ordered-index-walk', () => {
  const walk = (limit: string, figures: string, filter: string): string =>
    `Limit  ${limit}\n  ->  Index Scan using i on t  ${figures}\n        Filter: ${filter}\n`;

  it('keeps the order: what has several values comes behind the columns of the ORDER BY', () => {
    const filter = "((a = 1) AND (b = ANY ('{1,2}'::integer[])))";
    const [one] = of(
      'scan/ordered-index-walk',
      `${walk(ran(90, 3), ran(90, 3), filter)}        Rows Removed by Filter: 90000`,
    );
    expect(one?.remedy).toContain('(a, then the columns of the ORDER BY, then b) finds the rows and has them in order');
  });

  it('is an info where the walk was only planned, and silent where it would be short', () => {
    const long = of('scan/ordered-index-walk', walk(planned(0, 40), planned(0, 90000), '(a = 1)'));
    expect(long.map(({ severity }) => severity)).toEqual(['info']);
    expect(of('scan/ordered-index-walk', walk(planned(0, 4000), planned(0, 90000), '(a = 1)'))).toEqual([]);
  });
});

describe('overhead/disabled-node', () => {
  const E10 = 10_000_000_000;

  it('is a node that starts dearly by itself, not one that costs much', () => {
    expect(of('overhead/disabled-node', `Seq Scan on t  ${planned(E10, E10 + 9)}`)).toHaveLength(1);
    expect(of('overhead/disabled-node', `Seq Scan on t  ${planned(0, 2 * E10)}`)).toEqual([]);
    const sorted = `Sort  ${planned(2 * E10, 2 * E10 + 9)}\n  ->  Seq Scan on t  ${planned(0, 2 * E10)}`;
    expect(of('overhead/disabled-node', sorted)).toEqual([]);
  });
});

describe('subquery/unhashed-not-in', () => {
  it('names the subquery that is not hashed', () => {
    const text = `
Seq Scan on t  ${planned(0, 90)}
  Filter: ((NOT (hashed SubPlan 1)) AND (NOT (SubPlan 2)))
  SubPlan 1
    ->  Seq Scan on a  ${planned(0, 90)}
  SubPlan 2
    ->  Materialize  ${planned(0, 90)}
          ->  Seq Scan on b  ${planned(0, 90)}`;
    expect(of('subquery/unhashed-not-in', text).map(({ title }) => title)).toEqual([
      'Seq Scan on t goes through SubPlan 2 for every row.',
    ]);
  });
});

describe('subquery/subplan-per-row', () => {
  it('leaves NOT IN to the finding that is about it', () => {
    const text = (filter: string): string => `
Seq Scan on t  ${ran(900, 0)}
  Filter: ${filter}
  Rows Removed by Filter: 9000
  SubPlan 1
    ->  Materialize  (cost=0.00..9.00 rows=900 width=4) (actual time=0.010..0.090 rows=900 loops=9000)
          ->  Seq Scan on a  ${ran(9, 900)}`;
    const ids = (filter: string): readonly string[] => found(text(filter)).map(({ id }) => id);
    expect(ids('(NOT (SubPlan 1))')).toEqual(['subquery/unhashed-not-in']);
    expect(ids('((SubPlan 1) OR (b = 1))')).toEqual(['subquery/subplan-per-row']);
  });
});

describe('join/join-filter-discards', () => {
  it.each([
    ['(a.x = b.x)', 'by = already'],
    ['((a.x)::text = (b.x)::text)', 'by = already'],
    ['(a.x <> b.x)', 'only a <> rules out'],
    ['(a.x > b.x)', 'join into ranges'],
    ['(a.x = (b.x + 1))', 'by = on bare columns'],
  ])('advises by what stands in %s', (filter, remedy) => {
    const text = `
Nested Loop  ${ran(900, 5)}
  Join Filter: ${filter}
  Rows Removed by Join Filter: 900000
  ->  Seq Scan on a  ${ran(9, 1000)}
  ->  Materialize  ${ran(1, 900, { loops: 1000 })}
        ->  Seq Scan on b  ${ran(9, 900)}`;
    expect(of('join/join-filter-discards', text).map((one) => one.remedy)).toEqual([expect.stringContaining(remedy)]);
  });
});

describe('join/join-filter-discards of what a join gives', () => {
  it.each([
    ['((a.x = 1) OR (b.x = 2))', 'two queries put together by UNION'],
    ['(b.x IS NULL)', 'NOT EXISTS'],
    ['(coalesce(b.x, 0) = a.y)', 'comes after the join'],
  ])('advises by what stands in %s', (filter, remedy) => {
    const text = `
Merge Left Join  ${ran(900, 5)}
  Merge Cond: (a.id = b.id)
  Filter: ${filter}
  Rows Removed by Filter: 900000
  ->  Index Scan using i on a  ${ran(400, 900_005)}
  ->  Index Scan using j on b  ${ran(100, 90_000)}`;
    const [one] = of('join/join-filter-discards', text);
    expect(one?.title).toBe('Merge Left Join made 900,005 pairs to keep 5.');
    expect(one?.remedy).toContain(remedy);
  });
});

describe('overhead/planning-dominates', () => {
  it('is a warning where planning is long, however short the run was', () => {
    const text = (planning: number): string =>
      `Seq Scan on t  ${ran(1, 3)}\nPlanning Time: ${planning}.000 ms\nExecution Time: 1.200 ms`;
    const severities = (planning: number): readonly string[] =>
      of('overhead/planning-dominates', text(planning)).map(({ severity }) => severity);
    expect([severities(5), severities(90), severities(900)]).toEqual([[], ['info'], ['warning']]);
  });
});

describe('overhead/trigger-dominates', () => {
  it.each([
    ['Insert', 'by its key'],
    ['Delete', 'index on the referencing columns'],
  ])('advises on a key for %s', (operation, remedy) => {
    const text = `${operation} on t  ${ran(100, 0)}\n  ->  Seq Scan on u  ${ran(9, 900)}\n  Trigger for constraint t_u_fkey: time=900.000 calls=900\nExecution Time: 1001.000 ms`;
    expect(of('overhead/trigger-dominates', text).map((one) => one.remedy)).toEqual([expect.stringContaining(remedy)]);
  });
});

describe('join/most-rows-unmatched', () => {
  const join = (kept: number, few: number, filter = ''): string => `
Hash Join  ${ran(900, kept, { expected: 90000 })}
  Hash Cond: (big.k = few.k)
  ->  Seq Scan on big  ${ran(700, 500_000)}${filter}
  ->  Hash  ${ran(1, few)}
        ->  Seq Scan on few  ${ran(1, few)}`;

  it('is a table read whole for few', () => {
    expect(of('join/most-rows-unmatched', join(400, 40)).map(({ title }) => title)).toEqual([
      'Seq Scan on big gave 500,000 rows, of which the join kept 400.',
    ]);
  });

  it.each([
    ['many on the other side', join(400, 4000)],
    ['many kept', join(4000, 40)],
    ['a filter of the table', join(400, 40, '\n        Filter: (a = 3)')],
    ['rows of the other side kept without a match', join(400, 40).replace('Hash Join', 'Hash Left Join')],
  ])('is silent with %s', (_, text) => expect(of('join/most-rows-unmatched', text)).toEqual([]));
});

describe('memory/sort-on-disk', () => {
  const sort = (key: string, below: string): string =>
    `Sort  ${ran(900, 9000)}\n  Sort Key: ${key}\n  Sort Method: external merge  Disk: 9000kB\n  ->  ${below}`;

  it('weighs what the sort took by itself', () => {
    const severity = (ms: number): readonly string[] =>
      of('memory/sort-on-disk', sort('a', `Seq Scan on t  ${ran(ms, 9000)}`)).map((one) => one.severity);
    expect([severity(100), severity(890)]).toEqual([['warning'], ['info']]);
  });

  it('says that each process has files of its own', () => {
    const below = `Parallel Seq Scan on t  ${ran(100, 9000, { loops: 3 })}`;
    const text = `Gather Merge  ${ran(990, 27_000)}\n  Workers Launched: 2\n  ->  ${sort('a', `      ${below}`).replace('loops=1', 'loops=3')}`;
    expect(of('memory/sort-on-disk', text).map(({ title }) => title)).toEqual([
      'Sorting 27,000 rows took 8.79 MB of temporary files in one of its processes.',
    ]);
  });

  it('advises an index for the columns of one table alone', () => {
    const remedy = (key: string, below: string): string | undefined =>
      of('memory/sort-on-disk', sort(key, below))[0]?.remedy;
    const table = `Seq Scan on t  ${ran(100, 9000)}`;
    expect(remedy('a, b DESC', table)).toContain('an index on (a, b DESC)');
    expect(remedy('(count(*))', table)).not.toContain('an index on');
    expect(remedy('a', `HashAggregate  ${ran(100, 9000)}\n        ->  ${table}`)).not.toContain('an index on');
  });
});

describe('parallel/serial-scan', () => {
  it('is silent on what ran again and again, and before there were workers', () => {
    const slow = `Seq Scan on t  ${ran(900, 9000)}`;
    expect(of('parallel/serial-scan', slow)).toHaveLength(1);
    expect(of('parallel/serial-scan', `${slow}\nTotal runtime: 901.000 ms`)).toEqual([]);
    const inner = `Nested Loop  ${ran(950, 9)}\n  ->  Seq Scan on a  ${ran(1, 9)}\n  ->  Seq Scan on b  ${ran(100, 9000, { loops: 9 })}`;
    expect(of('parallel/serial-scan', inner)).toEqual([]);
  });
});

describe('estimates/misestimated-rows', () => {
  it.each([
    [
      'blocks that a BRIN index gives',
      `Bitmap Heap Scan on t  ${ran(90, 5000)}\n  Heap Blocks: lossy=1280\n  ->  Bitmap Index Scan on i  ${ran(9, 12_800, { expected: 1 })}`,
    ],
    [
      'what was made of one row that did not come',
      `Nested Loop  ${ran(90, 0, { expected: 5000 })}\n  ->  Seq Scan on a  ${ran(80, 0, { expected: 1 })}\n  ->  Index Scan using i on b  ${planned(0, 9)} (never executed)`,
    ],
    [
      'zeros of an extension',
      'Custom Scan (Citus Adaptive)  (cost=0.00..0.00 rows=0 width=0) (actual time=1.0..90.0 rows=9000 loops=1)',
    ],
  ])('is silent about %s', (_, text) => expect(of('estimates/misestimated-rows', text)).toEqual([]));

  it('does not advise to analyse what is no table', () => {
    const [one] = of('estimates/misestimated-rows', `CTE Scan on x  ${ran(90, 9000, { expected: 1 })}`);
    expect(one?.remedy).toMatch(/^ANALYZE the tables that it is made of/);
    const [catalog] = of(
      'estimates/misestimated-rows',
      `Seq Scan on pg_class  ${ran(90, 9000, { expected: 1 })}\n  Filter: ((a = 1) AND (b = 2))`,
    );
    expect(catalog?.remedy).toBe('ANALYZE "pg_class".');
  });
});
