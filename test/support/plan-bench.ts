import { createDatabase } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import { catalogue } from '../../src/plans/catalogue.js';
import type { PlanCase, PlanFinding, PlanFindingKind } from '../../src/plans/define.js';
import type { PlanFacts } from '../../src/plans/facts.js';
import { readPlan } from '../../src/plans/read/read-plan.js';
import { viewPlan } from '../../src/plans/view.js';
import type { PlanView } from '../../src/plans/view.js';
import { connect } from '../../src/postgres/connect.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { readSettings } from '../../src/postgres/read/settings.js';
import { readStatistics } from '../../src/postgres/read/statistics.js';
import type { Session } from '../../src/postgres/session.js';
import { splitStatements } from '../../src/sql/split.js';

let databases = 0;

/** A database of its own. */
export async function withDatabase<T>(
  server: LabServer,
  setup: string,
  work: (open: () => Promise<Session>) => Promise<T>,
): Promise<T> {
  databases += 1;
  const database = `plan_${databases}`;
  const admin = await connect(server.connection);
  await createDatabase(admin, database);
  const sessions: Session[] = [];
  const open = async (): Promise<Session> => {
    const session = await connect({ ...server.connection, database });
    sessions.push(session);
    return session;
  };
  try {
    await runAll(await open(), setup);
    return await work(open);
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
    await admin.run(`DROP DATABASE ${database} WITH (FORCE)`);
    await admin.close();
  }
}

export async function runAll(session: Session, script: string): Promise<void> {
  for (const { sql } of splitStatements(script)) await session.run(sql);
}

/** Runs a case under EXPLAIN ANALYZE in a session of its own; what it writes is rolled back. */
export async function runCase(
  open: () => Promise<Session>,
  { before = '', statement, settings = {} }: PlanCase,
  { explain = '', beside }: { readonly explain?: string | undefined; readonly beside?: string | undefined } = {},
): Promise<PlanView> {
  const session = await open();
  for (const [name, value] of Object.entries(settings)) await session.run(`SET ${name} = '${value}'`);
  await runAll(session, before);
  const held = beside === undefined ? null : await hold(await open(), beside);
  const more = explain === '' ? '' : `, ${explain}`;
  await session.run('BEGIN');
  const asking = session.queryText(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON${more}) ${statement}`);
  if (held) await releaseOnceWaited(await open(), held, session.processId, asking);
  const { rows } = await asking;
  await session.run('ROLLBACK');
  await session.close();
  return viewPlan(readPlan(rows.map(([line]) => line ?? '').join('\n')).tree);
}

async function hold(session: Session, sql: string): Promise<Session> {
  await session.run('BEGIN');
  await session.run(sql);
  return session;
}

/** Milliseconds that the statement is let wait once it does, or that one which does not wait is given to end. */
const WAIT_MS = 250;

async function releaseOnceWaited(
  watcher: Session,
  held: Session,
  processId: number,
  asking: Promise<unknown>,
): Promise<void> {
  let ended = false;
  void asking.finally(() => (ended = true));
  for (;;) {
    const [row] = await watcher.query<{ waits: boolean }>(
      `SELECT wait_event_type = 'Lock' AS waits FROM pg_stat_activity WHERE pid = ${processId}`,
    );
    if (row?.waits === true || ended) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  await held.run('ROLLBACK');
}

/** What the database says beside a plan. */
export async function factsOf(session: Session): Promise<PlanFacts> {
  const { catalog } = await readCatalog(session);
  const { statistics } = await readStatistics(session);
  return { catalog, columns: statistics.columns, settings: await readSettings(session) };
}

/** What every other kind says of a plan, above `info`, however quick the machine was. */
export function noiseOf(kind: PlanFindingKind | null, view: PlanView): readonly PlanFinding[] {
  return catalogue
    .filter((other) => other !== kind)
    .flatMap((other) => other.find({ ...view, executionMs: null }, null))
    .filter(({ severity }) => severity !== 'info');
}
