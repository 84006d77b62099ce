import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as migrateByDrizzle } from 'drizzle-orm/node-postgres/migrator';
import { runner } from 'node-pg-migrate';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDatabase } from '../../src/lab/databases.js';
import { startLabServer, type LabServer } from '../../src/lab/server.js';
import { differenceOf } from '../../src/migrations/difference/difference.js';
import type { Schema } from '../../src/model/schema.js';
import { connect } from '../../src/postgres/connect.js';
import { extractEntries } from '../../src/postgres/extract/extract.js';
import type { ConnectionSettings, Session } from '../../src/postgres/session.js';
import { catalogue } from '../../src/report/formats/catalogue.js';
import { mayRunInTransaction } from '../../src/report/migrations.js';
import { splitStatements } from '../../src/sql/split.js';
import { HANDED, HANDED_SETUP } from '../support/handed-changes.js';

/** The program itself, where this machine has it: not every platform's package of it is on npm. */
const DBMATE =
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'dbmate'))
    .find((path) => existsSync(path)) ?? null;

/** How a tool runs its folder: itself where it is here, else by a reader of ours that does what its documentation says. */
interface Tool {
  up(folder: string, settings: ConnectionSettings): Promise<void>;
  down(folder: string, settings: ConnectionSettings): Promise<void>;
}

