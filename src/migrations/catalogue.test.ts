import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogues, catalogueSource, idsIn } from '../../scripts/generate-catalogue.mjs';
import { catalogue } from './catalogue.js';

const ids: readonly string[] = idsIn(catalogues.migrations);

describe('the catalogue of migration rules', () => {
  it('is what the generator writes for the folder (else: node scripts/generate-catalogue.mjs)', () => {
    const written = readFileSync(new URL('catalogue.ts', import.meta.url), 'utf8');
    expect(written).toBe(catalogueSource(catalogues.migrations, ids));
  });

  it('gives every rule the id of its file', () => {
    expect(catalogue.map((rule) => rule.id)).toEqual(ids);
  });

  it.each(catalogue.map((rule) => [rule.id, rule] as const))('%s is documented', (_, { docs, example }) => {
    for (const text of [docs.what, docs.why, docs.limits, example.bad, ...docs.sources])
      expect(text.trim().length).toBeGreaterThan(10);
    for (const text of [docs.what, docs.why, docs.limits]) expect(text).toMatch(/\.$/);
    expect(docs.sources.length).toBeGreaterThan(0);
  });
});
