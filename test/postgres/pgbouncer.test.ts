import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import { fillDatabase } from '../support/cli-target.js';
import { makeDeployBench } from '../support/deploy-bench.js';
import type { DeployBench } from '../support/deploy-bench.js';
import { startQuietServer } from '../support/majors.js';
import { hasPgbouncer, startPgbouncer, type Pgbouncer } from '../support/pgbouncer.js';

const SCHEMA = `CREATE TABLE book (id int PRIMARY KEY, author int); INSERT INTO book SELECT g, g % 10 FROM generate_series(1, 2000) AS g;`;
const CREATE = {
  title: 'Create an index on author',
  up: ['CREATE INDEX CONCURRENTLY "book_author" ON "public"."book" USING btree ("author")'],
  down: ['DROP INDEX CONCURRENTLY IF EXISTS "public"."book_author"'],
};

describe.skipIf(!hasPgbouncer())('behind PgBouncer (where it is installed)', () => {
  const place = makeWorkplace();
  let server: LabServer | null;
  let pool: Pgbouncer;
  let sessions: Pgbouncer;
  let bench: DeployBench;

  beforeAll(async () => {
    server = await startQuietServer('newest');
    if (!server) throw new Error('the bundled PostgreSQL does not start');
    await fillDatabase(server, 'shop');
    bench = await makeDeployBench(server, 'Deploy "pooled"', SCHEMA, [CREATE]);
    pool = await startPgbouncer(server, 'transaction');
    sessions = await startPgbouncer(server, 'session');
  });
  afterAll(async () => {
    await pool?.stop();
    await sessions?.stop();
    await bench?.remove();
    await server?.stop();
    place.remove();
  });

  test('a deployment is refused before anything is written, and goes to the server itself by the same approval', async () => {
    const target = { ...pool.connection, database: bench.connection.database };
    const shown = await bench.deploy({ target });
    expect(shown.outcome).toBe('dry-run');
    const refused = bench.deploy({ target, approve: shown.hash });
    await expect(refused).rejects.toMatchObject({
      code: 'target/pooler',
      hint: expect.stringContaining('server itself') as string,
    });
    expect(bench.journal().map(({ type }) => type)).toEqual(['planned', 'ended']);
    expect(await bench.indexes()).toEqual(['book_pkey']);
    expect((await bench.deploy({ approve: shown.hash })).outcome).toBe('deployed');
    expect(await bench.indexes()).toEqual(['book_author', 'book_pkey']);
    const again = { ...sessions.connection, database: bench.connection.database };
    expect((await bench.deploy({ target: again, approve: shown.hash, revert: true })).outcome).toBe('reverted');
    expect(await bench.indexes()).toEqual(['book_pkey']);
  });

  test('a session is refused while another transaction holds the only other server connection', async () => {
    const target = { ...pool.connection, database: 'shop' };
    const busy = await connect(target, { readOnly: true, statementTimeoutMs: 20_000 });
    const running = busy.query('SELECT count(*) FROM generate_series(1, 3000000)');
    await expect(connect(target)).rejects.toMatchObject({ code: 'target/pooler' });
    await running;
    await busy.close();
  });

  test('examine says through it what it says of the server itself', { timeout: 60_000 }, async () => {
    const read = async (connection: Pgbouncer['connection']): Promise<unknown> => {
      const run = await place.run(['examine', urlOf(connection, { database: 'shop' }), '--json']);
      expect(run.stderr).not.toMatch(/error/i);
      const { findings, skipped } = JSON.parse(run.stdout) as { findings: unknown; skipped: unknown };
      return { code: run.code, findings, skipped };
    };
    expect(await read(pool.connection)).toEqual(await read((server as LabServer).connection));
  });
});
