import { expect } from 'vitest';
import type { Advisor } from '../../src/advisors/define.js';
import type { LabServer } from '../../src/lab/server.js';
import { createDatabase } from '../../src/lab/databases.js';
import { drawParameterSets } from '../../src/lab/parameters.js';
import { watchPlanModes } from '../../src/lab/plan-modes/follow.js';
import { createStatisticsClone } from '../../src/lab/whatif/clone.js';
import type { Action, Rewrite } from '../../src/model/action.js';
import type { Finding } from '../../src/model/finding.js';
import type { PlanModes } from '../../src/model/plan-modes.js';
import type { Plan } from '../../src/model/plan.js';
import { NO_REPLICATION } from '../../src/model/replication.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import type { IndexWhatIf } from '../../src/model/what-if.js';
import type { Workload, WorkloadStatement } from '../../src/model/workload.js';
import { connect } from '../../src/postgres/connect.js';
import { explain } from '../../src/postgres/explain.js';
import { extractSchema } from '../../src/postgres/extract/extract.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { readSettings } from '../../src/postgres/read/settings.js';
import { readStatistics } from '../../src/postgres/read/statistics.js';
import { readTarget } from '../../src/postgres/read/target.js';
import type { Session } from '../../src/postgres/session.js';
import { fingerprint } from '../../src/sql/fingerprint.js';
import { statementKind } from '../../src/sql/kind.js';
import { parameterCount } from '../../src/sql/parameters.js';
import { parseStatement } from '../../src/sql/parse.js';
import { splitStatements } from '../../src/sql/split.js';

/** PostgreSQL 14 counts in another process, which answers late. */
const COUNTERS_MS = 5000;

/** One advisor's own database, with the workload that goes with it. */
export interface Bench {
  run(script: string): Promise<void>;
  snapshot(): Promise<Snapshot>;
  /** What the advisor finds, read anew until there are as many as expected or the counters have had their time. */
  findings(expected: number): Promise<readonly Finding[]>;
  apply(action: Action): Promise<void>;
  revert(action: Action): Promise<void>;
}

let databases = 0;

/** Makes a fresh database. The snapshot of an empty one has no workload; from the first `run` on it has the advisor's. */
export async function openBench(server: LabServer, advisor: Advisor): Promise<Bench> {
  databases += 1;
  const database = `advisor_${databases}`;
  const inside = { ...server.connection, database };
  await onSession(server.connection, (session) => createDatabase(session, database));
  let workload = (advisor.docs.workload ?? []).map(toStatement);
  let hints: readonly Rewrite[] = [];
  let made = false;
  const run = (statements: readonly string[]): Promise<void> =>
    onSession(inside, async (session) => {
      for (const sql of statements) await session.run(sql);
    });
  const snapshot = (): Promise<Snapshot> =>
    onSession(inside, (session) => takeSnapshot(session, made ? workload : [], hints));
  const examine = (): Promise<readonly Finding[]> =>
    onSession(inside, async (session) => {
      const taken = await takeSnapshot(session, made ? workload : [], hints);
      return withWhatIf(server, session, taken, (whatIf) =>
        advisor.examine(taken, whatIf, advisor.docs.contractOptions),
      );
    });
  return {
    snapshot,
    run: async (script) => {
      made = true;
      await run(splitStatements(script).map((statement) => statement.sql));
    },
    findings: async (expected) => {
      const deadline = Date.now() + COUNTERS_MS;
      for (;;) {
        const found = await examine();
        if (found.length === expected || Date.now() > deadline) {
          expect(found, found.map((one) => one.title).join('\n')).toHaveLength(expected);
          return found;
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    apply: async (action) => {
      const { rewrite } = action;
      if (rewrite?.hint) hints = [...hints, rewrite];
      else if (rewrite)
        workload = workload.map((one) => (one.fingerprint === rewrite.fingerprint ? toStatement(rewrite.to) : one));
      await run(action.up);
    },
    revert: async (action) => {
      const { rewrite } = action;
      if (rewrite?.hint) hints = hints.filter((one) => one !== rewrite);
      else if (rewrite) workload = (advisor.docs.workload ?? []).map(toStatement);
      await run(action.down);
    },
  };
}

/** A connection for one step: what it did is counted once it is closed, and settings of the database hold for the next one. */
async function onSession<T>(settings: LabServer['connection'], work: (session: Session) => Promise<T>): Promise<T> {
  const session = await connect(settings);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** A statistics clone of the database as it is now, where there is a workload to ask about. */
async function withWhatIf<T>(
  server: LabServer,
  session: Session,
  { workload }: Snapshot,
  work: (whatIf: IndexWhatIf | null) => Promise<T>,
): Promise<T> {
  if (workload.statements.length === 0) return work(null);
  const schema = await extractSchema(session);
  const clone = await createStatisticsClone({ server, source: session, schema, sampler: session });
  try {
    clone.setWorkload(workload.statements.map(({ fingerprint, sql }) => ({ fingerprint, queries: [sql] })));
    return await work(clone);
  } finally {
    await clone.close();
  }
}

async function takeSnapshot(
  session: Session,
  statements: readonly WorkloadStatement[],
  hints: readonly Rewrite[],
): Promise<Snapshot> {
  const plans = new Map<string, Plan>();
  for (const statement of statements) {
    if (statement.kind !== 'select' || parameterCount(statement.sql) > 0) continue;
    const settings = hints
      .filter(({ fingerprint: own }) => own === statement.fingerprint)
      .flatMap(({ hint }) => Object.entries(hint?.settings ?? {}));
    for (const [name, value] of settings) await session.run(`SET ${name} = ${value}`);
    plans.set(statement.fingerprint, await explain(session, statement.sql, { analyze: true }));
    for (const [name] of settings) await session.run(`RESET ${name}`);
  }
  const { catalog } = await readCatalog(session);
  const { statistics } = await readStatistics(session);
  return {
    target: await readTarget(session, 'lab'),
    catalog,
    workload: {
      source: statements.length > 0 ? 'file' : 'none',
      origin: 'docs',
      statements,
      unusable: [],
      since: null,
    },
    settings: await readSettings(session),
    statistics,
    plans,
    replication: NO_REPLICATION,
    rebuilds: [],
    planModes: await takePlanModes(session, { statements, catalog, statistics }),
    coverage: { examined: [], skipped: [] },
  };
}

/** Of statements with parameters, with values drawn from the statistics. */
async function takePlanModes(
  session: Session,
  { statements, catalog, statistics }: Pick<Snapshot, 'catalog' | 'statistics'> & Pick<Workload, 'statements'>,
): Promise<readonly PlanModes[]> {
  const questions = statements
    .filter(({ sql }) => parameterCount(sql) > 0)
    .map(({ fingerprint: of, name, sql }) => ({
      fingerprint: of,
      name,
      sql,
      sets: drawParameterSets({ sql }, catalog, statistics).sets.map((set) => ({
        parameterClass: set.class,
        values: set.values,
      })),
      timeoutMs: 30_000,
      budgetMs: 500,
      check: () => undefined,
    }));
  const watch = watchPlanModes();
  const found = await watch.look(session, questions);
  expect(watch.skipped).toEqual([]);
  return found;
}

function toStatement(sql: string): WorkloadStatement {
  return {
    fingerprint: fingerprint(sql),
    name: sql.slice(0, 40),
    sql,
    kind: statementKind(parseStatement(sql)),
    calls: 100,
    meanMs: null,
    totalMs: null,
    rows: null,
    sharedHit: null,
    sharedRead: null,
    tempBlocks: null,
    walBytes: null,
    parameterSets: [],
  };
}
