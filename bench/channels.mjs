// A retailer of three channels: a workload as wide as the standard one of decision support (7 tables of facts, 17 dimensions, 94 statements), in words of our own.
import { readFileSync } from 'node:fs';
import { connect } from '../dist/postgres/connect.js';

/** Makes a database of the rows, vacuumed and analysed: 1.2 million rows, 193 MB, in 20 to 100 s on two shared cores. */
export async function loadChannels(server, database) {
  const admin = await connect(server.connection);
  await admin.run(`CREATE DATABASE ${database}`);
  await admin.close();
  const session = await connect({ ...server.connection, database });
  const schema = readFileSync(new URL('channels/schema.sql', import.meta.url), 'utf8');
  for (const part of schema.split(/;\s*\n/).filter((text) => text.trim() !== '')) await session.run(part);
  await session.run('VACUUM ANALYZE');
  await session.close();
}

/** The statements as one text, each under its `-- name:`. */
export function channelsQueries() {
  return readFileSync(new URL('channels/queries.sql', import.meta.url), 'utf8');
}
