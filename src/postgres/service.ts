import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { WizardError } from '../base/errors.js';

/** Reads one service from the user's file, else from the system's (libpq, "The Connection Service File"). Throws `input/conninfo` when it is nowhere. */
export async function readService(
  service: string,
  servicefile: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  const own = servicefile ?? env['PGSERVICEFILE'] ?? join(env['HOME'] ?? homedir(), '.pg_service.conf');
  const folders = env['PGSYSCONFDIR'] === undefined ? ['/etc/postgresql-common', '/etc'] : [env['PGSYSCONFDIR']];
  const files = [own, ...folders.map((folder) => join(folder, 'pg_service.conf'))];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => null);
    const values = text === null ? null : parseService(text, service, file);
    if (values !== null) return values;
  }
  throw new WizardError('input/conninfo', `The service ${service} is in no service file`, {
    hint: `Looked in ${files.join(', ')}. PGSERVICEFILE names another file.`,
  });
}

/** The values of one section, the first of that name; null when the file has none. Throws `input/conninfo` with the number of a line that can not be read. */
export function parseService(text: string, service: string, file: string): Record<string, string> | null {
  let values: Record<string, string> | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) {
      if (values !== null) return values;
      if (line === `[${service}]`) values = {};
      continue;
    }
    if (values === null) continue;
    const equals = line.indexOf('=');
    const keyword = line.slice(0, Math.max(0, equals)).trim();
    if (equals < 1 || keyword === 'service') {
      throw new WizardError('input/conninfo', `Line ${index + 1} of the service file ${file} can not be read`, {
        hint: 'Each line of a section is keyword=value; a service may not name another.',
      });
    }
    // The first value of a keyword counts, as in libpq.
    values[keyword] ??= line.slice(equals + 1).trim();
  }
  return values;
}
