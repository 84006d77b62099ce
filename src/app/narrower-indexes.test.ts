import { describe, expect, test } from 'vitest';
import { anIndexSpec } from '../../test/support/snapshot.js';
import { specKey } from '../indexes/candidates/candidates.js';
import type { Candidate } from '../indexes/candidates/candidates.js';
import type { DroppedIndex, KeptIndex } from '../indexes/measured/measured-index-set.js';
import type { IndexSpec } from '../model/action.js';
import { narrowerForms } from './narrower-indexes.js';

const wide = { ...anIndexSpec('invoice', 'wide', ['"customer"', '"issued"']), include: ['"status"', '"total"'] };
const plain = anIndexSpec('invoice', 'plain', ['"customer"', '"issued"']);
const single = anIndexSpec('invoice', 'single', ['"customer"']);
const turned = anIndexSpec('invoice', 'turned', ['"issued"', '"customer"']);
const other = anIndexSpec('invoice', 'other', ['"customer"', '"place"']);
const partial = { ...anIndexSpec('invoice', 'partial', ['"customer"']), where: 'total > 5' };
const covering = { ...anIndexSpec('customer', 'covering', ['"number"']), include: ['"name"'] };
const bare = anIndexSpec('customer', 'bare', ['"number"']);
const candidates = [wide, plain, single, turned, other, partial, covering, bare].map(
  (spec): Candidate => ({ spec, table: spec.table, for: ['s'] }) as unknown as Candidate,
);

function refused(spec: IndexSpec, why: DroppedIndex['why'], blocks: number): DroppedIndex {
  return { spec, why, reason: 'r', assumed: 0, built: null, change: { ms: -1, buffers: -blocks }, effects: [] };
}

function keptIndex(spec: IndexSpec): KeptIndex {
  return { spec, sizeBytes: 10, worth: { ms: 0, buffers: 0 }, effects: [] } as unknown as KeptIndex;
}

describe('narrowerForms', () => {
  const built = new Map([wide, covering].map((spec) => [specKey(spec), 1]));
  const names = (specs: readonly IndexSpec[]): string[] => specs.map((spec) => spec.name);

  test('gives the same indexes with less in them, of what did not fit and of what takes the room, and what did not fit once more', () => {
    const set = { kept: [keptIndex(covering)], dropped: [refused(wide, 'budget', 900)] };
    expect(names(narrowerForms(set, candidates, built))).toEqual(['plain', 'single', 'bare', 'wide']);
  });

  test('gives none where everything fits, none that was built, and nothing that was built twice', () => {
    const set = { kept: [keptIndex(covering)], dropped: [refused(wide, 'no-gain', 900)] };
    expect(narrowerForms(set, candidates, built)).toEqual([]);
    const tight = { kept: [], dropped: [refused(wide, 'budget', 900)] };
    const more = new Map([...built, [specKey(plain), 1], [specKey(wide), 2]]);
    expect(names(narrowerForms(tight, candidates, more))).toEqual(['single']);
    const all = new Map([...more, [specKey(single), 1]]);
    expect(narrowerForms(tight, candidates, all)).toEqual([]);
  });
});
