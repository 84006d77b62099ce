// Data sets of our own, each a folder: schema.sql makes its rows, the same each time; queries.sql asks.
//   star      a retailer's star: a workload of decision support that no rule of ours was made on (0.9 million rows, 110 MB)
//   channels  a retailer of three channels: as wide as the standard workload of decision support (7 tables of facts, 17 dimensions, 94 statements; 1.2 million rows, 193 MB)
//   films     a film database: many joins over skewed and correlated rows (21 tables, 100 statements; 1.8 million rows, 122 MB)
import { readFileSync } from 'node:fs';
import { connect } from '../dist/postgres/connect.js';

/** Makes a database of a set's rows, vacuumed and analysed, in 10 to 100 s on two shared cores. With a scale, so many times the rows that its schema says may grow. */
export async function loadRows(folder, server, database, scale = 1) {
  const admin = await connect(server.connection);
  await admin.run(`CREATE DATABASE ${database}`);
  await admin.close();
  const session = await connect({ ...server.connection, database });
  for (const part of scaled(textOf(folder, 'schema.sql'), scale).split(/;\s*\n/))
    if (part.trim() !== '') await session.run(part);
  await session.run('VACUUM ANALYZE');
  await session.close();
}

/** The statements as one text, each under its `-- name:`. */
export function queriesOf(folder) {
  return textOf(folder, 'queries.sql');
}

function scaled(schema, scale) {
  if (scale === 1) return schema;
  const [, counts] = /^-- Rows that grow with --scale: ([\d ]+)$/m.exec(schema) ?? [];
  if (counts === undefined) throw new Error('This set has one size only');
  return schema.replaceAll(new RegExp(`\\b(?:${counts.replaceAll(' ', '|')})\\b`, 'g'), (count) =>
    String(count * scale),
  );
}

function textOf(folder, name) {
  return readFileSync(new URL(`${folder}/${name}`, import.meta.url), 'utf8');
}
