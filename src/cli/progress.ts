import type { WriteStream } from 'node:tty';
import { formatPercent } from '../base/units.js';
import type { Progress, Watch } from '../kernel/ports.js';
import type { Iteration } from '../model/run.js';
import { totalWords } from '../report/words.js';

/** Shows what goes on: a living line on a terminal, plain lines elsewhere. */
export interface ProgressView {
  readonly watch: Watch;
  /** Clears the living line. */
  end(): void;
}

/** A view on a stream; colour and the living line only on a terminal without NO_COLOR. */
export function createProgress(stream: WriteStream): ProgressView {
  const living = stream.isTTY === true;
  const paint = living && !process.env['NO_COLOR'] ? colours : plain;
  const startedMs = Date.now();
  let shown = false;
  let lastWork = '';
  let toldMs = startedMs;
  const clear = (): void => {
    if (shown) stream.write('\r\u001B[2K');
    shown = false;
  };
  const line = (text: string): void => {
    clear();
    stream.write(`${text}\n`);
    toldMs = Date.now();
  };
  const live = (text: string): void => {
    clear();
    stream.write(fit(`${paint.dim(clockText(startedMs))} ${text}`, (stream.columns ?? 80) - 1));
    shown = true;
  };
  return {
    end: clear,
    watch(progress) {
      if (progress.type === 'work') {
        const share = progress.total > 0 ? progress.done / progress.total : 0;
        const text = `${progress.phase}: ${progress.text} ${formatPercent(Math.min(1, share))}`;
        if (living) live(`${bar(share)} ${text}`);
        else if (progress.done >= progress.total && progress.text !== lastWork)
          line(`${clockText(startedMs)} ${progress.phase}: ${progress.text}`);
        else if (progress.done < progress.total && Date.now() - toldMs >= QUIET_MS)
          line(`${clockText(startedMs)} ${text}`);
        lastWork = progress.done >= progress.total ? progress.text : lastWork;
        return;
      }
      if (progress.type === 'phase' && living && (progress.phase === 'act' || progress.phase === 'evaluate'))
        return live(`${progress.phase}: ${progress.text}`);
      for (const text of describe(progress, paint)) line(`${paint.dim(clockText(startedMs))} ${text}`);
    },
  };
}

/** Without a terminal long work is told of again after so much silence: a log that is followed shows that it goes on. */
const QUIET_MS = 15_000;

function describe(progress: Exclude<Progress, { type: 'work' }>, paint: Paint): readonly string[] {
  switch (progress.type) {
    case 'phase':
      return [`${paint.bold(progress.phase.padEnd(11))} ${progress.text}`];
    case 'note':
      return [`${' '.repeat(11)} ${paint.dim(progress.text)}`];
    case 'hypothesis': {
      const { prediction } = progress.hypothesis;
      const foreseen =
        prediction.workloadRatio === null
          ? `unknown: ${prediction.basis}`
          : `workload x${prediction.workloadRatio.toFixed(2)} (estimated, ${prediction.basis})`;
      return [
        '',
        `${paint.bold(`#${progress.number}`.padEnd(11))} ${paint.bold(progress.hypothesis.title)}`,
        `${' '.repeat(11)} because    ${progress.hypothesis.finding.title}`,
        `${' '.repeat(11)} predicted  ${foreseen}; ${progress.waiting} more waiting`,
      ];
    }
    case 'iteration':
      return describeIteration(progress.iteration, totalWords(progress.workload), paint);
  }
}

function describeIteration(iteration: Iteration, workloadTime: string, paint: Paint): readonly string[] {
  const { verdict, decision } = iteration;
  const indent = ' '.repeat(11);
  const badge = { accept: paint.green('ACCEPTED'), reject: paint.red('REJECTED'), escalate: paint.yellow('ESCALATED') }[
    decision.kind
  ];
  const effect = verdict.effect
    ? `measured   ${decision.kind === 'reject' ? decision.reason : verdict.reason}`
    : `measured   nothing: ${decision.reason}`;
  return [
    `${indent} ${effect}`,
    `${indent} decision   ${badge}${decision.kind === 'accept' ? `, gain ${formatPercent(verdict.gain)}` : ''}; workload now ${workloadTime}`,
  ];
}

interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
}

const plain: Paint = { bold: String, dim: String, green: String, red: String, yellow: String };

const sgr =
  (on: number, off: number) =>
  (text: string): string =>
    `\u001B[${on}m${text}\u001B[${off}m`;

const colours: Paint = { bold: sgr(1, 22), dim: sgr(2, 22), green: sgr(32, 39), red: sgr(31, 39), yellow: sgr(33, 39) };

function bar(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * 16);
  return `${'━'.repeat(full)}${'─'.repeat(16 - full)}`;
}

function clockText(startedMs: number): string {
  const seconds = Math.floor((Date.now() - startedMs) / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`;
}

/** Cuts at the terminal's width; colour codes take no room. */
function fit(text: string, columns: number): string {
  let width = 0;
  let out = '';
  for (const part of text.split(COLOUR_CODE)) {
    if (part.startsWith('\u001B')) {
      out += part;
      continue;
    }
    out += part.slice(0, Math.max(0, columns - width));
    width += part.length;
  }
  return out;
}

/** Split keeps the codes, since they are in parentheses. */
const COLOUR_CODE = new RegExp(`(${String.fromCodePoint(0x1b)}\\[\\d+m)`);
