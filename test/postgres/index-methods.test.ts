import { afterAll, beforeAll, expect, test } from 'vitest';
import { tableUses } from '../../src/indexes/candidates/candidates.js';
import { reasonedCandidates } from '../../src/indexes/candidates/reasoned.js';
import type { LabServer } from '../../src/lab/server.js';
import { createStatisticsClone } from '../../src/lab/whatif/clone.js';
import type { StatisticsClone } from '../../src/lab/whatif/clone.js';
import { createIndexSql } from '../../src/model/action.js';
import { connect } from '../../src/postgres/connect.js';
import { explain } from '../../src/postgres/explain.js';
import { extractSchema } from '../../src/postgres/extract/extract.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { readStatistics } from '../../src/postgres/read/statistics.js';
import type { Session } from '../../src/postgres/session.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServers, testMajors } from '../support/majors.js';
import { aSnapshot, aStatement } from '../support/snapshot.js';

const SCHEMA = `
CREATE TABLE event (id int PRIMARY KEY, owner int NOT NULL, url text NOT NULL, tags int[] NOT NULL, span int4range NOT NULL);
INSERT INTO event SELECT i, i * 7919 % 2000, 'https://shop.example/' || repeat(md5(i::text), 2), ARRAY[i % 50, i % 70],
  int4range(i * 31 % 40000, i * 31 % 40000 + 900) FROM generate_series(1, 40000) AS i;
VACUUM ANALYZE`;

const HASH = `SELECT id FROM event WHERE url = 'x'`;
const GIN = 'SELECT url FROM event WHERE owner = 77 AND tags @> ARRAY[7]';
const GIST = 'SELECT url FROM event WHERE owner = 77 AND span && int4range(500, 900)';
const QUERIES = [HASH, GIN, GIST];

const servers: LabServer[] = [];
let source: Session;
let clone: StatisticsClone;
let hasExtensions = false;

beforeAll(async () => {
  await loadParser();
  servers.push(...(await startQuietServers(testMajors()[0] ?? 'newest', 2)));
  const [real, lab] = servers;
  if (real === undefined || lab === undefined) return;
  source = await connect(real.connection);
  for (const sql of SCHEMA.split(';')) await source.run(sql);
  hasExtensions = await source.run('CREATE EXTENSION btree_gin; CREATE EXTENSION btree_gist').then(
    () => true,
    () => false,
  );
  clone = await createStatisticsClone({ server: lab, source, schema: await extractSchema(source), sampler: source });
  clone.setWorkload(QUERIES.map((sql) => ({ fingerprint: sql, queries: [sql] })));
});
afterAll(async () => {
  await clone?.close();
  await source?.close();
  for (const server of servers) await server.stop();
});

test.for([
  ['hash', HASH, '"url"'],
  ['gin', GIN, '"owner", "tags"'],
  ['gist', GIST, '"owner", "span"'],
] as const)('%s: the planner takes the candidate, foreseen and built', async ([method, sql, keys], { skip }) => {
  if (servers.length < 2 || (method !== 'hash' && !hasExtensions)) skip();
  const snapshot = {
    ...aSnapshot({ statements: [aStatement(sql)] }),
    catalog: (await readCatalog(source)).catalog,
    statistics: (await readStatistics(source)).statistics,
  };
  const found = reasonedCandidates(snapshot, tableUses(snapshot, { minRows: 0, minPages: 0 }), {});
  const spec = found.find((one) => one.spec.method === method && one.spec.keys.join(', ') === keys)?.spec;
  if (spec === undefined) throw new Error(`no such candidate among ${found.map((one) => one.spec.name).join(', ')}`);
  const [foreseen] = await clone.cost([sql], { add: [spec], drop: [] });
  expect(foreseen?.uses).toEqual([spec.name]);
  await source.run('BEGIN');
  await source.run(createIndexSql(spec, { concurrently: false }));
  expect(JSON.stringify((await explain(source, sql)).root)).toContain(`"${spec.name}"`);
  await source.run('ROLLBACK');
});
