import { afterAll, beforeAll, expect, test } from 'vitest';
import { rulesOf } from '../../src/lab/indexes/assemble.js';
import type { IndexBuild } from '../../src/lab/indexes/build.js';
import { barePlan, emptyRecord, figuresOf, planOfSet, runOnce, seenUnder } from '../../src/lab/indexes/case-record.js';
import type { CaseRecord } from '../../src/lab/indexes/case-record.js';
import { EarlierRuns } from '../../src/lab/indexes/earlier-runs.js';
import { mendSet } from '../../src/lab/indexes/mend-set.js';
import { benchOf } from '../../src/lab/indexes/outer-loop.js';
import type { OuterLoop } from '../../src/lab/indexes/outer-loop.js';
import { Outlook } from '../../src/lab/indexes/outlook.js';
import { createRunner } from '../../src/lab/indexes/runner.js';
import type { ChoiceRules } from '../../src/lab/indexes/settle.js';
import { findStanding } from '../../src/lab/indexes/standing.js';
import { Subsets } from '../../src/lab/indexes/subset.js';
import type { LabServer } from '../../src/lab/server.js';
import { prepareCases } from '../../src/lab/trial/cases.js';
import { labSessions } from '../../src/lab/trial/sessions.js';
import type { LabSessions } from '../../src/lab/trial/sessions.js';
import { anIndexSpec } from '../support/snapshot.js';
import { builtIn, serverWith, statement, workloadOf } from '../support/trial-lab.js';

/** The correlation of `reading.sensor` is set to 1 in the statistics, while its rows lie in no order: a scan of many of its values looks cheap, and reads a page for each row. */
const SCHEMA = `
  CREATE TABLE reading (id int PRIMARY KEY, sensor int NOT NULL, value text NOT NULL);
  INSERT INTO reading SELECT g, g * 7919 % 1009, repeat('v', 60) FROM generate_series(1, 40000) AS g;
  CREATE TABLE sensor (id int NOT NULL, place int NOT NULL, note text NOT NULL);
  INSERT INTO sensor SELECT g % 1009, g, repeat('s', 200) FROM generate_series(0, 8000) AS g;
  VACUUM ANALYZE;
  UPDATE pg_catalog.pg_statistic SET stanumbers1 = CASE WHEN stakind1 = 3 THEN '{1}' ELSE stanumbers1 END,
    stanumbers2 = CASE WHEN stakind2 = 3 THEN '{1}' ELSE stanumbers2 END, stanumbers3 = CASE WHEN stakind3 = 3 THEN '{1}' ELSE stanumbers3 END
    WHERE starelid = 'reading'::regclass AND staattnum = 2;`;

/** `lures` makes the first statement's plan bad and helps the second more than `helps` does the third; both are in the first one's plan. */
const LURES = anIndexSpec('reading', 'lures', ['"sensor"']);
const HELPS = anIndexSpec('sensor', 'helps', ['"place"']);
/** What the first statement's plan takes where it is there, which hides what the others make of it; it is said to be too large to be kept. */
const HIDES = anIndexSpec('reading', 'hides', ['"sensor"', '"value"']);
const SPECS = [LURES, HELPS, HIDES];
const BUDGET = 2 * 2 ** 20;
const WORKLOAD = workloadOf(
  statement(
    'both',
    'SELECT count(value) FROM reading WHERE sensor BETWEEN 100 AND 250 AND EXISTS (SELECT FROM sensor WHERE place = 17)',
    { calls: 1 },
  ),
  statement('of a sensor', 'SELECT value FROM reading WHERE sensor = 17', { calls: 100 }),
  statement('of a place', 'SELECT note FROM sensor WHERE place = 4711', { calls: 40 }),
);

let server: LabServer;
let sessions: LabSessions;
let builds: readonly IndexBuild[];

beforeAll(async () => {
  server = await serverWith('shop', SCHEMA);
  sessions = labSessions(server.connection, null);
  builds = (await builtIn(sessions, 'shop', SPECS)).map((built) =>
    built.spec === HIDES ? { ...built, sizeBytes: 2 * BUDGET } : built,
  );
});

afterAll(async () => {
  await sessions?.closeAll();
  await server?.stop();
});

