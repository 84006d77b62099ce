import { chmod, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WizardError } from '../base/errors.js';
import { resolveConnection } from './conninfo.js';
import { describeTarget } from './errors.js';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'conninfo-'));
});
afterAll(() => rm(home, { recursive: true }));

const resolve = (input?: string, env: NodeJS.ProcessEnv = {}) =>
  resolveConnection(input, { HOME: home, PGUSER: 'os', ...env });

async function failure(input: string, env: NodeJS.ProcessEnv = {}): Promise<WizardError> {
  const thrown: unknown = await resolve(input, env).then(
    () => null,
    (error: unknown) => error,
  );
  expect(thrown, input).toBeInstanceOf(WizardError);
  return thrown as WizardError;
}

describe('URIs', () => {
  test.each([
    ['postgres://u:p@h:6000/d', { user: 'u', password: 'p', host: 'h', port: 6000, database: 'd' }],
    ['postgresql://h/d', { user: 'os', password: null, host: 'h', port: 5432, database: 'd' }],
    ['postgresql://h', { host: 'h', database: 'os' }],
    ['postgresql://u@/d?host=h&port=7', { user: 'u', host: 'h', port: 7, database: 'd' }],
    ['postgresql://u:p%40%2F%3A%23%25@h/d', { password: 'p@/:#%' }],
    ['postgresql://u:1?x@h/d', { password: '1?x' }],
    ['postgresql://u:a:b@h/d', { password: 'a:b' }],
    ['postgresql://%C3%BC@h/m%20y', { user: 'ü', database: 'm y' }],
    ['postgresql://[2001:db8::1]:6000/d', { host: '2001:db8::1', port: 6000 }],
    ['postgresql://[::1]/d', { host: '::1', port: 5432 }],
    ['postgresql://%2Fvar%2Frun/d', { host: '/var/run', database: 'd' }],
    ['postgresql:///d?host=/tmp/sock', { host: '/tmp/sock', database: 'd' }],
    ['postgresql://a:1,b:2/d', { host: 'a', port: 1 }],
    [
      'postgresql://h/d?sslmode=require&application_name=me&connect_timeout=7',
      { sslmode: 'require', applicationName: 'me', connectTimeoutMs: 7000 },
    ],
    ['postgresql://h/d?ssl=true', { sslmode: 'require' }],
    ['postgresql://h/d?options=-c%20search_path%3Dapp', { options: '-c search_path=app' }],
    ['postgresql://h/d?target_session_attrs=read-write&keepalives=1', { host: 'h' }],
    ['postgresql://h:/d', { port: 5432 }],
    ['postgresql://h?user=x', { user: 'x' }],
    ['postgresql://h/d?channel_binding=require', { channelBinding: 'require' }],
  ])('%s', async (input, expected) => {
    expect(await resolve(input)).toMatchObject(expected);
  });
});

describe('keyword=value', () => {
  test.each([
    ['host=h port=6000 dbname=d user=u password=p', { host: 'h', port: 6000, database: 'd', user: 'u', password: 'p' }],
    ['host = h  dbname\t=\nd', { host: 'h', database: 'd' }],
    [`dbname='my db' password='it\\'s \\\\ here'`, { database: 'my db', password: "it's \\ here" }],
    [`password=a\\ b dbname=d`, { password: 'a b', database: 'd' }],
    [`password=it's dbname=d`, { password: "it's", database: 'd' }],
    [`password='' dbname=d`, { password: null, database: 'd' }],
    ['dbname=a dbname=b', { database: 'b' }],
    ['host=h hostaddr=10.0.0.1', { host: '10.0.0.1' }],
    ['host=h hostaddr=10.0.0.1 sslmode=verify-full sslrootcert=/ca', { host: 'h' }],
    ['connect_timeout=1 host=h', { connectTimeoutMs: 2000 }],
    ['connect_timeout=0 host=h', { connectTimeoutMs: 0 }],
    ['sslrootcert=system host=h', { sslmode: 'verify-full' }],
    ['shop', { database: 'shop', host: expect.any(String) as string }],
    ['', { database: 'os' }],
  ])('%s', async (input, expected) => {
    expect(await resolve(input)).toMatchObject(expected);
  });

  test.each(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'])('sslmode=%s', async (sslmode) => {
    expect(await resolve(`host=h sslmode=${sslmode}`)).toMatchObject({ sslmode });
    expect(await resolve('host=h', { PGSSLMODE: sslmode })).toMatchObject({ sslmode });
  });
});

describe('bad input', () => {
  test.each([
    'postgresql://u:SECRET@h:x/d',
    'postgresql://u:SECRET@h:70000/d',
    'postgresql://u:SECRET@[::1/d',
    'postgresql://u:SECRET%@h/d',
    'postgresql://u:SECRET%00@h/d',
    'postgresql://u:SECRET%FF@h/d',
    'postgresql://u:SECRET@h/d?nonsense=1',
    'postgresql://u:SECRET@h/d?sslmode',
    'postgresql://u:SECRET@h/d?sslmode=on',
    'postgresql://u:SECRET@h/d?sslrootcert=system&sslmode=require',
    'postgresql://u:SECRET@h/d?connect_timeout=soon',
    'postgresql://u:SECRET@h/d?sslcrl=/x',
    'postgresql://u:12/SECRET@h/d',
    'postgresql://u:x/SECRET@h/d',
    'mysql://u:SECRET@h/d',
    'http://u:SECRET@h/d',
    'u:SECRET@h/d',
    'host=h password=my SECRET',
    'host=h password=my SECRET=2',
    `host=h password='SECRET`,
    'password=SECRET host',
    '=SECRET',
    'password=SECRET port=none',
    'password=SECRET host=@abstract',
    'password=SECRET gssencmode=require',
  ])('%s', async (input) => {
    const error = await failure(input);
    expect(error.code).toBe('input/conninfo');
    expect(error.hint).toBeTruthy();
    expect(`${error.message}${error.hint}${String(error.stack)}${String(error.cause)}`).not.toContain('SECRET');
  });
});

