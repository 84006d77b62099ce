import { z } from 'zod';
import { mergeCoverage } from '../../model/coverage.js';
import type { Snapshot } from '../../model/snapshot.js';
import { resolveConnection } from '../../postgres/conninfo.js';
import { renderExamine } from '../../report/examine-terminal.js';
import { examineReportSchema } from '../../report/examine-report.js';
import { toExamineReport } from '../../report/to-examine-report.js';
import { advisorsOf } from '../advisors.js';
import { createCleanup } from '../cleanup.js';
import { defineCommand } from '../command.js';
import { examineTarget, givenWorkload } from '../examination.js';
import { untilAborted } from '../interruption.js';
import { bindWorkload } from '../parameters.js';
import { openTarget } from '../open-target.js';
import { exactBloatInput, replicaInput, targetInput, workloadInput } from '../inputs.js';
import { resolveReplicas } from '../replicas.js';
import { tool } from '../version.js';
import { openWhatIf } from '../what-if.js';

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
        tool,
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
