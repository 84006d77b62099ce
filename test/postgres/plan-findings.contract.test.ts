import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { catalogue } from '../../src/plans/catalogue.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { factsOf, noiseOf, runCase, withDatabase } from '../support/plan-bench.js';

describe.each(testMajors())('plan findings on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    // Small, so that a table larger than the cache is soon made.
    server = await startQuietServer(major, { shared_buffers: '8MB', max_connections: '20' });
  });

  afterAll(async () => server?.stop());

  it.for(catalogue.map((kind) => [kind.id, kind] as const))('%s', async ([id, kind], { skip }) => {
    if (server === null) return skip(`PostgreSQL ${major} can not be had on this machine`);
    const { example } = kind;
    if (server.major < (example.minMajor ?? 0)) return skip(`PostgreSQL ${example.minMajor} shows it first`);
    await withDatabase(server, example.setup, async (open) => {
      const { where } = example;
      if (where !== undefined && (await (await open()).queryText(where)).rows[0]?.[0] !== 't')
        return skip(`not on this server: ${where}`);
      const { explain, beside, options, also = [] } = example;
      const fires = await runCase(open, example.fires, { explain, beside });
      const found = kind.find(fires, null, options);
      expect(found.length, `it fires\n${JSON.stringify(fires.tree.root, null, 1)}`).toBeGreaterThan(0);
      for (const { title, remedy, evidence } of found) {
        expect(title).toMatch(/\.$/);
        expect(remedy.length).toBeGreaterThan(20);
        expect(JSON.stringify([title, remedy, evidence])).not.toMatch(/undefined|NaN|Infinity|\[object|unknown rows/);
      }
      const informed = kind.find(fires, await factsOf(await open()), options);
      expect(
        informed.map(({ title }) => title),
        'the database adds to the remedy only',
      ).toEqual(found.map(({ title }) => title));

      const silent = await runCase(open, example.silent, { explain, beside });
      expect(kind.find(silent, null, options), 'its decoy').toEqual([]);
      const noise = noiseOf(kind, silent).filter((other) => !also.includes(other.id));
      expect(
        noise.map((other) => `${other.id}: ${other.title}`),
        `others about the decoy of ${id}`,
      ).toEqual([]);
    });
  });
});
