import { WizardError } from '../base/errors.js';

/** Reads a connection string into keywords and values by libpq's grammar, without defaults. Throws `input/conninfo`; its message quotes no part of the input but a known keyword. */
export function parseConninfo(input: string): Record<string, string> {
  const text = input.trim();
  if (/^postgres(ql)?:\/\//.test(text)) return parseUri(text);
  if (/^[A-Za-z][\w+.-]*:\/\//.test(text)) throw bad('The URI does not begin with postgres:// or postgresql://');
  if (text.includes('=')) return parseKeywords(text);
  if (text === '') return {};
  if (/[/@]/.test(text)) throw bad('The connection string is neither a URI nor keyword=value pairs');
  return { dbname: text };
}

/** Every keyword of libpq 18, "Parameter Key Words". What is not acted upon has no bearing on what this tool does. */
const KEYWORDS = new Set(
  (
    'host hostaddr port dbname user password passfile require_auth channel_binding connect_timeout client_encoding options ' +
    'application_name fallback_application_name keepalives keepalives_idle keepalives_interval keepalives_count tcp_user_timeout ' +
    'replication gssencmode sslmode requiressl sslnegotiation sslcompression sslcert sslkey sslkeylogfile sslpassword sslcertmode ' +
    'sslrootcert sslcrl sslcrldir sslsni requirepeer ssl_min_protocol_version ssl_max_protocol_version min_protocol_version ' +
    'max_protocol_version krbsrvname gsslib gssdelegation scram_client_key scram_server_key service servicefile ' +
    'target_session_attrs load_balance_hosts oauth_issuer oauth_client_id oauth_client_secret oauth_scope'
  ).split(' '),
);

function parseUri(text: string): Record<string, string> {
  const rest = text.slice(text.indexOf('://') + 3);
  const values: Record<string, string> = {};
  const end = rest.search(/[@/]/);
  const hasUser = end >= 0 && rest[end] === '@';
  if (hasUser) Object.assign(values, readUserInfo(rest.slice(0, end)));
  const match = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(hasUser ? rest.slice(end + 1) : rest);
  if (!match) throw bad('The URI can not be read');
  const [, hosts = '', database = '', query = ''] = match;
  Object.assign(values, readHosts(hosts));
  // A slash in the password ends the host early, and the rest of the password would pass for the database.
  if (database.includes('@')) throw bad('An @ after the host of the URI is not percent-encoded');
  if (database !== '') values['dbname'] = decode(database);
  for (const [keyword, value] of readQuery(query)) values[keyword] = value;
  return values;
}

function readUserInfo(text: string): Record<string, string> {
  const colon = text.indexOf(':');
  if (colon < 0) return { user: decode(text) };
  return { user: decode(text.slice(0, colon)), password: decode(text.slice(colon + 1)) };
}

function readHosts(text: string): Record<string, string> {
  const hosts: string[] = [];
  const ports: string[] = [];
  for (const part of text.split(',')) {
    const match = part.startsWith('[') ? /^\[([^\]]+)\](?::(.*))?$/.exec(part) : /^([^:]*)(?::(.*))?$/.exec(part);
    if (!match)
      throw bad(
        part.startsWith('[')
          ? 'The IPv6 address in the URI has no closing bracket'
          : 'The host and port in the URI can not be read',
      );
    hosts.push(decode(match[1] ?? ''));
    ports.push(decode(match[2] ?? ''));
  }
  return {
    ...(hosts.some((host) => host !== '') ? { host: hosts.join(',') } : {}),
    ...(ports.some((port) => port !== '') ? { port: ports.join(',') } : {}),
  };
}

function readQuery(query: string): [string, string][] {
  if (query === '') return [];
  return query.split('&').map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.includes('=', equals + 1))
      throw bad('A parameter in the query of the URI is not keyword=value');
    const keyword = decode(pair.slice(0, equals));
    const value = decode(pair.slice(equals + 1));
    // JDBC's spelling, which libpq takes too.
    if (keyword === 'ssl' && value === 'true') return ['sslmode', 'require'];
    return [known(keyword), value];
  });
}

function decode(text: string): string {
  if (/%(?![0-9A-Fa-f]{2})/.test(text))
    throw bad('A percent sign in the URI is not followed by two hexadecimal digits');
  if (text.includes('%00')) throw bad('The URI holds a forbidden %00');
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad('The percent-encoding in the URI is not UTF-8');
  }
}

/** `keyword = value` pairs: blanks around `=`, values in single quotes, backslash escapes everywhere in a value. */
function parseKeywords(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const pair = /\s*([^\s=]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'(?=\s|$)|((?:[^\s'\\]|\\.|(?<=[^\s=])')*)(?=\s|$))/gsy;
  let at = 0;
  while (text.slice(at).trim() !== '') {
    pair.lastIndex = at;
    const match = pair.exec(text);
    if (!match?.[1]) throw bad('The connection string is not a list of keyword=value pairs');
    values[known(match[1])] = (match[2] ?? match[3] ?? '').replace(/\\(.)/gs, '$1');
    at = pair.lastIndex;
  }
  return values;
}

/** A word that is not a keyword is not repeated: it may be a part of a password that was not quoted. */
function known(keyword: string): string {
  if (KEYWORDS.has(keyword)) return keyword;
  throw bad('The connection string holds an option that PostgreSQL does not know');
}

function bad(message: string): WizardError {
  return new WizardError('input/conninfo', message, {
    hint: "Write postgres://user:password@host:5432/database (percent-encode / : @ ? # % in the password) or host=... dbname=... password='...'.",
  });
}
