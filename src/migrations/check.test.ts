import { beforeAll, describe, expect, it } from 'vitest';
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

  it('plans NOT NULL under the name that it was given', () => {
    const { steps } = planScript(readScript('ALTER TABLE t ADD CONSTRAINT c NOT NULL a', 'a.sql'), OPTIONS);
    expect(steps.flatMap(({ up }) => up)).toEqual([
      'ALTER TABLE "t" ADD CONSTRAINT "c" NOT NULL "a" NOT VALID',
      'ALTER TABLE "t" VALIDATE CONSTRAINT "c"',
    ]);
  });

  it('plans no ALTER TABLE as the way back of an ALTER TYPE', () => {
    const { steps } = planScript(readScript('ALTER TYPE a ADD ATTRIBUTE b int', 'a.sql'), OPTIONS);
    expect(steps.map(({ down }) => down)).toEqual([null]);
  });
});