test.each([
  ['once the time is over', 1.05],
  ['long after', 3],
])('%s, the index that makes a plan bad goes, and not the one that is missed less', async (_, gone) => {
  const loop = await measuringOver(gone);
  const standing = await findStanding(loop, ...(await measuredIn(loop)), { walked: null, until: 'verified' });
  expect(standing.kept).toEqual(['helps']);
  expect([...standing.banned.keys()]).not.toContain('helps');
  expect(standing).toMatchObject({ complete: false, failed: [] });
});

test('a set is mended by what the slow statement shows by itself, and nothing else is run on the way', async () => {
  const loop = await measuringOver(0.5);
  const [records, rules] = await measuredIn(loop);
  const bench = benchOf(loop, 1);
  const before = loop.subsets.counts.runs;
  const mended = await mendSet(new Outlook(bench, records, rules), ['lures', 'helps'], loop.earlier.verified);
  expect(mended).toEqual(['helps']);
  expect(records.map((record) => seenUnder(record, ['helps']) !== null)).toEqual([true, true, true]);
  const [both, ofSensor] = records.map((record) => record.figures.size);
  // None, all, the lure beside the help, the lure alone, the help alone: each index of the plan was left out. Of the other only what ran before.
  expect([both, ofSensor]).toEqual([5, 3]);
  expect(loop.subsets.counts.runs).toBeGreaterThan(before);

  // Where there is no time to choose it is what is run as a whole, and stands at once.
  const steps: number[] = [];
  const progress = (_: string, attempt: number): unknown => steps.push(attempt);
  const late = { ...loop, startedMs: loop.startedMs - TIME_MS, options: { ...loop.options, progress } };
  const standing = await findStanding(late, records, rules, { walked: mended, until: 'verified' });
  expect([standing.kept, steps]).toEqual([['helps'], [1]]);
});

test('a set under which nothing is too slow stays as it is, and none is found once the time is over', async () => {
  const loop = await measuringOver(0.5);
  const [records, rules] = await measuredIn(loop);
  const mend = (share: number, from: readonly string[]): Promise<readonly string[] | null> =>
    mendSet(new Outlook(benchOf(loop, share), records, rules), from, loop.earlier.verified);
  expect(await mend(1, ['helps'])).toEqual(['helps']);
  expect(await mend(0.4, ['lures', 'helps'])).toBeNull();
});

async function measuredIn(loop: OuterLoop): Promise<[CaseRecord[], ChoiceRules]> {
  const bench = benchOf(loop, 1);
  const records: CaseRecord[] = [];
  for (const oneCase of loop.prepared.cases) {
    const record = emptyRecord(oneCase);
    const plans = [await barePlan(bench, record), await planOfSet(bench, record, loop.subsets.all)];
    if (oneCase.name !== 'both') plans.push(await planOfSet(bench, record, ['lures', 'helps']));
    for (const plan of plans) await runOnce(bench, record, figuresOf(record, plan), 10_000);
    records.push(record);
  }
  const used = records.map(({ plans }) => plans.map((plan) => plan.uses.join()));
  expect(used).toEqual([
    ['', 'helps,hides'],
    ['', 'hides', 'lures'],
    ['', 'helps'],
  ]);
  const unrelated = records.map(({ plans }) => plans.map((plan) => plan.unrelated.join()));
  expect(unrelated).toEqual([
    ['', ''],
    ['helps', 'helps', 'helps'],
    ['lures,hides', 'lures,hides'],
  ]);
  return [records, rulesOf(loop, records)];
}

const TIME_MS = 3_600_000;

/** A clock of whose time so much has gone. */
async function measuringOver(gone: number): Promise<OuterLoop> {
  const note = (): void => undefined;
  const runner = createRunner(sessions, { database: 'shop', server, note });
  const prepared = await runner.use((session) =>
    prepareCases(session, WORKLOAD, { rewrites: [], allowVolatile: false }),
  );
  return {
    runner,
    subsets: new Subsets(builds, new Map()),
    prepared,
    writes: [],
    costs: new Map(),
    builds,
    options: {
      connection: server.connection,
      server,
      template: 'shop',
      target: null,
      specs: SPECS,
      workload: WORKLOAD,
      budgetBytes: BUDGET,
      timeBudgetMs: TIME_MS,
      objective: 'buffers',
    },
    earlier: new EarlierRuns(),
    startedMs: performance.now() - TIME_MS * gone,
    note,
  };
}
