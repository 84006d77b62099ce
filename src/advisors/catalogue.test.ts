import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogues, catalogueSource, idsIn } from '../../scripts/generate-catalogue.mjs';
import { catalogue } from './catalogue.js';

const ids: readonly string[] = idsIn(catalogues.advisors);

describe('the catalogue', () => {
  it('is what the generator writes for the folder (else: node scripts/generate-catalogue.mjs)', () => {
    const written = readFileSync(new URL('catalogue.ts', import.meta.url), 'utf8');
    expect(written).toBe(catalogueSource(catalogues.advisors, ids));
  });

  it('gives every advisor the id of its file', () => {
    expect(catalogue.map((advisor) => advisor.id)).toEqual(ids);
  });

  it.each(catalogue.map((advisor) => [advisor.id, advisor] as const))('%s is documented', (_, advisor) => {
    const { docs } = advisor;
    for (const text of [docs.what, docs.why, docs.limits, ...docs.sources])
      expect(text.trim().length).toBeGreaterThan(20);
    expect(docs.sources.length).toBeGreaterThan(0);
    expect(docs.what).toMatch(/^[A-Z].*\.$/s);
    expect(docs.bad.trim()).not.toBe('');
    expect(docs.good.trim()).not.toBe('');
    expect(advisor.defaults).toBeTypeOf('object');
  });
});
