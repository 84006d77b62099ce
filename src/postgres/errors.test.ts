import { expect, test } from 'vitest';
import { WizardError } from '../base/errors.js';
import { sqlstateOf, toWizardError } from './errors.js';
import type { ConnectionSettings } from './session.js';

const settings: ConnectionSettings = {
  host: 'db.example',
  port: 5432,
  user: 'u',
  password: 'hunter2',
  database: 'shop',
  sslmode: 'verify-full',
  sslrootcert: null,
  sslcert: null,
  sslkey: null,
  connectTimeoutMs: 10_000,
  applicationName: 'x',
  options: null,
};

const fromServer = (code: string, message: string) => Object.assign(new Error(message), { code, severity: 'FATAL' });
const fromSocket = (code: string, message = code) => Object.assign(new Error(message), { code });

test.each([
  [fromServer('28P01', 'password authentication failed for user "u"'), 'target/authentication'],
  [fromServer('28000', 'role "u" is not permitted to log in'), 'target/authentication'],
  [
    fromServer('28000', 'no pg_hba.conf entry for host "1.2.3.4", user "u", database "shop", no encryption'),
    'target/tls',
  ],
  [fromServer('3D000', 'database "shop" does not exist'), 'target/no-database'],
  [fromServer('42501', 'permission denied for table t'), 'target/permission'],
  [fromServer('57P01', 'terminating connection due to administrator command'), 'target/connection-lost'],
  [fromServer('57P03', 'the database system is starting up'), 'target/unreachable'],
  [fromServer('53300', 'sorry, too many clients already'), 'target/unreachable'],
  [fromServer('42P01', 'relation "x" does not exist'), 'target/statement'],
  [fromServer('40001', 'could not serialize access'), 'target/statement'],
  [fromSocket('ECONNREFUSED'), 'target/unreachable'],
  [fromSocket('ENOTFOUND'), 'target/unreachable'],
  [fromSocket('EHOSTUNREACH'), 'target/unreachable'],
  [fromSocket('ENOENT'), 'target/unreachable'],
  [new AggregateError([fromSocket('ECONNREFUSED')], ''), 'target/unreachable'],
  [new Error('timeout expired'), 'target/unreachable'],
  [fromSocket('ECONNRESET', 'read ECONNRESET'), 'target/connection-lost'],
  [new Error('Connection terminated unexpectedly'), 'target/connection-lost'],
  [new Error('Client has encountered a connection error and is not queryable'), 'target/connection-lost'],
  [fromSocket('DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'), 'target/tls'],
  [fromSocket('ERR_TLS_CERT_ALTNAME_INVALID', "Hostname/IP does not match certificate's altnames"), 'target/tls'],
  [fromSocket('CERT_HAS_EXPIRED', 'certificate has expired'), 'target/tls'],
  [new Error('The server does not support SSL connections'), 'target/tls'],
  ['something else', 'internal'],
])('%s is %s', (thrown, code) => {
  const error = toWizardError(thrown, settings);
  expect(error.code).toBe(code);
  if (code !== 'internal' && code !== 'target/statement') expect(error.hint).toBeTruthy();
});

test('keeps the SQLSTATE, and what is a WizardError already', () => {
  const error = toWizardError(fromServer('42P01', 'relation "x" does not exist'), settings);
  expect(error).toMatchObject({ sqlstate: '42P01', message: 'relation "x" does not exist (SQLSTATE 42P01)' });
  expect(toWizardError(error, settings)).toBe(error);
  expect(sqlstateOf(error)).toBe('42P01');
  expect(sqlstateOf(fromServer('55P03', 'x'))).toBe('55P03');
  expect(sqlstateOf(fromSocket('ECONNREFUSED'))).toBeNull();
});

test('never holds the password, nor the values of data errors', () => {
  const leak = toWizardError(new Error('can not reach postgres://u:hunter2@db.example'), settings);
  expect([leak.message, (leak.cause as Error).message, leak.stack].join()).not.toContain('hunter2');
  const messages = [
    'invalid input syntax for type integer: "4711"',
    'value "4711" is out of range for type smallint',
    'date/time field value out of range: "4711"',
  ];
  for (const message of messages)
    expect(toWizardError(fromServer('22P02', message), settings).message).not.toContain('4711');
  expect(leak).toBeInstanceOf(WizardError);
});
