import { expect, it } from 'vitest';
import { readPlan } from './read/read-plan.js';
import { viewPlan } from './view.js';
import { moreWorkMemory } from './work-memory.js';

it.each([
  ['4MB', 30_000, 'to 59MB'],
  // The file was smaller than the memory that did not hold the rows.
  ['64MB', 30_000, 'to 128MB'],
  ['1GB', 300_000, 'to 2048MB'],
  ['64kB', 10, 'to 1MB'],
])('with %s and %i kB on disk the advice is more than there was', (had, neededKb, said) => {
  const ran = '(cost=0.00..1.00 rows=1 width=4) (actual time=0.1..0.2 rows=1 loops=1)';
  const view = viewPlan(readPlan(`Sort  ${ran}\n  ->  Seq Scan on t  ${ran}\nSettings: work_mem = '${had}'`).tree);
  expect(moreWorkMemory(view, null, neededKb)).toMatch(`Raise work_mem ${said} or a little more`);
});
