import { beforeAll, expect, it } from 'vitest';
import { checkScript } from '../../migrations/check.js';
import { planScript } from '../../migrations/plan.js';
import { readScript } from '../../migrations/script.js';
import { loadParser } from '../../sql/parse.js';
import { toFileReport } from './to-migrate-report.js';

beforeAll(loadParser);

const options = { major: 18, catalog: null, oneTransaction: false };

it('says what every statement locks, all its commands together, also where no rule speaks', () => {
  const script = readScript(
    'CREATE TABLE a (id int REFERENCES b);\nALTER TABLE b ADD COLUMN x int, ALTER COLUMN y SET STATISTICS 9;\nREINDEX INDEX CONCURRENTLY i;',
    'a.sql',
  );
  const checked = checkScript(script, options);
  const { effects } = toFileReport({
    name: 'a.sql',
    script,
    checked,
    plan: null,
    trial: null,
    written: null,
    deployable: null,
  });
  expect(effects.map(({ line, locks }) => [line, locks.map(({ table, mode }) => `${mode} on ${table}`)])).toEqual([
    [1, ['SHARE ROW EXCLUSIVE on b']],
    [2, ['ACCESS EXCLUSIVE on b']],
    [3, []],
  ]);
  expect(effects.map(({ outsideTransaction }) => outsideTransaction)).toEqual([false, false, true]);
});

it('names the files of a step by its title, else by its first statement', () => {
  const script = readScript('SELECT 1;', 'a.sql');
  const [step] = planScript(script, options).steps;
  if (!step) throw new Error('no step');
  const plan = { steps: [{ ...step, title: 'switch a b to its new type' }, step], differs: [], later: [] };
  const report = toFileReport({
    name: 'a.sql',
    script,
    checked: [],
    plan,
    trial: null,
    written: null,
    deployable: null,
  });
  expect(report.plan?.steps.map(({ title, upFile }) => [title, upFile])).toEqual([
    ['switch a b to its new type', '0001_switch_a_b_to_its_new_type.up.sql'],
    ['SELECT 1', '0002_select_1.up.sql'],
  ]);
});