test('the connection string is stronger than the service, the service than the environment', async () => {
  const file = join(home, 'services');
  await writeFile(
    file,
    '# mine\n[other]\nhost=no\n\n[shop]\nhost=service\nport=1\ndbname=service\nport=2\n[late]\nuser=no\n',
  );
  const env = { PGSERVICEFILE: file, PGHOST: 'env', PGPORT: '3', PGDATABASE: 'env', PGUSER: 'env', PGPASSWORD: 'env' };
  expect(await resolve('service=shop dbname=mine', env)).toMatchObject({
    host: 'service',
    port: 1,
    database: 'mine',
    user: 'env',
    password: 'env',
  });
  expect(await resolve('', { ...env, PGSERVICE: 'shop' })).toMatchObject({ database: 'service' });
  expect(await failure('service=none', env)).toMatchObject({ code: 'input/conninfo' });
  await writeFile(file, '[shop]\nhost\n');
  expect((await failure('service=shop', env)).message).toContain('Line 2');
});

test('a service that is not in the own file is looked for in the system file', async () => {
  const folder = join(home, 'etc');
  await mkdir(folder);
  await writeFile(join(folder, 'pg_service.conf'), '[shop]\nhost=system\n');
  await writeFile(join(home, '.pg_service.conf'), '[mine]\nhost=own\n');
  const env = { PGSYSCONFDIR: folder };
  expect(await resolve('service=shop', env)).toMatchObject({ host: 'system' });
  expect(await resolve('service=mine', env)).toMatchObject({ host: 'own' });
});

test('every PG* variable is read, and unknown ones are passed over', async () => {
  const env = {
    PGHOST: 'h',
    PGPORT: '6000',
    PGUSER: 'u',
    PGPASSWORD: 'p',
    PGDATABASE: 'd',
    PGSSLMODE: 'verify-ca',
    PGSSLROOTCERT: '/ca',
    PGSSLCERT: '/cert',
    PGSSLKEY: '/key',
    PGAPPNAME: 'app',
    PGCONNECT_TIMEOUT: '4',
    PGOPTIONS: '-c x.y=1',
    PGTARGETSESSIONATTRS: 'primary',
  };
  expect(await resolve(undefined, env)).toEqual({
    host: 'h',
    port: 6000,
    user: 'u',
    password: 'p',
    database: 'd',
    sslmode: 'verify-ca',
    sslrootcert: '/ca',
    sslcert: '/cert',
    sslkey: '/key',
    applicationName: 'app',
    connectTimeoutMs: 4000,
    options: '-c x.y=1',
  });
});

describe('the password file', () => {
  const lines =
    '# h:*:*:*:comment\nh:6000:d:u:first\n*:*:d:u:second\\:\\\\x\nlocalhost:*:*:*:socket\nh\\:1:*:*:*:escaped\n*:*:many:*:a:b\n';

  test.each([
    ['host=h port=6000 dbname=d user=u', 'first'],
    ['host=h dbname=d user=u', 'second:\\x'],
    ['host=/var/run/postgresql dbname=x user=y', 'socket'],
    ['host=localhost dbname=x user=y', 'socket'],
    ['host=h:1 dbname=x user=y', 'escaped'],
    ['host=h dbname=many user=y', 'a:b'],
    ['host=h dbname=x user=y', null],
    ['host=h port=6000 dbname=d user=u password=given', 'given'],
  ])('%s', async (input, password) => {
    const file = join(home, 'pass');
    await writeFile(file, lines);
    await chmod(file, 0o600);
    expect(await resolve(input, { PGPASSFILE: file })).toMatchObject({ password });
    expect(await resolve(`${input} passfile=${file}`)).toMatchObject({ password });
  });

  test('is ignored with a note when others may read it', async () => {
    await writeFile(join(home, '.pgpass'), '*:*:*:*:secret\n', { mode: 0o644 });
    const notes: string[] = [];
    const env = { HOME: home, PGUSER: 'os' };
    expect(await resolveConnection('host=h', env, (text) => notes.push(text))).toMatchObject({ password: null });
    expect(notes).toEqual([expect.stringContaining('chmod 0600')]);
    await chmod(join(home, '.pgpass'), 0o600);
    expect(await resolveConnection('host=h', env)).toMatchObject({ password: 'secret' });
  });
});

test('a target is described without user and password', async () => {
  expect(describeTarget(await resolve('postgresql://u:SECRET@h/d'))).toBe('h:5432/d');
  expect(describeTarget(await resolve('postgresql://[::1]:1/d'))).toBe('[::1]:1/d');
});
