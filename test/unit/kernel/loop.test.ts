import { expect, test } from 'vitest';
import { WizardError } from '../../../src/base/errors.js';
import type { Advisors } from '../../../src/kernel/ports.js';
import { runLoop } from '../../../src/kernel/loop.js';
import type { ChangeBounds } from '../../../src/model/change-bounds.js';
import type { Finding } from '../../../src/model/finding.js';
import type { Load, LoadSide } from '../../../src/model/load.js';
import type { Snapshot } from '../../../src/model/snapshot.js';
import { TIMES, createIndex, finding, makeWorld, measurement, summaryOf, workload } from './fakes.js';
import type { World } from './fakes.js';

const onA = finding(['a'], createIndex('ia'));
const onB = finding(['b'], createIndex('ib'));
const onC = finding(['c'], createIndex('ic'));
const onD = finding(['d'], createIndex('id'));

test('accepts what is measured to be better, each from the accepted state, until nothing is left', async () => {
  const world = makeWorld([onA, onB], { 'Create index ia': { a: 0.1 }, 'Create index ib': { b: 0.2 } });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(world.accepted).toEqual(['Create index ia', 'Create index ib']);
  expect(outcome.stop.reason).toBe('mature');
  expect(outcome.before.totalMs).toBe(1610);
  expect(outcome.after.totalMs).toBe(310);
  expect(outcome.iterations.map((iteration) => iteration.stateBefore)).toHaveLength(2);
  expect(outcome.iterations[1]?.stateBefore).not.toBe(outcome.iterations[0]?.stateBefore);
});

test('rejects what measurement refutes, however good it looked', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 1.4 } });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(world.accepted).toEqual([]);
  expect(outcome.iterations[0]?.verdict.kind).toBe('regressed');
  expect(outcome.iterations[0]?.decision).toMatchObject({ kind: 'reject' });
});

test('a gain on one statement does not pay for another that becomes slower beyond tolerance', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1, b: 1.3 } });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.iterations[0]?.verdict).toMatchObject({
    kind: 'regressed',
    reason: expect.stringContaining('b x1.30'),
  });
});

test('three iterations in a row under 5 % end the run, and what is left is named', async () => {
  const world = makeWorld([onA, onB, onC, onD], {});
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.stop.reason).toBe('small-gains');
  expect(world.tried).toHaveLength(3);
  expect(outcome.untried).toHaveLength(1);
});

test('after two small gains the last try goes to another technique, where one promises enough', async () => {
  const indexOn = (name: string): Finding => {
    const table = { schema: 'public', name };
    const action = createIndex(name, { tables: [table] });
    return finding(['a'], action, { advisor: `index/${name}` });
  };
  const rewrite = createIndex('r', {
    kind: 'rewrite',
    title: 'Rewrite a',
    up: [],
    down: [],
    index: null,
    rewrite: { fingerprint: 'a', rule: 'r', from: 'SELECT 1', to: 'SELECT 2', proof: [] },
  });
  const rewriteA = finding(['a'], rewrite, { advisor: 'query/r' });
  const world = makeWorld([indexOn('t1'), indexOn('t2'), indexOn('t3'), rewriteA], { 'Rewrite a': { a: 0.1 } });
  await runLoop(world.ports, workload, world.options);
  expect(world.tried.map((title) => title.split(' ')[0])).toEqual(['Create', 'Create', 'Rewrite', 'Create']);
});

test('of two rewrites the one comes first of which the planner foresees more, and it is said beforehand', async () => {
  const rewriteOf = (fingerprint: string): Finding =>
    finding([fingerprint], {
      ...createIndex('r', { kind: 'rewrite', up: [], down: [], index: null }),
      title: `Rewrite ${fingerprint}`,
      rewrite: { fingerprint, rule: 'r', from: `SELECT '${fingerprint}'`, to: `SELECT ${fingerprint}`, proof: [] },
    });
  const world = makeWorld([rewriteOf('a'), rewriteOf('b')], {});
  const cost: Readonly<Record<string, number>> = {
    "SELECT 'a'": 100,
    'SELECT a': 120,
    "SELECT 'b'": 100,
    'SELECT b': 1,
  };
  const snapshot = { catalog: { tables: [], indexes: [] }, rebuilds: [], workload } as unknown as Snapshot;
  const ports = {
    ...world.ports,
    whatIf: {
      cost: (fingerprints: readonly string[]) =>
        Promise.resolve(
          fingerprints.map((fingerprint) => ({
            fingerprint,
            cost: cost[`SELECT '${fingerprint}'`] ?? null,
            uses: [],
            usesExisting: [],
            planShape: null,
            planned: 1,
          })),
        ),
      size: () => Promise.reject(new Error('not asked')),
      sizes: () => Promise.resolve([]),
      costOf: (queries: readonly string[]) => Promise.resolve(cost[queries.join()] ?? null),
    },
    examiner: { examine: () => Promise.resolve(snapshot) },
  };
  const { iterations } = await runLoop(ports, workload, world.options);
  expect(world.tried).toEqual(['Rewrite b', 'Rewrite a']);
  expect(iterations[0]?.hypothesis.prediction).toMatchObject({ statementRatio: 0.01, provenance: 'estimated' });
});

