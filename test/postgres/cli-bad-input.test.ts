import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { Workplace } from '../support/cli.js';
import { fillDatabase, fixture, within } from '../support/cli-target.js';

/** Nothing that the wizard prints or writes may hold it. */
const SECRET = 'Sup3r-geheim-4711';

let server: LabServer;
let place: Workplace;
const workload = fixture('small-shop-workload.sql');

beforeAll(async () => {
  place = makeWorkplace();
  server = await startLabServer({ major: 'newest' });
  await fillDatabase(server, 'shop', 'CREATE TABLE t (id int PRIMARY KEY)');
  await within(server, 'postgres', (session) => session.run(`CREATE ROLE keeper LOGIN PASSWORD '${SECRET}'`));
});

afterAll(async () => {
  await server.stop();
  place.remove();
});

/** Both forms of the command fail alike: a code and a hint for people, one document for programs, and no folder left. */
async function expectFailure(
  args: readonly string[],
  exit: number,
  code: string,
  says: RegExp,
  env?: NodeJS.ProcessEnv,
): Promise<void> {
  const [command = '', ...rest] = args;
  const [plain, json] = await Promise.all([place.run(args, env), place.run([command, '--json', ...rest], env)]);
  expect({ code: plain.code, stderr: plain.stderr }).toEqual({
    code: exit,
    stderr: expect.stringMatching(new RegExp(`^error ${code}: .+\\n  hint: .+`, 'm')),
  });
  expect(plain.stderr).toMatch(says);
  expect(json.code).toBe(exit);
  expect(JSON.parse(json.stdout)).toEqual({
    error: expect.objectContaining({ code, message: expect.stringMatching(says), hint: expect.any(String) }),
  });
  for (const text of [plain.stdout, plain.stderr, json.stdout, json.stderr]) expect(text).not.toContain(SECRET);
  expect(existsSync(place.path('database-wizard-out'))).toBe(false);
  expect(place.labFolders()).toEqual([]);
}

describe('bad input exits with 2', () => {
  test('a connection string of the wrong form', async () => {
    await expectFailure(
      ['examine', `postgres//keeper:${SECRET}@localhost/shop`],
      2,
      'input/conninfo',
      /connection string|URI|database name/i,
    );
    await expectFailure(
      ['optimize', `host=localhost port=many password=${SECRET}`, '--workload', workload],
      2,
      'input/conninfo',
      /port/,
    );
    await expectFailure(
      ['optimize', 'postgres://localhost/shop', '--workload', workload, '--lab', 'postgres://[::1/x'],
      2,
      'input/conninfo',
      /./,
    );
  });

  test('a connection string in the place of something else', async () => {
    await expectFailure([`postgres://keeper:${SECRET}@localhost/shop`], 2, 'input/invalid', /unknown command/);
    await expectFailure(
      ['optimize', '--workload', `postgres://keeper:${SECRET}@localhost/shop`],
      2,
      'input/workload',
      /can not be read/,
    );
  });

  test.each([
    ['a flag that is none', ['examine', '--frobnicate'], /--frobnicate/],
    ['a command that is none', ['frobnicate'], /frobnicate/],
    ['a budget that is no time', ['optimize', '--budget', 'soon'], /--budget.*soon/],
    ['a budget of nothing', ['optimize', '--budget', '0s'], /--budget/],
    ['a storage that is no size', ['optimize', '--storage', 'much'], /--storage.*much/],
    ['a flag without its value', ['optimize', '--out'], /--out/],
    ['a choice that is none', ['examine', '--what-if', 'perhaps'], /--what-if/],
    ['two targets', ['examine', 'a', 'b'], /arguments/],
  ])('%s', async (_name, args, says) => expectFailure(args, 2, 'input/invalid', says));

  test('a workload file that is not there, before anything is connected to', async () => {
    await expectFailure(
      ['optimize', 'postgres://localhost:1/shop', '--workload', place.path('none.sql')],
      2,
      'input/workload',
      /none\.sql can not be read/,
    );
    await expectFailure(
      ['examine', 'postgres://localhost:1/shop', '--workload', place.path('none.sql')],
      2,
      'input/workload',
      /none\.sql can not be read/,
    );
  });

  test('a workload file without a statement that can be measured', async () => {
    for (const [name, sql] of [
      ['empty', ''],
      ['comments', '-- nothing\n'],
      ['utilities', 'VACUUM;\nSELEKT 1;\n'],
      ['open', "SELECT 'never ends"],
    ] as const) {
      const file = place.path(`${name}.sql`);
      writeFileSync(file, sql);
      await expectFailure(
        ['optimize', urlOf(server.connection, { database: 'shop' }), '--workload', file],
        2,
        'input/workload',
        new RegExp(`${name}\\.sql`),
      );
    }
  });

  test('no workload at all: neither a file nor pg_stat_statements', async () => {
    await expectFailure(
      ['optimize', urlOf(server.connection, { database: 'shop' })],
      2,
      'input/workload',
      /pg_stat_statements is not installed/,
    );
    const { stderr } = await place.run(['optimize', urlOf(server.connection, { database: 'shop' })]);
    expect(stderr).toMatch(/hint: .*--workload.*CREATE EXTENSION/s);
  });
});

