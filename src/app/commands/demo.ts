import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { createDatabase } from '../../lab/databases.js';
import { startLabServer } from '../../lab/server.js';
import { connect } from '../../postgres/connect.js';
import type { ConnectionSettings, Session } from '../../postgres/session.js';
import { runReportSchema } from '../../report/run-report.js';
import { renderRun } from '../../report/terminal.js';
import { loadParser } from '../../sql/parse.js';
import { splitStatements } from '../../sql/split.js';
import { createCleanup } from '../cleanup.js';
import type { CommandContext } from '../command.js';
import { defineCommand } from '../command.js';
import { optimizeTarget } from '../optimization.js';
import { clientsInput, durationInput } from '../inputs.js';

export const demo = defineCommand({
  name: 'demo',
  summary: 'Boots a PostgreSQL of its own with a web shop in it, planted faults and decoys, and runs the whole loop.',
  effect: 'lab',
  positional: [],
  input: z.object({
    budget: durationInput
      .prefault('80s')
      .describe('time from the baseline on after which no new hypothesis is tried (default: 80s)'),
    clients: clientsInput,
    out: z
      .string()
      .default('database-wizard-out/demo')
      .describe('output folder; the ledger of an earlier demo there is forgotten'),
  }),
  output: runReportSchema,
  async run(input, context) {
    const cleanup = createCleanup((text) => context.watch({ type: 'note', text }));
    const outFolder = resolve(input.out);
    // Each demo is a first run: with an earlier one's ledger it would only take up what that accepted.
    rmSync(join(outFolder, 'ledger', 'entries.jsonl'), { force: true });
    try {
      const target = await openShop(context, (undo) => cleanup.add(undo));
      return await optimizeTarget(
        {
          target,
          workload: example('workload.sql'),
          lab: 'auto',
          budgetMs: input.budget,
          // On a slow machine the baseline alone could use it up, and a demo that tries nothing shows nothing.
          budgetFrom: 'baseline',
          storageBudgetBytes: null,
          clients: input.clients,
          outFolder,
          command: 'demo',
          // A demo is watched: fewer pairs than a run for real takes.
          trialBudgetMs: 4000,
          baselineBudgetMs: 12_000,
        },
        context,
      );
    } finally {
      await cleanup.run();
    }
  },
  render: (report, view) => renderRun(report, view),
  failsCheck: (report) => report.scorecard.some((row) => row.status === 'missed'),
});

/** Boots a server and fills the shop's database on it, statement by statement. */
async function openShop(
  context: CommandContext,
  undoLater: (undo: () => Promise<void>) => void,
): Promise<ConnectionSettings> {
  const { watch, signal } = context;
  watch({ type: 'phase', phase: 'copy', text: 'booting PostgreSQL and building the web shop: 2.4 million rows' });
  const note = (text: string): void => watch({ type: 'note', text });
  const server = await startLabServer({ major: 'newest', settings: SHOP_SETTINGS, note });
  undoLater(() => server.stop());
  const admin = await connect(server.connection);
  await createDatabase(admin, 'shop');
  await admin.close();
  const settings = { ...server.connection, database: 'shop' };
  const session = await connect(settings);
  const cancel = (): void => void session.cancel().catch(() => undefined);
  signal.addEventListener('abort', cancel);
  try {
    await fill(session, context);
  } finally {
    signal.removeEventListener('abort', cancel);
    await session.close();
  }
  return settings;
}

/** The shop is thrown away: nothing of it has to survive a crash, and its log should stay small. */
const SHOP_SETTINGS = { wal_level: 'minimal', max_wal_senders: '0', max_wal_size: '128MB', min_wal_size: '32MB' };

async function fill(session: Session, { watch, signal }: CommandContext): Promise<void> {
  await loadParser();
  const statements = ['schema.sql', 'data.sql'].flatMap((file) => splitStatements(readFileSync(example(file), 'utf8')));
  for (const [done, statement] of statements.entries()) {
    if (signal.aborted) throw signal.reason;
    await session.run(statement.sql);
    watch({ type: 'work', phase: 'copy', text: 'building the web shop', done: done + 1, total: statements.length });
  }
}

function example(file: string): string {
  return fileURLToPath(new URL(`../../../examples/webshop/${file}`, import.meta.url));
}
