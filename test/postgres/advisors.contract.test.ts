import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogue } from '../../src/advisors/catalogue.js';
import { assertSingleChange } from '../../src/kernel/guards.js';
import type { LabServer } from '../../src/lab/server.js';
import { structureDifferences } from '../../src/model/catalog-equality.js';
import { settingValue } from '../../src/model/settings.js';
import { loadParser } from '../../src/sql/parse.js';
import { openBench } from '../support/advisor-bench.js';
import { startQuietServer, testMajors } from '../support/majors.js';

describe.each(testMajors())('advisors on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer(major);
  });

  afterAll(async () => server?.stop());

  it.for(catalogue.map((advisor) => [advisor.id, advisor] as const))('%s', async ([, advisor], { skip }) => {
    if (server === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const bench = await openBench(server, advisor);
    expect(await bench.findings(0), 'an empty database').toEqual([]);

    await bench.run(advisor.docs.bad);
    const before = await bench.snapshot();
    const [finding] = await bench.findings(1);
    if (!finding) throw new Error('`bad` makes one finding');
    expect(finding.evidence.every((fact) => (fact.value === null) === (fact.provenance === 'unknown'))).toBe(true);
    for (const action of finding.actions) assertSingleChange(action);
    const [action] = finding.actions;
    expect(action === undefined, 'it has a remedy, or says why not').toBe(advisor.docs.noRemedy !== undefined);
    if (action) {
      await bench.apply(action);
      expect(await bench.findings(0), 'its remedy clears it').toEqual([]);
      await bench.revert(action);
    }
    if (action && advisor.docs.noRevert === undefined) {
      const after = await bench.snapshot();
      expect(structureDifferences(before.catalog, after.catalog), 'the revert restores the catalog').toEqual([]);
      expect(settingValue(after.settings, 'work_mem')).toBe(settingValue(before.settings, 'work_mem'));
      if (action.kind !== 'analyze' && action.kind !== 'reindex')
        expect(await bench.findings(1), 'the revert brings the fault back').toMatchObject([{ place: finding.place }]);
    }

    const other = await openBench(server, advisor);
    await other.run(advisor.docs.bad);
    await other.run(advisor.docs.good);
    expect(await other.findings(0), '`good` mends it').toEqual([]);
  });
});