test('a rewrite is foreseen without what runs inside the functions that its statement calls', async () => {
  const action = createIndex('r', {
    kind: 'rewrite',
    title: 'Rewrite a',
    index: null,
    up: [],
    down: [],
    rewrite: { fingerprint: 'a', rule: 'r', from: "SELECT 'a'", to: 'SELECT a', proof: ['it does'] },
  });
  const world = makeWorld([finding(['a'], action)], { 'Rewrite a': { a: 0.5 } });
  const inside = [{ within: 'public.f', sql: 'SELECT 1', parameterSets: [] }];
  const statements = workload.statements.map((one) => (one.fingerprint === 'a' ? { ...one, inside } : one));
  const snapshot = { catalog: { tables: [], indexes: [] }, rebuilds: [], workload: { ...workload, statements } };
  const cost: Readonly<Record<string, number>> = { "SELECT 'a'": 10, 'SELECT a': 5 };
  const ports = {
    ...world.ports,
    whatIf: {
      cost: () => Promise.reject(new Error('the mean over what runs inside as well')),
      size: () => Promise.reject(new Error('not asked')),
      sizes: () => Promise.resolve([]),
      costOf: (queries: readonly string[]) => Promise.resolve(cost[queries.join()] ?? null),
    },
    examiner: { examine: () => Promise.resolve(snapshot as unknown as Snapshot) },
  };
  const { iterations } = await runLoop(ports, workload, world.options);
  expect(iterations[0]?.hypothesis.prediction).toMatchObject({ statementRatio: 0.5, provenance: 'estimated' });
});

test('what did nothing for a statement is not tried in another form before the statements that nothing was tried for', async () => {
  const world = makeWorld([onA, finding(['a'], createIndex('ia2')), onB], { 'Create index ib': { b: 0.1 } });
  await runLoop(world.ports, workload, world.options);
  const [first, second, third] = world.tried;
  expect(new Set([first, third])).toEqual(new Set(['Create index ia', 'Create index ia2']));
  expect(second).toBe('Create index ib');
});

test('a large gain between two small ones starts the count anew', async () => {
  const world = makeWorld([onA, onB, onC, onD], { 'Create index ic': { c: 0.0001 } });
  await runLoop(world.ports, workload, world.options);
  expect(world.tried).toHaveLength(4);
});

test('the time given ends the run', async () => {
  const world = makeWorld([onA, onB], { 'Create index ia': { a: 0.1 }, 'Create index ib': { b: 0.1 } });
  const outcome = await runLoop(world.ports, workload, { ...world.options, budgetMs: 500 });
  expect(outcome.stop.reason).toBe('budget');
  expect(world.tried).toHaveLength(1);
});

test('a budget that begins with the end of the baseline is not used up by it', async () => {
  const slow = (from: 'start' | 'baseline'): World => {
    const world = makeWorld([onA, onB], { 'Create index ia': { a: 0.1 }, 'Create index ib': { b: 0.1 } });
    const baseline = world.ports.lab.baseline.bind(world.ports.lab);
    const lab = Object.create(world.ports.lab, {
      baseline: {
        value: (given: typeof workload) => {
          world.nowMs += 10_000;
          return baseline(given);
        },
      },
    }) as typeof world.ports.lab;
    return Object.assign(world, {
      ports: { ...world.ports, lab },
      options: { ...world.options, budgetMs: 500, budgetFrom: from },
    });
  };
  const [early, late] = [slow('start'), slow('baseline')];
  await runLoop(early.ports, workload, early.options);
  await runLoop(late.ports, workload, late.options);
  expect(early.tried).toEqual([]);
  expect(late.tried).toHaveLength(1);
});

