import { beforeAll, describe, expect, it } from 'vitest';
import { engine } from '../../../test/support/fake-planner.js';
import type { Fake } from '../../../test/support/fake-planner.js';
import { chosen, selectionInput, statement } from '../../../test/support/selection.js';
import { loadParser } from '../../sql/parse.js';
import { selectIndexes } from './selection.js';

beforeAll(() => loadParser());

/** A plan with all indexes is the best, and there is room for one: what it gives alone was not seen. */
const fake: Fake = {
  plans: {
    [statement('a', 'b', 'c')]: [
      [[], 100],
      [['a'], 40],
      [['a', 'b', 'c'], 10],
    ],
  },
  sizes: { b: 20, c: 20 },
};

describe('the first set', () => {
  it('is packed of what the plans use with everything in sight, and verified before other plans are looked for', async () => {
    const storageBytes = 25e6;
    const selection = await selectIndexes(selectionInput(fake, ['a', 'b', 'c'], { storageBytes }));
    expect(selection.progress.map(({ plannerCalls, objective }) => [plannerCalls, objective])).toEqual([
      [2, 1],
      [3, 0.4],
    ]);
    expect(chosen(selection)).toEqual(['a']);
  });

  it('is found where weighing the statements took most of the time', async () => {
    const planner = engine(fake);
    let ms = 0;
    const cost: typeof planner.cost = (fingerprints, change) => {
      if (change.add.length === 0) ms += 80;
      return planner.cost(fingerprints, change);
    };
    const whatIf = { cost, size: planner.size.bind(planner), sizes: planner.sizes.bind(planner) };
    const allowance = { timeMs: 100, plannerCalls: null };
    const selection = await selectIndexes(selectionInput(fake, ['a', 'b', 'c'], { whatIf, now: () => ms, allowance }));
    expect(chosen(selection)).toEqual(['a', 'b', 'c']);
  });
});
