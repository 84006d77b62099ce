import { Option } from 'commander';
import type { Command as Program } from 'commander';
import { z } from 'zod';
import { WizardError } from '../base/errors.js';
import type { Command } from '../app/command.js';

/** Adds a command's arguments and flags, derived from its input schema, to a commander command. */
export function addOptions(program: Program, command: Command): void {
  const shape = command.input.shape as Record<string, z.ZodType>;
  for (const key of command.positional) {
    const field = shape[key];
    const optional = field?.safeParse(undefined).success === true;
    const name = field && kindOf(field) === 'list' ? `${kebab(key)}...` : kebab(key);
    program.argument(optional ? `[${name}]` : `<${name}>`, field?.description ?? '');
  }
  for (const [key, field] of Object.entries(shape)) {
    if (command.positional.includes(key)) continue;
    const flag = kindOf(field) === 'boolean' ? `--${kebab(key)}` : `--${kebab(key)} <${metavar(command.name, key)}>`;
    const option = new Option(flag, field.description ?? '');
    if (kindOf(field) === 'list') option.argParser(collect);
    const standard = field.safeParse(undefined);
    if (standard.success && typeof standard.data === 'string') option.description += ` (default: ${standard.data})`;
    program.addOption(option);
  }
}

/** Reads what commander collected through the schema. Throws `input/invalid` that names the flag. */
export function readInput(
  command: Command,
  positional: readonly (string | readonly string[])[],
  flags: Readonly<Record<string, unknown>>,
): z.output<z.ZodObject> {
  const raw: Record<string, unknown> = {};
  for (const key of Object.keys(command.input.shape)) if (flags[key] !== undefined) raw[key] = flags[key];
  command.positional.forEach((key, position) => {
    const given = positional[position];
    if (given !== undefined && given.length > 0) raw[key] = given;
  });
  const parsed = command.input.safeParse(raw);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const key = String(issue?.path[0] ?? '');
  throw new WizardError(
    'input/invalid',
    `${command.positional.includes(key) ? key : `--${kebab(key)}`}: ${issue?.message ?? 'not valid'}`,
    {
      hint: `See \`database-wizard ${command.name} --help\`.`,
    },
  );
}

/** A flag without a value, one that may be given several times, or one with a value. */
function kindOf(field: z.ZodType): 'boolean' | 'list' | 'value' {
  const inner = field instanceof z.ZodDefault ? (field.unwrap() as z.ZodType) : field;
  if (inner instanceof z.ZodBoolean) return 'boolean';
  return inner instanceof z.ZodArray ? 'list' : 'value';
}

function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

function kebab(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function metavar(command: string, key: string): string {
  if (command === 'upgrade' && key === 'to') return 'major';
  return (
    (
      {
        workload: 'source',
        source: 'folder',
        html: 'file',
        against: 'plan',
        lab: 'where',
        replica: 'url',
        budget: 'time',
        storage: 'size',
        out: 'folder',
        save: 'file',
        format: 'tool',
        into: 'folder',
        git: 'worktree',
        branch: 'name',
        prefix: 'text',
        sample: 'time',
        between: 'time',
        seed: 'number',
        to: 'url',
        approve: 'hash',
        patience: 'time',
        longTransaction: 'time',
        lag: 'time',
        soak: 'time',
        baseline: 'time',
        validation: 'time',
        withoutFigures: 'what',
      } as Record<string, string>
    )[key] ?? 'value'
  );
}
