import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { WizardError } from '../base/errors.js';
import type { Schema } from '../model/schema.js';
import { resolveConnection } from '../postgres/conninfo.js';
import { describeTarget } from '../postgres/errors.js';
import { extractEntries } from '../postgres/extract/extract.js';
import type { CommandContext } from './command.js';
import { untilAborted } from './interruption.js';
import { writeWhole } from './whole-file.js';
import { openTarget } from './open-target.js';

/** A schema, and what it is the schema of. */
export interface NamedSchema {
  /** The database without its password, or the file. */
  readonly name: string;
  readonly schema: Schema;
}

/** The schema of a database, read-only, or of a file that `saveSchema` wrote. Throws `input/invalid`, and what connecting throws. */
export async function readSchema(source: string, { env, signal }: CommandContext): Promise<NamedSchema> {
  const found = await stat(source).catch(() => null);
  if (found !== null) return readSchemaFile(source, found.isFile());
  if (source.endsWith('.json'))
    throw new WizardError('input/invalid', `${source} can not be read (ENOENT)`, { hint: HINT });
  const settings = await resolveConnection(source, env);
  const { session } = await openTarget(settings, signal);
  try {
    return { name: describeTarget(settings), schema: await untilAborted(signal, extractEntries(session)) };
  } finally {
    await session.close();
  }
}

/** Writes a schema so that `readSchema` gives it back, whatever becomes of the database. */
export async function saveSchema(path: string, { name, schema }: NamedSchema): Promise<void> {
  const document = { format: FORMAT, of: name, takenAt: new Date().toISOString(), schema };
  await writeWhole(path, `${JSON.stringify(document, null, 2)}\n`);
}

const HINT = 'Give a connection string, or a file that `database-wizard diff <url> --save <file>` wrote.';
const FORMAT = 'database-wizard schema 1';

async function readSchemaFile(path: string, isFile: boolean): Promise<NamedSchema> {
  if (!isFile) throw new WizardError('input/invalid', `${path} is not a file`, { hint: HINT });
  let document: unknown;
  try {
    document = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new WizardError('input/invalid', `${path} is not a saved schema: it can not be read as JSON`, {
      cause,
      hint: HINT,
    });
  }
  const parsed = fileSchema.safeParse(document);
  if (parsed.success) return { name: path, schema: parsed.data.schema };
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new WizardError(
    'input/invalid',
    `${path} is not a saved schema${where === '' ? '' : `: ${where} has another form`}`,
    {
      cause: parsed.error,
      hint: HINT,
    },
  );
}

const text = z.string().nullable();
const check = z.object({ name: z.string(), definition: z.string(), validated: z.boolean() });
const grant = z.object({ grantee: text, privilege: z.string(), grantable: z.boolean(), column: text });
const strings = z.array(z.string());

const facts = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('table'),
    unlogged: z.boolean(),
    isPartition: z.boolean(),
    partitionKey: text,
    parents: strings,
    ofType: text,
    accessMethod: text,
    options: strings,
    columns: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        collation: text,
        notNull: z.boolean(),
        notNullName: text,
        default: text,
        generated: z.string(),
        identity: text,
        settings: strings,
        local: z.boolean(),
        inherited: z.boolean(),
      }),
    ),
    checks: z.array(check.extend({ local: z.boolean() })),
  }),
  z.object({ type: z.literal('view'), columns: z.array(z.object({ name: z.string(), type: z.string() })) }),
  z.object({ type: z.literal('enum'), labels: strings }),
  z.object({
    type: z.literal('domain'),
    base: z.string(),
    notNull: z.boolean(),
    default: text,
    checks: z.array(check),
  }),
  z.object({ type: z.literal('composite'), attributes: strings }),
  z.object({ type: z.literal('privileges'), target: z.string(), grants: z.array(grant), usual: z.array(grant) }),
]);

const fileSchema = z.object({
  format: z.literal(FORMAT),
  of: z.string(),
  takenAt: z.string(),
  schema: z.object({
    serverVersion: z.number().int(),
    entries: z.array(
      z.object({
        kind: z.string(),
        identity: z.string(),
        statements: strings,
        owner: text,
        pieceOf: text,
        needs: z.array(z.object({ id: z.string(), column: text, part: text })),
        facts: facts.nullable(),
      }),
    ),
    skipped: z.array(z.object({ what: z.string(), reason: z.string(), remedy: text })),
  }) satisfies z.ZodType<Schema>,
});
