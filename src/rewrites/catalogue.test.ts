import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogues, catalogueSource, idsIn } from '../../scripts/generate-catalogue.mjs';
import { catalogue } from './catalogue.js';

const ids: readonly string[] = idsIn(catalogues.rewrites);

describe('the catalogue of rewrites', () => {
  it('is what the generator writes for the folder (else: node scripts/generate-catalogue.mjs)', () => {
    const written = readFileSync(new URL('catalogue.ts', import.meta.url), 'utf8');
    expect(written).toBe(catalogueSource(catalogues.rewrites, ids));
  });

  it('gives every rule the id of its file', () => {
    expect(catalogue.map((rule) => rule.id)).toEqual(ids);
  });

  it('names only findings of plans as what it may mend', () => {
    const known: readonly string[] = idsIn(catalogues.planFindings);
    expect(catalogue.flatMap(({ triggers }) => triggers).filter((trigger) => !known.includes(trigger))).toEqual([]);
  });

  it.each(catalogue.map((rule) => [rule.id, rule] as const))('%s is documented', (_, { docs, unsoundTwin }) => {
    for (const text of [docs.what, docs.why, docs.limits, unsoundTwin.why, ...docs.sources])
      expect(text.trim().length).toBeGreaterThan(20);
    expect(docs.what).toMatch(/\.$/);
    expect(docs.sources.length).toBeGreaterThan(0);
  });
});
