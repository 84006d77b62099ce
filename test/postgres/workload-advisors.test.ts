import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Advisor } from '../../src/advisors/define.js';
import expressionIndex from '../../src/advisors/index/expression-index.js';
import missingIndex from '../../src/advisors/index/missing-index.js';
import partialIndex from '../../src/advisors/index/partial-index.js';
import rewritableStatement from '../../src/advisors/query/rewritable-statement.js';
import { workloadFromText } from '../../src/app/workload-file.js';
import { createStatisticsClone } from '../../src/lab/whatif/clone.js';
import type { StatisticsClone } from '../../src/lab/whatif/clone.js';
import { drawParameterSets } from '../../src/lab/parameters.js';
import type { LabServer } from '../../src/lab/server.js';
import type { Finding } from '../../src/model/finding.js';
import { NO_REPLICATION } from '../../src/model/replication.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import { connect } from '../../src/postgres/connect.js';
import { explain } from '../../src/postgres/explain.js';
import { extractSchema } from '../../src/postgres/extract/extract.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { readSettings } from '../../src/postgres/read/settings.js';
import { readStatistics } from '../../src/postgres/read/statistics.js';
import { readTarget } from '../../src/postgres/read/target.js';
import type { Session } from '../../src/postgres/session.js';
import { bindParameters } from '../../src/sql/parameters.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';

const SCHEMA = `
  CREATE EXTENSION pg_trgm;
  CREATE SCHEMA "Odd Place";
  CREATE TABLE "Odd Place"."Line""Item" (id int PRIMARY KEY, "Order" int NOT NULL, "naïve" text, at timestamptz NOT NULL, pad text);
  INSERT INTO "Odd Place"."Line""Item" SELECT n, n * 37 % 5000, 'v' || n, timestamptz '2024-01-01 00:00+00' + n * interval '1 minute', repeat('p', 50) FROM generate_series(1, 20000) n;
  CREATE TABLE event (id int NOT NULL, kind text NOT NULL, at timestamptz NOT NULL, plain_at timestamp NOT NULL, body jsonb NOT NULL, tags text[] NOT NULL, words tsvector, note text NOT NULL, span int4range NOT NULL, done boolean NOT NULL, removed_at timestamptz)
    PARTITION BY RANGE (id);
  CREATE TABLE event_low PARTITION OF event FOR VALUES FROM (0) TO (10000);
  CREATE TABLE event_high PARTITION OF event FOR VALUES FROM (10000) TO (100000);
  INSERT INTO event SELECT n, 'k' || n % 700, timestamptz '2024-01-01 00:00+00' + n * 7919 % 20000 * interval '1 minute', timestamp '2024-01-01' + n * interval '1 minute',
    jsonb_build_object('user', n % 5000, 'x', n), ARRAY['t' || n % 3000, 'u' || n % 11], to_tsvector('english', 'word' || n % 4000), 'note ' || md5(n::text), int4range(n, n + 3),
    n % 300 <> 0, CASE WHEN n % 200 = 0 THEN now() END FROM generate_series(0, 20000) n;
  CREATE TABLE copy AS SELECT * FROM event;
  CREATE TABLE small (id int PRIMARY KEY, a int);
  INSERT INTO small SELECT n, n FROM generate_series(1, 900) n;
  CREATE TABLE parent (id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO parent SELECT n, 'p' || n FROM generate_series(1, 20000) n;
  CREATE TABLE child (id int PRIMARY KEY, parent_id int NOT NULL, maybe int, amount int NOT NULL, pad text NOT NULL);
  INSERT INTO child SELECT n, n % 20000 + 1, nullif(n % 50, 0), n % 97, repeat('c', 100) FROM generate_series(1, 40000) n;
  CREATE INDEX child_amount_idx ON child (amount, id);
`;

