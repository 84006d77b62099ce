import { join } from 'node:path';
import { z } from 'zod';
import { WizardError } from '../../base/errors.js';
import { differenceOf } from '../../migrations/difference/difference.js';
import type { Skipped } from '../../model/coverage.js';
import { differenceFiles } from '../../report/difference/difference-files.js';
import { differenceReportSchema, type DifferenceReport } from '../../report/difference/difference-report.js';
import { renderDifference } from '../../report/difference/difference-terminal.js';
import { loadParser } from '../../sql/parse.js';
import { defineCommand } from '../command.js';
import { writeWhole } from '../whole-file.js';
import { readSchema, saveSchema, type NamedSchema } from '../schema-file.js';
import { tool } from '../version.js';

export const diff = defineCommand({
  name: 'diff',
  summary:
    'Says how the schemas of two databases differ, in words and as SQL that takes the first to the second and back. Never writes to a database.',
  effect: 'read',
  positional: ['first', 'second'],
  input: z.object({
    first: z
      .string({ error: 'name a database or a saved schema' })
      .describe('connection string, or a file that --save wrote'),
    second: z.string().optional().describe('the same, of what the first is compared with'),
    save: z.string().optional().describe('write the schema of the first to this file, for a later comparison'),
    out: z.string().optional().describe('the folder into which the SQL of both ways is written'),
  }),
  output: differenceReportSchema,
  async run(input, context) {
    if (input.second === undefined && input.save === undefined)
      throw new WizardError('input/invalid', 'Name a second database or saved schema, or a file with --save', {
        hint: 'E.g. `database-wizard diff postgres://host/old postgres://host/new`.',
      });
    await loadParser();
    context.watch({ type: 'phase', phase: 'examine', text: 'reading the schemas' });
    const first = await readSchema(input.first, context);
    const second = input.second === undefined ? null : await readSchema(input.second, context);
    if (input.save !== undefined) await saveSchema(input.save, first);
    const { changes, up, down } = differenceOf(first.schema, second?.schema ?? first.schema);
    const report: DifferenceReport = {
      tool,
      first: side(first),
      second: second === null ? null : side(second),
      saved: input.save ?? null,
      changes: [...changes].map((change) => ({ ...change, details: [...change.details] })),
      up: script(up),
      down: script(down),
      notCompared: notCompared(first, second),
      files: [],
    };
    if (input.out === undefined || second === null) return report;
    const files = differenceFiles(report).map(({ path, content }) => ({ path: join(input.out ?? '', path), content }));
    for (const { path, content } of files) await writeWhole(path, content);
    return { ...report, files: files.map(({ path }) => path) };
  },
  render: (report, view) => renderDifference(report, view),
  failsCheck: ({ changes }) => changes.length > 0,
});

function side({ name, schema }: NamedSchema): DifferenceReport['first'] {
  return { name, serverVersion: schema.serverVersion, objects: schema.entries.length };
}

type Script = ReturnType<typeof differenceOf>['up'];

function script({ before, statements, unwritten }: Script): DifferenceReport['up'] {
  return { before: [...before], statements: [...statements], unwritten: [...unwritten] };
}

/** Rows and owners are never looked at; the rest is what a side holds and its reader leaves out. */
function notCompared(first: NamedSchema, second: NamedSchema | null): Skipped[] {
  const skipped = [...first.schema.skipped, ...(second?.schema.skipped ?? [])];
  const seen = new Map(skipped.map((entry) => [entry.what, entry]));
  return [
    { what: 'owners and rows', reason: 'the schema is compared, whoever owns it and whatever is in it', remedy: null },
    ...seen.values(),
  ];
}
