import { expect, test } from 'vitest';
import type { Advisors } from '../kernel/ports.js';
import type { Finding } from '../model/finding.js';
import type { Snapshot } from '../model/snapshot.js';
import type { LoopWhatIf } from '../model/what-if.js';
import { createForesight } from './foresight.js';

const snapshot = {} as Snapshot;
const change = { add: [], drop: [] };
const found = (title: string): Finding => ({ title }) as Finding;

/** Finds one thing with the engine and another without. */
const advisors: Advisors = {
  async examine(_snapshot, whatIf) {
    const [cost] = (await whatIf?.cost(['a'], change)) ?? [];
    return [found(whatIf ? `cost ${cost?.cost}` : 'by statistics')];
  },
};

/** Answers until it dies. */
class Engine implements LoopWhatIf {
  dead = false;
  cost: LoopWhatIf['cost'] = (fingerprints) =>
    this.dead
      ? Promise.reject(new Error('the server ended'))
      : Promise.resolve(
          fingerprints.map((fingerprint) => ({
            fingerprint,
            cost: 7,
            uses: [],
            usesExisting: [],
            planShape: 'Seq Scan',
            planned: 1,
          })),
        );
  size: LoopWhatIf['size'] = () => Promise.reject(new Error('no size'));
  costOf: LoopWhatIf['costOf'] = () => (this.dead ? Promise.reject(new Error('the server ended')) : Promise.resolve(3));
  sizes: LoopWhatIf['sizes'] = () => Promise.reject(new Error('no sizes'));
}

test('an engine that works is asked, and nothing is said of it', async () => {
  const foresight = createForesight(new Engine(), new AbortController().signal, () => undefined);
  expect(await foresight.advise(advisors).examine(snapshot, foresight.whatIf)).toEqual([found('cost 7')]);
  expect(foresight.skipped).toEqual([]);
});

test('one that fails under a question is given up, and the advisors are asked again without it', async () => {
  const engine = new Engine();
  const notes: string[] = [];
  const foresight = createForesight(engine, new AbortController().signal, (text) => notes.push(text));
  engine.dead = true;
  expect(await foresight.advise(advisors).examine(snapshot, foresight.whatIf)).toEqual([found('by statistics')]);
  expect(foresight.whatIf).toBeNull();
  expect(foresight.skipped).toEqual([expect.objectContaining({ reason: 'the server ended' })]);
  expect(notes).toEqual(['the what-if engine failed and is given up: the server ended']);
});

test('one that does not follow an accepted change is given up', async () => {
  const foresight = createForesight(new Engine(), new AbortController().signal, () => undefined);
  await foresight.follow(() => Promise.reject(new Error('not taken')));
  expect(foresight.whatIf).toBeNull();
  await foresight.follow(() => Promise.reject(new Error('not asked again')));
  expect(foresight.skipped).toHaveLength(1);
});

test('a fault of an advisor is no fault of the engine', async () => {
  const foresight = createForesight(new Engine(), new AbortController().signal, () => undefined);
  const broken: Advisors = { examine: () => Promise.reject(new Error('a fault')) };
  await expect(foresight.advise(broken).examine(snapshot, foresight.whatIf)).rejects.toThrow('a fault');
  expect(foresight.whatIf).not.toBeNull();
});

test('an abort is thrown on and is no failure', async () => {
  const abort = new AbortController();
  const engine = new Engine();
  engine.cost = () => new Promise(() => undefined);
  const foresight = createForesight(engine, abort.signal, () => undefined);
  const asked = foresight.whatIf?.cost(['a'], change);
  abort.abort(new Error('stopped'));
  await expect(asked).rejects.toThrow('stopped');
  await expect(foresight.follow(() => Promise.resolve())).rejects.toThrow('stopped');
  expect(foresight.skipped).toEqual([]);
});