/** Statement, advisor, and what the first action builds; null where the advisor must keep silent. */
const CASES: readonly (readonly [string, Advisor, string | null])[] = [
  [
    'SELECT * FROM "Odd Place"."Line""Item" WHERE "Order" = 7 AND "naïve" > \'v5\'',
    missingIndex,
    'ON "Odd Place"."Line""Item" USING btree ("Order"',
  ],
  ['SELECT * FROM "Odd Place"."Line""Item" ORDER BY at DESC LIMIT 5', missingIndex, 'USING btree ("at")'],
  [
    'SELECT * FROM "Odd Place"."Line""Item" WHERE "naïve" LIKE \'v1234%\'',
    missingIndex,
    'USING btree ("naïve" text_pattern_ops)',
  ],
  ['SELECT max(at) FROM "Odd Place"."Line""Item"', missingIndex, 'USING btree ("at")'],
  ["SELECT * FROM event WHERE kind = 'k5'", missingIndex, 'ON "public"."event" USING btree ("kind")'],
  ["SELECT * FROM copy WHERE kind IN ('k5', 'k6') AND at > '2024-01-10'", missingIndex, 'USING btree ("kind", "at")'],
  ['SELECT * FROM copy WHERE body @> \'{"user": 7}\'', missingIndex, 'USING gin ("body" jsonb_path_ops)'],
  ["SELECT * FROM copy WHERE tags @> '{t7}'", missingIndex, 'USING gin ("tags")'],
  ["SELECT * FROM copy WHERE words @@ to_tsquery('word77')", missingIndex, 'USING gin ("words")'],
  ["SELECT * FROM copy WHERE note ILIKE '%c4ca4238%'", missingIndex, 'USING gin ("note" "public".gin_trgm_ops)'],
  ['SELECT * FROM copy WHERE span && int4range(5, 9)', missingIndex, 'USING gist ("span")'],
  [
    "SELECT c.* FROM parent p JOIN child c ON c.parent_id = p.id WHERE p.name = 'p77'",
    missingIndex,
    'ON "public"."child" USING btree ("parent_id")',
  ],
  [
    'SELECT p.* FROM parent p WHERE p.id < 50 AND EXISTS (SELECT 1 FROM child WHERE parent_id = p.id AND amount = 5)',
    missingIndex,
    'ON "public"."child" USING btree ("amount", "parent_id")',
  ],
  ['DELETE FROM child WHERE parent_id = 5', missingIndex, 'USING btree ("parent_id")'],
  ['SELECT * FROM child WHERE amount = 5 ORDER BY id LIMIT 3', missingIndex, null],
  [
    'SELECT sum(parent_id) FROM child WHERE amount BETWEEN 3 AND 10',
    missingIndex,
    'USING btree ("amount") INCLUDE ("parent_id")',
  ],
  ['SELECT * FROM child WHERE id = 5', missingIndex, null],
  ['SELECT * FROM small WHERE a = 5', missingIndex, null],
  ['SELECT count(*) FROM child', missingIndex, null],
  ['SELECT * FROM child WHERE maybe IS NOT NULL', missingIndex, null],
  ['SELECT * FROM copy WHERE NOT done ORDER BY at LIMIT 5', partialIndex, 'USING btree ("at") WHERE NOT (done)'],
  [
    "SELECT id FROM copy WHERE removed_at < '2100-01-01'",
    partialIndex,
    'USING btree ("removed_at") INCLUDE ("id") WHERE "removed_at" IS NOT NULL',
  ],
  ['SELECT * FROM child WHERE maybe IS NULL', partialIndex, 'WHERE maybe IS NULL'],
  ['SELECT * FROM copy WHERE done', partialIndex, null],
  [
    "SELECT * FROM copy WHERE lower(note) = 'note c4ca4238a0b923820dcc509a6f75849b'",
    expressionIndex,
    'USING btree ((lower(note)))',
  ],
  ["SELECT * FROM copy WHERE body ->> 'user' = '77'", expressionIndex, "USING btree ((body ->> 'user'))"],
  [
    "SELECT * FROM copy WHERE (body ->> 'user')::int = 77",
    expressionIndex,
    "USING btree ((CAST(body ->> 'user' AS int)))",
  ],
  [
    "SELECT * FROM copy WHERE date_trunc('hour', plain_at) = '2024-01-02 05:00'",
    expressionIndex,
    "USING btree ((date_trunc('hour', plain_at)))",
  ],
  [
    "SELECT * FROM copy WHERE date_trunc('hour', at AT TIME ZONE 'UTC') = '2024-01-02 05:00'",
    expressionIndex,
    "USING btree ((date_trunc('hour', at AT TIME ZONE 'UTC')))",
  ],
  [
    "SELECT * FROM copy WHERE to_tsvector('english', note) @@ to_tsquery('english', 'c4ca4238a0b923820dcc509a6f75849b')",
    expressionIndex,
    "USING gin ((to_tsvector('english', note)))",
  ],
  ["SELECT * FROM copy WHERE date_trunc('hour', at) = '2024-01-02 05:00'", expressionIndex, null],
  ["SELECT * FROM copy WHERE at::date = '2024-01-02'", expressionIndex, null],
  ['SELECT * FROM copy WHERE random() + id = 5', expressionIndex, null],
  ['SELECT id FROM parent WHERE id < 9 AND id NOT IN (SELECT maybe FROM child)', rewritableStatement, null],
];

