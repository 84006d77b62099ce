import { PRODUCT } from '../base/product.js';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { WizardError } from '../base/errors.js';
import { parseConninfo } from './conninfo-parse.js';
import { findPassword } from './passfile.js';
import { readService } from './service.js';
import type { ConnectionSettings } from './session.js';

/** How long to wait for a server when nothing says so. Not libpq's, which waits for ever. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Where packages put the unix socket: Debian's and Red Hat's choice, then PostgreSQL's own. */
const SOCKET_FOLDERS = process.platform === 'win32' ? [] : ['/var/run/postgresql', '/tmp'];
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;

/**
 * Reads how to reach a server by libpq's rules: the connection string (URI, `keyword=value`, or a bare database name), then the
 * service file, then the `PG*` variables, then the defaults, then the password file. Of several hosts the first is taken.
 * Differs from libpq in three points: waits 10 s for a connection where nothing is said; where no host is given and no unix socket
 * is there it takes `localhost`; and a bare database name may not hold `/` or `@`, which is nearly always a URI gone wrong.
 * `note` is told what was ignored. Throws `input/conninfo`, never with the password in its message.
 */
export async function resolveConnection(
  input: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
  note: (text: string) => void = () => {},
): Promise<ConnectionSettings> {
  const given = parseConninfo(input ?? '');
  const fromEnvironment = readEnvironment(env);
  const service = given['service'] ?? env['PGSERVICE'];
  const fromService = service ? await readService(service, given['servicefile'], env) : {};
  const values = { ...withoutEmpty(fromEnvironment), ...withoutEmpty(fromService), ...withoutEmpty(given) };
  refuseUnsupported(values);
  const settings = toSettings(values);
  if (settings.password !== null) return settings;
  const file = values['passfile'] ?? env['PGPASSFILE'];
  const host = SOCKET_FOLDERS.includes(settings.host) ? 'localhost' : settings.host;
  const password = await findPassword({ ...settings, host }, { file, env, note });
  return { ...settings, password };
}

/** Variables and the keyword each stands for (libpq, "Environment Variables"). */
const VARIABLES: Readonly<Record<string, string>> = {
  PGHOST: 'host',
  PGHOSTADDR: 'hostaddr',
  PGPORT: 'port',
  PGDATABASE: 'dbname',
  PGUSER: 'user',
  PGPASSWORD: 'password',
  PGSSLMODE: 'sslmode',
  PGREQUIRESSL: 'requiressl',
  PGSSLROOTCERT: 'sslrootcert',
  PGSSLCERT: 'sslcert',
  PGSSLKEY: 'sslkey',
  PGSSLCRL: 'sslcrl',
  PGSSLCRLDIR: 'sslcrldir',
  PGREQUIREPEER: 'requirepeer',
  PGREQUIREAUTH: 'require_auth',
  PGCHANNELBINDING: 'channel_binding',
  PGGSSENCMODE: 'gssencmode',
  PGAPPNAME: 'application_name',
  PGCONNECT_TIMEOUT: 'connect_timeout',
  PGOPTIONS: 'options',
};

function readEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [variable, keyword] of Object.entries(VARIABLES)) {
    const value = env[variable];
    if (value !== undefined) values[keyword] = value;
  }
  return values;
}

/** An empty value is the same as none. */
function withoutEmpty(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''));
}

/** What would make a connection less safe, or another one, if it were passed over in silence. */
function refuseUnsupported(values: Readonly<Record<string, string>>): void {
  for (const keyword of ['sslcrl', 'sslcrldir', 'requirepeer', 'require_auth', 'sslpassword', 'replication']) {
    if (values[keyword] === undefined || values[keyword] === 'false') continue;
    throw new WizardError('input/conninfo', `The connection option ${keyword} is not supported`, {
      hint: `Leave ${keyword} out.`,
    });
  }
  if (values['gssencmode'] === 'require') {
    throw new WizardError('input/conninfo', 'gssencmode=require is not supported', {
      hint: 'Use TLS: sslmode=require.',
    });
  }
}

function toSettings(values: Readonly<Record<string, string>>): ConnectionSettings {
  const user = values['user'] ?? osUser();
  const port = toPort(first(values['port']));
  return {
    host: toHost(values, port),
    port,
    user,
    password: values['password'] ?? null,
    database: values['dbname'] ?? user,
    sslmode: toSslMode(values),
    sslrootcert: values['sslrootcert'] ?? null,
    sslcert: values['sslcert'] ?? null,
    sslkey: values['sslkey'] ?? null,
    connectTimeoutMs: toTimeoutMs(values['connect_timeout']),
    applicationName: values['application_name'] ?? values['fallback_application_name'] ?? PRODUCT,
    options: values['options'] ?? null,
    ...(values['channel_binding'] === 'require' ? { channelBinding: 'require' as const } : {}),
  };
}

function first(list: string | undefined): string | undefined {
  const item = list?.split(',')[0]?.trim();
  return item === '' ? undefined : item;
}

/** The name is kept where the certificate must match it; else `hostaddr` spares the look-up. */
function toHost(values: Readonly<Record<string, string>>, port: number): string {
  const host = first(values['host']);
  const address = first(values['hostaddr']);
  if (address !== undefined && (host === undefined || values['sslmode'] !== 'verify-full')) return address;
  if (host?.startsWith('@')) {
    throw new WizardError('input/conninfo', 'Abstract unix sockets are not supported', {
      hint: 'Give the folder of the unix socket, or a host name.',
    });
  }
  return host ?? defaultHost(port);
}

function defaultHost(port: number): string {
  return SOCKET_FOLDERS.find((folder) => existsSync(`${folder}/.s.PGSQL.${port}`)) ?? 'localhost';
}

function toPort(text: string | undefined): number {
  if (text === undefined) return 5432;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new WizardError('input/conninfo', 'The port is not a number from 1 to 65535', {
    hint: 'A URI reads postgres://user@host:5432/database; percent-encode / : @ ? # within the password.',
  });
}

function toSslMode(values: Readonly<Record<string, string>>): ConnectionSettings['sslmode'] {
  const system = values['sslrootcert'] === 'system';
  const fallback = values['requiressl'] === '1' ? 'require' : system ? 'verify-full' : 'prefer';
  const mode = SSL_MODES.find((known) => known === (values['sslmode'] ?? fallback));
  if (mode === undefined) {
    throw new WizardError('input/conninfo', 'sslmode is not one that PostgreSQL knows', {
      hint: `Use one of ${SSL_MODES.join(', ')}.`,
    });
  }
  if (system && mode !== 'verify-full') {
    throw new WizardError('input/conninfo', `sslmode=${mode} may not be used with sslrootcert=system`, {
      hint: 'Use sslmode=verify-full: any host can have a certificate of a public authority.',
    });
  }
  return mode;
}

function toTimeoutMs(text: string | undefined): number {
  if (text === undefined) return CONNECT_TIMEOUT_MS;
  if (!/^\s*-?\d+\s*$/.test(text)) {
    throw new WizardError('input/conninfo', 'connect_timeout is not a whole number of seconds', {
      hint: 'For example connect_timeout=10.',
    });
  }
  const seconds = Number(text);
  // libpq waits 2 s at the least, and for ever at 0 or below.
  return seconds <= 0 ? 0 : Math.max(2, seconds) * 1000;
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch (cause) {
    throw new WizardError('input/conninfo', 'No user is given, and the operating system names none', {
      hint: 'Give user=<role> or PGUSER.',
      cause,
    });
  }
}
