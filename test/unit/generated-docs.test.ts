import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../src/advisors/catalogue.js';
import { catalogue as migrations } from '../../src/migrations/catalogue.js';
import { catalogue as patterns } from '../../src/profiling/catalogue.js';
import { catalogue as planFindings } from '../../src/plans/catalogue.js';
import { catalogue as rewrites } from '../../src/rewrites/catalogue.js';
import { catalogue as formats } from '../../src/report/formats/catalogue.js';
import { loadParser } from '../../src/sql/parse.js';
import {
  advisorPage,
  cataloguePage,
  errorsPage,
  formatsPage,
  migrationPage,
  migrationsPage,
  patternPage,
  patternsPage,
  planFindingPage,
  planFindingsPage,
  readOnlyPage,
  rewritePage,
  rewritesPage,
} from '../support/pages.js';
import { readCorpus } from '../support/read-only-corpus.js';

const docs = '../../docs';

describe('the generated documentation (else: npx vitest run test/unit/generated-docs.test.ts -u)', () => {
  beforeAll(loadParser);

  it.each(catalogue.map((advisor) => [advisor.id, advisor] as const))('advisors/%s.md', async (id, advisor) => {
    await expect(advisorPage(advisor)).toMatchFileSnapshot(`${docs}/advisors/${id}.md`);
  });

  it('advisors/README.md', async () => {
    await expect(cataloguePage(catalogue)).toMatchFileSnapshot(`${docs}/advisors/README.md`);
  });

  it.each(rewrites.map((rule) => [rule.id, rule] as const))('rewrites/%s.md', async (id, rule) => {
    await expect(rewritePage(rule)).toMatchFileSnapshot(`${docs}/rewrites/${id}.md`);
  });

  it('rewrites/README.md', async () => {
    await expect(rewritesPage(rewrites)).toMatchFileSnapshot(`${docs}/rewrites/README.md`);
  });

  it.each(patterns.map((pattern) => [pattern.id, pattern] as const))('patterns/%s.md', async (id, pattern) => {
    await expect(patternPage(pattern)).toMatchFileSnapshot(`${docs}/patterns/${id}.md`);
  });

  it('patterns/README.md', async () => {
    await expect(patternsPage(patterns)).toMatchFileSnapshot(`${docs}/patterns/README.md`);
  });

  it.each(planFindings.map((kind) => [kind.id, kind] as const))('plan-findings/%s.md', async (id, kind) => {
    await expect(planFindingPage(kind)).toMatchFileSnapshot(`${docs}/plan-findings/${id}.md`);
  });

  it('plan-findings/README.md', async () => {
    await expect(planFindingsPage(planFindings)).toMatchFileSnapshot(`${docs}/plan-findings/README.md`);
  });

  it.each(migrations.map((rule) => [rule.id, rule] as const))('migrations/%s.md', async (id, rule) => {
    await expect(migrationPage(rule)).toMatchFileSnapshot(`${docs}/migrations/${id}.md`);
  });

  it('migrations/README.md', async () => {
    await expect(migrationsPage(migrations)).toMatchFileSnapshot(`${docs}/migrations/README.md`);
  });

  it('formats.md', async () => {
    await expect(formatsPage(formats)).toMatchFileSnapshot(`${docs}/formats.md`);
  });

  it('errors.md', async () => {
    await expect(errorsPage()).toMatchFileSnapshot(`${docs}/errors.md`);
  });

  it('read-only.md', async () => {
    await expect(readOnlyPage(readCorpus('attempts'), readCorpus('legitimate'))).toMatchFileSnapshot(
      `${docs}/read-only.md`,
    );
  });

  it.each([
    ['advisors', catalogue],
    ['migrations', migrations],
    ['rewrites', rewrites],
    ['patterns', patterns],
    ['plan-findings', planFindings],
  ] as const)('holds no page of %s that are gone', (folder, known) => {
    const pages = readdirSync(new URL(`${docs}/${folder}/`, import.meta.url), { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => file.endsWith('.md') && file !== 'README.md');
    expect(pages.toSorted()).toEqual(known.map(({ id }) => `${id}.md`).toSorted());
  });
});