test('over the storage budget it is rejected with the figures', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  const outcome = await runLoop(world.ports, workload, { ...world.options, storageBudgetBytes: 50 });
  expect(outcome.iterations[0]?.decision.reason).toContain('over the storage budget: 100 B');
});

test('a failed trial is unverifiable, never a pass', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  world.trial = () => ({ failure: 'the lab server was killed twice' });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.iterations[0]?.verdict.kind).toBe('unverifiable');
  expect(world.accepted).toEqual([]);
});

test.each([
  ['results differ', { resultsEqual: false, resultDifferences: ['a'] }, 'regressed'],
  ['the revert was not verified', { revertVerified: false }, 'unverifiable'],
  ['constraints were lost', { constraintsIntact: false }, 'regressed'],
])('%s: not accepted', async (_name, over, verdict) => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  world.trial = (_action, measured) => ({ ...measured, ...over });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.iterations[0]?.verdict.kind).toBe(verdict);
  expect(world.accepted).toEqual([]);
});

test('a rewrite whose results could not all be compared is unverifiable, however fast', async () => {
  const rewrite = createIndex('ia', {
    kind: 'rewrite',
    title: 'Rewrite a',
    up: [],
    down: [],
    index: null,
    rewrite: { fingerprint: 'a', rule: 'r', from: 'SELECT 1', to: 'SELECT 2', proof: [] },
  });
  const world = makeWorld([finding(['a'], rewrite)], { 'Rewrite a': { a: 0.1 } });
  world.trial = (_action, measured) => ({ ...measured, resultsEqual: null });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.iterations[0]?.verdict.kind).toBe('unverifiable');
  expect(world.accepted).toEqual([]);
});

test('a statement that did not finish before is accepted on its lower bound, and both reservations are told', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  world.trial = (_action, measured) =>
    'statements' in measured
      ? {
          ...measured,
          statements: measured.statements.map((s) => ({ ...s, beforeTimedOutMs: 12_000 })),
          resultsEqual: null,
          resultsUncompared: ['a: not compared: the unchanged statement did not finish in 12.0 s'],
          indexCheck: { agrees: true, note: 'every row was looked up' },
        }
      : measured;
  const outcome = await runLoop(world.ports, workload, world.options);
  const [iteration] = outcome.iterations;
  expect(iteration?.decision.kind).toBe('accept');
  expect(iteration?.verdict.resultsEqual).toBeNull();
  expect(iteration?.decision.reason).toContain('a did not finish in 12.0 s before, so that its ratio is at most this');
  expect(iteration?.decision.reason).toMatch(
    /no result could be compared: a: not compared: .*; every row was looked up/,
  );
});

test.each([
  [
    'unverifiable',
    { agrees: null, note: 'amcheck reads no gin index' },
    /nor could the index be held .* amcheck reads no gin index/,
  ],
  ['unverifiable', null, /it was not tried/],
  ['regressed', { agrees: false, note: 'rows are missing' }, /does not agree with its table: rows are missing/],
])('an index without any result to compare is %s when its check says %o', async (kind, indexCheck, reason) => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  const resultsUncompared = ['a: compared by row count: LIMIT without ORDER BY'];
  world.trial = (_action, measured) => ({ ...measured, resultsEqual: null, resultsUncompared, indexCheck });
  const [iteration] = (await runLoop(world.ports, workload, world.options)).iterations;
  expect(iteration?.verdict).toMatchObject({ kind, reason: expect.stringMatching(reason) });
  expect(world.accepted).toEqual([]);
});

test('a statement that finishes neither with the change nor without is no measurement', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  const failed = [{ fingerprint: 'a', name: 'a', reason: 'timed out after 12.0 s, with the change and without' }];
  world.trial = (_action, measured) => ({ ...measured, statements: [], failed });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.iterations[0]?.verdict).toMatchObject({
    kind: 'unverifiable',
    reason: 'nothing could be measured: a timed out after 12.0 s, with the change and without',
  });
});

test('too few pairs are insufficient', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  world.trial = (_action, measured) =>
    'statements' in measured
      ? { ...measured, statements: measured.statements.map((s) => ({ ...s, rounds: 2 })) }
      : measured;
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.iterations[0]?.verdict.kind).toBe('insufficient');
});

