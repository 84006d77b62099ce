import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployPlan } from '../../src/app/deployment/deploy.js';
import type { DeployOptions } from '../../src/app/deployment/deploy.js';
import type { JournalEntry } from '../../src/deploy/journal.js';
import { liveLimits } from '../../src/deploy/live/limits.js';
import type { Staging } from '../../src/deploy/live/stages.js';
import type { PlannedChange } from '../../src/deploy/plan.js';
import { createDatabase } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import { connect } from '../../src/postgres/connect.js';
import type { ConnectionSettings, Session } from '../../src/postgres/session.js';
import { fingerprint } from '../../src/sql/fingerprint.js';
import { loadParser } from '../../src/sql/parse.js';
import type { DeployReport } from '../../src/report/deploy/deploy-report.js';

/** A database of its own with a plan folder, and deployments to it in this process. */
export interface DeployBench {
  readonly connection: ConnectionSettings;
  readonly folder: string;
  /** What was told while it ran. */
  readonly told: string[];
  run(sql: string): Promise<void>;
  /** An open session, closed at the end. */
  session(): Promise<Session>;
  deploy(options?: Partial<DeployOptions> & { readonly signal?: AbortSignal }): Promise<DeployReport>;
  /** The hash that a dry run shows. */
  hash(): Promise<string>;
  journal(): readonly JournalEntry[];
  /** Names of the indexes, with `!` before an invalid one. */
  indexes(): Promise<readonly string[]>;
  remove(): Promise<void>;
}

/** What a test gives of a change. */
export type GivenChange = Pick<PlannedChange, 'title' | 'up' | 'down'> & {
  /** Statements that the lab found faster, with how much. */
  readonly promised?: readonly { readonly sql: string; readonly ratio: number }[];
};

/** Patience is short: what is in the way stays there. */
const LIMITS = { patienceMs: 1500, longTransactionMs: 30_000, lagMs: 10_000 };

/** Steps follow each other at once. */
export const UNWATCHED: Staging = {
  soakMs: 0,
  baselineMs: 1000,
  withoutFigures: 'refuse',
  validationMs: 86_400_000,
  limits: liveLimits(LIMITS.lagMs),
};

export async function makeDeployBench(
  server: LabServer,
  name: string,
  schema: string,
  changes: readonly GivenChange[],
): Promise<DeployBench> {
  await loadParser();
  const folder = mkdtempSync(join(tmpdir(), 'deploy-'));
  writePlan(folder, changes);
  await within(server.connection, (session) => createDatabase(session, name));
  const connection = { ...server.connection, database: name };
  await within(connection, (session) => session.run(schema));
  const told: string[] = [];
  const sessions: Session[] = [];
  const deploy: DeployBench['deploy'] = ({ signal, ...options } = {}) =>
    deployPlan(
      {
        plan: folder,
        target: connection,
        approve: null,
        revert: false,
        limits: LIMITS,
        staging: UNWATCHED,
        ...options,
      },
      {
        watch: (progress) => void ('text' in progress && told.push(progress.text)),
        signal: signal ?? new AbortController().signal,
        env: {},
      },
    );
  return {
    connection,
    folder,
    told,
    deploy,
    run: (sql) => within(connection, (session) => session.run(sql)),
    async session() {
      const opened = await connect({ ...connection, applicationName: 'somebody' });
      sessions.push(opened);
      return opened;
    },
    hash: async () => (await deploy()).hash ?? '',
    journal: () =>
      readFileSync(join(folder, 'deploy', 'entries.jsonl'), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as JournalEntry),
    indexes: () =>
      within(connection, async (session) => {
        const rows = await session.query<{ name: string }>(
          `SELECT CASE WHEN i.indisvalid THEN '' ELSE '!' END || c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_' ORDER BY 1`,
        );
        return rows.map((row) => row.name);
      }),
    async remove() {
      await Promise.all(sessions.map((session) => session.close()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Writes changes as `optimize` would have accepted them. */
export function writePlan(folder: string, changes: readonly GivenChange[]): void {
  mkdirSync(folder, { recursive: true });
  const iterations = changes.map(({ title, up, down, promised = [] }) => ({
    hypothesis: { title, action: { kind: 'create-index', title, up, down } },
    decision: 'accept',
    effect: null,
    effects: [{ metric: 'storageBytes', before: 1_000_000, after: 1_500_000, ratio: 1.5, ciLow: 1.5, ciHigh: 1.5 }],
    revertVerified: true,
    applyMs: 40,
    statements: promised.map(({ sql, ratio }) => ({
      fingerprint: fingerprint(sql),
      name: sql,
      timeRatio: ratio,
      timeCiHigh: ratio,
    })),
  }));
  writeFileSync(join(folder, 'report.json'), JSON.stringify({ iterations }));
}

async function within<T>(connection: ConnectionSettings, work: (session: Session) => Promise<T>): Promise<T> {
  const session = await connect(connection);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