describe('migrations as tools run them', () => {
  const root = mkdtempSync(join(tmpdir(), 'formats-'));
  let server: LabServer;
  beforeAll(async () => {
    server = await startLabServer({ major: 'newest' });
  });
  afterAll(async () => {
    await server?.stop();
    rmSync(root, { recursive: true, force: true });
  });

  it.each(catalogue.map(({ id }) => id))('%s: there and back', async (id) => {
    const tool = TOOLS[id];
    const format = catalogue.find((one) => one.id === id);
    if (!tool || !format) throw new Error(`nothing runs ${id}`);
    const folder = join(root, id);
    for (const { path, content } of format.write(HANDED, { files: new Map(), now: new Date() }).files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const settings = await makeDatabase(server, id.replaceAll('-', '_'));
    const before = await read(settings);
    await tool.up(folder, settings);
    const changes = differenceOf(before, await read(settings)).changes.filter(isOurs);
    expect(changes.map(({ change, kind, name }) => `${change} ${kind} ${name}`).toSorted()).toEqual(
      [
        'gone index "My ""App".by_n',
        'new column "My ""App".order.größe; `x` ${y}',
        'new comment TABLE "My ""App"."order"',
        'new index "My ""App"."by; note"',
        'new index "My ""App".by_n_note',
      ].map((line) => line.replace('"order"', 'order')),
    );
    await tool.down(folder, settings);
    expect(differenceOf(before, await read(settings)).changes.filter(isOurs)).toEqual([]);
  });
});

/** Tools keep tables of their own. */
function isOurs({ name }: { readonly name: string }): boolean {
  return name.includes('My ""App');
}

const BY_HAND: Tool = {
  async up(folder, settings) {
    for (const file of listed(join(folder, 'by-hand'), /^(?!.*\.down\.sql$).*\.sql$/))
      await runWhole(settings, file, true);
  },
  async down(folder, settings) {
    for (const file of listed(join(folder, 'by-hand'), /\.down\.sql$/).toReversed())
      await runWhole(settings, file, true);
  },
};

const TOOLS: Readonly<Record<string, Tool>> = {
  plain: {
    up: (folder, settings) => runFiles(settings, listed(folder, /\.up\.sql$/), 'statements'),
    down: (folder, settings) => runFiles(settings, listed(folder, /\.down\.sql$/).toReversed(), 'statements'),
  },
  'golang-migrate': {
    up: (folder, settings) => runFiles(settings, listed(folder, /\.up\.sql$/), 'whole'),
    down: (folder, settings) => runFiles(settings, listed(folder, /\.down\.sql$/).toReversed(), 'whole'),
  },
  prisma: {
    up: (folder, settings) =>
      runFiles(
        settings,
        foldersOf(folder).map((one) => join(one, 'migration.sql')),
        'whole',
      ),
    down: (folder, settings) =>
      runFiles(
        settings,
        foldersOf(folder)
          .toReversed()
          .map((one) => join(one, 'down.sql')),
        'whole',
      ),
  },
  supabase: {
    up: (folder, settings) => runFiles(settings, listed(folder, /\.sql$/), 'batch'),
    down: (folder, settings) => runFiles(settings, listed(join(folder, 'down'), /\.sql$/).toReversed(), 'statements'),
  },
  flyway: {
    up: (folder, settings) => runFlyway(settings, listed(folder, /^V.*\.sql$/)),
    down: (folder, settings) => runFlyway(settings, listed(folder, /^U.*\.sql$/).toReversed()),
  },
  sqitch: {
    async up(folder, settings) {
      for (const name of planOf(folder)) {
        await runFiles(settings, [join(folder, 'deploy', `${name}.sql`)], 'statements');
        await runFiles(settings, [join(folder, 'verify', `${name}.sql`)], 'statements');
      }
    },
    async down(folder, settings) {
      for (const name of planOf(folder).toReversed()) {
        await runFiles(settings, [join(folder, 'revert', `${name}.sql`)], 'statements');
        if (!readFileSync(join(folder, 'verify', `${name}.sql`), 'utf8').includes('regclass')) continue;
        await expect(runFiles(settings, [join(folder, 'verify', `${name}.sql`)], 'statements')).rejects.toThrow();
      }
    },
  },
  dbmate: {
    up: (folder, settings) => runDbmate(folder, settings, 'up'),
    down: (folder, settings) => runDbmate(folder, settings, 'down'),
  },
  'node-pg-migrate': {
    up: (folder, settings) => runNodePgMigrate(folder, settings, 'up'),
    down: (folder, settings) => runNodePgMigrate(folder, settings, 'down'),
  },
  drizzle: {
    async up(folder, settings) {
      const client = new Client(clientSettings(settings));
      await client.connect();
      await migrateByDrizzle(drizzle(client), { migrationsFolder: folder });
      await client.end();
      await BY_HAND.up(folder, settings);
    },
    down: (folder, settings) => BY_HAND.down(folder, settings),
  },
};

async function runFiles(
  settings: ConnectionSettings,
  files: readonly string[],
  how: 'whole' | 'statements' | 'batch',
): Promise<void> {
  for (const file of files) {
    if (how === 'batch') await runBatch(settings, file);
    else await runWhole(settings, file, how === 'statements');
  }
}

/** One connection a file: in one go, or a statement after the other as psql does. */
async function runWhole(settings: ConnectionSettings, file: string, split: boolean): Promise<void> {
  const text = readFileSync(file, 'utf8');
  await withSession(settings, async (session) => {
    for (const sql of split ? splitStatements(text).map((one) => one.sql) : [text]) await session.run(sql);
  });
}

/** What may not run inside a transaction alone, the rest of a file in one. */
async function runBatch(settings: ConnectionSettings, file: string): Promise<void> {
  const statements = splitStatements(readFileSync(file, 'utf8')).map(({ sql }) => sql);
  await withSession(settings, async (session) => {
    const inside = statements.filter(mayRunInTransaction);
    if (inside.length > 0) await session.run(`BEGIN;${inside.join(';\n')};COMMIT`);
    for (const sql of statements.filter((one) => !mayRunInTransaction(one))) await session.run(sql);
  });
}

async function runFlyway(settings: ConnectionSettings, files: readonly string[]): Promise<void> {
  for (const file of files) {
    const outside = readdirSync(dirname(file)).some((name) => join(dirname(file), name) === `${file}.conf`);
    if (outside) expect(readFileSync(`${file}.conf`, 'utf8')).toBe('executeInTransaction=false\n');
    const statements = splitStatements(readFileSync(file, 'utf8')).map(({ sql }) => sql);
    await withSession(settings, async (session) => {
      for (const sql of outside ? statements : ['BEGIN', ...statements, 'COMMIT']) await session.run(sql);
    });
  }
}

async function runDbmate(folder: string, settings: ConnectionSettings, command: 'up' | 'down'): Promise<void> {
  if (DBMATE === null) return readDbmate(folder, settings, command);
  const { host, port, user, password, database } = settings;
  const place = host.startsWith('/') ? `socket=${encodeURIComponent(host)}&port=${port}&` : '';
  const at = host.startsWith('/') ? '' : `${host}:${port}`;
  const url = `postgres://${user}:${encodeURIComponent(password ?? '')}@${at}/${database}?${place}sslmode=disable`;
  const args = ['--url', url, '--migrations-dir', folder, '--no-dump-schema', command];
  for (const _ of command === 'up' ? [folder] : listed(folder, /\.sql$/)) await promisify(execFile)(DBMATE, args);
}

/** Each part of a file by itself, in a transaction unless its first line says `transaction:false`. Source: dbmate's README, "Migration Options". */
async function readDbmate(folder: string, settings: ConnectionSettings, command: 'up' | 'down'): Promise<void> {
  const files = listed(folder, /\.sql$/);
  for (const file of command === 'up' ? files : files.toReversed()) {
    const parts = readFileSync(file, 'utf8').split(/^-- migrate:/m);
    const part = parts.find((one) => one.startsWith(command)) ?? '';
    const [options = '', ...lines] = part.split('\n');
    const statements = splitStatements(lines.join('\n')).map(({ sql }) => sql);
    const outside = options.includes('transaction:false');
    await withSession(settings, async (session) => {
      for (const sql of outside ? statements : ['BEGIN', ...statements, 'COMMIT']) await session.run(sql);
    });
  }
}

async function runNodePgMigrate(dir: string, settings: ConnectionSettings, direction: 'up' | 'down'): Promise<void> {
  await runner({
    databaseUrl: clientSettings(settings),
    dir,
    direction,
    count: Number.POSITIVE_INFINITY,
    migrationsTable: 'pgmigrations',
    log: () => undefined,
  });
}

function clientSettings({ host, port, user, password, database }: ConnectionSettings): {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
} {
  return { host, port, user, password: password ?? '', database };
}

function planOf(folder: string): readonly string[] {
  const lines = readFileSync(join(folder, 'sqitch.plan'), 'utf8').split('\n');
  expect(lines.slice(0, 2)).toEqual(['%syntax-version=1.0.0', '%project=database-wizard']);
  return lines.flatMap((line) => /^(\S+) \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ [^<]+ <[^>]+> # .+$/.exec(line)?.[1] ?? []);
}

function listed(folder: string, pattern: RegExp): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map(({ name }) => join(folder, name))
    .toSorted();
}

function foldersOf(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .toSorted();
}

async function makeDatabase(server: LabServer, database: string): Promise<ConnectionSettings> {
  const settings = { ...server.connection, database };
  await withSession(server.connection, (admin) => createDatabase(admin, database));
  await withSession(settings, (session) => session.run(HANDED_SETUP));
  return settings;
}

function read(settings: ConnectionSettings): Promise<Schema> {
  return withSession(settings, extractEntries);
}

async function withSession<T>(settings: ConnectionSettings, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await connect(settings);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
