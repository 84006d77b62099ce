import { WizardError } from '../base/errors.js';
import { assertTakenBack, driftFor, foreignChanges, usersLeft } from './changes.js';
import { execute } from './execute.js';
import { drifted, faultOf, gaveUp, listWords, noWayBack, stepFailed, unsettled } from './faults.js';
import type { DeploymentRecord, Ending, JournalEvent } from './journal.js';
import { isDue, replay } from './journal.js';
import { Stages } from './live/stages.js';
import { sessionWords } from './obstacles.js';
import { leftByWaysBack, preparesWithdrawn } from './over-switch.js';
import { statementsOf, toSteps, waitsForUsers, type Direction, type PlanStep } from './plan.js';
import { retryWhileLocked } from '../postgres/locked.js';
import type { OpenTransaction } from '../postgres/read/obstacles.js';
import type { DeploymentSetting } from './setting.js';
import { settle, type Outcome } from './settle.js';
import { readTouched, stateDifferences, type TouchedState } from './state.js';
import { holdersOf, lookAround } from './surroundings.js';
import { startPatience, type Patience } from './wait.js';

/** A deployment under way. It holds nothing that the journal does not say: a kill at any point loses nothing. */
export class Deployment {
  private readonly steps: readonly PlanStep[];
  private readonly stages: Stages;

  /** Throws `internal` where the journal does not know the hash. */
  constructor(private readonly setting: DeploymentSetting) {
    this.steps = toSteps(this.record().changes);
    this.stages = new Stages({
      ...setting,
      steps: this.steps,
      record: () => this.record(),
      append: (event) => this.journal(event),
    });
  }

  /** Applies or takes back every step that is not there yet. Throws `deploy/` codes; what was done stays, and is in the journal. */
  async run(direction: Direction): Promise<Ending> {
    try {
      await this.setting.connections.writer();
      await this.settleOpen();
      const { outcome, detail } = direction === 'up' ? await this.goUp() : await this.goDown();
      await this.journal({ type: 'ended', outcome, detail });
      return outcome;
    } catch (thrown) {
      const detail = thrown instanceof Error ? thrown.message : String(thrown);
      // Where a step is open the next start has to look; the journal must not say that it ended.
      if (this.record().open === null) await this.journal({ type: 'ended', outcome: 'stopped', detail });
      throw thrown;
    }
  }

  private async goUp(): Promise<{ readonly outcome: Ending; readonly detail: string }> {
    await this.endWaysBack();
    await this.stages.begin();
    for (const step of this.steps) {
      if (this.isDue(step, 'up')) await this.runStep(step, 'up');
      const decision = await this.stages.decide(step);
      if (!decision || decision.choice === 'go') continue;
      if (decision.choice === 'revert') {
        await this.runStep(step, 'down');
        await this.endWaysBack();
      }
      await this.stages.end();
      const outcome = decision.choice === 'revert' ? 'withdrawn' : 'stopped';
      return { outcome, detail: `step ${step.number}: ${decision.reason}` };
    }
    await this.stages.end();
    return { outcome: 'deployed', detail: '' };
  }

  private async goDown(): Promise<{ readonly outcome: Ending; readonly detail: string }> {
    for (const step of this.steps.toReversed()) {
      if (!this.isDue(step, 'down')) continue;
      if (step.migration && step.migration.noWayBack !== null) throw noWayBack(step, step.migration.noWayBack);
      await this.runStep(step, 'down');
    }
    await this.tellWhatStays();
    return { outcome: 'reverted', detail: '' };
  }

  /** What went with the way back over a switch has to be taken back to its first step before anything goes up again. */
  private async endWaysBack(): Promise<void> {
    for (const step of leftByWaysBack(this.steps, this.record())) await this.runStep(step, 'down');
  }

  /** Of a migration that was taken back: what is otherwise than before it, as the way back over a switch may leave it, is told. */
  private async tellWhatStays(): Promise<void> {
    if (!this.steps.some(({ migration }) => migration)) return;
    const changes = stateDifferences(this.record().structure, (await this.read()).structure);
    if (changes.length > 0) this.setting.note(`not as before: ${listWords(changes)}`);
  }

  /** Looks what became of a step that an earlier start left open, and takes away what is half there. */
  async settleOpen(): Promise<void> {
    const { open } = this.record();
    const step = open && this.steps[open.step - 1];
    if (!open || !step) return;
    const outcome = await this.conclude(step, open.direction, 0);
    this.setting.note(
      `found: step ${step.number} was being ${open.direction === 'up' ? 'applied' : 'taken back'} when an earlier start ended; ${outcome.note}`,
    );
  }