describe('a target out of reach exits with 3', () => {
  const reach = (over: Parameters<typeof urlOf>[1]): string[] => [
    'optimize',
    urlOf(server.connection, { database: 'shop', ...over }),
    '--workload',
    workload,
  ];

  test('an unknown host', async () =>
    expectFailure(
      ['examine', `postgres://keeper:${SECRET}@no-such-host.invalid/shop`],
      3,
      'target/unreachable',
      /no-such-host\.invalid/,
    ));

  test('a port that nobody listens on', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    await expectFailure(
      ['optimize', `postgres://keeper:${SECRET}@127.0.0.1:${port}/shop`, '--workload', workload],
      3,
      'target/unreachable',
      /nothing listens/,
    );
  });

  test('a wrong password, and none', async () => {
    await expectFailure(reach({ user: 'keeper', password: `${SECRET}!` }), 3, 'target/authentication', /keeper/);
    await expectFailure(
      ['examine', `host=${server.connection.host} port=${server.connection.port} dbname=shop user=keeper`],
      3,
      'target/authentication',
      /password/,
    );
  });

  test('a database that is not there', async () =>
    expectFailure(
      reach({ user: 'keeper', password: SECRET, database: 'no "such" one' }),
      3,
      'target/no-database',
      /no "such" one/,
    ));

  test('a server that is too old', async () => {
    const old = await oldServer('130014');
    try {
      await expectFailure(
        ['examine', `postgres://keeper:${SECRET}@127.0.0.1:${old.port}/shop?sslmode=disable`],
        3,
        'target/too-old',
        /PostgreSQL 13/,
      );
    } finally {
      await old.close();
    }
  });
});

test('help and version are no errors, and the help names every exit code', async () => {
  const help = await place.run(['--help']);
  expect(help).toMatchObject({ code: 0, stderr: '' });
  for (const exit of ['0 fine', '1 findings', '2 bad input', '3 target', '4 internal', '130 stopped'])
    expect(help.stdout).toContain(exit);
  const names = [...(help.stdout.split('Commands:')[1] ?? '').matchAll(/^ {2}([a-z]+)/gm)].map((match) => match[1]);
  const order = 'examine explain compare optimize index workload migrate diff deploy verify upgrade demo help';
  expect(names, 'all commands, though a command loads itself alone').toEqual(order.split(' '));
  expect(await place.run(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  expect((await place.run(['optimize', '--help'])).stdout).toContain('--budget <time>');
  expect(readdirSync(place.root)).not.toContain('database-wizard-out');
});

/** Speaks just enough of the protocol to let anybody in and to answer every statement with its version. */
async function oldServer(version: string): Promise<{ port: number; close(): Promise<void> }> {
  const message = (type: string, body: Buffer): Buffer => {
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const ready = message('Z', Buffer.from('I'));
  const column = (name: string): Buffer =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 23, 0, 4, 255, 255, 255, 255, 0, 0]),
    ]);
  const value = (text: string): Buffer => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  };
  const answer = Buffer.concat([
    message('1', Buffer.alloc(0)),
    message('2', Buffer.alloc(0)),
    message('T', Buffer.concat([Buffer.from([0, 2]), column('version'), column('pid')])),
    message('D', Buffer.concat([Buffer.from([0, 2]), value(version), value('77')])),
    message('C', Buffer.from('SELECT 1\0')),
    ready,
  ]);
  const listener = createServer((socket) => {
    socket.once('data', () => {
      socket.write(Buffer.concat([message('R', Buffer.alloc(4)), message('K', Buffer.alloc(8)), ready]));
      socket.on('data', (data) => void (data.includes('SELECT') && socket.write(answer)));
    });
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address() as AddressInfo;
  return { port, close: async () => void (await new Promise((resolve) => listener.close(resolve))) };
}
