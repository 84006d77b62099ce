import { WizardError, type ErrorCode } from '../base/errors.js';
import type { ConnectionSettings } from './session.js';

/** `host:port/database` or `folder:port/database`: how a target is shown to people. Never holds the user or the password. */
export function describeTarget(settings: ConnectionSettings): string {
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  return `${host}:${settings.port}/${settings.database}`;
}

/**
 * Turns what the driver threw into a `WizardError`; one that is already a `WizardError` comes back as it is.
 * The password is taken out of every text; values that PostgreSQL quotes in data errors (SQLSTATE class 22) too.
 */
export function toWizardError(thrown: unknown, settings: ConnectionSettings): WizardError {
  if (thrown instanceof WizardError) return thrown;
  const facts = readFacts(thrown);
  const label = describeTarget(settings);
  const text = redact(facts.message, settings.password);
  const cause = facts.message === text ? thrown : new Error(text);
  if (facts.sqlstate !== null) return fromServer({ ...facts, message: text, sqlstate: facts.sqlstate }, label, cause);
  return fromSocket({ ...facts, message: text }, settings, cause);
}

/** The SQLSTATE that an error of any kind carries; null when no server sent it. */
export function sqlstateOf(thrown: unknown): string | null {
  if (thrown instanceof WizardError) return thrown.sqlstate ?? null;
  return readFacts(thrown).sqlstate;
}

interface Facts {
  readonly message: string;
  readonly sqlstate: string | null;
  /** Node's `ECONNREFUSED`, `ENOTFOUND`, `CERT_HAS_EXPIRED`, ... */
  readonly socketCode: string | null;
}

const SERVER_CODES: Readonly<Record<string, { readonly code: ErrorCode; readonly hint: string }>> = {
  '28P01': { code: 'target/authentication', hint: 'Check the password: in the URL, PGPASSWORD or the password file.' },
  '28000': { code: 'target/authentication', hint: 'Check the role and what pg_hba.conf allows it from this address.' },
  '3D000': { code: 'target/no-database', hint: 'Check the name after the last slash of the URL, or PGDATABASE.' },
  '42501': {
    code: 'target/permission',
    hint: 'Connect as a role that is a member of pg_monitor and pg_read_all_data.',
  },
  '57P01': { code: 'target/connection-lost', hint: 'The server or an administrator ended the session; run again.' },
  '57P02': { code: 'target/connection-lost', hint: 'The server crashed and restarts; look into its log.' },
  '57P03': { code: 'target/unreachable', hint: 'The server starts, stops or recovers; try again in a moment.' },
  '57P05': { code: 'target/connection-lost', hint: 'The server ended the session for being idle; run again.' },
  '25P03': { code: 'target/connection-lost', hint: 'The server ended an idle transaction; run again.' },
  '53300': {
    code: 'target/unreachable',
    hint: 'The server has no free connection slot; raise max_connections or wait.',
  },
  '08P01': {
    code: 'target/pooler',
    hint: 'Something between here and the server speaks another protocol; connect to the server itself.',
  },
};

function fromServer(facts: Facts & { readonly sqlstate: string }, label: string, cause: unknown): WizardError {
  const tlsRefused =
    facts.sqlstate === '28000' && /no encryption|SSL off|requires.* (SSL|TLS)|SSL required/i.test(facts.message);
  if (tlsRefused) {
    return new WizardError('target/tls', `${label} takes no connection without TLS: ${facts.message}`, {
      hint: 'Use sslmode=require, or verify-full with sslrootcert.',
      sqlstate: facts.sqlstate,
      cause,
    });
  }
  const known = SERVER_CODES[facts.sqlstate];
  if (known) {
    return new WizardError(known.code, `${label}: ${facts.message}`, {
      hint: known.hint,
      sqlstate: facts.sqlstate,
      cause,
    });
  }
  const message = facts.sqlstate.startsWith('22') ? withoutValues(facts.message) : facts.message;
  return new WizardError('target/statement', `${message} (SQLSTATE ${facts.sqlstate})`, {
    sqlstate: facts.sqlstate,
    cause,
  });
}

