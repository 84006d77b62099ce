import { z } from 'zod';
import { startLabServer } from '../../lab/server.js';
import { createStatisticsClone } from '../../lab/whatif/clone.js';
import { mergeCoverage } from '../../model/coverage.js';
import type { Skipped } from '../../model/coverage.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { IndexWhatIf } from '../../model/what-if.js';
import { resolveConnection } from '../../postgres/conninfo.js';
import { extractSchema } from '../../postgres/extract/extract.js';
import type { Session } from '../../postgres/session.js';
import { renderExamine } from '../../report/examine-terminal.js';
import { examineReportSchema } from '../../report/examine-report.js';
import { toExamineReport } from '../../report/to-examine-report.js';
import { advisorsOf } from '../advisors.js';
import { createCleanup } from '../cleanup.js';
import type { Cleanup } from '../cleanup.js';
import type { CommandContext } from '../command.js';
import { defineCommand } from '../command.js';
import { examineTarget, givenWorkload } from '../examination.js';
import { untilAborted } from '../interruption.js';
import { bindWorkload } from '../parameters.js';
import { executableQueries, openTarget } from '../staging.js';
import { exactBloatInput, replicaInput, targetInput, workloadInput } from '../inputs.js';
import { resolveReplicas } from '../replicas.js';
import { version } from '../version.js';

export const examine = defineCommand({
  name: 'examine',
  summary:
    'Looks at a database, read-only: inventory, baseline, bottlenecks, findings with evidence, and what it could not see.',
  effect: 'read',
  positional: ['url'],
  input: z.object({
    url: targetInput,
    workload: workloadInput,
    whatIf: z
      .enum(['auto', 'off'])
      .default('auto')
      .describe('auto: plan hypothetical indexes on a local statistics clone; off: heuristics only'),
    replica: replicaInput,
    exactBloat: exactBloatInput,
  }),
  output: examineReportSchema,
  async run(input, context) {
    const startedAt = new Date().toISOString();
    const { signal } = context;
    const cleanup = createCleanup((text) => context.watch({ type: 'note', text }));
    try {
      const settings = await resolveConnection(input.url, context.env);
      const replicas = await resolveReplicas(input.replica, context.env);
      const given = await givenWorkload(input.workload, context);
      context.watch({ type: 'phase', phase: 'examine', text: 'reading the target' });
      const { session } = await openTarget(settings, signal);
      cleanup.add(() => session.close());
      const { snapshot } = await untilAborted(
        signal,
        examineTarget(session, given, { replicas, exactBloat: input.exactBloat, signal }),
      );
      const bound = bindWorkload(snapshot);
      const usable: Snapshot = { ...snapshot, workload: bound.workload };
      const { whatIf, skipped } = await untilAborted(
        signal,
        openWhatIf({ wanted: input.whatIf === 'auto', session, snapshot: usable, context, cleanup }),
      );
      context.watch({ type: 'phase', phase: 'hypothesise', text: 'asking the advisors' });
      const findings = await untilAborted(signal, advisorsOf().examine(usable, whatIf));
      return toExamineReport({
        tool: { name: 'database-wizard', version },
        startedAt,
        finishedAt: new Date().toISOString(),
        snapshot: usable,
        findings,
        coverage: mergeCoverage(snapshot.coverage, {
          examined: advisorsOf().names.map((name) => ({ what: `advisor ${name}`, count: null })),
          skipped: [...bound.skipped, ...skipped],
        }),
        overhead: session.overhead(),
      });
    } finally {
      await cleanup.run();
    }
  },
  render: (report, view) => renderExamine(report, view),
  failsCheck: (report) => report.findings.length > 0,
});

interface WhatIfSetting {
  readonly wanted: boolean;
  readonly session: Session;
  readonly snapshot: Snapshot;
  readonly context: CommandContext;
  readonly cleanup: Cleanup;
}

/** Without a workload there is nothing to plan; without a server of ours the advisors fall back on heuristics. */
async function openWhatIf({
  wanted,
  session,
  snapshot,
  context,
  cleanup,
}: WhatIfSetting): Promise<{ whatIf: IndexWhatIf | null; skipped: readonly Skipped[] }> {
  if (!wanted || snapshot.workload.statements.length === 0) return { whatIf: null, skipped: [] };
  try {
    const note = (text: string): void => context.watch({ type: 'note', text });
    // The clone ends with its server, whatever it is asked just then.
    const starting = startLabServer({ major: snapshot.target.major, settings: { shared_buffers: '32MB' }, note });
    const server = await untilAborted(context.signal, starting, (late) => late.stop());
    cleanup.add(() => server.stop());
    const clone = await createStatisticsClone({ server, source: session, schema: await extractSchema(session), note });
    clone.setWorkload(
      snapshot.workload.statements.map((statement) => ({
        fingerprint: statement.fingerprint,
        queries: executableQueries(statement),
      })),
    );
    return { whatIf: clone, skipped: clone.skipped };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return {
      whatIf: null,
      skipped: [{ what: 'what-if engine', reason, remedy: 'Indexes are judged by statistics alone.' }],
    };
  }
}
