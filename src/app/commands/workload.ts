import { z } from 'zod';
import { WizardError } from '../../base/errors.js';
import { renderWorkload } from '../../report/workload/workload-terminal.js';
import { workloadReportSchema } from '../../report/workload/workload-report.js';
import type { WorkloadReport } from '../../report/workload/workload-report.js';
import { toWorkloadReport } from '../../report/workload/to-workload-report.js';
import type { WorkloadFacts } from '../../report/workload/to-workload-report.js';
import { loadParser } from '../../sql/parse.js';
import type { IntakeResult } from '../../logs/intake.js';
import { mergeCoverage } from '../../model/coverage.js';
import type { Profile } from '../../profiling/profile.js';
import { defineCommand } from '../command.js';
import type { CommandContext } from '../command.js';
import { durationInput, sourceInput } from '../inputs.js';
import { intakeFiles } from '../intake.js';
import type { IntakeRequest } from '../intake.js';
import { Profiling } from '../profiling.js';
import { tool } from '../version.js';

export const workload = defineCommand({
  name: 'workload',
  summary:
    "Ranks the statements of server logs, exports of pg_stat_statements, programs' SQL logs and scripts, without a database; or of a database that it watches.",
  effect: 'read',
  positional: ['files'],
  input: z.object({
    files: z.array(z.string()).default([]).describe('files of any of these kinds, gzip or not; - for standard input'),
    prefix: z.string().optional().describe("log_line_prefix of the server logs, e.g. '%m [%p] ' (default: found)"),
    difference: z
      .boolean()
      .default(false)
      .describe('the first and the last export of pg_stat_statements are two looks: what came between counts'),
    rankingOnly: z
      .boolean()
      .default(false)
      .describe('rank statements only: looking at how programs use the database keeps a second processor busy'),
    literals: z.boolean().default(false).describe('show constants and parameter values, which may be private'),
    source: sourceInput,
    url: z.string().optional().describe('connection string of a database to watch instead of files'),
    between: durationInput.optional().describe('with --url: what pg_stat_statements counts in this time, e.g. 5m'),
    sample: durationInput
      .optional()
      .describe('with --url: look at pg_stat_activity ten times a second for this time, where nothing else is allowed'),
  }),
  output: workloadReportSchema,
  async run(input, context) {
    const { files, url, between, sample, literals } = input;
    if (url !== undefined) {
      if (files.length > 0 || (between === undefined) === (sample === undefined))
        throw new WizardError('input/invalid', '--url takes no files, and one of --between and --sample', {
          hint: 'E.g. `database-wizard workload --url postgres://host/db --between 5m`.',
        });
      // It brings the driver, which the reading of files need not wait for.
      const { watchWorkload } = await import('../watched-workload.js');
      const watched = await watchWorkload(
        { url, by: sample === undefined ? 'counters' : 'activity', forMs: sample ?? between ?? 0 },
        context,
      );
      return report({ tool, files: [], literals, application: [], ...watched }, input.source, context);
    }
    if (files.length === 0)
      throw new WizardError('input/invalid', 'files: nothing was given to read', {
        hint: 'Give a log, an export of pg_stat_statements or a file of SQL statements; - for standard input; or --url.',
      });
    const request = { files, prefix: input.prefix ?? null, difference: input.difference, signal: context.signal };
    const { taken, profile } = await read(request, !input.rankingOnly);
    const facts = {
      tool,
      literals,
      application: profile.findings,
      workload: taken.workload,
      files: taken.files,
      firstSeen: taken.firstSeen,
      lastSeen: taken.lastSeen,
      waits: [] as WorkloadFacts['waits'],
      coverage: mergeCoverage(
        {
          examined: taken.files.map((file) => ({ what: `${file.name} (${file.said})`, count: file.records })),
          skipped: taken.skipped,
        },
        profile.coverage,
      ),
    };
    return report(facts, input.source, context);
  },
  render: (report, view) => renderWorkload(report, view),
  failsCheck: () => false,
});

async function read(
  request: IntakeRequest,
  isProfiled: boolean,
): Promise<{ readonly taken: IntakeResult; readonly profile: Profile }> {
  if (!isProfiled) return { taken: await intakeFiles(request), profile: UNPROFILED };
  const profiling = new Profiling(request);
  try {
    const taken = await intakeFiles({ ...request, profiling });
    return { taken, profile: await profiling.end() };
  } finally {
    await profiling.close();
  }
}

const UNPROFILED: Profile = { findings: [], coverage: { examined: [], skipped: [] } };

async function report(
  facts: WorkloadFacts,
  folder: string | undefined,
  { signal }: CommandContext,
): Promise<WorkloadReport> {
  if (folder === undefined) return toWorkloadReport(facts);
  await loadParser();
  const { searchSource } = await import('../source-search.js');
  const asked = facts.workload.statements.map(({ fingerprint, sql, observed }) => ({
    fingerprint,
    sql,
    sources: observed?.sources ?? [],
  }));
  const { places, coverage } = await searchSource(folder, asked, signal);
  return toWorkloadReport({ ...facts, places, coverage: mergeCoverage(facts.coverage, coverage) });
}
