import { beforeAll, describe, expect, it } from 'vitest';
import { aKey, anIndex } from '../../../test/support/snapshot.js';
import { nameOf } from '../../../test/support/fake-planner.js';
import type { Fake } from '../../../test/support/fake-planner.js';
import { chosen, selectionInput, statement } from '../../../test/support/selection.js';
import { loadParser } from '../../sql/parse.js';
import { selectIndexes } from './selection.js';

beforeAll(() => loadParser());

describe('existing indexes', () => {
  const primary = anIndex('t_pkey', 't', [aKey('a'), aKey('b')], { primary: true, unique: true, constraint: 't_pkey' });
  const plain = anIndex('t_c', 't', [aKey('c')], { sizeBytes: 10e6 });

  it('are not doubled by a beginning of theirs, whatever the planner thinks of it, unless that is wanted', async () => {
    const trap: Fake = {
      indexes: [primary],
      plans: {
        [statement('a')]: [
          [[], 100],
          [['a'], 85],
        ],
      },
    };
    expect(chosen(await selectIndexes(selectionInput(trap, ['a'])))).toEqual([]);
    expect(chosen(await selectIndexes(selectionInput(trap, ['a'], { allowRedundant: true })))).toEqual(['a']);
  });

  it('go when their writes cost more than they win, but never those that a rule or a foreign key rests on', async () => {
    const fake: Fake = {
      indexes: [primary, plain],
      plans: {
        [statement('c')]: [
          [[], 100],
          [['c'], 99],
        ],
      },
    };
    const writeShare = (): number => 0.2;
    const selection = await selectIndexes(selectionInput(fake, [], { writeShare }));
    expect(selection.drop).toEqual([{ index: 'public.t_c', sizeBytes: 10e6, reason: 'not-worth-it', by: null }]);
    const kept = anIndex('t_u', 't', [aKey('d')], { unique: true });
    const none = await selectIndexes(selectionInput({ ...fake, indexes: [primary, kept] }, [], { writeShare }));
    expect(none.drop).toEqual([]);
  });

  it('stay while nothing speaks against them', async () => {
    const fake: Fake = {
      indexes: [plain],
      plans: {
        [statement('d')]: [
          [[], 100],
          [['d'], 9],
        ],
      },
    };
    const selection = await selectIndexes(selectionInput(fake, ['d']));
    expect(selection.drop).toEqual([]);
    expect(chosen(selection)).toEqual(['d']);
  });

  it('give way to a wider one', async () => {
    const fake: Fake = {
      indexes: [plain],
      plans: {
        [statement('c', 'd')]: [
          [[], 100],
          [['c'], 50],
          [['c,d'], 5],
        ],
        [statement('c')]: [
          [[], 100],
          [['c'], 10],
          [['c,d'], 11],
        ],
      },
    };
    const selection = await selectIndexes(selectionInput(fake, ['c,d']));
    expect(selection.chosen.map((one) => [nameOf(one.spec), one.redundant])).toEqual([['c,d', ['public.t_c']]]);
    expect(selection.drop).toEqual([
      { index: 'public.t_c', sizeBytes: 10e6, reason: 'given', by: `public.${selection.chosen[0]?.spec.name}` },
    ]);
  });

  it('of another collation are not given by a wider one in the order of its column', async () => {
    const other = anIndex('t_c', 't', [aKey('c', { collation: 'pg_catalog.C', collationIsDefault: false })], {
      sizeBytes: 10e6,
    });
    const fake: Fake = {
      indexes: [other],
      plans: {
        [statement('c', 'd')]: [
          [[], 100],
          [['c'], 5],
          [['c,d'], 3],
        ],
      },
    };
    const wider = await selectIndexes(selectionInput(fake, ['c,d']));
    expect(wider.chosen.map((one) => [nameOf(one.spec), one.redundant])).toEqual([['c,d', []]]);
    expect(wider.drop.filter((one) => one.reason === 'given')).toEqual([]);
  });
});
