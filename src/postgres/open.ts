import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { WizardError } from '../base/errors.js';
import { describeTarget, toWizardError } from './errors.js';
import type { ConnectionSettings } from './session.js';
import { tlsAttempts } from './tls.js';

/** Opens a driver connection by libpq's rules for `sslmode`. Environment variables are not read here: the settings are all. */
export async function openClient(settings: ConnectionSettings): Promise<pg.Client> {
  const attempts = tlsAttempts(settings).filter((ssl) => settings.channelBinding !== 'require' || ssl !== false);
  if (attempts.length === 0) throw unbound(settings);
  let refusal: WizardError | null = null;
  for (const ssl of attempts) {
    try {
      return await openPlainOrTls(settings, ssl);
    } catch (error) {
      const fault = toWizardError(error, settings);
      if (!mayTryOther(fault)) throw fault;
      refusal ??= fault;
      if (fault.code !== 'target/tls') refusal = fault;
    }
  }
  throw refusal ?? unbound(settings);
}

/** The other of TLS and clear text is worth a try when the server refused this one, not when the password was wrong. */
function mayTryOther(fault: WizardError): boolean {
  return fault.code === 'target/tls' || fault.sqlstate === '28000';
}

async function openPlainOrTls(settings: ConnectionSettings, ssl: false | ConnectionOptions): Promise<pg.Client> {
  const full: Record<string, string> = {
    user: settings.user,
    database: settings.database,
    application_name: settings.applicationName,
    client_encoding: 'UTF8',
    DateStyle: 'ISO',
  };
  if (settings.options !== null) full['options'] = settings.options;
  try {
    return await startUp(settings, ssl, full);
  } catch (error) {
    if (!refusesStartupParameter(error)) throw error;
    const { user, database, application_name } = full as { user: string; database: string; application_name: string };
    return await startUp(settings, ssl, { user, database, application_name });
  }
}

/** Poolers refuse what they do not keep: pgbouncer `unsupported startup parameter: options`. */
function refusesStartupParameter(error: unknown): boolean {
  return error instanceof Error && /startup parameter/i.test(error.message);
}

async function startUp(
  settings: ConnectionSettings,
  ssl: false | ConnectionOptions,
  parameters: Readonly<Record<string, string>>,
): Promise<pg.Client> {
  const binding = new ChannelBinding(settings);
  const client = new pg.Client({
    host: settings.host,
    port: settings.port,
    user: settings.user,
    database: settings.database,
    password: () => {
      binding.assert();
      return requirePassword(settings);
    },
    ssl,
    sslnegotiation: 'postgres',
    enableChannelBinding: ssl !== false,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    keepAlive: true,
  });
  // The driver would fill gaps from the environment, and sends no encoding.
  Object.assign(client, { getStartupConf: () => parameters });
  client.on('error', () => {});
  binding.watch(client);
  try {
    await client.connect();
    binding.assert();
    return client;
  } catch (error) {
    client.connection.stream.destroy();
    throw error;
  }
}

function requirePassword(settings: ConnectionSettings): string {
  if (settings.password !== null && settings.password !== '') return settings.password;
  throw new WizardError(
    'target/authentication',
    `The server asks ${settings.user} for a password, and none was given`,
    {
      hint: 'Give it in the URL, as PGPASSWORD or in the password file (~/.pgpass).',
    },
  );
}

/** Keeps `channel_binding=require`: no password before the server offers SCRAM bound to the TLS channel, and no session without it. */
class ChannelBinding {
  #offered = false;

  constructor(readonly settings: ConnectionSettings) {}

  watch(client: pg.Client): void {
    client.connection.on('authenticationSASL', (message: { mechanisms: readonly string[] }) => {
      this.#offered = message.mechanisms.includes('SCRAM-SHA-256-PLUS');
    });
  }

  assert(): void {
    if (this.settings.channelBinding === 'require' && !this.#offered) throw unbound(this.settings);
  }
}

function unbound(settings: ConnectionSettings): WizardError {
  return new WizardError(
    'target/tls',
    `${describeTarget(settings)} does not bind the password to a TLS channel, and channel_binding=require asks for it`,
    {
      hint: 'Use TLS and SCRAM-SHA-256, or leave channel_binding out.',
    },
  );
}
