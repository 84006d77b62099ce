import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates, type ConnectionOptions } from 'node:tls';
import { WizardError } from '../base/errors.js';
import type { ConnectionSettings } from './session.js';

/** What to try in order: `false` is a connection in the clear. Over a unix socket always in the clear, as libpq does. Throws `target/tls` when a certificate file can not be read. */
export function tlsAttempts(settings: ConnectionSettings): readonly (false | ConnectionOptions)[] {
  if (settings.host.startsWith('/') || settings.sslmode === 'disable') return [false];
  const encrypted = tlsOptions(settings);
  if (settings.sslmode === 'allow') return [false, encrypted];
  if (settings.sslmode === 'prefer') return [encrypted, false];
  return [encrypted];
}

function tlsOptions(settings: ConnectionSettings): ConnectionOptions {
  const certFile = settings.sslcert ?? existing('postgresql.crt');
  const keyFile = settings.sslkey ?? (certFile === null ? null : existing('postgresql.key'));
  const client = {
    ...(certFile === null ? {} : { cert: readPem(certFile, 'sslcert') }),
    ...(keyFile === null ? {} : { key: readPem(keyFile, 'sslkey') }),
  };
  const mode = verification(settings);
  if (mode === 'none') return { ...client, rejectUnauthorized: false };
  const ca = authorities(settings);
  if (mode === 'verify-full') return { ...client, ca, rejectUnauthorized: true };
  return { ...client, ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
}

/** `require` verifies the authority as soon as a root certificate is there; `prefer` and `allow` never do (libpq, "SSL Support"). */
function verification(settings: ConnectionSettings): 'none' | 'verify-ca' | 'verify-full' {
  if (settings.sslmode === 'verify-full' || settings.sslrootcert === 'system') return 'verify-full';
  if (settings.sslmode === 'verify-ca') return 'verify-ca';
  if (settings.sslmode === 'require' && (settings.sslrootcert ?? existing('root.crt')) !== null) return 'verify-ca';
  return 'none';
}

function authorities(settings: ConnectionSettings): string | string[] {
  if (settings.sslrootcert === 'system') return systemAuthorities();
  const file = settings.sslrootcert ?? existing('root.crt');
  if (file !== null) return readPem(file, 'sslrootcert');
  throw new WizardError('target/tls', `sslmode=${settings.sslmode} needs a root certificate, and none is there`, {
    hint: 'Give sslrootcert=<file>, or sslrootcert=system for the public authorities, or put it at ~/.postgresql/root.crt.',
  });
}

/** The operating system's bundle where one is found, else the one that Node carries. */
function systemAuthorities(): string | string[] {
  const bundles = [
    process.env['SSL_CERT_FILE'],
    '/etc/ssl/certs/ca-certificates.crt',
    '/etc/pki/tls/certs/ca-bundle.crt',
    '/etc/ssl/ca-bundle.pem',
    '/etc/ssl/cert.pem',
  ];
  const bundle = bundles.find((file) => file !== undefined && existsSync(file));
  return bundle === undefined ? [...rootCertificates] : readPem(bundle, 'sslrootcert');
}

function existing(name: string): string | null {
  const file = join(homedir(), '.postgresql', name);
  return existsSync(file) ? file : null;
}

function readPem(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new WizardError('target/tls', `${what} ${file} can not be read`, {
      hint: 'Check the path and the permissions of the file.',
      cause,
    });
  }
}
