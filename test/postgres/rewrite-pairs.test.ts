import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { planReportSchema } from '../../src/report/plan/plan-report.js';
import type { PlanReport } from '../../src/report/plan/plan-report.js';
import { renderPlan } from '../../src/report/plan/plan-terminal.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { fillDatabase, sumsOf } from '../support/cli-target.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { Workplace } from '../support/cli.js';

const SETUP = `
  CREATE TABLE member (id int PRIMARY KEY, email text NOT NULL, city int NOT NULL, note text NOT NULL);
  INSERT INTO member SELECT g, 'Member' || g || '@example.org', g % 5000, repeat('x', 40) FROM generate_series(1, 200000) g;
`;
/** No index serves ILIKE, and the new text wins nothing without one. */
const ILIKE = "SELECT id FROM member WHERE email ILIKE 'MEMBER77777@example.org'";

describe.each(testMajors())('a rewrite with its index on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;
  let place: Workplace;
  let url = '';

  beforeAll(async () => {
    place = makeWorkplace();
    server = await startQuietServer(major);
    if (!server) return;
    await fillDatabase(server, 'club', SETUP);
    url = urlOf(server.connection, { database: 'club' });
  });

  afterAll(async () => {
    await server?.stop();
    place.remove();
  });

  const json = async (...args: readonly string[]): Promise<PlanReport> => {
    const { code, stdout, stderr } = await place.run(['explain', url, ...args, '--json']);
    expect(code, stderr).toBe(0);
    return planReportSchema.parse(JSON.parse(stdout));
  };

  it('is offered first where neither wins alone, with both steps, and proved on a copy in one trial', async ({
    skip,
  }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const before = await sumsOf(server, 'club');
    const planned = await json(ILIKE);
    const [first] = planned.advice;
    expect(first).toMatchObject({
      kind: 'rewrite-with-index',
      title: 'rewrite sargable/ilike-to-lower with btree index on public.member ((lower(email)))',
      down: [expect.stringMatching(/^DROP INDEX CONCURRENTLY IF EXISTS "public"\./) as string],
      missing: [],
      trial: null,
      untried: expect.stringContaining('--lab auto') as string,
    });
    expect(first?.up[0]).toMatch(
      /^CREATE INDEX CONCURRENTLY .* ON "public"\."member" USING btree \(\(lower\("?email"?\)\)\)$/,
    );
    expect(first?.up[1]).toBe('ANALYZE "public"."member"');
    expect(first?.up[2]).toMatch(/lower\(email\) = lower\('MEMBER77777@example.org'\)/);
    expect(first?.why.join()).toContain('an index to be made finds lower(email)');
    expect(first?.evidence.map(({ provenance }) => provenance)).toEqual(['estimated', 'estimated']);
    expect(first?.cost?.after ?? Infinity).toBeLessThan((first?.cost?.before ?? 0) / 2);
    const shown = renderPlan(planned, { columns: 100, colour: false });
    expect(shown).toMatch(/CREATE INDEX CONCURRENTLY/);
    expect(shown).toMatch(/^ +\+.*lower\(email\) =/m);

    const tried = await json(ILIKE, '--lab', 'auto');
    const [proved] = tried.advice;
    expect(proved).toMatchObject({ kind: 'rewrite-with-index', untried: null, trial: { verdict: 'improved' } });
    expect(proved?.trial?.reason).toContain('no difference on');
    expect(proved?.rewrite?.planDifference.join(' ')).toContain('Execution time');
    expect(await sumsOf(server, 'club')).toEqual(before);
    expect(place.labFolders()).toEqual([]);
  }, 300_000);

  it.each([
    ['an index on the expression serves the original', 'SELECT id FROM member WHERE city + 1 = 78'],
    ['an index on the column serves the original', 'SELECT id FROM member WHERE city + 1 = 78 AND city = 77'],
  ])('is not offered where %s', async (_, sql) => {
    if (!server) return;
    const { advice } = await json(sql);
    expect(advice.map(({ kind }) => kind)).toContain('create-index');
    expect(advice.map(({ kind }) => kind)).toContain('rewrite');
    expect(advice.map(({ kind }) => kind)).not.toContain('rewrite-with-index');
  });
});
