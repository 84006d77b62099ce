import type { z } from 'zod';
import type { Watch } from '../kernel/ports.js';

/** `read` touches nothing; `lab` changes staging copies only; `production` may write to a target. */
export type CommandEffect = 'read' | 'lab' | 'production';

/** What a face gives to a command beside its input. */
export interface CommandContext {
  readonly watch: Watch;
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
}

/** How wide and how bare the text for people is. */
export interface View {
  readonly columns: number;
  readonly colour: boolean;
}

/** One use case. CLI flags, and later tools for agents and HTTP routes, are derived from `input`. */
export interface Command<Input extends z.ZodObject = z.ZodObject, Output = unknown> {
  readonly name: string;
  readonly summary: string;
  readonly effect: CommandEffect;
  /** Whether a run that was stopped leaves something that the next one goes on from. */
  readonly resumes?: boolean;
  /** Keys of `input` that are given by position, in this order. */
  readonly positional: readonly (keyof z.input<Input> & string)[];
  /** Each field described; `url` fields hold connection strings and are never shown. */
  readonly input: Input;
  /** Of the JSON document that `--json` prints. */
  readonly output: z.ZodType<Output>;
  run(input: z.output<Input>, context: CommandContext): Promise<Output>;
  /** For a person. */
  render(output: Output, view: View): string;
  /** Whether what fails the check is exit code 1 also without `--check`. */
  alwaysChecks?(output: Output): boolean;
  /** Whether `--check` should fail (exit code 1). */
  failsCheck(output: Output): boolean;
}

/** Gives a command its types. */
export function defineCommand<Input extends z.ZodObject, Output>(
  command: Command<Input, Output>,
): Command<Input, Output> {
  return command;
}
