import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WizardError } from '../../src/base/errors.js';
import { quoteQualified } from '../../src/base/quote.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect, type ReadOnlySession } from '../../src/postgres/connect.js';
import type { Session } from '../../src/postgres/session.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { readCorpus, readCorpusSchema, type CorpusStatement } from '../support/read-only-corpus.js';

const ATTEMPTS = readCorpus('attempts');
const LEGITIMATE = readCorpus('legitimate');

/** Refused before or on the way to the server; the second for text that no parser takes for one statement. */
const REFUSALS = ['guard/refused', 'sql/parse'];

test('the corpus is as large as it says, and holds nothing twice', () => {
  expect(ATTEMPTS.length).toBeGreaterThanOrEqual(150);
  expect(LEGITIMATE.length).toBeGreaterThanOrEqual(150);
  expect(new Set([...ATTEMPTS, ...LEGITIMATE].map(({ sql }) => sql)).size).toBe(ATTEMPTS.length + LEGITIMATE.length);
});

describe.each(testMajors())('PostgreSQL %s', (major) => {
  let server: LabServer | null = null;
  let owner: Session;
  let reader: ReadOnlySession;
  /** Somebody's own schema comes before PostgreSQL's. */
  let shadowed: ReadOnlySession;

  beforeAll(async () => {
    server = await startQuietServer(major, { max_prepared_transactions: '2', wal_level: 'logical', fsync: 'off' });
    if (!server) return;
    owner = await connect(server.connection);
    await owner.run(readCorpusSchema());
    reader = await connect(server.connection, { readOnly: true });
    const options = '-c search_path=evil,app,public,pg_catalog';
    shadowed = await connect({ ...server.connection, options }, { readOnly: true });
  });
  afterAll(async () => {
    await Promise.all([reader?.close(), shadowed?.close(), owner?.close()]);
    await server?.stop();
  });

  test('no attempt passes, and none leaves a trace', { timeout: 300_000 }, async (context) => {
    if (!server) return context.skip(`PostgreSQL ${major} can not be had here`);
    const attempts = known(ATTEMPTS, server);
    const before = await traceOf(owner, server);
    const passed: string[] = [];
    for (const { sql } of attempts) {
      const faults = [await fault(shadowed.query(sql))];
      if (!SHADOWED.test(sql)) faults.push(await fault(reader.query(sql)), await fault(reader.queryText(sql)));
      if (/^\W*COPY/i.test(sql)) faults.push(await fault(text(reader.copyOut(sql))));
      const through = faults.filter((code) => !REFUSALS.includes(code));
      if (through.length > 0) passed.push(`${sql}: ${through.join()}`);
    }
    expect(passed).toEqual([]);
    expect(await traceOf(owner, server)).toEqual(before);
  });

  test('every legitimate statement gives rows', { timeout: 300_000 }, async (context) => {
    if (!server) return context.skip(`PostgreSQL ${major} can not be had here`);
    const before = await traceOf(owner, server);
    const failed: string[] = [];
    for (const { sql } of known(LEGITIMATE, server)) {
      const rows = await reader.query(sql).catch((error: unknown) => String(error));
      if (typeof rows === 'string') failed.push(`${sql}: ${rows}`);
      else if (rows.length === 0) failed.push(`${sql}: no rows`);
    }
    expect(failed).toEqual([]);
    expect(await traceOf(owner, server)).toEqual(before);
  });

  test('without the guard the traces are seen', async (context) => {
    if (!server) return context.skip(`PostgreSQL ${major} can not be had here`);
    const plain = await connect(server.connection);
    const { user, password, host, port } = server.connection;
    const self = `dbname=postgres user=${user} password=${password} host=${host} port=${port}`;
    for (const sql of [...HARM, `SELECT dblink_exec('${self}', 'DELETE FROM app.log')`]) {
      const before = await traceOf(owner, server);
      await plain.run(sql);
      expect(await traceOf(owner, server), sql).not.toEqual(before);
    }
    await plain.close();
  });
});

