import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogues, catalogueSource, idsIn } from '../../scripts/generate-catalogue.mjs';
import { catalogue } from './catalogue.js';

const ids: readonly string[] = idsIn(catalogues.planFindings);

describe('the catalogue of plan findings', () => {
  it('is what the generator writes for the folder (else: node scripts/generate-catalogue.mjs)', () => {
    const written = readFileSync(new URL('catalogue.ts', import.meta.url), 'utf8');
    expect(written).toBe(catalogueSource(catalogues.planFindings, ids));
  });

  it('gives every kind the id of its file, and no two the same symptom: rewrites name it alone', () => {
    expect(catalogue.map((kind) => kind.id)).toEqual(ids);
    const symptoms = ids.map((id) => id.split('/')[1]);
    expect(new Set(symptoms).size).toBe(symptoms.length);
  });

  it.each(catalogue.map((kind) => [kind.id, kind] as const))('%s is documented', (_, { docs }) => {
    for (const text of [docs.what, docs.why, docs.limits]) expect(text.trim().length).toBeGreaterThan(20);
    for (const source of docs.sources) expect(source).toMatch(/^PostgreSQL /);
    expect(docs.what).toMatch(/\.$/);
    expect(docs.sources.length).toBeGreaterThan(0);
  });
});
