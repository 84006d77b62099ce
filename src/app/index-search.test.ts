import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { engine, nameOf } from '../../test/support/fake-planner.js';
import type { Fake } from '../../test/support/fake-planner.js';
import { COLUMNS, statement } from '../../test/support/selection.js';
import { aColumn, aSnapshot, aStatement, aTable } from '../../test/support/snapshot.js';
import type { OpenLab } from '../lab/open-lab.js';
import type { IndexSelection } from '../indexes/selection/selection-types.js';
import { searchIndexSet } from './index-search.js';
import type { IndexSearch } from './index-search.js';

const read = statement('a');
const fake: Fake = {
  plans: {
    [read]: [
      [[], 100],
      [['a'], 5],
    ],
    'INSERT INTO t (a) VALUES (1)': [[[], 1]],
  },
};

let ms = 0;
beforeEach(() => {
  ms = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => ms);
});
afterEach(() => void vi.restoreAllMocks());

/** Every question takes a tenth of the time, and measuring what writes pay as long as is given. */
async function found(
  measuringMs: number,
  plannerCalls?: number,
): Promise<IndexSelection & Pick<IndexSearch, 'mostPlannerCalls'>> {
  const planner = engine(fake);
  const cost: typeof planner.cost = (fingerprints, change) => {
    ms += 1000;
    return planner.cost(fingerprints, change);
  };
  const statements = Object.keys(fake.plans).map((sql) =>
    aStatement(sql, { calls: 1, meanMs: 10, kind: sql === read ? 'select' : 'insert' }),
  );
  const table = aTable('t', { columns: COLUMNS.map((name) => aColumn(name)) });
  const lab: Pick<OpenLab, 'withScratch'> = {
    withScratch: async () => {
      ms += measuringMs;
      return [] as never;
    },
  };
  const { selection, mostPlannerCalls } = await searchIndexSet({
    snapshot: aSnapshot({ tables: [table], statements }),
    whatIf: { cost, size: planner.size.bind(planner), sizes: planner.sizes.bind(planner) },
    lab: lab as OpenLab,
    workloadMs: 20,
    storageBytes: null,
    shownBytes: null,
    writeWeight: 1,
    timeMs: 10_000,
    ...(plannerCalls !== undefined && { plannerCalls }),
    signal: new AbortController().signal,
    note: () => undefined,
  });
  return { ...selection, mostPlannerCalls };
}

describe('a search that is made again with what writes pay', () => {
  test.each([0, 2000, 20_000])('keeps what it found before measuring took %i ms', async (measuringMs) => {
    expect((await found(measuringMs)).chosen.map((one) => nameOf(one.spec))).toEqual(['a']);
  });

  test('ends at so many planner calls as it may make, and says that it did not come to its end', async () => {
    const [all, few] = [await found(0), await found(0, 3)];
    expect(all).toMatchObject({ complete: true });
    expect(few).toMatchObject({ complete: false });
    // This planner remembers nothing, and is asked again in each of the three searches.
    expect([all.plannerCalls, few.plannerCalls]).toEqual([9, 6]);
    expect([all.mostPlannerCalls, few.mostPlannerCalls]).toEqual([null, 6]);
  });
});
