import { z } from 'zod';
import { plansReportSchema } from '../../report/plan/plan-report.js';
import { renderPlan } from '../../report/plan/plan-terminal.js';
import { defineCommand } from '../command.js';
import { durationInput, sourceInput } from '../inputs.js';
import { explainGiven } from '../explanation.js';

export const explain = defineCommand({
  name: 'explain',
  summary:
    'Reads plans, pasted in any form, or the one of a query on a database: where the time goes, what is wrong, what would help.',
  effect: 'lab',
  positional: ['given'],
  input: z.object({
    given: z
      .array(z.string())
      .default([])
      .describe(
        '[url] and what to explain: a query, a file with a query or with the output of EXPLAIN (text, JSON, YAML, XML), or - for standard input; a query needs the url',
      ),
    against: z.string().optional().describe('a plan from before, to be compared with'),
    lab: z
      .string()
      .optional()
      .describe(
        'with a url: auto runs the query on a lab copy and tries the advice there; or the connection string of a staging server (default: planned on the target, not run)',
      ),
    budget: durationInput
      .prefault('5m')
      .describe(
        'with --lab: time for trying the advice, after the copy is made; what is not tried by then is said (default: 5m)',
      ),
    source: sourceInput,
    html: z.string().optional().describe('write the plan as a page that needs nothing else to this file'),
  }),
  output: plansReportSchema,
  run: (input, context) =>
    explainGiven(
      {
        given: input.given,
        against: input.against ?? null,
        lab: input.lab ?? null,
        budgetMs: input.budget,
        htmlFile: input.html ?? null,
        sourceFolder: input.source ?? null,
      },
      context,
    ),
  render: (report, view) => renderPlan(report, view),
  failsCheck: ({ findings, further = [] }) =>
    [findings, ...further.map((one) => one.findings)].flat().some(({ severity }) => severity !== 'info'),
});
