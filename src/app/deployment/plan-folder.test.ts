import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPlanFolder } from './plan-folder.js';

const drop = (name: string): Record<string, unknown> => ({
  kind: 'drop-index',
  title: `Drop index public.${name}`,
  up: [`DROP INDEX CONCURRENTLY "public"."${name}"`],
  down: [`CREATE INDEX CONCURRENTLY ${name} ON public.t (a)`],
});

const existing = (name: string, trial: Record<string, unknown> | null): Record<string, unknown> => ({
  index: `public.${name}`,
  advice: `Index public.${name} repeats another.`,
  trial: trial && { reason: null, needsSet: false, drop: drop(name), ...trial },
});

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-folder-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

test('of the indexes that are there those are dropped that the lab did not miss and that rest on nothing new', async () => {
  const report = {
    indexes: [],
    existing: [
      existing('repeat', { outcome: 'goes' }),
      existing('given', { outcome: 'goes', needsSet: true }),
      existing('missed', { outcome: 'stays', reason: 'without it "a" takes 9 s' }),
      existing('untried', null),
    ],
    removals: { reverted: true },
  };
  writeFileSync(join(folder, 'indexes.json'), JSON.stringify(report));
  const { changes, setAside } = await readPlanFolder(folder);
  expect(changes).toMatchObject([
    { title: 'Drop index public.repeat', up: drop('repeat')['up'], evidence: { revertVerified: true } },
  ]);
  expect(setAside.map(({ title, reason }) => [title, reason.slice(0, 60)])).toEqual([
    ['public.given', 'it goes when the new index in its place has proved itself: I'],
    ['public.missed', 'advice on an index that is there did not stand its trial (wi'],
    ['public.untried', 'advice on an index that is there was not tried in the lab: I'],
  ]);
});
