import { once } from 'node:events';
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WizardError } from '../../src/base/errors.js';
import { startLabServer, type LabServer } from '../../src/lab/server.js';
import { connect, exportSnapshot } from '../../src/postgres/connect.js';
import type { ConnectionSettings, Session } from '../../src/postgres/session.js';

let folder = '';
let server: LabServer;
/** The same server over TCP, where TLS is on. */
let tcp: ConnectionSettings;
let session: Session;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'connect-'));
  server = await startLabServer({ major: 'newest' });
  tcp = await openTcpWithTls(server);
  session = await connect(tcp);
});
afterAll(async () => {
  await session?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('a session', () => {
  test('gives int8, numeric, dates and times as text, json parsed, text arrays as arrays', async () => {
    const [row] =
      await session.query(`SELECT 9007199254740993::int8 AS big, 1.10::numeric AS exact, 1.5::float8 AS real, 7 AS int,
      '2024-02-03'::date AS day, '2024-02-03 04:05:06.123456+00'::timestamptz AS at, '1 day'::interval AS span, '{"a": 1}'::jsonb AS json,
      ARRAY['a', NULL, 'b,c'] AS texts, ARRAY['n'::name] AS names, ARRAY[1::int8] AS bigs, NULL AS nothing, true AS yes`);
    expect(row).toEqual({
      big: '9007199254740993',
      exact: '1.10',
      real: 1.5,
      int: 7,
      day: '2024-02-03',
      at: '2024-02-03 04:05:06.123456+00',
      span: '1 day',
      json: { a: 1 },
      texts: ['a', null, 'b,c'],
      names: ['n'],
      bigs: ['1'],
      nothing: null,
      yes: true,
    });
  });

  test('gives every value as the server prints it when asked for text', async () => {
    const sql = `SELECT 1.10::numeric AS a, true AS b, '{"a": 1}'::json AS c, ARRAY[1,2] AS d, 'x'::bytea AS e, 1e300::float8 AS f, NULL AS g, '' AS g`;
    const { columns, rows } = await session.queryText(sql);
    expect(rows).toEqual([['1.10', 't', '{"a": 1}', '{1,2}', '\\x78', '1e+300', null, '']]);
    expect(columns.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'g']);
    expect(columns[0]?.typeOid).toBe(1700);
  });

  test('takes parameters, one statement in `query`, any number in `run`', async () => {
    expect(await session.query('SELECT $1::text AS a, $2::int4[] AS b, $3::int8 AS c', ["it's", [1, 2], 5n])).toEqual([
      { a: "it's", b: [1, 2], c: '5' },
    ]);
    await expect(session.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ sqlstate: '42601' });
    await session.run('CREATE TABLE many (a int); INSERT INTO many VALUES (1); SELECT * FROM many; DROP TABLE many');
  });

  test('does one thing after the other, in the order asked for', async () => {
    await session.run('CREATE TABLE serial (a serial, b int)');
    await Promise.all(Array.from({ length: 20 }, (_, i) => session.query('INSERT INTO serial (b) VALUES ($1)', [i])));
    expect(await session.query('SELECT count(*) AS n FROM serial WHERE a = b + 1')).toEqual([{ n: '20' }]);
    await session.run('DROP TABLE serial');
  });

  test('copies out and in, in binary, and goes on after both', async () => {
    await session.run(
      `CREATE TABLE source AS SELECT i, 'row ' || i AS t FROM generate_series(1, 20000) AS i; CREATE TABLE sink (LIKE source)`,
    );
    const other = await connect(tcp);
    await pipeline(
      session.copyOut('COPY source TO STDOUT (FORMAT binary)'),
      other.copyIn('COPY sink FROM STDIN (FORMAT binary)'),
    );
    const sum = (name: string) => `SELECT md5(string_agg(x::text, ',' ORDER BY i)) AS sum FROM ${name} AS x`;
    expect(await other.query(sum('sink'))).toEqual(await session.query(sum('source')));
    await other.close();
  });

  test('reports a copy that fails, and goes on', async () => {
    await expect(text(session.copyOut('COPY nothing TO STDOUT'))).rejects.toMatchObject({
      code: 'target/statement',
      sqlstate: '42P01',
    });
    await expect(
      text(session.copyOut('COPY (SELECT 1 / (3 - i) FROM generate_series(1, 5) AS i) TO STDOUT')),
    ).rejects.toMatchObject({ sqlstate: '22012' });
    const wrong = pipeline(Readable.from(['1\tx\n', 'no number\ty\n']), session.copyIn('COPY sink FROM STDIN'));
    await expect(wrong).rejects.toMatchObject({ code: 'target/statement', sqlstate: '22P02' });
    await expect(wrong).rejects.not.toThrow(/no number/);
    expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await buffer(session.copyOut('COPY (SELECT 1) TO STDOUT'))).toString()).toBe('1\n');
  });

  test('rows on their way when a copy is refused cost the copy, not the process', async () => {
    const into = session.copyIn('COPY sink FROM STDIN');
    const refused = once(into, 'error');
    into.write('no number\ty\n');
    expect((await refused)[0]).toMatchObject({ sqlstate: '22P02' });
    // What a stream buffers is written whenever the socket has drained, be the copy over or not.
    expect(() => into.write('1\tx\n')).not.toThrow();
    expect(() => into.end('2\tx\n')).not.toThrow();
    expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a reader that goes away before the end costs the connection, not the process', async () => {
    const other = await connect(tcp);
    const stream = other.copyOut('COPY (SELECT i FROM generate_series(1, 10000000) AS i) TO STDOUT');
    for await (const chunk of stream) {
      expect(chunk).toBeInstanceOf(Buffer);
      break;
    }
    await expect(other.query('SELECT 1')).rejects.toMatchObject({ code: 'target/connection-lost' });
    await other.close();
  });

  test('cancels what runs, and goes on', async () => {
    const running = session.query('SELECT pg_sleep(60)');
    const failed = expect(running).rejects.toMatchObject({ code: 'target/statement', sqlstate: '57014' });
    await delay(200);
    await session.cancel();
    await failed;
    expect(await session.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('says when the connection is lost, running or idle', async () => {
    const other = await connect(tcp);
    const running = expect(other.query('SELECT pg_sleep(60)')).rejects.toMatchObject({
      code: 'target/connection-lost',
    });
    await delay(200);
    await session.query('SELECT pg_terminate_backend($1)', [other.processId]);
    await running;
    await expect(other.query('SELECT 1')).rejects.toMatchObject({ code: 'target/connection-lost' });
    await other.close();
    const idle = await connect(tcp);
    await session.query('SELECT pg_terminate_backend($1)', [idle.processId]);
    await delay(200);
    await expect(idle.query('SELECT 1')).rejects.toMatchObject({
      code: 'target/connection-lost',
      hint: expect.any(String),
    });
    await idle.close();
  });

  test('names itself, in UTF-8, with ISO dates and the options given', async () => {
    await session.run(
      `CREATE ROLE odd LOGIN SUPERUSER PASSWORD 'odd'; ALTER ROLE odd SET client_encoding = 'LATIN1'; ALTER ROLE odd SET datestyle = 'German'`,
    );
    const other = await connect({
      ...tcp,
      user: 'odd',
      password: 'odd',
      options: '-c search_path=app,\\ b -c work_mem=5MB',
    });
    expect(
      await other.query(`SELECT 'ü€' AS text, current_setting('application_name') AS name, current_setting('work_mem') AS mem,
        current_setting('search_path') AS path, '2024-02-03'::date AS day`),
    ).toEqual([{ text: 'ü€', name: 'database-wizard', mem: '5MB', path: 'app, b', day: '2024-02-03' }]);
    await other.close();
    await session.run('DROP ROLE odd');
  });

  test('several see one exported snapshot', async () => {
    await session.run('CREATE TABLE growing AS SELECT 1 AS a');
    const holder = await connect(tcp, { readOnly: true });
    const snapshot = await exportSnapshot(holder);
    await session.run('INSERT INTO growing VALUES (2)');
    const sharer = await connect(tcp, { readOnly: true, snapshot });
    const now = await connect(tcp, { readOnly: true });
    const count = 'SELECT count(*) AS n FROM growing';
    expect([await holder.query(count), await sharer.query(count), await now.query(count)]).toEqual([
      [{ n: '1' }],
      [{ n: '1' }],
      [{ n: '2' }],
    ]);
    // An error does not end the long transaction.
    await expect(sharer.query('SELECT 1 / 0')).rejects.toMatchObject({ sqlstate: '22012' });
    await expect(text(sharer.copyOut('COPY nothing TO STDOUT'))).rejects.toMatchObject({ sqlstate: '42P01' });
    expect(await text(sharer.copyOut('COPY growing TO STDOUT'))).toBe('1\n');
    expect(await exportSnapshot(sharer)).not.toBe(snapshot);
    await expect(exportSnapshot(session)).rejects.toMatchObject({ code: 'guard/refused' });
    await Promise.all([holder.close(), sharer.close(), now.close()]);
  });
});

describe('what can go wrong', () => {
  const secret = 'S3CRET-pass';

  async function failure(settings: Partial<ConnectionSettings>): Promise<WizardError> {
    const thrown: unknown = await connect({ ...tcp, ...settings }).then(
      (opened) => opened.close(),
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(WizardError);
    const error = thrown as WizardError;
    const everything = [error.message, error.hint, error.stack, String(error.cause), JSON.stringify(error.cause)].join(
      '\n',
    );
    expect(everything).not.toContain(settings.password ?? tcp.password);
    expect(error.hint).toBeTruthy();
    return error;
  }

  test('a wrong password', async () => {
    expect(await failure({ password: secret })).toMatchObject({
      code: 'target/authentication',
      sqlstate: '28P01',
      exitCode: 3,
    });
  });
  test('no password', async () => {
    const thrown = await connect({ ...tcp, password: null }).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'target/authentication' });
    expect((thrown as WizardError).message).toContain('none was given');
  });
  test('a role that is not there', async () => {
    expect(await failure({ user: 'nobody', password: secret })).toMatchObject({ code: 'target/authentication' });
  });
  test('a database that is not there', async () => {
    expect(await failure({ database: 'nothing' })).toMatchObject({ code: 'target/no-database', sqlstate: '3D000' });
  });
  test('a database that the role may not enter', async () => {
    await session.query('CREATE DATABASE closed');
    await session.run(`REVOKE CONNECT ON DATABASE closed FROM public; CREATE ROLE plain LOGIN PASSWORD '${secret}'`);
    expect(await failure({ database: 'closed', user: 'plain', password: secret })).toMatchObject({
      code: 'target/permission',
    });
  });
  test('a host that is not there', async () => {
    expect(await failure({ host: 'no-such-host.invalid', password: secret })).toMatchObject({
      code: 'target/unreachable',
    });
  });
  test('a port where nothing listens', async () => {
    expect(await failure({ port: 1, password: secret })).toMatchObject({ code: 'target/unreachable' });
  });
  test('a socket folder without a socket', async () => {
    expect(await failure({ host: folder, password: secret })).toMatchObject({ code: 'target/unreachable' });
  });
  test('a server that never answers', async () => {
    const mute = await listen(createServer(() => {}));
    expect(await failure({ port: mute.port, connectTimeoutMs: 300 })).toMatchObject({ code: 'target/unreachable' });
    await mute.close();
  });
  test('a server that hangs up', async () => {
    const rude = await listen(createServer((socket) => socket.destroy()));
    expect(await failure({ port: rude.port, sslmode: 'disable' })).toMatchObject({ code: 'target/connection-lost' });
    await rude.close();
  });
  test('something that is no PostgreSQL', async () => {
    const web = await listen(
      createServer((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    expect((await failure({ port: web.port, sslmode: 'require' })).code).toBe('target/tls');
    await web.close();
  });
  test('a server older than 14', async () => {
    const old = await listen(createServer(answerAsVersion('130014')));
    expect(await failure({ port: old.port, sslmode: 'disable' })).toMatchObject({ code: 'target/too-old' });
    await old.close();
  });
  test('a table that the role may not read', async () => {
    await session.run(`CREATE TABLE private_things (a int)`);
    const plain = await connect({ ...tcp, user: 'plain', password: secret });
    await expect(plain.query('SELECT * FROM private_things')).rejects.toMatchObject({
      code: 'target/permission',
      sqlstate: '42501',
    });
    await plain.close();
  });
  test('a value in an error of the server is not repeated', async () => {
    const error = await session.query(`SELECT 'S3CRET'::int`).catch((thrown: unknown) => thrown as WizardError);
    expect(error).toMatchObject({ code: 'target/statement', sqlstate: '22P02' });
    expect((error as WizardError).message).not.toContain('S3CRET');
  });
});

describe('TLS', () => {
  const encrypted = `SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`;

  async function outcome(settings: Partial<ConnectionSettings>): Promise<string> {
    try {
      const opened = await connect({ ...tcp, ...settings });
      const [row] = await opened.query<{ ssl: boolean }>(encrypted);
      await opened.close();
      return row?.ssl === true ? 'tls' : 'plain';
    } catch (error) {
      return error instanceof WizardError ? error.code : String(error);
    }
  }
  const ca = (name: string) => join(folder, `${name}.crt`);

  // The certificate is for `localhost`, signed by `ca`; 127.0.0.1 is the same server under another name.
  test.each([
    ['disable', 'localhost', null, 'plain'],
    ['allow', 'localhost', null, 'plain'],
    ['prefer', 'localhost', null, 'tls'],
    ['prefer', '127.0.0.1', 'other', 'tls'],
    ['require', 'localhost', null, 'tls'],
    ['require', 'localhost', 'ca', 'tls'],
    ['require', 'localhost', 'other', 'target/tls'],
    ['verify-ca', 'localhost', 'ca', 'tls'],
    ['verify-ca', '127.0.0.1', 'ca', 'tls'],
    ['verify-ca', 'localhost', 'other', 'target/tls'],
    ['verify-ca', 'localhost', null, 'target/tls'],
    ['verify-ca', 'localhost', 'missing', 'target/tls'],
    ['verify-full', 'localhost', 'ca', 'tls'],
    ['verify-full', '127.0.0.1', 'ca', 'target/tls'],
    ['verify-full', 'localhost', 'other', 'target/tls'],
  ] as const)('sslmode=%s to %s, root %s: %s', async (sslmode, host, root, expected) => {
    expect(await outcome({ sslmode, host, sslrootcert: root === null ? null : ca(root) })).toBe(expected);
  });

  test('the public authorities do not vouch for a private certificate', async () => {
    expect(await outcome({ sslmode: 'verify-full', sslrootcert: 'system' })).toBe('target/tls');
  });

  test('where the server has none', async () => {
    const plain = await listen(createServer((socket) => socket.once('data', () => socket.write('N'))));
    expect(await outcome({ port: plain.port, sslmode: 'require' })).toBe('target/tls');
    await plain.close();
    const { host } = server.connection;
    expect(await outcome({ host, port: tcp.port, sslmode: 'verify-full' })).toBe('plain');
  });

  test('where the server requires it, and where it forbids it', async () => {
    await withRules(server, 'hostssl all all all scram-sha-256', async () => {
      expect(await outcome({ sslmode: 'disable' })).toBe('target/tls');
      expect(await outcome({ sslmode: 'allow' })).toBe('tls');
      expect(await outcome({ sslmode: 'require' })).toBe('tls');
    });
    await withRules(server, 'hostnossl all all all scram-sha-256', async () => {
      expect(await outcome({ sslmode: 'prefer' })).toBe('plain');
      expect(await outcome({ sslmode: 'disable' })).toBe('plain');
      expect(await outcome({ sslmode: 'require' })).toMatch(/^target\/(tls|authentication)$/);
    });
  });

  test('a client certificate', async () => {
    await withRules(server, 'hostssl all all all cert', async () => {
      const pair = { sslcert: ca('client'), sslkey: join(folder, 'client.key') };
      expect(await outcome({ sslmode: 'require', password: null, ...pair })).toBe('tls');
      expect(await outcome({ sslmode: 'require', password: null })).toMatch(/^target\/(tls|authentication)$/);
    });
  });

  test('channel binding that is required is refused without TLS and used with it', async () => {
    expect(await outcome({ sslmode: 'require', channelBinding: 'require' })).toBe('tls');
    expect(await outcome({ sslmode: 'disable', channelBinding: 'require' })).toBe('target/tls');
    await withRules(server, 'host all all all password', async () => {
      expect(await outcome({ sslmode: 'require', channelBinding: 'require' })).toBe('target/tls');
    });
  });

  test('a cancel request goes over TLS too', async () => {
    const opened = await connect({ ...tcp, sslmode: 'require' });
    const failed = expect(opened.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ sqlstate: '57014' });
    await delay(200);
    await opened.cancel();
    await failed;
    await opened.close();
  });
});

const pgbouncer = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find(
  (file) => spawnSync(file, ['--version']).status === 0,
);

describe.skipIf(pgbouncer === undefined)('behind pgbouncer (skipped where it is not installed)', () => {
  let pooler: Pooler;

  describe.each([1, 5])('in transaction mode with %i server connections', (size) => {
    beforeAll(async () => {
      pooler = await startPooler('transaction', size);
    });
    afterAll(() => pooler?.stop());

    test('a session that keeps state is refused', async () => {
      await expect(connect(pooler.settings)).rejects.toMatchObject({
        code: 'target/pooler',
        hint: expect.stringContaining('pool_mode'),
      });
    });

    test('a read-only session works, two at a time, with the options that the pooler does not take', async () => {
      const settings = { ...pooler.settings, options: '-c search_path=app -c work_mem=7MB' };
      const sessions = await Promise.all([
        connect(settings, { readOnly: true }),
        connect(settings, { readOnly: true }),
      ]);
      const sql = `SELECT current_setting('transaction_read_only') AS ro, current_setting('work_mem') AS mem, current_setting('statement_timeout') AS t`;
      const rows = await Promise.all(Array.from({ length: 20 }, async (_, i) => sessions[i % 2]?.query(sql)));
      for (const row of rows) expect(row).toEqual([{ ro: 'on', mem: '7MB', t: '30s' }]);
      const failed = expect(
        sessions[0]?.query('SELECT count(*) FROM generate_series(1, 100000000000)'),
      ).rejects.toMatchObject({ sqlstate: '57014' });
      await delay(300);
      await sessions[0]?.cancel();
      await failed;
      await Promise.all(sessions.map((opened) => opened.close()));
      // Nothing of it stays in the server connection.
      const after = await connect(pooler.settings, { readOnly: true });
      expect(await after.query(`SELECT current_setting('work_mem') AS mem`)).not.toEqual([{ mem: '7MB' }]);
      await after.close();
    });
  });

  test('in session mode a session that keeps state works', async () => {
    const keeping = await startPooler('session', 5);
    const opened = await connect({ ...keeping.settings, options: '-c work_mem=7MB' });
    await opened.run(`SET lock_timeout = '7s'`);
    expect(await opened.query(`SELECT current_setting('lock_timeout') AS t, current_setting('work_mem') AS m`)).toEqual(
      [{ t: '7s', m: '7MB' }],
    );
    await opened.close();
    await keeping.stop();
  });
});

interface Pooler {
  readonly settings: ConnectionSettings;
  stop(): Promise<void>;
}

async function startPooler(mode: 'transaction' | 'session', size: number): Promise<Pooler> {
  const place = mkdtempSync(join(tmpdir(), 'pooler-'));
  const { port } = await listen(createServer()).then(async (free) => free.close().then(() => free));
  writeFileSync(join(place, 'users'), `"${tcp.user}" "${tcp.password}"\n`);
  writeFileSync(
    join(place, 'ini'),
    `[databases]\n* = host=127.0.0.1 port=${tcp.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ${port}\nunix_socket_dir =\n` +
      `auth_type = scram-sha-256\nauth_file = ${join(place, 'users')}\npool_mode = ${mode}\ndefault_pool_size = ${size}\nlogfile = ${join(place, 'log')}\n`,
  );
  chmodSync(place, 0o755);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(place, 65534, 65534);
  const child: ChildProcess = spawn(pgbouncer ?? '', [join(place, 'ini')], {
    stdio: 'ignore',
    ...(isRoot ? { uid: 65534, gid: 65534 } : {}),
  });
  const settings: ConnectionSettings = { ...tcp, host: '127.0.0.1', port, sslmode: 'disable' };
  for (let turn = 0; turn < 50; turn += 1) {
    const up = await connect(settings, { readOnly: true }).then(
      (opened) => opened.close().then(() => true),
      () => false,
    );
    if (up) break;
    await delay(100);
  }
  return {
    settings,
    async stop() {
      child.kill('SIGKILL');
      await delay(50);
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** Restarts a lab server so that it listens on TCP with TLS, under a certificate for `localhost`. */
async function openTcpWithTls(lab: LabServer): Promise<ConnectionSettings> {
  makeCertificates();
  const owner = statSync(lab.dataDir);
  for (const [from, to] of [
    ['server.crt', 'server.crt'],
    ['server.key', 'server.key'],
    ['ca.crt', 'root.crt'],
  ] as const) {
    const file = join(lab.dataDir, to);
    writeFileSync(file, readFileSync(join(folder, from)), { mode: 0o600 });
    chownSync(file, owner.uid, owner.gid);
  }
  const { port } = await listen(createServer()).then(async (free) => free.close().then(() => free));
  const setup = await connect(lab.connection);
  for (const [name, value] of [
    ['listen_addresses', 'localhost'],
    ['port', String(port)],
    ['ssl', 'on'],
    ['ssl_ca_file', 'root.crt'],
  ] as const) {
    await setup.query(`ALTER SYSTEM SET ${name} = '${value}'`);
  }
  await setup.close();
  lab.kill();
  await lab.exited;
  await lab.restart();
  return { ...lab.connection, host: 'localhost', port, sslmode: 'prefer' };
}

function makeCertificates(): void {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  for (const name of ['ca', 'other']) {
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
    );
  }
  for (const [name, subject, san] of [
    ['server', '/CN=localhost', 'DNS:localhost'],
    ['client', '/CN=postgres', 'DNS:client'],
  ] as const) {
    writeFileSync(join(folder, `${name}.ext`), `subjectAltName=${san}\n`);
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.crt`,
    );
  }
}

/** Runs with other rules for TCP; the unix socket stays open to us. */
async function withRules(lab: LabServer, rules: string, run: () => Promise<void>): Promise<void> {
  const file = join(lab.dataDir, 'pg_hba.conf');
  const before = readFileSync(file, 'utf8');
  const reload = async () => {
    await session.query('SELECT pg_reload_conf()');
    await delay(300);
  };
  writeFileSync(file, 'local all all scram-sha-256\n');
  appendFileSync(file, `${rules}\n`);
  try {
    await reload();
    await run();
  } finally {
    writeFileSync(file, before);
    await reload();
  }
}

async function listen(listener: Server): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  listener.on('connection', (socket: Socket) => void sockets.add(socket));
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Just enough of the protocol to be asked for the version: lets anyone in, and answers every statement with (version, 1). */
function answerAsVersion(version: string): (socket: Socket) => void {
  const message = (type: string, body: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(body.length + 4);
    return Buffer.concat([Buffer.from(type), length, body]);
  };
  const int = (value: number, bytes: 2 | 4) => {
    const out = Buffer.alloc(bytes);
    out.writeIntBE(value, 0, bytes);
    return out;
  };
  const column = (name: string) =>
    Buffer.concat([Buffer.from(`${name}\0`), int(0, 4), int(0, 2), int(23, 4), int(4, 2), int(-1, 4), int(0, 2)]);
  const value = (content: string) => Buffer.concat([int(content.length, 4), Buffer.from(content)]);
  const ready = message('Z', Buffer.from('I'));
  return (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(
        Buffer.concat([message('R', int(0, 4)), message('K', Buffer.concat([int(1, 4), int(2, 4)])), ready]),
      );
      socket.once('data', () => {
        const rows = [
          message('T', Buffer.concat([int(2, 2), column('version'), column('pid')])),
          message('D', Buffer.concat([int(2, 2), value(version), value('1')])),
        ];
        socket.write(
          Buffer.concat([
            message('1', Buffer.alloc(0)),
            message('2', Buffer.alloc(0)),
            ...rows,
            message('C', Buffer.from('SELECT 1\0')),
            ready,
          ]),
        );
      });
    });
  };
}
