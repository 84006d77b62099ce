import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../src/advisors/catalogue.js';
import type { LabServer } from '../../src/lab/server.js';
import { structureDifferences } from '../../src/model/catalog-equality.js';
import { settingValue } from '../../src/model/settings.js';
import { loadParser } from '../../src/sql/parse.js';
import { openBench } from '../support/advisor-bench.js';
import { startQuietServer, testMajors } from '../support/majors.js';

/** Harder databases than the advisors' own examples: each fault found once, its remedy applied and taken back on a real server. */
interface Case {
  readonly name: string;
  readonly advisor: string;
  readonly fault: string;
  readonly place: string;
  /** The oldest major that can hold the fault. */
  readonly since?: number;
}

const PARTITIONED = `
  CREATE TABLE "Log" (id bigint NOT NULL, at date NOT NULL, who bigint) PARTITION BY RANGE (at);
  CREATE TABLE log_old PARTITION OF "Log" FOR VALUES FROM ('2020-01-01') TO ('2025-01-01') PARTITION BY LIST (who);
  CREATE TABLE log_old_1 PARTITION OF log_old FOR VALUES IN (1);
  CREATE TABLE log_new PARTITION OF "Log" DEFAULT;`;

const CASES: readonly Case[] = [
  {
    name: 'a duplicate on a table with nested partitions, one part of it renamed',
    advisor: 'index/duplicate-index',
    fault: `${PARTITIONED} CREATE INDEX first_idx ON "Log" (who, at); CREATE INDEX second_idx ON "Log" (who, at); ALTER INDEX log_new_who_at_idx1 RENAME TO "odd ""name";`,
    place: 'public.second_idx',
  },
  {
    name: 'a unique index beside the constraint of the same columns, in a schema with a quoted name',
    advisor: 'index/duplicate-index',
    fault: `CREATE SCHEMA "Shop ""1"; CREATE TABLE "Shop ""1"."T" ("Key" text COLLATE "C", n int, CONSTRAINT k UNIQUE ("Key", n));
      CREATE UNIQUE INDEX "Again" ON "Shop ""1"."T" ("Key", n);`,
    place: 'Shop "1.Again',
  },
  {
    name: 'an index with expression, predicate, operator class, INCLUDE and storage parameters',
    advisor: 'index/overlapping-index',
    fault: `CREATE TABLE t (a text, b int, c int);
      CREATE INDEX narrow ON t (lower(a) text_pattern_ops DESC NULLS LAST) INCLUDE (c) WITH (fillfactor = 70) WHERE b > 3;
      CREATE INDEX wide ON t (lower(a) text_pattern_ops DESC NULLS LAST, b) INCLUDE (c) WHERE b > 3;`,
    place: 'public.narrow',
  },
  {
    name: 'a partitioned referencing table',
    advisor: 'index/unindexed-foreign-key',
    fault: `${PARTITIONED} CREATE TABLE person (id bigint PRIMARY KEY); INSERT INTO person SELECT generate_series(1, 200);
      ALTER TABLE "Log" ADD FOREIGN KEY (who) REFERENCES person;
      INSERT INTO "Log" SELECT n, '2024-01-01', 1 FROM generate_series(1, 6000) AS n; INSERT INTO "Log" SELECT n, '2026-01-01', 2 FROM generate_series(1, 6000) AS n; ANALYZE;`,
    place: 'public.Log(who)',
  },
  {
    name: 'a partitioned referenced table',
    advisor: 'index/unindexed-foreign-key',
    fault: `CREATE TABLE part (id bigint PRIMARY KEY) PARTITION BY HASH (id); CREATE TABLE part_0 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
      CREATE TABLE part_1 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 1); INSERT INTO part SELECT generate_series(1, 100);
      CREATE TABLE line (part_id bigint REFERENCES part ON DELETE CASCADE); INSERT INTO line SELECT 1 + n % 100 FROM generate_series(1, 20000) AS n; ANALYZE;`,
    place: 'public.line(part_id)',
  },
  {
    name: 'a serial key with its referencing column',
    advisor: 'schema/integer-key-exhaustion',
    fault: `CREATE TABLE invoice (id serial PRIMARY KEY, note text); SELECT setval('invoice_id_seq', 2000000000);
      CREATE TABLE invoice_line (invoice_id int REFERENCES invoice); CREATE INDEX ON invoice_line (invoice_id);`,
    place: 'public.invoice(id)',
  },
  {
    name: 'a smallserial key of a partitioned table',
    advisor: 'schema/integer-key-exhaustion',
    fault: `CREATE TABLE slot (id smallserial, at date) PARTITION BY RANGE (at); CREATE TABLE slot_1 PARTITION OF slot DEFAULT; SELECT setval('slot_id_seq', 30000);`,
    place: 'public.slot(id)',
  },
  {
    name: 'a bigint key whose sequence stayed integer',
    advisor: 'schema/integer-key-exhaustion',
    fault: `CREATE TABLE receipt (id serial PRIMARY KEY); ALTER TABLE receipt ALTER COLUMN id TYPE bigint; SELECT setval('receipt_id_seq', 2000000000);`,
    place: 'public.receipt(id)',
  },
  {
    name: 'a foreign key of two columns, one of them narrower, in a partitioned table',
    advisor: 'schema/foreign-key-type-mismatch',
    fault: `CREATE TABLE stop (line int, number bigint, PRIMARY KEY (line, number));
      CREATE TABLE call (line int, number smallint, FOREIGN KEY (line, number) REFERENCES stop) PARTITION BY LIST (line); CREATE TABLE call_1 PARTITION OF call FOR VALUES IN (1);`,
    place: 'public.call(number)',
  },
  {
    name: 'a foreign key into another schema',
    advisor: 'schema/unvalidated-constraint',
    fault: `CREATE SCHEMA "Far"; CREATE TABLE "Far"."To" (id bigint PRIMARY KEY); CREATE TABLE here (to_id bigint); SET search_path = "Far", public;
      ALTER TABLE here ADD CONSTRAINT here_fk FOREIGN KEY (to_id) REFERENCES "To" ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED NOT VALID;`,
    place: 'public.here.here_fk',
  },
  {
    name: 'a not-null constraint',
    advisor: 'schema/unvalidated-constraint',
    fault: 'CREATE TABLE n (a int); ALTER TABLE n ADD CONSTRAINT a_there NOT NULL a NOT VALID;',
    place: 'public.n.a_there',
    since: 18,
  },
  {
    name: 'a database that has a work_mem of its own',
    advisor: 'settings/sort-spills-to-disk',
    fault: `CREATE TABLE measurement AS SELECT n AS id, md5(n::text) AS noise FROM generate_series(1, 100000) AS n; ANALYZE;
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '2MB'); END $$;`,
    place: 'work_mem',
  },
  {
    name: 'a partitioned table that was never analysed',
    advisor: 'statistics/stale-statistics',
    fault: `${PARTITIONED} INSERT INTO "Log" SELECT n, '2026-01-01', 2 FROM generate_series(1, 6000) AS n; ANALYZE log_new;`,
    place: 'public.Log',
  },
];

