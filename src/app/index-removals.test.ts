import { expect, test } from 'vitest';
import { aSnapshot, aTable, anIndex } from '../../test/support/snapshot.js';
import type { ConnectionSettings } from '../postgres/session.js';
import { mayRemove, removeIndexes } from './index-removals.js';

/** Where no server is. */
const NOWHERE: ConnectionSettings = {
  host: '/nonexistent',
  port: 1,
  user: 'nobody',
  password: null,
  database: 'none',
  sslmode: 'disable',
  sslrootcert: null,
  sslcert: null,
  sslkey: null,
  connectTimeoutMs: 1000,
  applicationName: 'test',
  options: null,
};

function options(signal: AbortSignal): Parameters<typeof removeIndexes>[1] {
  const place = { connection: NOWHERE, server: null, template: 'none', target: null };
  return { ...place, kept: [], timeBudgetMs: 1000, statementTimeoutMs: 1000, signal };
}

test('trouble of the lab costs nothing of what was measured before: it is told', async () => {
  const tried = await removeIndexes(aSnapshot(), options(new AbortController().signal));
  expect(tried.removals).toBeNull();
  expect(tried.skipped).toMatchObject([{ what: 'dropping in the lab what is there and looks redundant' }]);
  expect(tried.skipped[0]?.reason).not.toBe('');
});

test('what a signal stops is told as that', async () => {
  const stop = new AbortController();
  stop.abort();
  const tried = await removeIndexes(aSnapshot(), options(stop.signal));
  expect(tried).toMatchObject({
    removals: null,
    skipped: [{ reason: expect.stringContaining('a signal stopped it') }],
  });
});

test('where all indexes back something, none might go', () => {
  const tables = [aTable('t')];
  const backs = anIndex('t_pkey', 't', ['id'], { primary: true, unique: true });
  const free = anIndex('t_id', 't', ['id']);
  expect(mayRemove(aSnapshot({ tables, indexes: [backs] }).catalog)).toBe(false);
  expect(mayRemove(aSnapshot({ tables, indexes: [backs, free] }).catalog)).toBe(true);
});
