import { afterAll, beforeAll, expect, test } from 'vitest';
import type { IndexBuild } from '../../src/lab/indexes/build.js';
import { Subsets } from '../../src/lab/indexes/subset.js';
import type { LabServer } from '../../src/lab/server.js';
import { prepareCases } from '../../src/lab/trial/cases.js';
import { labSessions } from '../../src/lab/trial/sessions.js';
import type { LabSessions } from '../../src/lab/trial/sessions.js';
import { anIndexSpec } from '../support/snapshot.js';
import { builtIn, serverWith, statement, workloadOf } from '../support/trial-lab.js';

const SCHEMA = `
  CREATE TABLE "order" (id int NOT NULL, kind int NOT NULL, note text NOT NULL);
  INSERT INTO "order" SELECT g, g % 50, repeat('n', 80) FROM generate_series(1, 20000) AS g;
  VACUUM ANALYZE;`;
const SPECS = [anIndexSpec('order', 'by_id', ['"id"']), anIndexSpec('order', 'by_kind', ['"kind"'])];

let server: LabServer;
let sessions: LabSessions;
let builds: readonly IndexBuild[];

beforeAll(async () => {
  server = await serverWith('shop', SCHEMA);
  sessions = labSessions(server.connection, null);
  builds = await builtIn(sessions, 'shop', SPECS);
});

afterAll(async () => {
  await sessions?.closeAll();
  await server?.stop();
});

test('a write touches more blocks with indexes than without, whatever ran before: none finds the table warmer than another', async () => {
  const insert = statement('insert', `INSERT INTO "order" VALUES (20001, 7, 'new')`, { calls: 1 });
  const blocks = await sessions.within('shop', async (session) => {
    const { cases } = await prepareCases(session, workloadOf(insert), { rewrites: [], allowVolatile: false });
    const [one] = cases;
    if (!one) throw new Error('there is no case');
    const subsets = new Subsets(builds, new Map());
    const found: [string, number][] = [];
    for (const set of [[], subsets.all, subsets.all, ['by_id'], ['by_id'], subsets.all, [], []]) {
      const run = await subsets.run(session, one, set, 10_000);
      if ('cutOffBuffers' in run) throw new Error('it was cut off');
      found.push([set.join(), run.buffers]);
    }
    return found;
  });
  const of = (set: string): readonly number[] => blocks.filter(([name]) => name === set).map(([, count]) => count);
  const [none, one, both] = [of(''), of('by_id'), of('by_id,by_kind')];
  expect(Math.max(...none)).toBeLessThan(Math.min(...one));
  expect(Math.max(...one)).toBeLessThan(Math.min(...both));
  // An index of two levels: its metapage, its root and a leaf, and nothing of the catalog.
  expect(Math.max(...one) - Math.min(...none)).toBe(3);
  expect(Math.max(...both) - Math.min(...none)).toBe(6);
});
