import { WizardError } from '../../base/errors.js';
import { formatMs } from '../../base/units.js';
import type { LiveSample } from '../../postgres/read/live.js';
import { toMarks } from '../../postgres/read/live.js';
import type { Connections } from '../connections.js';
import { faultOf } from '../faults.js';
import type { DeploymentRecord, JournalEvent, StepStatus } from '../journal.js';
import type { DeploymentLimits } from '../limits.js';
import type { PlanStep } from '../plan.js';
import { startPatience } from '../wait.js';
import type { Past } from './compare.js';
import { decideStage, type StageDecision, type WithoutFigures } from './decide.js';
import { figuresUpTo } from './figures.js';
import type { LiveLimits } from './limits.js';
import { Watcher, type SteadyClock } from './watch.js';

/** How a deployment is watched. */
export interface Staging {
  /** After each step; 0 does not watch: steps follow each other at once. */
  readonly soakMs: number;
  /** Before the first step, where steps are watched. */
  readonly baselineMs: number;
  readonly withoutFigures: WithoutFigures;
  /** How long what was deployed is to be validated by live figures. */
  readonly validationMs: number;
  readonly limits: LiveLimits;
}

export interface StagesSetting {
  readonly staging: Staging;
  readonly steps: readonly PlanStep[];
  readonly connections: Connections;
  readonly limits: DeploymentLimits;
  readonly clock: SteadyClock;
  readonly signal: AbortSignal;
  readonly record: () => DeploymentRecord;
  readonly append: (event: JournalEvent) => Promise<void>;
  readonly note: (text: string) => void;
  readonly phase: (text: string) => void;
  readonly progress: (text: string, done: number, total: number) => void;
}

/** The watching part of a deployment: figures before, after each step, and at the end. Like the rest it holds nothing that the journal does not say. */
export class Stages {
  readonly #watcher: Watcher;
  #watching = '';
  #statusAtBegin: readonly StepStatus[] = [];

  constructor(private readonly setting: StagesSetting) {
    const { clock, signal, connections, progress } = setting;
    this.#watcher = new Watcher({
      clock,
      signal,
      reader: () => connections.reader(),
      lost: (thrown) => this.#reconnect(thrown),
      progress: (done, total) => progress(this.#watching, done, total),
    });
  }

  /** Takes the figures before the first step. Throws `deploy/no-figures` where steps are to be watched and there are none. */
  async begin(): Promise<void> {
    const { staging, record, append } = this.setting;
    this.#statusAtBegin = record().status;
    const sample = await this.#sample();
    if (sample === null) return;
    if (staging.soakMs > 0 && sample.unknown !== null) this.#tellUnknown(sample.unknown);
    if (record().status.includes('applied')) return;
    const history = figuresUpTo(sample);
    this.#watching = 'watching before the first step';
    if (staging.soakMs > 0) this.setting.phase(`${this.#watching} for ${formatMs(staging.baselineMs)}`);
    const window = staging.soakMs > 0 ? await this.#watcher.window(staging.baselineMs) : null;
    await append({ type: 'before', window, history });
  }

  /** Watches a step that is applied, and decides; null where it is not watched, or was decided earlier. */
  async decide(step: PlanStep): Promise<StageDecision | null> {
    const { record, append, staging, note } = this.setting;
    const earlier = record().decisions[step.number - 1] ?? null;
    // Decided by a start that ended before it was done.
    if (earlier?.choice === 'revert' && record().status[step.number - 1] === 'applied') return earlier;
    const open = record().soak;
    if (open?.step !== step.number) return null;
    this.#watching = `watching after step ${step.number}`;
    this.setting.phase(`${this.#watching} for ${formatMs(open.soakMs)}: ${step.title}`);
    const sample = open.sample ?? toMarks(await this.#watcher.sample());
    if (!open.sample) await append({ type: 'soaking', step: step.number, soakMs: open.soakMs, sample });
    const window = await this.#watcher.window(open.soakMs, sample);
    const question = {
      past: pastOf(record()),
      after: window,
      promised: step.evidence.promised ?? [],
      revertible: step.down.length > 0,
      withoutFigures: staging.withoutFigures,
    };
    const decision = decideStage(question, staging.limits);
    await append({ type: 'decided', step: step.number, decision, window });
    note(`${decision.choice}: step ${step.number}: ${decision.reason}`);
    return decision;
  }

  /** Begins the validation of what is applied, where this start applied or took back anything. */
  async end(): Promise<void> {
    const { record, append, staging } = this.setting;
    const { status, validation } = record();
    const isNew = validation === null || status.some((now, at) => now !== this.#statusAtBegin[at]);
    if (!status.includes('applied') || !isNew) return;
    const sample = await this.#sample();
    if (sample) await append({ type: 'validating', windowMs: staging.validationMs, sample: toMarks(sample) });
  }

  /** Null where nobody asked for figures and they can not be read just now: that is no reason to stop. */
  async #sample(): Promise<LiveSample | null> {
    try {
      return await this.#watcher.sample();
    } catch (thrown) {
      const { staging, signal, note } = this.setting;
      if (staging.soakMs > 0 || signal.aborted) throw thrown;
      note(`live figures can not be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
      return null;
    }
  }

  #tellUnknown(reason: string): void {
    const { staging, note } = this.setting;
    if (staging.withoutFigures === 'refuse') {
      throw new WizardError(
        'deploy/no-figures',
        `Steps are to be watched, and the figures can not be read: ${reason}`,
        {
          hint: 'Nothing was changed by this start. Install pg_stat_statements, or give --without-figures ask (stop after each step) or go.',
        },
      );
    }
    note(
      `figures are unknown: ${reason}; ${staging.withoutFigures === 'ask' ? 'it stops after each step' : 'it goes on without'}`,
    );
  }

  async #reconnect(thrown: unknown): Promise<void> {
    if (faultOf(thrown) !== 'lost') throw thrown;
    const { connections, limits, signal, note } = this.setting;
    note('the connection was lost while watching: connecting again');
    const patience = startPatience(limits.patienceMs, signal);
    for (;;) {
      await connections.drop();
      try {
        await connections.writer();
        return;
      } catch (again) {
        if (faultOf(again) !== 'lost' || !(await patience.wait())) throw again;
      }
    }
  }
}

/** The windows before the step that is watched now; all that was counted before the deployment where there is none. */
export function pastOf({ before, windows, status }: Pick<DeploymentRecord, 'before' | 'windows' | 'status'>): Past {
  const first = before && (before.window ?? before.history);
  return [
    ...(first ? [first] : []),
    ...windows.flatMap((window, at) => (window && status[at] === 'applied' ? [window] : [])),
  ];
}