test('the next run takes up what was accepted and does not try again what was rejected', async () => {
  const effects = { 'Create index ia': { a: 0.1 } };
  const first = makeWorld([onA, onB], effects);
  await runLoop(first.ports, workload, first.options);
  expect(first.tried).toEqual(['Create index ia', 'Create index ib']);
  const second = makeWorld([onA, onB], effects, first.entries);
  const outcome = await runLoop(second.ports, workload, { ...second.options, run: 'r2' });
  expect(second.tried).toEqual([]);
  expect(second.accepted).toEqual(['Create index ia']);
  expect(outcome.replayed).toBe(1);
  expect(outcome.after.totalMs).toBe(710);
  expect(outcome.untried.map((left) => left.reason)).toEqual([expect.stringContaining('earlier run')]);
});

test('a trial that was cut off is tried again by the next run', async () => {
  const first = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  const abort = new AbortController();
  first.trial = (_action, measured) => {
    abort.abort();
    return measured;
  };
  const cut = await runLoop({ ...first.ports, signal: abort.signal }, workload, first.options);
  expect(cut.stop.reason).toBe('interrupted');
  expect(cut.iterations).toEqual([]);
  const second = makeWorld([onA], { 'Create index ia': { a: 0.1 } }, first.entries);
  await runLoop(second.ports, workload, second.options);
  expect(second.tried).toEqual(['Create index ia']);
});

test('an abort that a port throws for ends the run with what was measured by then', async () => {
  const world = makeWorld([onA, onB], { 'Create index ia': { a: 0.1 } });
  const abort = new AbortController();
  world.trial = (action, measured) => {
    if (action.title === 'Create index ia') return measured;
    abort.abort();
    throw new WizardError('run/interrupted', 'stopped in the middle of a trial');
  };
  const cut = await runLoop({ ...world.ports, signal: abort.signal }, workload, world.options);
  expect(cut.stop.reason).toBe('interrupted');
  expect(cut.iterations.map((iteration) => iteration.hypothesis.title)).toEqual(['Create index ia']);
  expect(cut.untried).toEqual([
    expect.objectContaining({ hypothesis: expect.objectContaining({ title: 'Create index ib' }) }),
  ]);
  expect(world.entries.at(-1)).toMatchObject({ type: 'run-stopped', reason: 'interrupted' });
});

test('an abort before the first examination is thrown on: there is nothing to report', async () => {
  const world = makeWorld([onA], {});
  const abort = new AbortController();
  const examine = (): Promise<never> => {
    abort.abort();
    return Promise.reject(new WizardError('run/interrupted', 'stopped while reading'));
  };
  await expect(
    runLoop({ ...world.ports, examiner: { examine }, signal: abort.signal }, workload, world.options),
  ).rejects.toThrow('stopped while reading');
});

test('a broken prohibition is an error even in a run that was stopped', async () => {
  const world = makeWorld([onA], {});
  const abort = new AbortController();
  world.trial = () => {
    abort.abort();
    throw new WizardError('kernel/forbidden', 'not a lab');
  };
  await expect(runLoop({ ...world.ports, signal: abort.signal }, workload, world.options)).rejects.toThrow('not a lab');
});

test('escalated changes are not tried, and carry who decides and their evidence', async () => {
  const risky = createIndex('ia', {
    kind: 'alter-column-type',
    index: null,
    title: 'Change the type',
    up: ['ALTER TABLE public.t ALTER COLUMN a TYPE text'],
    down: ['ALTER TABLE public.t ALTER COLUMN a TYPE int'],
  });
  const world = makeWorld([finding(['a'], risky)], { 'Change the type': { a: 0.1 } });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(world.tried).toEqual([]);
  expect(outcome.iterations[0]?.decision).toMatchObject({
    kind: 'escalate',
    escalation: {
      protocol: 'data-integrity',
      decidedBy: 'DBA and data governance',
      timeLimitHours: 24,
      evidence: [expect.stringContaining('calls: 1')],
    },
  });
});

test('all accepted changes are held against the beginning in one measurement, whose columns are reported', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  world.confirm = (measured) => ({ ...measured, after: summaryOf({ ...TIMES, a: 120 }) });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.together).toMatchObject({ verdict: 'confirmed', resultsEqual: true });
  expect(outcome.after.perStatement.find((row) => row.name === 'a')?.meanMs).toBe(120);
});

