import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { catalogues, catalogueSource, idsIn } from '../../scripts/generate-catalogue.mjs';
import { profileOf } from '../../test/support/pattern-log.js';
import { loadParser } from '../sql/parse.js';
import { catalogue } from './catalogue.js';

const ids: readonly string[] = idsIn(catalogues.patterns);

beforeAll(() => loadParser());

describe('the catalogue of patterns of use', () => {
  it('is what the generator writes for the folder (else: node scripts/generate-catalogue.mjs)', () => {
    const written = readFileSync(new URL('catalogue.ts', import.meta.url), 'utf8');
    expect(written).toBe(catalogueSource(catalogues.patterns, ids));
  });

  it('gives every pattern the id of its file', () => {
    expect(catalogue.map((pattern) => pattern.id)).toEqual(ids);
  });
});

describe.each(catalogue.map((pattern) => [pattern.id, pattern] as const))('%s', (id, pattern) => {
  it('is documented', () => {
    const { docs } = pattern;
    for (const text of [docs.what, docs.why, docs.limits]) expect(text.trim().length).toBeGreaterThan(40);
    expect(docs.what).toMatch(/\.$/);
    expect(docs.sources.length).toBeGreaterThan(0);
  });

  it('is found once in its example, with a count, a place and a change', () => {
    const found = profileOf(pattern.docs.bad, catalogue).findings.filter((one) => one.pattern === id);
    expect(found).toHaveLength(1);
    const [one] = found;
    expect(one?.count).toBeGreaterThan(0);
    expect(one?.line).toBeGreaterThan(0);
    expect(one?.change.length).toBeGreaterThan(40);
    for (const text of [one?.title, ...(one?.statements ?? [])]) expect(text ?? '').not.toMatch(/'[a-z0-9]+'/);
  });

  it('is not found in what only looks like it', () => {
    const { findings, coverage } = profileOf(pattern.docs.good, catalogue);
    expect(findings.filter((one) => one.pattern === id)).toEqual([]);
    expect(coverage.examined.map((row) => row.what)).toContain(`pattern of use ${id}`);
  });
});
