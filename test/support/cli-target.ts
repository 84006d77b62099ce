import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { quoteQualified } from '../../src/base/quote.js';
import { createDatabase } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import type { Session } from '../../src/postgres/session.js';
import { loadParser } from '../../src/sql/parse.js';
import { splitStatements } from '../../src/sql/split.js';

/** The path of a file next to the server tests. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../postgres/fixtures/${name}`, import.meta.url));
}

/** Makes a database, fills it with a fixture's statements and analyses it. */
export async function fillDatabase(
  server: LabServer,
  database: string,
  sql: string = readFileSync(fixture('small-shop.sql'), 'utf8'),
): Promise<void> {
  await loadParser();
  await within(server, 'postgres', (session) => createDatabase(session, database));
  await within(server, database, async (session) => {
    for (const statement of splitStatements(sql)) await session.run(statement.sql);
  });
  // In a session of its own: the counters of a session that is open reach the others up to a second late, after the ANALYZE.
  await within(server, database, (session) => session.run('ANALYZE'));
}

/** Runs something as the server's superuser. */
export async function within<T>(
  server: LabServer,
  database: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await connect({ ...server.connection, database });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Names of the databases, in order. */
export async function databasesOf(server: LabServer): Promise<readonly string[]> {
  const rows = await within(server, 'postgres', (session) =>
    session.query<{ name: string }>('SELECT datname AS name FROM pg_database ORDER BY 1'),
  );
  return rows.map(({ name }) => name);
}

/** What must not change in a target: a checksum of every table's rows, of every sequence, of its catalogs, and of the server's roles and settings. */
export async function sumsOf(server: LabServer, database: string): Promise<Readonly<Record<string, string>>> {
  return within(server, database, async (session) => {
    const relations = await session.query<{ schema: string; name: string; kind: string }>(
      `SELECT n.nspname AS schema, c.relname AS name, c.relkind AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'm', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)' ORDER BY 1, 2`,
    );
    const catalogs = CATALOGS.map((name) => ({ schema: 'pg_catalog', name, kind: 'r' }));
    const sums: [string, string][] = [];
    for (const { schema, name, kind } of [...relations, ...catalogs]) {
      const whole = kind === 'S' ? '(last_value, is_called)::text' : 't::text';
      const rows = await session.query<{ row: string }>(
        `SELECT ${whole} COLLATE "C" AS row FROM ${quoteQualified(schema, name)} AS t ORDER BY 1`,
      );
      sums.push([
        `${schema}.${name}`,
        createHash('sha256')
          .update(rows.map(({ row }) => row).join('\n'))
          .digest('hex')
          .slice(0, 16),
      ]);
    }
    return Object.fromEntries(sums);
  });
}

/** Whole rows, so that files rewritten, statistics gathered and settings made show too. */
const CATALOGS = [
  'pg_class',
  'pg_attribute',
  'pg_index',
  'pg_constraint',
  'pg_proc',
  'pg_type',
  'pg_namespace',
  'pg_trigger',
  'pg_rewrite',
  'pg_statistic',
  'pg_statistic_ext',
  'pg_description',
  'pg_extension',
  'pg_db_role_setting',
  'pg_authid',
];