function fromSocket(facts: Facts, settings: ConnectionSettings, cause: unknown): WizardError {
  const label = describeTarget(settings);
  const { message, socketCode } = facts;
  if (/does not support SSL|establishing an SSL connection/.test(message)) {
    return new WizardError('target/tls', `${label} does not offer TLS, and sslmode=${settings.sslmode} asks for it`, {
      hint: 'Turn TLS on at the server (ssl = on), or use sslmode=prefer or disable.',
      cause,
    });
  }
  if (isTlsFault(socketCode, message)) {
    return new WizardError('target/tls', `TLS with ${label} failed: ${message}`, {
      hint: tlsHint(settings),
      cause,
    });
  }
  if (/SASL|password must be|client password/i.test(message)) {
    return new WizardError('target/authentication', `${label} asks for a password: ${message}`, {
      hint: 'Give it in the URL, as PGPASSWORD or in the password file.',
      cause,
    });
  }
  if (/timeout expired|ETIMEDOUT/.test(`${message} ${socketCode}`)) {
    return new WizardError(
      'target/unreachable',
      `${label} did not answer within ${settings.connectTimeoutMs / 1000} s`,
      {
        hint: 'Check host, port and firewall; connect_timeout (seconds) gives it longer.',
        cause,
      },
    );
  }
  const unreachable = socketCode === null ? undefined : UNREACHABLE[socketCode];
  if (unreachable !== undefined) {
    return new WizardError('target/unreachable', `${label} can not be reached: ${unreachable.what} (${socketCode})`, {
      hint: unreachable.hint,
      cause,
    });
  }
  if (/Connection terminated|not queryable|ECONNRESET|EPIPE/.test(`${message} ${socketCode}`)) {
    return new WizardError('target/connection-lost', `The connection to ${label} ended: ${message}`, {
      hint: 'The server, a firewall or a proxy closed it; see the server log, then run again.',
      cause,
    });
  }
  return new WizardError('internal', message, { cause });
}

const UNREACHABLE: Readonly<Record<string, { readonly what: string; readonly hint: string }>> = {
  ECONNREFUSED: { what: 'nothing listens there', hint: 'Check host and port, and that the server runs.' },
  ENOTFOUND: { what: 'no such host', hint: 'Check the spelling of the host name.' },
  EAI_AGAIN: { what: 'the host name can not be looked up now', hint: 'Check the name server and the host name.' },
  EHOSTUNREACH: { what: 'no route to the host', hint: 'Check the network and the firewall.' },
  ENETUNREACH: { what: 'no route to the network', hint: 'Check the network and the firewall.' },
  EADDRNOTAVAIL: { what: 'the address can not be used', hint: 'Check host and port.' },
  ENOENT: { what: 'no such unix socket', hint: 'Check the folder of the socket and the port, or name a host.' },
  EACCES: { what: 'the unix socket may not be opened', hint: 'Check the permissions of the socket and its folder.' },
};

function isTlsFault(code: string | null, message: string): boolean {
  if (/certificate|altname|self.signed|\bTLS\b|\bSSL\b|ssl3|handshake/i.test(message)) return true;
  return (
    code !== null &&
    /^(CERT_|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|ERR_OSSL)/.test(code)
  );
}

function tlsHint(settings: ConnectionSettings): string {
  if (settings.sslmode === 'verify-full') {
    return 'The certificate must be signed by sslrootcert and name the host; sslrootcert=system uses the public authorities.';
  }
  if (settings.sslmode === 'verify-ca' || settings.sslrootcert !== null) {
    return 'The certificate must be signed by sslrootcert.';
  }
  return 'Check sslmode, sslcert and sslkey.';
}

function readFacts(thrown: unknown): Facts {
  if (!(thrown instanceof Error)) return { message: String(thrown), sqlstate: null, socketCode: null };
  if (thrown instanceof AggregateError && thrown.errors.length > 0 && thrown.message === '')
    return readFacts(thrown.errors[0]);
  const { code, severity } = thrown as { code?: unknown; severity?: unknown };
  const isServer = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && typeof severity === 'string';
  return {
    message: thrown.message,
    sqlstate: isServer ? code : null,
    socketCode: typeof code === 'string' && !isServer ? code : null,
  };
}

function redact(text: string, password: string | null): string {
  return password === null || password.length < 3 ? text : text.replaceAll(password, '***');
}

function withoutValues(message: string): string {
  return message.replace(/: ".*"/s, '').replace(/"[^"]*" is out of range/s, 'the value is out of range');
}