describe('advisors of the workload, with their remedies built for real', () => {
  let server: LabServer | null = null;
  let session: Session;
  let clone: StatisticsClone;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest');
    if (!server) throw new Error('the bundled PostgreSQL is missing');
    session = await connect(server.connection);
    await session.run(SCHEMA);
    await session.run('VACUUM ANALYZE');
    const schema = await extractSchema(session);
    clone = await createStatisticsClone({ server, source: session, schema, sampler: session });
  });

  afterAll(async () => {
    await clone.close();
    await session.close();
    await server?.stop();
  });

  async function examine(sql: string, advisor: Advisor): Promise<readonly Finding[]> {
    const workload = workloadFromText(`-- calls: 100\n${sql}`, 'test');
    const snapshot: Snapshot = {
      target: await readTarget(session, 'lab'),
      catalog: (await readCatalog(session)).catalog,
      statistics: (await readStatistics(session)).statistics,
      settings: await readSettings(session),
      workload,
      plans: new Map(),
      replication: NO_REPLICATION,
      rebuilds: [],
      planModes: [],
      coverage: { examined: [], skipped: [] },
    };
    clone.setWorkload(workload.statements.map(({ fingerprint, sql: query }) => ({ fingerprint, queries: [query] })));
    return advisor.examine(snapshot, clone);
  }

  test.each(CASES)('%s', async (sql, advisor, expected) => {
    const findings = await examine(sql, advisor);
    const ups = findings.flatMap((finding) => finding.actions.map((action) => action.up[0]));
    if (expected === null) return expect(ups).toEqual([]);
    expect(ups[0]).toContain(expected);
    const first = findings[0]?.actions[0];
    if (!first) throw new Error('a finding without an action');
    for (const up of first.up) await session.run(up);
    await clone.adopt({ sql: first.up });
    expect(
      (await examine(sql, advisor)).map((finding) => finding.place),
      'its remedy clears it',
    ).not.toContain(findings[0]?.place);
    for (const down of first.down) await session.run(down);
    await clone.adopt({ sql: first.down });
    return undefined;
  });

  test.each([
    'SELECT * FROM "Odd Place"."Line""Item" WHERE "Order" = $1 AND "naïve" = $2 AND at BETWEEN $3 AND $4 LIMIT $5',
    'SELECT * FROM copy WHERE kind = ANY($1) AND at > now() - interval $2 AND done = $3 AND body ->> $4 = $5',
    'SELECT * FROM copy WHERE tags && $1 AND body @> $2 AND removed_at IS NOT DISTINCT FROM $3',
    'SELECT * FROM copy WHERE lower(note) = lower($1) AND note LIKE $2 AND date_trunc($3, plain_at) = $4',
    'INSERT INTO child VALUES ($1, $2, $3, $4, $5)',
    'UPDATE child SET amount = amount + $1, pad = $2 WHERE id = $3 AND (parent_id, amount) < ($4, $5)',
    'SELECT kind, count(*) FROM copy WHERE extract($1 from at) > $2 GROUP BY kind HAVING count(*) > $3 ORDER BY 2 OFFSET $4',
    "SELECT coalesce($1, note), CASE WHEN kind = $2 THEN $3 ELSE $4 END FROM copy WHERE id IN ($5, $6) AND $7::int > id AND at < $8 - interval '1 day'",
  ])('drawn parameters can be planned: %s', async (sql) => {
    const { catalog } = await readCatalog(session);
    const { statistics } = await readStatistics(session);
    const drawn = drawParameterSets({ sql }, catalog, statistics);
    expect(drawn.missing.filter((reason) => !reason.startsWith('$4: '))).toEqual([]);
    for (const set of drawn.sets)
      await expect(explain(session, bindParameters(sql, set.values)), set.values.join()).resolves.toBeDefined();
  });
});