  private isDue(step: PlanStep, direction: Direction): boolean {
    if (direction === 'up' && preparesWithdrawn(step, this.steps, this.record())) return false;
    return isDue(this.record().status[step.number - 1] ?? 'pending', direction);
  }

  private async runStep(step: PlanStep, direction: Direction): Promise<void> {
    const { setting } = this;
    const patience = startPatience(setting.limits.patienceMs, setting.signal);
    setting.phase(
      `${direction === 'up' ? 'step' : 'taking back step'} ${step.number} of ${this.steps.length}: ${step.title}`,
    );
    for (let attempt = 1; ; attempt += 1) {
      const before = await this.readReady(step, direction, patience);
      const { structure, indexes } = before;
      await this.journal({ type: 'started', step: step.number, direction, attempt, before: { structure, indexes } });
      const startedMs = performance.now();
      try {
        const tookMs = await this.runStatements(step, direction);
        await this.accept(step, direction, before, tookMs);
        return;
      } catch (thrown) {
        if (this.record().open === null) throw thrown;
        const { applied } = await this.concludeAfter(step, direction, thrown);
        if (applied) return;
        setting.signal.throwIfAborted();
        const fault = faultOf(thrown);
        if (fault === 'final') throw stepFailed(step, thrown);
        if (fault === 'lock') patience.spend(performance.now() - startedMs);
        const reason =
          fault === 'lock' ? await holdersOf(this.setting.connections, step, before) : 'the connection was lost';
        await this.retry(step, direction, reason, patience);
      }
    }
  }

  private async runStatements(
    step: PlanStep,
    direction: Direction,
    statements = statementsOf(step, direction),
  ): Promise<number> {
    const { connections, limits, note, progress, signal } = this.setting;
    const [writer, reader] = [await connections.writer(), await connections.reader()];
    return execute({
      writer,
      reader,
      statements,
      settings: step.migration?.settings ?? [],
      expectedMs: this.setting.estimate(step).durationMs,
      limits,
      note,
      progress,
      signal,
      committing: (xid) => this.journal({ type: 'committing', step: step.number, direction, xid }),
    });
  }

  /** The statements ran: what they did is looked at, not taken from their success. */
  private async accept(step: PlanStep, direction: Direction, before: TouchedState, tookMs: number): Promise<void> {
    const after = await this.read();
    const outcome = await this.outcome(step, direction, after, true);
    if (!outcome.applied) {
      throw new WizardError('deploy/failed', `Step ${step.number}, "${step.title}", ran, and ${outcome.note}`);
    }
    await this.remove(step, direction, outcome);
    await this.settled(step, direction, { applied: true, how: 'ran', tookMs, note: null, after: after.structure });
    if (direction === 'down') return assertTakenBack(step, this.record(), after);
    const foreign = foreignChanges(step, before, after);
    if (foreign.length > 0) throw drifted(step, foreign, 'was applied, and the deployment stopped');
  }

  /** After a failure: waits for a server that went away, then looks. On an abort there is little time, and still nothing half applied may stay. */
  private async concludeAfter(step: PlanStep, direction: Direction, thrown: unknown): Promise<Outcome> {
    const { connections, limits, note } = this.setting;
    if (faultOf(thrown) !== 'lost') return this.conclude(step, direction, null);
    note('the connection was lost: connecting again to see what became of the step');
    const patience = startPatience(limits.patienceMs, this.setting.signal);
    for (;;) {
      await connections.drop();
      try {
        await connections.writer();
        return await this.conclude(step, direction, null);
      } catch (again) {
        if (faultOf(again) !== 'lost' || !(await patience.wait())) throw again;
      }
    }
  }

  /** Settles an open step: finds out whether it was applied, removes what it left, and writes that down. */
  private async conclude(step: PlanStep, direction: Direction, tookMs: number | null): Promise<Outcome> {
    // Not the run's own signal: after an abort the step must still be settled.
    const patience = startPatience(this.setting.limits.patienceMs, new AbortController().signal);
    for (;;) {
      try {
        const state = await this.read();
        const found = await this.outcome(step, direction, state);
        if (state.locked !== null) throw new WizardError('deploy/blocked', `${state.locked} is locked by somebody`);
        await this.remove(step, direction, found);
        const outcome = found.halfDropped ? await this.finishDrop(step, direction) : found;
        const { applied, note } = outcome;
        const after = (await this.read()).structure;
        await this.settled(step, direction, {
          applied,
          how: 'found',
          tookMs: tookMs === 0 ? null : tookMs,
          note,
          after,
        });
        return outcome;
      } catch (thrown) {
        const blocked = thrown instanceof WizardError && thrown.code === 'deploy/blocked';
        if (faultOf(thrown) !== 'lock' && !blocked) throw thrown;
        if (!(await patience.wait())) throw unsettled(step, thrown);
      }
    }
  }