/** Harmless by themselves: it is what stands before `pg_catalog` that does something. */
const SHADOWED = /^SELECT \* FROM customer WHERE id = 1$/;

/** One attempt of each kind of trace. */
const HARM = [
  'SELECT app.sneaky()',
  "SELECT nextval('app.seq')",
  "SELECT lo_put(4711, 0, 'x')",
  'SELECT app.liar_stable()',
  'SELECT * FROM app.trap',
  'SELECT * FROM app.lines',
  "EXPLAIN SELECT '(1)'::app.holder",
  "ALTER ROLE postgres SET work_mem = '1GB'",
  "SELECT pg_create_physical_replication_slot('corpus')",
  'SELECT pg_reload_conf()',
  'SELECT to_json(t) FROM app.tokens',
  'SELECT c + 1 FROM app.coins',
  'SELECT * FROM app.boxes ORDER BY b',
];

function known(statements: readonly CorpusStatement[], server: LabServer): readonly CorpusStatement[] {
  return statements.filter(({ minMajor }) => minMajor <= server.major);
}

async function fault(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'passed',
    (error: unknown) => (error instanceof WizardError ? error.code : String(error)),
  );
}

/** All that an attempt could have changed: every table's rows and file, sequences, large objects, settings, locks, files beside the data, and the number of the next transaction that writes. */
async function traceOf(session: Session, server: LabServer): Promise<unknown> {
  const tables = await session.query<{ schema: string; name: string; kind: string; file: string }>(RELATIONS_SQL);
  const rows: Record<string, unknown> = {};
  for (const { schema, name, kind, file } of tables) {
    const of = quoteQualified(schema, name);
    const sql =
      kind === 'S'
        ? `SELECT last_value, is_called FROM ${of}`
        : `SELECT count(*) AS n, md5(coalesce(string_agg(t::text, ',' ORDER BY t::text COLLATE "C"), '')) AS sum FROM ONLY ${of} AS t`;
    rows[of] = [file, await session.query(sql)];
  }
  const files = [server.dataDir, '/tmp'].map((folder) => existsSync(join(folder, 'corpus_was_here')));
  return { rows, files, rest: await session.query(REST_SQL) };
}

const RELATIONS_SQL = `
  SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, pg_relation_filenode(c.oid)::text AS file
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'S', 'm') AND (n.nspname IN ('app', 'evil', 'public') OR c.relname IN ('pg_largeobject', 'pg_largeobject_metadata')) ORDER BY 1, 2`;

const REST_SQL = `
  SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next_transaction, pg_conf_load_time() AS loaded, pg_read_file('postgresql.auto.conf') AS auto_conf,
    (SELECT md5(string_agg(s.name || '=' || s.setting, ',' ORDER BY s.name)) FROM pg_settings AS s) AS settings,
    (SELECT array_agg(r::text ORDER BY r::text) FROM pg_db_role_setting AS r) AS role_settings,
    (SELECT array_agg(r.rolname ORDER BY r.rolname) FROM pg_roles AS r) AS roles,
    (SELECT array_agg(p.oid::text || ':' || p.proname || md5(p.prosrc) ORDER BY p.oid) FROM pg_proc AS p WHERE p.oid >= 16384) AS functions,
    (SELECT array_agg(c.oid::text || ':' || c.relname ORDER BY c.oid) FROM pg_class AS c WHERE c.oid >= 16384) AS relations,
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory') AS advisory_locks,
    (SELECT array_agg(s.slot_name ORDER BY s.slot_name) FROM pg_replication_slots AS s) AS slots,
    (SELECT count(*) FROM pg_replication_origin) AS origins, (SELECT count(*) FROM pg_publication) AS publications,
    (SELECT array_agg(a.pid ORDER BY a.pid) FROM pg_stat_activity AS a WHERE a.backend_type <> 'autovacuum worker') AS processes,
    (SELECT d.stats_reset FROM pg_stat_database AS d WHERE d.datname = current_database()) AS statistics_reset`;
