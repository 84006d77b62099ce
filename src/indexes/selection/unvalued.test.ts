import { expect, it } from 'vitest';
import { aCatalog, aSnapshot, aStatement, aTable } from '../../../test/support/snapshot.js';
import type { IndexSpec } from '../../model/action.js';
import type { WhatIfSize } from '../../model/what-if.js';
import type { Candidate } from '../candidates/candidates.js';
import { indexSpec } from '../candidates/candidates.js';
import type { UnvaluedBasis } from './unvalued.js';
import { pickUnvalued } from './unvalued.js';

const ORDERS = aTable('orders');
const catalog = aCatalog({ tables: [ORDERS] });
const { workload } = aSnapshot({
  statements: [
    aStatement('quick', { calls: 1000, meanMs: 0.1 }),
    aStatement('slow', { calls: 10, meanMs: 50 }),
    aStatement('unknown', { calls: 1_000_000 }),
  ],
});

it('takes those of the statements that took most time, and names these first', () => {
  const found = pick([candidate('a', ['unknown']), candidate('b', ['quick', 'slow']), candidate('c', ['quick'])]);
  expect(found.map((one) => [one.spec.keys[0], one.for])).toEqual([
    ['"b"', ['slow', 'quick']],
    ['"c"', ['quick']],
    ['"a"', ['unknown']],
  ]);
});

it('keeps to the storage: what does not fit makes room for the next', () => {
  const three = [candidate('a', ['slow']), candidate('b', ['quick']), candidate('c', ['unknown'])];
  const sizes = [size(60), size(70), size(40)];
  expect(pick(three, { sizes, storageBytes: 100 }).map((one) => one.sizeBytes)).toEqual([60, 40]);
});

it('leaves out what PostgreSQL refuses, and builds eight at the most', () => {
  const many = Array.from({ length: 12 }, (_, at) => candidate(`c${at}`, ['slow']));
  const sizes = many.map((_, at) => (at === 0 ? { ...size(1), refused: 'no' } : size(1)));
  const found = pick(many, { sizes });
  expect(found.length).toBe(8);
  expect(found[0]?.spec.keys).toEqual(['"c1"']);
});

it.each<[string, Partial<IndexSpec> & { readonly keys: readonly string[] }, number]>([
  ['one that begins with its columns', { keys: ['"b" DESC', '"a"', '"z"'] }, 0],
  ['one with another first', { keys: ['"z"', '"a"', '"b"'] }, 1],
  ['one of some rows', { keys: ['"a"', '"b"'], where: 'a > 5' }, 1],
  ['one by another method', { keys: ['"a"', '"b"'], method: 'brin' }, 1],
  ['one of another table', { keys: ['"a"', '"b"'], table: { schema: 'other', name: 'orders' } }, 1],
])('beside a chosen index: %s', (_, chosen, count) => {
  const own = { ...candidate('a', ['slow']), spec: indexSpec(catalog, ORDERS, { keys: ['"a"', '"b"'] }) };
  const spec = { ...indexSpec(catalog, ORDERS, { keys: ['"x"'] }), ...chosen };
  expect(pick([own], { chosen: [spec] })).toHaveLength(count);
});

function pick(candidates: readonly Candidate[], basis: Partial<UnvaluedBasis> = {}): ReturnType<typeof pickUnvalued> {
  const sizes = candidates.map(() => size(1));
  return pickUnvalued(candidates, { workload, sizes, chosen: [], storageBytes: null, ...basis });
}

function candidate(column: string, statements: readonly string[]): Candidate {
  return { spec: indexSpec(catalog, ORDERS, { keys: [`"${column}"`] }), table: ORDERS, for: statements };
}

function size(sizeBytes: number): WhatIfSize {
  return { pages: 1, rows: 1, sizeBytes };
}