  /** A drop that was cut short can only be ended: the index serves no query any more; nor does a partition that is half detached come back. */
  private async finishDrop(step: PlanStep, direction: Direction): Promise<Outcome> {
    const statements = statementsOf(step, direction).map((one) =>
      one.finish === null ? one : { ...one, sql: one.finish },
    );
    await this.runStatements(step, direction, statements);
    return this.outcome(step, direction, await this.read());
  }

  private async remove(step: PlanStep, direction: Direction, { leftovers }: Outcome): Promise<void> {
    const writer = await this.setting.connections.writer();
    for (const { schema, name, oid } of leftovers) {
      await this.journal({ type: 'removing', step: step.number, direction, index: { schema, name, oid } });
      this.setting.note(`removing the invalid index ${schema}.${name} that this deployment left`);
      await writer.removeInvalidIndex({ schema, name, oid }, { lockTimeoutMs: 10_000, statementTimeoutMs: 600_000 });
    }
  }

  /** The state that the step starts from, when nothing is in the way. Throws `deploy/blocked`, `deploy/drift`. */
  private async readReady(step: PlanStep, direction: Direction, patience: Patience): Promise<TouchedState> {
    let users: readonly OpenTransaction[] | null = null;
    for (let told = ''; ;) {
      this.setting.signal.throwIfAborted();
      const state = await this.readUndrifted(step, direction, patience);
      const { transactions, obstacles } = await lookAround(this.setting, step, direction, state);
      // A concurrent statement waits for those, and would leave something behind if it gave up meanwhile.
      users = usersLeft(users, waitsForUsers(statementsOf(step, direction)) ? transactions : []);
      const using = users.map((one) => `${sessionWords(one)} uses its table in an open transaction`);
      const words = [...obstacles.map(({ what }) => what), ...using].join('; ');
      // Read again: who was at work on it during the first reading has ended since, and what they changed shows only now.
      if (words === '') return this.readUndrifted(step, direction, patience);
      if (obstacles.some(({ passes }) => !passes)) throw gaveUp(step, words, 0);
      if (told === '') this.setting.note(`waiting: ${words}`);
      told = words;
      await this.retry(step, direction, words, patience);
    }
  }

  private async retry(step: PlanStep, direction: Direction, reason: string, patience: Patience): Promise<void> {
    const startedMs = performance.now();
    const may = await patience.wait();
    const waitMs = Math.round(performance.now() - startedMs);
    if (!may) throw gaveUp(step, reason, patience.waitedMs());
    await this.journal({ type: 'waited', step: step.number, direction, reason, waitMs });
  }

  /** The state that the step starts from. Throws `deploy/drift` where somebody changed what it touches. */
  private async readUndrifted(step: PlanStep, direction: Direction, patience: Patience): Promise<TouchedState> {
    for (;;) {
      const state = await this.read();
      if (state.locked === null) {
        const changes = driftFor(step, direction, this.record(), state);
        if (changes.length > 0) throw drifted(step, changes, 'was not begun');
        return state;
      }
      await this.retry(step, direction, `${state.locked} is locked in ACCESS EXCLUSIVE mode by somebody`, patience);
    }
  }

  private async read(): Promise<TouchedState> {
    const reader = await this.setting.connections.reader();
    return retryWhileLocked(() => readTouched(reader, this.steps, this.record().tables));
  }

  private async outcome(step: PlanStep, direction: Direction, state: TouchedState, ran = false): Promise<Outcome> {
    const { open } = this.record();
    if (!open) throw new WizardError('internal', `Step ${step.number} is settled already`);
    return settle(await this.setting.connections.reader(), open, statementsOf(step, direction), state, ran);
  }

  private settled(
    step: PlanStep,
    direction: Direction,
    facts: Omit<Extract<JournalEvent, { type: 'settled' }>, 'type' | 'step' | 'direction'>,
  ): Promise<void> {
    return this.journal({ type: 'settled', step: step.number, direction, ...facts });
  }

  private journal(event: JournalEvent): Promise<void> {
    const { journal, target, hash, now } = this.setting;
    return journal.append({ ...event, at: now(), target, hash });
  }

  private record(): DeploymentRecord {
    const { journal, target, hash } = this.setting;
    const record = replay(journal.entries(), target, hash);
    if (!record) throw new WizardError('internal', `The journal knows no deployment ${hash}`);
    return record;
  }
}
