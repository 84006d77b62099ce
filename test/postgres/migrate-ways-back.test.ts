import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { planScript } from '../../src/migrations/plan.js';
import type { MigrationPlan } from '../../src/migrations/plan.js';
import { readScript } from '../../src/migrations/script.js';
import { structureDifferences } from '../../src/model/catalog-equality.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { asIfLarge, withMigrationBench } from '../support/migration-bench.js';
import type { MigrationBench } from '../support/migration-bench.js';

const SETUP = `
  CREATE TABLE "order" (id int PRIMARY KEY, "Größe" int NOT NULL CHECK ("Größe" > 0), code varchar(20), n int);
  INSERT INTO "order" SELECT n, n, 'c' || n, n FROM generate_series(1, 500) AS n;
  CREATE INDEX order_n_idx ON "order" (code);
  CREATE TABLE item (id int PRIMARY KEY, order_id int REFERENCES "order");`;

describe('the plan of a migration', () => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest');
  });

  afterAll(async () => server?.stop());

  const plan = ({ catalog }: MigrationBench, sql: string, large: boolean): MigrationPlan => {
    const options = { major: 18, catalog: large ? asIfLarge(catalog) : catalog, oneTransaction: false };
    return planScript(readScript(sql, 'a.sql'), options);
  };
  const run = async ({ session }: MigrationBench, statements: readonly string[]): Promise<void> => {
    for (const sql of statements) await session.run(sql);
  };

  it.each([
    ['ALTER TABLE "order" ADD CHECK ("Größe" < 9999), ADD CHECK (n > 0); ALTER TABLE "order" ADD CHECK (n < 9999)'],
    ['ALTER TABLE "order" ADD UNIQUE (n) INCLUDE (code); ALTER TABLE "order" ADD UNIQUE (n)'],
    ['CREATE INDEX ON "order" (n); CREATE INDEX ON "order" (n) INCLUDE (code); CREATE INDEX ON "order" ((n::text))'],
    ['ALTER TABLE item ADD FOREIGN KEY (order_id) REFERENCES "order"; CREATE INDEX ON item (order_id)'],
    ['ALTER TABLE "order" ALTER "Größe" SET NOT NULL, ALTER n DROP NOT NULL, ALTER code TYPE varchar(40)'],
  ])('%s ends as the file does, and is taken back to what was before', async (sql) => {
    for (const large of [true, false])
      await withMigrationBench(server as LabServer, SETUP, async (bench) => {
        const { steps } = plan(bench, sql, large);
        await bench.session.run(sql);
        const written = await bench.now();
        await withMigrationBench(server as LabServer, SETUP, async (other) => {
          for (const { up } of steps) await run(other, up);
          expect(structureDifferences(written, await other.now())).toEqual([]);
          for (const { down } of steps.toReversed()) await run(other, down ?? ['no way back']);
          expect(structureDifferences(other.catalog, await other.now())).toEqual([]);
        });
      });
  });

  it('does not say that what CASCADE takes along comes back', async () => {
    await withMigrationBench(server as LabServer, SETUP, async (bench) => {
      const { steps } = plan(bench, 'ALTER TABLE "order" DROP CONSTRAINT order_pkey CASCADE', false);
      expect(steps.map(({ noWayBack }) => noWayBack)).toEqual(['what CASCADE takes along is not brought back']);
    });
  });

  it('does not detach beside a DEFAULT partition, which the server refuses', async () => {
    const parts = `CREATE TABLE p (a int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (9);`;
    const steps = async (more: string): Promise<string> =>
      withMigrationBench(server as LabServer, parts + more, async (bench) =>
        plan(bench, 'ALTER TABLE p DETACH PARTITION p1; DROP TABLE p1', true)
          .steps.flatMap(({ up }) => up)
          .join(),
      );
    expect(await steps('')).toContain('CONCURRENTLY');
    expect(await steps('CREATE TABLE rest PARTITION OF p DEFAULT;')).not.toContain('CONCURRENTLY');
  });

  it('carries over what a column has beside its type', async () => {
    const more = `COMMENT ON COLUMN "order".n IS 'it''s'; GRANT SELECT (n), UPDATE (n) ON "order" TO PUBLIC; ALTER TABLE "order" ALTER n SET STATISTICS 500`;
    const look = `SELECT attacl::text, col_description(attrelid, attnum), attstattarget FROM pg_attribute WHERE attrelid = '"order"'::regclass AND attname = 'n'`;
    await withMigrationBench(server as LabServer, `${SETUP} ${more}`, async (bench) => {
      const before = await bench.session.query(look);
      for (const { up } of plan(bench, 'ALTER TABLE "order" ALTER n TYPE bigint', true).steps) await run(bench, up);
      expect(await bench.session.query(look)).toEqual(before);
    });
  });

  it.each([
    ['CREATE VIEW v AS SELECT n FROM "order"', /view v uses the column/],
    ['ALTER TABLE "order" ADD twice int GENERATED ALWAYS AS (n * 2) STORED', /twice.* uses the column/],
    [
      `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER zzz BEFORE UPDATE ON "order" FOR EACH ROW EXECUTE FUNCTION f()`,
      /trigger zzz runs after/,
    ],
  ])('of a type change ends before a row is written after %s', async (more, message) => {
    await withMigrationBench(server as LabServer, `${SETUP} ${more};`, async (bench) => {
      const [first, second] = plan(bench, 'ALTER TABLE "order" ALTER n TYPE bigint', true).steps;
      await run(bench, first?.up ?? []);
      await bench.session.run('BEGIN');
      await expect(run(bench, second?.up ?? [])).rejects.toThrow(message);
      await bench.session.run('ROLLBACK');
      await run(bench, first?.down ?? []);
      expect(structureDifferences(bench.catalog, await bench.now())).toEqual([]);
    });
  });
});
