import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogues, catalogueSource, idsIn } from '../../../scripts/generate-catalogue.mjs';
import { catalogue } from './catalogue.js';

const ids: readonly string[] = idsIn(catalogues.formats);

describe('the catalogue of formats', () => {
  it('is what the generator writes for the folder (else: node scripts/generate-catalogue.mjs)', () => {
    const written = readFileSync(new URL('catalogue.ts', import.meta.url), 'utf8');
    expect(written).toBe(catalogueSource(catalogues.formats, ids));
  });

  it('gives every format the name of its file', () => {
    expect(catalogue.map(({ id }) => `tools/${id}`)).toEqual(ids);
  });

  it.each(catalogue.map((format) => [format.id, format] as const))('%s is documented', (_, { docs }) => {
    for (const text of [docs.what, docs.outsideTransaction]) expect(text).toMatch(/^.{20,}\.$/s);
    expect(docs.sources.length).toBeGreaterThan(0);
  });
});
