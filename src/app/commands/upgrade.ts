import { z } from 'zod';
import { resolveConnection } from '../../postgres/conninfo.js';
import { upgradeReportSchema } from '../../report/upgrade/upgrade-report.js';
import { renderUpgrade } from '../../report/upgrade/upgrade-terminal.js';
import { defineCommand } from '../command.js';
import { targetInput, workloadInput } from '../inputs.js';
import { previewUpgrade } from '../upgrade.js';

const majorInput = z.string().transform((text, check) => {
  if (/^\d{2}$/.test(text.trim())) return Number(text);
  check.addIssue({ code: 'custom', message: `"${text}" is no major version; write e.g. 18` });
  return z.NEVER;
});

export const upgrade = defineCommand({
  name: 'upgrade',
  summary:
    'Previews a major upgrade: which plans of the workload change on newer versions, what they refuse or lack, and which defaults change. Never writes to the target.',
  effect: 'read',
  positional: ['url'],
  input: z.object({
    url: targetInput,
    workload: workloadInput,
    to: majorInput
      .optional()
      .describe('the last major version to plan on, e.g. 18; those before it are planned on as well (default: newest)'),
  }),
  output: upgradeReportSchema,
  async run(input, context) {
    const target = await resolveConnection(input.url, context.env);
    return previewUpgrade({ target, workload: input.workload, to: input.to ?? null }, context);
  },
  render: (report, view) => renderUpgrade(report, view),
  failsCheck: (report) =>
    report.versions.some(
      ({ changed, refused, notLoaded, removed }) => changed + refused + notLoaded.length + removed.length > 0,
    ),
});