test('losses that no single trial showed are told when they add up', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  world.confirm = (measured) => ({ ...measured, statements: measurement(TIMES, { a: 0.1, b: 1.4 }).statements });
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.together).toMatchObject({ verdict: 'regressed' });
  expect(outcome.together.reason).toContain('slower beyond tolerance: b x1.40');
});

test('a change by which a statement is slower in the end is withdrawn, the rest is confirmed, and no later run tries it again', async () => {
  const effects = { 'Create index ia': { a: 0.1 }, 'Create index ib': { b: 0.2 }, 'Create index ic': { c: 0.3 } };
  const world = makeWorld([onA, onB, onC], effects);
  world.confirm = (measured) => {
    const [slower] = measurement(TIMES, { d: 3 }).statements;
    if (!world.accepted.includes('Create index ib') || !slower) return measured;
    return {
      ...measured,
      statements: [...measured.statements, { ...slower, afterMs: 300, planAfter: 'Sort(Index Scan:ib@t)' }],
    };
  };
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.together.verdict).toBe('confirmed');
  expect(world.accepted).toEqual(['Create index ia', 'Create index ic']);
  const [a, b, c] = outcome.iterations;
  expect([a?.decision.kind, c?.decision.kind]).toEqual(['accept', 'accept']);
  expect(b?.decision).toMatchObject({
    kind: 'reject',
    reason: expect.stringContaining('withdrawn in the end: all accepted'),
  });
  expect(outcome.findingsAfter).toContain(onB);
  const again = makeWorld([onA, onB, onC], effects, world.entries);
  const second = await runLoop(again.ports, workload, again.options);
  expect(again.accepted).toEqual(['Create index ia', 'Create index ic']);
  expect(again.tried).toEqual([]);
  expect(second.untried.map(({ hypothesis }) => hypothesis.title)).toEqual(['Create index ib']);
});

test('where the change to blame can not be taken back, or none is, the regression stands', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  const [slower] = measurement(TIMES, { b: 2 }).statements;
  const statements = slower ? [{ ...slower, planAfter: 'Index Scan:ia@t' }] : [];
  world.confirm = (measured) => ({ ...measured, statements });
  world.ports.lab.withdraw = () => Promise.resolve({ failure: 'it has no way back' });
  expect((await runLoop(world.ports, workload, world.options)).together.verdict).toBe('regressed');
  expect(world.accepted).toEqual(['Create index ia']);
});

test('results that differ in the end are told, and a failure is not taken for a pass', async () => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  world.confirm = (measured) => ({
    ...measured,
    resultsEqual: false,
    resultDifferences: ['a: 3 rows before, 2 after'],
  });
  expect((await runLoop(world.ports, workload, world.options)).together).toMatchObject({
    verdict: 'regressed',
    reason: 'results differ: a: 3 rows before, 2 after',
  });
  const failing = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  failing.confirm = () => ({ failure: 'the lab server ended twice' });
  const outcome = await runLoop(failing.ports, workload, failing.options);
  expect(outcome.together).toMatchObject({ verdict: 'unverifiable', reason: 'the lab server ended twice' });
  expect(outcome.after.perStatement.find((row) => row.name === 'a')?.meanMs).toBe(100);
});

test('where nothing was accepted there is nothing to confirm', async () => {
  const world = makeWorld([onA], {});
  expect((await runLoop(world.ports, workload, world.options)).together.verdict).toBe('none');
});

test('advisors are told what is left of the storage, and what this run refuted', async () => {
  const world = makeWorld([onA, onB], { 'Create index ia': { a: 0.1 } });
  world.trial = (action, measured) => ({
    ...measured,
    storageBytesAfter: measured.storageBytesBefore + (action.title === 'Create index ia' ? 400 : 0),
  });
  const told: (ChangeBounds | undefined)[] = [];
  const { advisors } = world.ports;
  const examine: Advisors['examine'] = (snapshot, whatIf, bounds) => {
    told.push(bounds);
    return advisors.examine(snapshot, whatIf, bounds);
  };
  await runLoop({ ...world.ports, advisors: { examine } }, workload, { ...world.options, storageBudgetBytes: 1000 });
  expect(world.accepted).toEqual(['Create index ia']);
  expect(told[0]).toEqual({ storageBytes: 1000, refuted: [], searchMs: 2.5e8 });
  expect(told[1]?.storageBytes).toBe(600);
  expect(told).toHaveLength(2);
});

