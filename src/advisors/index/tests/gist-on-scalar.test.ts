import { expect, it } from 'vitest';
import { aColumn, aKey, anIndex, aSnapshot, aStatement, aTable } from '../../../../test/support/snapshot.js';
import advisor from '../gist-on-scalar.js';

/** What it shares with `index/gin-on-scalar` is tested there. */
it('makes a btree first, or drops the GiST index', async () => {
  const keys = [aKey('at', { opclass: 'public.gist_timestamptz_ops' })];
  const snapshot = aSnapshot({
    tables: [aTable('visit', { columns: [aColumn('id'), aColumn('at')] })],
    indexes: [anIndex('visit_at_idx', 'visit', keys, { method: 'gist', predicate: 'done' })],
    statements: [aStatement('SELECT id FROM visit WHERE at > now() AND done')],
  });
  const [found] = await advisor.examine(snapshot, null);
  expect(found?.actions.map((action) => action.up[0])).toEqual([
    'CREATE INDEX CONCURRENTLY "visit_at_idx1" ON "public"."visit" USING btree ("at") WHERE done',
    'DROP INDEX CONCURRENTLY "public"."visit_at_idx"',
  ]);
});
