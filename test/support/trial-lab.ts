import { quoteQualified } from '../../src/base/quote.js';
import { createIndexSql } from '../../src/model/action.js';
import type { Action, IndexSpec } from '../../src/model/action.js';
import type { ParameterSet, StatementKind, Workload, WorkloadStatement } from '../../src/model/workload.js';
import { createDatabase } from '../../src/lab/databases.js';
import { buildIndex } from '../../src/lab/indexes/build.js';
import type { IndexBuild } from '../../src/lab/indexes/build.js';
import { openLab } from '../../src/lab/lab.js';
import type { LabOptions, OpenLab } from '../../src/lab/open-lab.js';
import { startLabServer } from '../../src/lab/server.js';
import type { LabServer } from '../../src/lab/server.js';
import type { LabSessions } from '../../src/lab/trial/sessions.js';
import { connect } from '../../src/postgres/connect.js';
import type { Session } from '../../src/postgres/session.js';
import { testMajors } from './majors.js';

/** Two tables, 1,000 customers with 30 orders each, ten without, and a log nobody reads. */
export const SHOP = `
  CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, score float8, note text);
  INSERT INTO customer SELECT g, 'customer ' || g, 1.0 / g, CASE WHEN g % 3 = 0 THEN 'vip' END FROM generate_series(1, 1010) AS g;
  CREATE TABLE orders (
    id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer DEFERRABLE INITIALLY DEFERRED, status text, amount numeric(10, 2) NOT NULL, weight float4
  );
  INSERT INTO orders
    SELECT g, 1 + g % 1000, CASE WHEN g > 29400 THEN 'open' WHEN g % 7 = 0 THEN NULL ELSE 'done' END, g % 997, g / 7.0
    FROM generate_series(1, 30000) AS g;
  CREATE TABLE log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text);
  CREATE INDEX orders_status ON orders (status);
  VACUUM ANALYZE;`;

/** For tests of what the measurement itself sees of a rewrite that is wrong: in use the verifier would not have let it get there. */
export const LET_THROUGH: Pick<LabOptions, 'verify'> = { verify: () => Promise.resolve('let through by a test') };

/** A lab on a database made by `sql`, next to whatever the server holds. */
export async function labOn(
  server: LabServer,
  database: string,
  sql: string,
  options: Partial<LabOptions> = {},
): Promise<OpenLab> {
  await makeDatabase(server, database, sql);
  return openLab({
    connection: server.connection,
    server,
    database,
    target: null,
    trialBudgetMs: 1500,
    baselineBudgetMs: 1500,
    ...options,
  });
}

/** A server with one database made by `sql`, of the first of the majors that tests run on. */
export async function serverWith(database: string, sql: string): Promise<LabServer> {
  const server = await startLabServer({ major: testMajors()[0] ?? 'newest' });
  await makeDatabase(server, database, sql);
  return server;
}

async function makeDatabase(server: LabServer, database: string, sql: string): Promise<void> {
  await withSession(server, 'postgres', (admin) => createDatabase(admin, database));
  await withSession(server, database, (session) => runScript(session, sql));
}

export async function withSession<T>(
  server: LabServer,
  database: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await connect({ ...server.connection, database });
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** Statements one by one, each in a transaction of its own; they end with a semicolon at the end of a line. */
export async function runScript(session: Session, sql: string): Promise<void> {
  for (const text of sql.split(/;\s*\n|;$/)) if (text.trim() !== '') await session.run(text);
}

export async function runIn(server: LabServer, database: string, sql: string): Promise<void> {
  await withSession(server, database, (session) => session.run(sql));
}

/** A statement of a workload; its name is its fingerprint. */
export function statement(name: string, sql: string, extra: Partial<WorkloadStatement> = {}): WorkloadStatement {
  const kind = (/^\s*(select|insert|update|delete)/i.exec(sql)?.[1] ?? 'other').toLowerCase() as StatementKind;
  return {
    fingerprint: name,
    name,
    sql,
    kind,
    calls: 100,
    meanMs: null,
    totalMs: null,
    rows: null,
    sharedHit: null,
    sharedRead: null,
    tempBlocks: null,
    walBytes: null,
    parameterSets: [],
    ...extra,
  };
}

export function given(...values: readonly string[]): ParameterSet {
  return { class: 'given', values };
}

export function workloadOf(...statements: readonly WorkloadStatement[]): Workload {
  return { source: 'file', origin: 'test', statements, unusable: [], since: null };
}

/** An action of bare SQL. */
export function action(kind: Action['kind'], up: string, down: string, tables: readonly string[] = ['orders']): Action {
  return {
    kind,
    title: up,
    up: up === '' ? [] : [up],
    down: down === '' ? [] : [down],
    lock: '',
    transactional: false,
    tables: tables.map((name) => ({ schema: 'public', name })),
    index: null,
    rewrite: null,
  };
}

/** The action of an index. */
export function createIndex(spec: IndexSpec): Action {
  const drop = `DROP INDEX CONCURRENTLY ${quoteQualified(spec.table.schema, spec.name)}`;
  const made = action('create-index', createIndexSql(spec, { concurrently: true }), drop, [spec.table.name]);
  return { ...made, index: spec };
}

export function rewriteAction(fingerprint: string, from: string, to: string): Action {
  return {
    ...action('rewrite', '', '', []),
    title: `Rewrite ${fingerprint}`,
    rewrite: { fingerprint, rule: 'test', from, to, proof: [] },
  };
}

/** Builds indexes in a database, which stay. */
export async function builtIn(
  sessions: LabSessions,
  database: string,
  specs: readonly IndexSpec[],
): Promise<readonly IndexBuild[]> {
  const builds: IndexBuild[] = [];
  for (const spec of specs) {
    const built = await sessions.within(database, (session) =>
      buildIndex(session, spec, { keep: true, timeoutMs: 60_000 }),
    );
    if ('reason' in built) throw new Error(built.reason);
    builds.push(built);
  }
  return builds;
}
