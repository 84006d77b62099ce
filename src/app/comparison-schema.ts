import { readFile } from 'node:fs/promises';
import { WizardError } from '../base/errors.js';
import { applyStatements } from '../lab/copy/apply.js';
import type { Skipped } from '../model/coverage.js';
import { describeTarget } from '../postgres/errors.js';
import { extractSchema } from '../postgres/extract/extract.js';
import type { ConnectionSettings, Session } from '../postgres/session.js';
import { loadParser, parseStatement } from '../sql/parse.js';
import { splitStatements } from '../sql/split.js';
import type { CommandContext } from './command.js';
import { untilAborted } from './interruption.js';
import { openTarget } from './open-target.js';

/** Tables without rows, and how a server of our own is given them. */
export interface SchemaSource {
  readonly name: string;
  /** Of the server that they come from; null for a file. */
  readonly major: number | null;
  /** Makes everything; what can not be made is left out, with the reason. */
  load(session: Session, signal: AbortSignal): Promise<readonly Skipped[]>;
}

/** The schema of a database, read-only. */
export async function schemaOfTarget(settings: ConnectionSettings, { signal }: CommandContext): Promise<SchemaSource> {
  const { session } = await openTarget(settings, signal);
  try {
    const [version] = await session.query<{ number: number }>(
      `SELECT current_setting('server_version_num')::int AS number`,
    );
    const script = await untilAborted(signal, extractSchema(session));
    return {
      name: describeTarget(settings),
      major: Math.floor((version?.number ?? 0) / 10_000),
      load: async (lab, abort) => [
        ...script.skipped,
        ...(await applyStatements(lab, [...script.preData, ...script.postData], abort)),
      ],
    };
  } finally {
    await session.close();
  }
}

/** The schema in a file of DDL, as pg_dump --schema-only writes it or by hand. Rows in it are not loaded. Throws `input/invalid`. */
export async function schemaOfFile(path: string): Promise<SchemaSource> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new WizardError('input/invalid', `${path} can not be read`, {
      cause,
      hint: 'Give a file with CREATE TABLE statements, e.g. what `pg_dump --schema-only` writes.',
    });
  });
  await loadParser();
  const bare = text.replace(/^\ufeff/, '').replaceAll(/^\\[a-z].*$/gim, '');
  const statements = splitStatements(bare).map(({ sql }) => sql);
  return {
    name: path,
    major: null,
    async load(session, signal) {
      const skipped: Skipped[] = [];
      for (const sql of statements) {
        signal.throwIfAborted();
        const left = await run(session, sql);
        if (left) skipped.push(left);
      }
      return skipped;
    },
  };
}

/** What makes and changes tables, types, functions and the like; nothing that writes files, runs programs or fills tables. */
const DEFINES = /^(Create|Alter|Index|View|Define|CompositeType|Comment|Rule|Drop|VariableSet)/;

async function run(session: Session, sql: string): Promise<Skipped | null> {
  const what = sql.replaceAll(/\s+/g, ' ').slice(0, 60);
  const { type } = parseStatement(sql);
  if (type === 'CopyStmt' || type === 'InsertStmt') return null;
  if (!DEFINES.test(type)) return { what, reason: 'only definitions are loaded', remedy: null };
  try {
    await session.run(sql);
    return null;
  } catch (thrown) {
    if (!(thrown instanceof WizardError) || thrown.code !== 'target/statement') throw thrown;
    return { what, reason: thrown.message, remedy: null };
  }
}
