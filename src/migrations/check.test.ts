import { beforeAll, describe, expect, it } from 'vitest';
import { aCatalog, aTable } from '../../test/support/snapshot.js';
import { loadParser } from '../sql/parse.js';
import { checkScript } from './check.js';
import { planScript } from './plan.js';
import { readScript } from './script.js';

const OPTIONS = { major: 18, catalog: null, oneTransaction: false };

describe('without a database', () => {
  beforeAll(loadParser);

  it.each([
    ['ALTER TABLE t ADD CONSTRAINT c NOT NULL a', 'column/set-not-null'],
    [
      'ALTER TABLE t ADD COLUMN x int GENERATED ALWAYS AS (a * 2) VIRTUAL NOT NULL',
      'column/add-column-with-constraint',
    ],
    ['ALTER TABLE t ALTER COLUMN a TYPE text COLLATE "C"', 'column/change-type-rewrite'],
    ['ALTER DOMAIN d VALIDATE CONSTRAINT c', 'type/domain-constraint'],
    ['ALTER TYPE a RENAME ATTRIBUTE b TO c CASCADE', 'type/alter-composite'],
    ['ALTER VIEW v RENAME TO w', 'table/rename-table'],
    ['REFRESH MATERIALIZED VIEW v WITH NO DATA', 'table/refresh-materialized-view'],
  ])('%s is spoken of', (sql, rule) => {
    const said = checkScript(readScript(sql, 'a.sql'), OPTIONS).flatMap(({ findings }) => findings);
    expect(said.map((one) => one.rule.id)).toContain(rule);
  });

  it.each([
    'ALTER TABLE t ADD CONSTRAINT c NOT NULL a NOT VALID',
    'ALTER TYPE a ADD ATTRIBUTE b int',
    'ALTER TABLE t VALIDATE CONSTRAINT c',
  ])('%s is not', (sql) => {
    const said = checkScript(readScript(`SET lock_timeout = '1s'; ${sql}`, 'a.sql'), OPTIONS);
    expect(said.flatMap(({ findings }) => findings.map((one) => one.rule.id))).toEqual([]);
  });

  it('tells a copy that loses rows from one behind a lock', () => {
    const said = (before: string): readonly string[] =>
      checkScript(readScript(`${before} CREATE TABLE u AS SELECT * FROM t; DROP TABLE t`, 'a.sql'), OPTIONS).flatMap(
        ({ findings }) => findings.map((one) => one.rule.id),
      );
    expect(said('BEGIN;')).toContain('data/copy-and-switch');
    expect(said('BEGIN; LOCK TABLE t IN SHARE MODE;')).not.toContain('data/copy-and-switch');
  });

  it('takes commands of one statement for one, and two statements in a line for two', () => {
    const said = (sql: string): readonly string[] =>
      checkScript(readScript(`BEGIN; ${sql}; COMMIT`, 'a.sql'), OPTIONS).flatMap(({ findings }) =>
        findings.map((one) => one.rule.id),
      );
    expect(said('ALTER TABLE t ADD a int, ALTER b SET NOT NULL')).not.toContain('transaction/work-behind-lock');
    expect(said('ALTER TABLE t ADD a int; UPDATE t SET a = 1')).toContain('transaction/work-behind-lock');
  });

  it('renames through a view only where nothing in the file alters the table after it', () => {
    const rename = 'ALTER TABLE t RENAME a TO b';
    const steps = (sql: string): readonly string[] =>
      planScript(readScript(sql, 'a.sql'), OPTIONS).steps.flatMap(({ up }) => up);
    expect(steps(rename).join()).toContain('CREATE VIEW "t" WITH (security_invoker = true) AS SELECT *, "b" AS "a"');
    expect(steps(`${rename};\nINSERT INTO t (b) VALUES (1)`).join()).toContain('CREATE VIEW');
    for (const after of [
      'ALTER TABLE t ADD c int',
      'CREATE INDEX ON t (b)',
      'CREATE TABLE u (t int REFERENCES t)',
      'COMMENT ON TABLE t IS NULL',
      'DROP TABLE t',
    ])
      expect(steps(`${rename};\n${after}`)).toContain(rename);
  });

  it('keeps no view by a name that the file gives to another table', () => {
    const sql = 'ALTER TABLE t RENAME TO t_old;\nALTER TABLE t_new RENAME TO t';
    const [first] = planScript(readScript(sql, 'a.sql'), OPTIONS).steps;
    expect(first?.up).toEqual(['ALTER TABLE t RENAME TO t_old']);
  });

  it('plans no file in which psql decides what runs', () => {
    const text = '\\set ON_ERROR_STOP on\nSELECT 1;\n\\if :x\nDROP TABLE t;\n\\endif';
    expect(() => planScript(readScript(text, 'a.sql'), OPTIONS)).toThrow(/line 3: .*\\if can not be planned/);
  });

  it.each([
    ['DO $$ BEGIN UPDATE t SET a = 1; COMMIT; END $$', false],
    ['CALL p()', false],
    ['BEGIN; CALL p(); COMMIT', true],
    ['DO $$ BEGIN DROP TABLE t; END $$', true],
  ])('%s is planned as one that the server runs, with locks that are not known', (sql, transactional) => {
    const { steps } = planScript(readScript(sql, 'a.sql'), OPTIONS);
    expect(steps.map((step) => [step.transactional, step.unsure !== null])).toEqual([[transactional, true]]);
  });

  it.each([
    ['CREATE RULE r AS ON DELETE TO t DO NOTHING', 'DROP RULE "r" ON "t"'],
    ['CREATE STATISTICS a.s ON b, c FROM t', 'DROP STATISTICS "a"."s"'],
    ['CREATE PUBLICATION p FOR TABLE t', 'DROP PUBLICATION "p"'],
  ])('takes back %s', (sql, down) => {
    expect(planScript(readScript(sql, 'a.sql'), OPTIONS).steps.flatMap((step) => step.down)).toEqual([down]);
  });

  it('plans NOT NULL under the name that it was given', () => {
    const { steps } = planScript(readScript('ALTER TABLE t ADD CONSTRAINT c NOT NULL a', 'a.sql'), OPTIONS);
    expect(steps.flatMap(({ up }) => up)).toEqual([
      'ALTER TABLE "t" ADD CONSTRAINT "c" NOT NULL "a" NOT VALID',
      'ALTER TABLE "t" VALIDATE CONSTRAINT "c"',
    ]);
  });

  it('says of an empty table that it is', () => {
    const catalog = aCatalog({ tables: [aTable('t', { sizeBytes: 0 })] });
    const script = readScript('ALTER TABLE t ADD UNIQUE (id)', 'a.sql');
    const found = checkScript(script, { ...OPTIONS, catalog }).flatMap(({ findings }) => findings);
    expect(found.find(({ rule }) => rule.id === 'constraint/add-unique')?.lowered).toBe('the table is empty');
  });

  it('gives a column that the file made the default back that it gave before', () => {
    const sql =
      'ALTER TABLE t ADD a int DEFAULT 1; ALTER TABLE t ALTER a SET DEFAULT 2; ALTER TABLE t ALTER b DROP DEFAULT';
    const { steps } = planScript(readScript(sql, 'a.sql'), OPTIONS);
    expect(steps.slice(1).map(({ down, noWayBack }) => down ?? noWayBack)).toEqual([
      ['ALTER TABLE "t" ALTER COLUMN "a" SET DEFAULT 1'],
      'the default before is not known: look with --to',
    ]);
  });

  it('plans no ALTER TABLE as the way back of an ALTER TYPE', () => {
    const { steps } = planScript(readScript('ALTER TYPE a ADD ATTRIBUTE b int', 'a.sql'), OPTIONS);
    expect(steps.map(({ down }) => down)).toEqual([null]);
  });
});
