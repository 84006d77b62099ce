import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../../src/advisors/catalogue.js';
import { advisorPage, cataloguePage, errorsPage } from '../support/pages.js';

const docs = '../../docs';

describe('the generated documentation (else: npx vitest run test/unit/generated-docs.test.ts -u)', () => {
  it.each(catalogue.map((advisor) => [advisor.id, advisor] as const))('advisors/%s.md', async (id, advisor) => {
    await expect(advisorPage(advisor)).toMatchFileSnapshot(`${docs}/advisors/${id}.md`);
  });

  it('advisors/README.md', async () => {
    await expect(cataloguePage(catalogue)).toMatchFileSnapshot(`${docs}/advisors/README.md`);
  });

  it('errors.md', async () => {
    await expect(errorsPage()).toMatchFileSnapshot(`${docs}/errors.md`);
  });

  it('holds no page of an advisor that is gone', () => {
    const pages = readdirSync(new URL(`${docs}/advisors/`, import.meta.url), { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => file.endsWith('.md') && file !== 'README.md');
    expect(pages.toSorted()).toEqual(catalogue.map((advisor) => `${advisor.id}.md`).toSorted());
  });
});