test('advisors are told how long a search may take: a quarter of the time that is left, and some seconds when there is none', async () => {
  for (const [budgetMs, searchMs] of [
    [100_000, 25_000],
    [1000, 5000],
  ]) {
    const world = makeWorld([onA], {});
    const told: (ChangeBounds | undefined)[] = [];
    const { advisors } = world.ports;
    const examine: Advisors['examine'] = (snapshot, whatIf, bounds) => {
      told.push(bounds);
      return advisors.examine(snapshot, whatIf, bounds);
    };
    const options = { ...world.options, budgetMs: budgetMs ?? 0 };
    await runLoop({ ...world.ports, advisors: { examine } }, workload, options);
    expect(told.map((bounds) => bounds?.searchMs)).toEqual([searchMs]);
  }
});

test('an index that was refuted before another was accepted is told to the advisors', async () => {
  const world = makeWorld([onA, onB], { 'Create index ib': { b: 0.1 } });
  const told: (ChangeBounds | undefined)[] = [];
  const { advisors } = world.ports;
  const examine: Advisors['examine'] = (snapshot, whatIf, bounds) => {
    told.push(bounds);
    return advisors.examine(snapshot, whatIf, bounds);
  };
  await runLoop({ ...world.ports, advisors: { examine } }, workload, world.options);
  expect(world.tried).toEqual(['Create index ia', 'Create index ib']);
  expect(told.map((bounds) => [bounds?.storageBytes, bounds?.refuted.map((one) => one.name)])).toEqual([
    [null, []],
    [null, ['ia']],
  ]);
});

test('of the changes that a finding offers the first is tried before the others, whatever is foreseen of them', async () => {
  const variants = ['ia', 'ia2', 'ia3'].map((name) => createIndex(name));
  const [first] = variants;
  if (!first) throw new Error('no change');
  for (const actions of [variants, variants.toReversed()]) {
    const world = makeWorld([finding(['a'], first, { actions })], {});
    await runLoop(world.ports, workload, world.options);
    expect(world.tried).toEqual(actions.map((action) => action.title));
  }
});

const side = (perSecond: number, senderShare = 0.1): LoadSide => ({
  executions: 100,
  perSecond,
  p50Ms: 1,
  p95Ms: 2,
  errors: 0,
  senderShare,
});
const loadOf = (one: LoadSide, four: LoadSide): Load => ({
  levels: [
    { clients: 1, before: side(1), after: one },
    { clients: 4, before: side(1), after: four },
  ],
  cores: 2,
  leftOut: [],
});

test.each([
  ['80 % of linear, as far as the cores go, is met', loadOf(side(100), side(160)), 'met'],
  ['less is missed', loadOf(side(100), side(150)), 'missed'],
  ['a sender that was the limit says nothing of the server', loadOf(side(100), side(150, 0.9)), 'unknown'],
  ['a load that failed says nothing', { failure: 'the lab died' }, 'unknown'],
  ['no load says nothing', null, 'unknown'],
])('concurrency: %s', async (_name, load, status) => {
  const world = makeWorld([onA], { 'Create index ia': { a: 0.1 } });
  world.load = load;
  const outcome = await runLoop(world.ports, workload, world.options);
  expect(outcome.scorecard.find((row) => row.id === 'linear-concurrency')).toMatchObject({ status });
  expect(outcome.load).toEqual(load !== null && 'failure' in load ? null : load);
});

test('a hint is tried when nothing else is left, however much it bears on', async () => {
  const hint = createIndex('ia', {
    kind: 'hint',
    title: 'Hint',
    up: [],
    down: [],
    index: null,
    rewrite: {
      fingerprint: 'a',
      rule: 'hint',
      from: 'SELECT 1',
      to: 'SELECT 1',
      proof: [],
      hint: { settings: { enable_nestloop: 'off' }, form: 'set-local', until: '2026-06-01' },
    },
  });
  const world = makeWorld([finding(['a', 'b'], hint), finding(['c'], createIndex('ic'))], {});
  await runLoop(world.ports, workload, world.options);
  expect(world.tried).toEqual(['Create index ic', 'Hint']);
});
