// A retailer's star: a workload of decision support that no rule of ours was made on. schema.sql makes its rows, the same each time; queries.sql asks.
import { readFileSync } from 'node:fs';
import { connect } from '../dist/postgres/connect.js';

/** Makes a database of the rows, vacuumed and analysed: 0.9 million rows, 110 MB, in about half a minute. */
export async function loadStar(server, database) {
  const admin = await connect(server.connection);
  await admin.run(`CREATE DATABASE ${database}`);
  await admin.close();
  const session = await connect({ ...server.connection, database });
  const schema = readFileSync(new URL('star/schema.sql', import.meta.url), 'utf8');
  for (const part of schema.split(/;\s*\n/).filter((text) => text.trim() !== '')) await session.run(part);
  await session.run('VACUUM ANALYZE');
  await session.close();
}

/** The statements as one text, each under its `-- name:`. */
export function starQueries() {
  return readFileSync(new URL('star/queries.sql', import.meta.url), 'utf8');
}
