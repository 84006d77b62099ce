import { beforeAll, describe, expect, it } from 'vitest';
import { engine } from '../../../test/support/fake-planner.js';
import type { Fake } from '../../../test/support/fake-planner.js';
import { chosen, COLUMNS, selectionInput, statement } from '../../../test/support/selection.js';
import { aColumn, aSnapshot, aStatement, aTable } from '../../../test/support/snapshot.js';
import type { IndexSelection, SelectionInput } from './selection-types.js';
import { selectIndexes } from './selection.js';
import { loadParser } from '../../sql/parse.js';

const PARTITIONS = 100;
const fake: Fake = {
  plans: {
    [statement('a')]: [
      [[], 100],
      [['a'], 10],
    ],
    [statement('b')]: [
      [[], 50],
      [['b'], 10],
    ],
  },
};

/** Over a tree whose partitions have so many pages each; `sized` is told how many candidates are sized at a time. */
function search(pages: number, sized: number[], more: Partial<SelectionInput> = {}): Promise<IndexSelection> {
  const planner = engine(fake);
  const sizes: typeof planner.sizes = (specs) => {
    sized.push(specs.length);
    return planner.sizes(specs);
  };
  const columns = COLUMNS.map((name) => aColumn(name));
  const root = aTable('t', { columns, kind: 'p', pages: 0 });
  const parts = Array.from({ length: PARTITIONS }, (_, at) =>
    aTable(`t_${at}`, { columns, pages, partitionOf: { schema: root.schema, name: root.name } }),
  );
  const statements = Object.keys(fake.plans).map((sql) => aStatement(sql, { calls: 1 }));
  const input = selectionInput(fake, ['a', 'b', 'c']);
  return selectIndexes({
    ...input,
    candidates: input.candidates.map((candidate) => ({ ...candidate, table: root })),
    snapshot: aSnapshot({ tables: [root, ...parts], statements }),
    whatIf: { ...planner, cost: planner.cost.bind(planner), size: planner.size.bind(planner), sizes },
    ...more,
  });
}

describe('a tree of partitions', () => {
  beforeAll(loadParser);

  it('is looked at once for each candidate: the clock is heard between them', async () => {
    const sized: number[] = [];
    const limits = { now: () => sized.length, allowance: { timeMs: 3, plannerCalls: null } };
    const selection = await search(300, sized, limits);
    expect(sized).toEqual([1, 1]);
    expect(selection).toMatchObject({ complete: false, unsized: 1 });
    expect(chosen(selection)).toEqual(['a', 'b']);
  });

  it('of tiny partitions gets no index, however large it is as a whole', async () => {
    const sized: number[] = [];
    const selection = await search(3, sized);
    expect(sized).toEqual([]);
    expect(selection).toMatchObject({ complete: true, chosen: [] });
  });
});
