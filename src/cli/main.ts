#!/usr/bin/env node
import { PRODUCT } from '../base/product.js';
import { Command as Program, CommanderError } from 'commander';
import { asWizardError, ERROR_CODES, WizardError } from '../base/errors.js';
import type { Command } from '../app/command.js';
import { loadCommands } from '../app/commands/index.js';
import { version } from '../app/version.js';
import { addOptions, readInput } from './options.js';
import { createProgress } from './progress.js';

async function main(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Program(PRODUCT)
    .description(
      'Tries changes to a PostgreSQL database on a staging copy, measures them, and hands over what is proved.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', EXIT_CODES);
  for (const command of await loadCommands(argv[2])) {
    const sub = program.command(command.name).description(command.summary).exitOverride();
    addOptions(sub, command);
    sub.option('--json', 'print one JSON document on stdout, progress on stderr');
    sub.option('--check', 'exit with 1 when there are findings or missed targets');
    sub.action(async (...given: unknown[]) => {
      code = await runCommand(command, given.slice(0, command.positional.length) as (string | string[])[], sub.opts());
    });
  }
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    if (thrown.exitCode === 0) return 0;
    // Without a command the help itself is the answer.
    if (thrown.code === 'commander.help') return 2;
    return fail(
      new WizardError('input/invalid', thrown.message.replace(/^error: /, ''), {
        hint: 'See `database-wizard --help`.',
      }),
      argv.includes('--json'),
    );
  }
}

async function runCommand(
  command: Command,
  positional: readonly (string | readonly string[])[],
  flags: Record<string, unknown>,
): Promise<number> {
  const json = flags['json'] === true;
  const abort = new AbortController();
  const stop = (): void => {
    if (abort.signal.aborted) process.exit(ERROR_CODES['run/interrupted'].exit);
    progress.watch({ type: 'note', text: 'stopping and cleaning up; once more ends it at once' });
    abort.abort(
      new WizardError('run/interrupted', 'Stopped by a signal', {
        hint: command.resumes
          ? 'What was done is kept; the next run goes on from there.'
          : 'Run it again; nothing of it is kept.',
      }),
    );
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const out = json ? process.stderr : process.stdout;
  const progress = createProgress(out);
  try {
    const input = readInput(command, positional, flags);
    const output = await command.run(input, { watch: progress.watch, signal: abort.signal, env: process.env });
    progress.end();
    const view = { columns: out.columns ?? 100, colour: out.isTTY === true && !process.env['NO_COLOR'] };
    process.stdout.write(json ? `${JSON.stringify(output, null, 2)}\n` : command.render(output, view));
    if (abort.signal.aborted) return ERROR_CODES['run/interrupted'].exit;
    return (flags['check'] === true || command.alwaysChecks?.(output) === true) && command.failsCheck(output) ? 1 : 0;
  } catch (thrown) {
    progress.end();
    // After an abort every error is the abort.
    return fail(asWizardError(abort.signal.aborted ? abort.signal.reason : thrown), json);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function fail(error: WizardError, json: boolean): number {
  const { code, hint, sqlstate } = error;
  const message = withoutPassword(error.message);
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message, hint, sqlstate } }, null, 2)}\n`);
  process.stderr.write(`error ${code}: ${message}\n${hint ? `  hint: ${hint}\n` : ''}`);
  if (code === 'internal' && process.env['DATABASE_WIZARD_DEBUG'])
    process.stderr.write(`${error.stack ?? ''}\n${(error.cause as Error)?.stack ?? ''}\n`);
  return error.exitCode;
}

/** A connection string that was given where something else is taken is quoted by the error: not with its password. */
function withoutPassword(text: string): string {
  return text
    .replaceAll(/(:\/\/[^\s:/@]*):[^\s@]*@/g, '$1:***@')
    .replaceAll(/(password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s'&]+)/gi, '$1***');
}

const EXIT_CODES = `
Exit codes: 0 fine; 1 findings or missed targets (with --check), or a deployment that stopped or took a step back; 2 bad input; 3 target out of reach or not permitted; 4 internal; 130 stopped by a signal.
Connection strings follow libpq: postgres:// URIs, key=value, PG* variables, .pgpass, service file, sslmode.
`;

// A reader that goes away (`| head`) is no fault, and the output folder is still wanted.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
const code = await main(process.argv);
// Not by waiting: what an abort left under way must not keep the process.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
