import { beforeAll, expect, it } from 'vitest';
import { checkScript } from '../../migrations/check.js';
import { planScript } from '../../migrations/plan.js';
import { readScript } from '../../migrations/script.js';
import { loadParser } from '../../sql/parse.js';
import { toFileReport } from '../migrate/to-migrate-report.js';
import { changesOfPlan, laterWords } from './handed.js';

beforeAll(loadParser);

it('says in the last migration what is left for a later release, and hands over none of it', () => {
  const script = readScript('ALTER TABLE book DROP COLUMN note; ALTER TABLE book ADD COLUMN n int', 'a.sql');
  const options = { major: 18, catalog: null, oneTransaction: false };
  const plan = planScript(script, options);
  const file = toFileReport({
    name: '/x/a.sql',
    script,
    checked: checkScript(script, options),
    plan,
    written: null,
    deployable: null,
    trial: null,
  });
  const report = {
    tool: { name: 'database-wizard', version: '0' },
    action: 'plan' as const,
    major: 18,
    majorFrom: 'given' as const,
    target: null,
    lockTimeoutMs: 100,
    files: [file],
    coverage: { examined: [], skipped: [] },
    sarif: null,
  };
  const changes = changesOfPlan(report, file);
  const left =
    'Left for a migration of a later release, when no program reads or writes book.note any longer: ALTER TABLE "book" DROP COLUMN "note"';
  expect(laterWords(file)).toEqual([left]);
  expect(changes.map(({ words }) => words.includes(left))).toEqual([false, true]);
  expect(changes.flatMap(({ up }) => up).join()).not.toContain('DROP COLUMN');
});
