// Sets of indexes held against each other on real rows: all of their indexes are built in one copy, and each set is what is left
// when the others are dropped in a transaction that is rolled back.
import { specKey } from '../dist/indexes/candidates/candidates.js';
import { buildIndex } from '../dist/lab/indexes/build.js';
import { createRunner } from '../dist/lab/indexes/runner.js';
import { Subsets } from '../dist/lab/indexes/subset.js';
import { resetFromTemplate } from '../dist/lab/databases.js';
import { isToldByPlan, prepareCases } from '../dist/lab/trial/cases.js';
import { labSessions } from '../dist/lab/trial/sessions.js';
import { connect } from '../dist/postgres/connect.js';
import { median } from '../dist/stats/quantile.js';

const COPY = 'sets';

/**
 * Runs every statement under every set: `sets` is a list of lists of index specs. Plans that are the same but for their estimates do the
 * same work, and run once for all sets that have them, but for writes, which keep up indexes that no plan shows; the different plans of a
 * statement run turn by turn. Gives for each set its real size and its figures by statement: { ms, buffers, cutOff }; of one that was cut
 * off both are lower bounds.
 */
export async function measureSets({ server, template, workload, sets, timeoutMs, turns, progress }) {
  const admin = await connect(server.connection);
  await resetFromTemplate(admin, COPY, template);
  const sessions = labSessions(server.connection, null);
  try {
    const runner = createRunner(sessions, { database: COPY, server, note: (text) => console.error(`note: ${text}`) });
    const names = new Map();
    const builds = [];
    for (const spec of sets.flat()) {
      const key = specKey(spec);
      if (names.has(key)) continue;
      const named = { ...spec, name: `set_${names.size}` };
      names.set(key, named.name);
      const built = await runner.use((session) => buildIndex(session, named, { keep: true, timeoutMs: 600_000 }));
      if ('reason' in built) throw new Error(`${key} can not be built: ${built.reason}`);
      builds.push(built);
    }
    await runner.use((session) => session.run('VACUUM ANALYZE'));
    const subsets = new Subsets(builds, new Map());
    const { cases, failed } = await runner.use((session) =>
      prepareCases(session, workload, { rewrites: [], allowVolatile: false }),
    );
    if (failed.length > 0) throw new Error(failed.map((one) => `${one.name}: ${one.reason}`).join('; '));
    const present = sets.map((specs) => specs.map((spec) => names.get(specKey(spec))).toSorted());
    const figures = sets.map(() => new Map());
    for (const oneCase of cases) {
      progress(oneCase.name);
      const plans = new Map();
      const keys = [];
      for (const indexes of present) {
        const plan = await runner.use((session) => subsets.plan(session, oneCase, indexes));
        const key = isToldByPlan(oneCase) ? plan.text : `${plan.text} ${indexes.join(' ')}`;
        keys.push(key);
        if (!plans.has(key)) plans.set(key, { present: indexes, runs: [], cutOff: null });
      }
      await runPlans({ runner, subsets, oneCase, timeoutMs, turns }, [...plans.values()]);
      for (const [at, key] of keys.entries()) figures[at].set(oneCase.name, figuresOf(plans.get(key), timeoutMs));
    }
    const bytes = new Map(builds.map((one) => [one.spec.name, one.sizeBytes]));
    return figures.map((statements, at) => ({
      statements,
      sizeBytes: present[at].reduce((sum, name) => sum + bytes.get(name), 0),
    }));
  } finally {
    await sessions.closeAll();
    await admin.run(`DROP DATABASE IF EXISTS ${COPY} WITH (FORCE)`);
    await admin.close();
  }
}

/** Turn by turn, A B C, C B A, and so forth; a plan that was cut off is not run again. */
async function runPlans({ runner, subsets, oneCase, timeoutMs, turns }, plans) {
  for (let turn = 0; turn < turns; turn += 1) {
    for (const one of turn % 2 === 0 ? plans : plans.toReversed()) {
      if (one.cutOff !== null) continue;
      const run = await runner.use((session) => subsets.run(session, oneCase, one.present, timeoutMs));
      if ('cutOffBuffers' in run) one.cutOff = run.cutOffBuffers;
      else one.runs.push(run);
    }
  }
}

function figuresOf({ runs, cutOff }, timeoutMs) {
  if (cutOff !== null) return { ms: timeoutMs, buffers: cutOff, cutOff: true };
  const ms = median(runs.map((run) => run.ms));
  return { ms, buffers: Math.min(...runs.map((run) => run.buffers)), cutOff: false };
}
