import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyEquivalence } from '../../src/lab/equivalence/verify.js';
import type { LabServer } from '../../src/lab/server.js';
import { catalogue } from '../../src/rewrites/catalogue.js';
import { isFor } from '../../src/rewrites/define.js';
import { loadParser, parseStatement } from '../../src/sql/parse.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { judgeTwin, runScript, withSchema, workOf } from '../support/rewrite-bench.js';

describe.each(testMajors())('rewrites on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer(major);
  });

  afterAll(async () => server?.stop());

  it.for(catalogue.map((rule) => [rule.id, rule] as const))('%s', async ([, rule], { skip }) => {
    if (server === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const { example, unsoundTwin } = rule;
    const offered = isFor(rule, server.major);
    await withSchema(server, example.schema, async (session, catalog) => {
      const [proposal, ...others] = rule.propose(parseStatement(example.statement), catalog);
      expect(others, 'one place').toEqual([]);
      if (!proposal) throw new Error('the rule does not match its example');
      expect(proposal.missing, 'nothing is missing').toEqual([]);
      const claim = { before: example.statement, after: proposal.to, parameterSets: [] };
      const failures = rule.sparesOverflow ? 'fewer-overflows' : 'same';
      const found = await verifyEquivalence(session, catalog, claim, { failures });
      expect(
        found,
        `${proposal.to}\n${found.kind === 'refuted' ? found.counterexample : JSON.stringify(found)}`,
      ).toMatchObject({
        kind: 'held',
        databases: 300,
      });
      expect(rule.propose(parseStatement(proposal.to), catalog), 'what it wrote is left alone').toEqual([]);
      if (!offered) return;
      await runScript(session, example.data);
      const before = await workOf(session, example.statement);
      const after = await workOf(session, proposal.to);
      const { gain } = example;
      if ('buffers' in gain) expect(before.buffers / after.buffers, 'buffers').toBeGreaterThan(gain.buffers);
      else expect(before.rows / after.rows, `rows: ${gain.why}`).toBeGreaterThan(gain.rows);
    });

    const { proposals, found } = await judgeTwin(server, rule);
    if (unsoundTwin.to === undefined) expect(proposals[0]?.missing, 'the rule refuses its twin').not.toEqual([]);
    else
      expect(
        proposals.map((one) => one.to),
        'the rule writes no such thing',
      ).not.toContain(unsoundTwin.to);
    expect(found.kind, unsoundTwin.why).toBe('refuted');
  });
});
