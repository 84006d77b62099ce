import { expect, it } from 'vitest';
import type { IndexLayout } from '../index-layout.js';
import type { RefusedByRows } from './sample-refusal.js';
import type { IndexSample, SampleWanted } from './sample.js';
import { lendSamples, spreadOut } from './sample-leaves.js';

const leaves = Array.from({ length: 100 }, (_, oid): SampleWanted => {
  const layout = { oid, schema: 'public', name: `i${oid}` } as IndexLayout;
  return { layout, spec: {} as SampleWanted['spec'], deduplicates: true };
});

it('samples few leaves of many, the first and the last among them, and lends what it finds to the others', () => {
  const chosen = spreadOut(leaves);
  expect([chosen.length, chosen[0]?.layout.oid, chosen.at(-1)?.layout.oid]).toEqual([24, 0, 99]);
  const found = (rows: number): IndexSample =>
    ({ sampledRows: rows, keys: { rows }, expressions: [{ statistics: { relname: 'i0' } }] }) as unknown as IndexSample;
  const samples = new Map<number, IndexSample | RefusedByRows>([
    [0, found(10)],
    // An empty leaf says nothing of others.
    [4, found(0)],
  ]);
  lendSamples(leaves, samples);
  expect(samples.size).toBe(100);
  expect(samples.get(7)).toMatchObject({
    sampledRows: 10,
    expressions: [{ statistics: { relname: 'i7', schemaname: 'public' } }],
  });
  expect(spreadOut(leaves.slice(0, 5))).toHaveLength(5);
});
