import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import { runReportSchema } from '../../src/report/run-report.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { Workplace } from '../support/cli.js';
import { fillDatabase, sumsOf } from '../support/cli-target.js';

/** No index on the truncated time can be made: its truncation depends on the session's time zone. */
const SHOP = `
  CREATE TABLE "Page Visit" (id int PRIMARY KEY, at timestamptz NOT NULL, page text NOT NULL);
  INSERT INTO "Page Visit" SELECT n, timestamptz '2023-01-01' + n * interval '10 minutes', repeat('p', 150) FROM generate_series(1, 60000) AS n;
  CREATE INDEX ON "Page Visit" (at);`;
const WORKLOAD = `
-- name: visits of a day
-- calls: 100
-- params: '2023-06-01'
-- params: '2023-11-05'
SELECT id, page FROM "Page Visit" WHERE date_trunc('day', at) = $1 AND id > 0;

-- name: one visit
-- calls: 300
-- params: 77
SELECT page FROM "Page Visit" WHERE id = $1;
`;

const PROGRAM = `PASSWORD = "hunter2hunter2"

def visits(cursor, day):
    cursor.execute('''SELECT id, page FROM "Page Visit" WHERE date_trunc('day', at) = %(day)s AND id > 0''', {"day": day})
    return cursor.fetchall()
`;

let server: LabServer;
let place: Workplace;

beforeAll(async () => {
  place = makeWorkplace();
  server = await startLabServer({ major: 'newest' });
  await fillDatabase(server, 'shop', SHOP);
});

afterAll(async () => {
  await server.stop();
  place.remove();
});

test('a rewrite is proposed, verified, measured, accepted and handed over, and the target is as it was', async () => {
  const before = await sumsOf(server, 'shop');
  const file = place.path('workload.sql');
  writeFileSync(file, WORKLOAD);
  mkdirSync(place.path('program'));
  writeFileSync(join(place.path('program'), 'visits.py'), PROGRAM);
  const out = place.path('out');
  const url = urlOf(server.connection, { database: 'shop' });
  const run = await place.run([
    'optimize',
    '--json',
    url,
    '--workload',
    file,
    '--out',
    out,
    '--budget',
    '3m',
    '--source',
    place.path('program'),
  ]);
  expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
  const report = runReportSchema.strict().parse(JSON.parse(run.stdout));
  const accepted = report.iterations.filter(({ decision }) => decision === 'accept');
  const [rewritten] = accepted.filter(({ hypothesis }) => hypothesis.action.rewrite !== null);
  expect(
    rewritten,
    JSON.stringify(report.iterations.map(({ hypothesis, verdictReason }) => [hypothesis.title, verdictReason])),
  ).toMatchObject({
    resultsEqual: true,
    hypothesis: {
      action: {
        rewrite: {
          rule: 'sargable/truncated-time-bounds',
          proof: expect.arrayContaining([
            expect.stringMatching(/^at is timestamp with time zone: it is no day before its truncation/),
          ]) as string[],
        },
      },
    },
  });
  const buffers = rewritten?.statements.find(({ name }) => name === 'visits of a day');
  expect((buffers?.beforeBuffers ?? 0) / (buffers?.afterBuffers ?? 1)).toBeGreaterThan(5);
  expect(rewritten?.verdictReason).toMatch(/no difference on 300 small databases/);

  const markdown = readFileSync(join(out, 'report.md'), 'utf8');
  expect(markdown).toContain(`-WHERE date_trunc('day', at) = $1`);
  expect(markdown).toContain('+WHERE at >= ');
  expect(markdown).toContain('- at is timestamp with time zone: it is no day before its truncation');
  expect(report.rewrites).toMatchObject([
    {
      holdsFor: 'PostgreSQL 14 and later',
      foundIn: [{ file: 'visits.py', line: 4, how: 'text' }],
      patch: expect.stringMatching(/^rewrites\/.*\.patch$/) as string,
      noPatch: null,
    },
  ]);
  execFileSync('git', ['init', '-q'], { cwd: place.path('program') });
  execFileSync('git', ['apply', join(out, report.rewrites[0]?.patch ?? '')], { cwd: place.path('program') });
  expect(readFileSync(join(place.path('program'), 'visits.py'), 'utf8')).toMatch(/at >= .*%\(day\)s/);
  const handed = readdirSync(join(out, 'rewrites')).find((name) => name.endsWith('.sql'));
  const text = readFileSync(join(out, 'rewrites', handed ?? ''), 'utf8');
  expect(text).toContain('-- Stands in: visits.py:4: the statement stands there');
  expect(text).toContain(`--   -WHERE date_trunc('day', at) = $1`);
  expect(text).toContain('-- Rule:     sargable/truncated-time-bounds');
  expect(text).toMatch(/-- After:\n\nSELECT [\s\S]*\nWHERE at >= /);
  expect(await sumsOf(server, 'shop')).toEqual(before);
}, 300_000);