describe.each(testMajors())('remedies on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer(major);
  });

  afterAll(async () => server?.stop());

  it.for(CASES.map((one) => [one.advisor, one.name, one] as const))(
    '%s: %s',
    async ([id, , { fault, place, since }], { skip }) => {
      if (server === null) {
        skip(`PostgreSQL ${major} can not be had on this machine`);
        return;
      }
      if (since !== undefined && server.major < since) {
        skip(`PostgreSQL ${server.major} can not hold this fault`);
        return;
      }
      const advisor = catalogue.find((one) => one.id === id);
      if (!advisor) throw new Error(`no advisor ${id}`);
      const bench = await openBench(server, advisor);
      await bench.run(fault);
      const before = await bench.snapshot();
      const [finding] = await bench.findings(1);
      expect(finding?.place).toBe(place);
      const action = finding?.actions[0];
      if (!action) throw new Error('the finding offers a remedy');
      await bench.apply(action);
      expect(structureDifferences(before.catalog, (await bench.snapshot()).catalog).length > 0).toBe(
        action.down.length > 0 && action.kind !== 'setting',
      );
      await bench.findings(0);
      await bench.revert(action);
      const after = await bench.snapshot();
      expect(structureDifferences(before.catalog, after.catalog)).toEqual([]);
      expect(settingValue(after.settings, 'work_mem')).toBe(settingValue(before.settings, 'work_mem'));
    },
  );
});
