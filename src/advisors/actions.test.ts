import { describe, expect, it } from 'vitest';
import { aCatalog, anIndex, aTable } from '../../test/support/snapshot.js';
import type { IndexSpec } from '../model/action.js';
import { freeIndexName } from '../indexes/candidates/index-name.js';
import { createIndexAction, dropIndexAction } from './actions.js';

const spec: IndexSpec = {
  table: { schema: 'public', name: 'log' },
  method: 'btree',
  unique: false,
  keys: ['"who"', '"Odd Name" DESC'],
  include: ['"at"'],
  where: 'who > 3',
  with: null,
  name: 'log_who_idx',
};
const plain = aCatalog({ tables: [aTable('log')] });
const partitioned = aCatalog({ tables: [aTable('log', { kind: 'p' })] });

describe('createIndexAction', () => {
  it('has the table analysed after an index on an expression, and after no other', () => {
    const lower = { ...spec, keys: ['"who"', '(lower(note))'] };
    expect(createIndexAction(lower, plain).up.slice(1)).toEqual(['ANALYZE "public"."log"']);
    expect(createIndexAction(spec, plain).up).toHaveLength(1);
  });

  it('builds concurrently, and names lower-case columns bare in the title', () => {
    const action = createIndexAction(spec, plain);
    expect(action.title).toBe('Create btree index on public.log (who, "Odd Name" DESC) include (at) where who > 3');
    expect(action.up[0]).toMatch(/^CREATE INDEX CONCURRENTLY "log_who_idx" /);
    expect(action.down).toEqual(['DROP INDEX CONCURRENTLY IF EXISTS "public"."log_who_idx"']);
    expect(action.transactional).toBe(false);
  });

  it('builds plainly on a partitioned table, and says what that blocks', () => {
    const action = createIndexAction(spec, partitioned);
    expect(action.up[0]).toMatch(/^CREATE INDEX "log_who_idx" /);
    expect(action.lock).toContain('blocks writes');
    expect(action.transactional).toBe(true);
  });
});

describe('dropIndexAction', () => {
  it('makes the index anew from its definition', () => {
    const index = anIndex('u', 'log', ['who'], { definition: 'CREATE UNIQUE INDEX u ON public.log USING btree (who)' });
    expect(dropIndexAction(index, plain).down).toEqual([
      'CREATE UNIQUE INDEX CONCURRENTLY u ON public.log USING btree (who)',
    ]);
  });
});

describe('freeIndexName', () => {
  it('counts on where the name is taken, by an index or a table', () => {
    const catalog = aCatalog({ tables: [aTable('log_who_idx1')], indexes: [anIndex('log_who_idx', 'log', ['who'])] });
    expect(freeIndexName(catalog, spec.table, ['who'])).toBe('log_who_idx2');
    expect(freeIndexName(catalog, { schema: 'other', name: 'log' }, ['who'])).toBe('log_who_idx');
  });

  it('keeps to 63 bytes without cutting a character in half', () => {
    const name = freeIndexName(plain, { schema: 'public', name: 'ü'.repeat(40) }, ['who']);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(name).toMatch(/^ü+_idx$/);
  });
});
