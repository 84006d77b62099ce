import { describe, expect, it } from 'vitest';
import { aPlan, aSnapshot, aStatement } from '../../../../test/support/snapshot.js';
import advisor from '../lossy-bitmap.js';

const on = (pages: Readonly<Record<string, number>>, workMem = '64kB', source = 'default') =>
  advisor.examine(
    aSnapshot({
      statements: [aStatement('SELECT 1', { fingerprint: 's' })],
      plans: new Map([
        [
          's',
          aPlan({
            'Node Type': 'Bitmap Heap Scan',
            'Relation Name': 'entry',
            'Plan Rows': 6000,
            'Actual Rows': 6000,
            'Actual Loops': 1,
            ...pages,
          }),
        ],
      ]),
      settings: [{ name: 'work_mem', value: workMem, unit: 'kB', source, context: 'user' }],
    }),
    null,
  );

describe('settings/lossy-bitmap', () => {
  it('proposes the power of two that holds 64 bytes for each page', async () => {
    const [finding] = await on({ 'Lossy Heap Blocks': 60_000, 'Exact Heap Blocks': 5000 });
    expect(finding?.actions[0]).toMatchObject({ kind: 'setting', title: 'Set work_mem to 4MB for this database' });
    expect(finding?.evidence[0]).toMatchObject({ provenance: 'estimated', value: 4 * 1024 * 1024 });
  });

  it('never proposes less than twice what there was', async () => {
    const [finding] = await on({ 'Lossy Heap Blocks': 10, 'Exact Heap Blocks': 5 }, '16MB');
    expect(finding?.actions[0]?.title).toBe('Set work_mem to 32MB for this database');
  });

  it.each([
    ['all pages are exact', { 'Lossy Heap Blocks': 0, 'Exact Heap Blocks': 5000 }, '64kB'],
    ['none is: an index of pages', { 'Lossy Heap Blocks': 5000, 'Exact Heap Blocks': 0 }, '64kB'],
    ['it would need more than a session should take', { 'Lossy Heap Blocks': 9e6, 'Exact Heap Blocks': 5 }, '64kB'],
    ['work_mem is not known', { 'Lossy Heap Blocks': 500, 'Exact Heap Blocks': 5 }, 'much'],
  ])('is silent where %s', async (_, pages, workMem) => {
    expect(await on(pages, workMem)).toEqual([]);
  });

  it('offers no change where a session sets it', async () => {
    expect((await on({ 'Lossy Heap Blocks': 500, 'Exact Heap Blocks': 5 }, '64kB', 'session'))[0]?.actions).toEqual([]);
  });
});
