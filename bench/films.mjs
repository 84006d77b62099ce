// A film database: a workload of many joins over skewed and correlated rows (21 tables, 100 statements), in words of our own.
import { readFileSync } from 'node:fs';
import { connect } from '../dist/postgres/connect.js';

/** Makes a database of the rows, vacuumed and analysed: 1.8 million rows, 122 MB, in about 10 s on two shared cores. */
export async function loadFilms(server, database) {
  const admin = await connect(server.connection);
  await admin.run(`CREATE DATABASE ${database}`);
  await admin.close();
  const session = await connect({ ...server.connection, database });
  const schema = readFileSync(new URL('films/schema.sql', import.meta.url), 'utf8');
  for (const part of schema.split(/;\s*\n/).filter((text) => text.trim() !== '')) await session.run(part);
  await session.run('VACUUM ANALYZE');
  await session.close();
}

/** The statements as one text, each under its `-- name:`. */
export function filmsQueries() {
  return readFileSync(new URL('films/queries.sql', import.meta.url), 'utf8');
}
