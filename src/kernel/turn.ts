import type { ChangeBounds } from '../model/change-bounds.js';
import type { Finding } from '../model/finding.js';
import type { Hypothesis } from '../model/hypothesis.js';
import type { Load } from '../model/load.js';
import type { NoiseFloor, WorkloadSummary } from '../model/measurement.js';
import type { Decision, Iteration, ScorecardRow, Stop } from '../model/run.js';
import type { Snapshot } from '../model/snapshot.js';
import type { Verdict } from '../model/verdict.js';
import type { Workload } from '../model/workload.js';
import { act, isFailure } from './act.js';
import { Backlog } from './backlog.js';
import type { Standing } from './backlog.js';
import { confirm, measureLoad, unconfirmed } from './confirm.js';
import type { Confirmed } from './confirm.js';
import { decide } from './decide.js';
import { escalationFor } from './escalate.js';
import { evaluate, unmeasured } from './evaluate.js';
import { assertMeasured, assertValidated } from './guards.js';
import { hypothesise } from './hypothesise.js';
import { stateAfter } from './memory.js';
import type { RunMemory } from './memory.js';
import type { TrialFailure, TrialMeasurement } from './ports.js';
import type { Baseline, LoopOptions, LoopOutcome, LoopPorts } from './run.js';
import { scorecard } from './scorecard.js';
import { INTERRUPTED, stopReason } from './stop.js';
import { culpritOf, withoutCulprit } from './withdraw.js';

/** Changes that the end of a run may take back, each followed by a measurement of the rest. */
const MOST_WITHDRAWN = 3;

/** Of the time that is left: what a search finds is worth nothing without the trials. */
const SEARCH_SHARE = 0.25;
/** Also where none is left: what the last accepted state still lacks is part of the report. */
const LEAST_SEARCH_MS = 5000;

/** What the first turn begins with. */
interface Beginning {
  readonly workload: Workload;
  readonly baseline: Baseline;
  /** Hash of the unchanged state. */
  readonly base: string;
  /** Of the run's budget, milliseconds; negative once it is used up. */
  readonly leftMs: () => number;
}

/** The state that passes from one iteration to the next. */
export class Turn {
  private state: string;
  private measured: WorkloadSummary;
  private noise: NoiseFloor;
  private storageUsedBytes = 0;
  private readonly history: Iteration[] = [];
  private replayedCount = 0;
  private readonly backlog: Backlog;
  private findingsBefore: readonly Finding[] | null = null;
  private findings: readonly Finding[] = [];
  private snapshot: Snapshot | null = null;
  private columns: Confirmed['columns'] = null;
  private load: Load | null = null;

  private readonly workload: Workload;
  private readonly baseline: Baseline;
  private readonly leftMs: () => number;

  constructor(
    private readonly ports: LoopPorts,
    private readonly options: LoopOptions,
    { workload, baseline, base, leftMs }: Beginning,
    private readonly memory: RunMemory,
  ) {
    this.workload = workload;
    this.baseline = baseline;
    this.leftMs = leftMs;
    this.state = base;
    this.measured = baseline.summary;
    this.noise = baseline.noise;
    this.backlog = new Backlog(memory, options.stopRules);
  }

  private get standing(): Standing {
    return { state: this.state, measured: this.measured, history: this.history };
  }

  private get hasAccepted(): boolean {
    return this.history.some((iteration) => iteration.decision.kind === 'accept');
  }

  get hasExamined(): boolean {
    return this.snapshot !== null;
  }

  /** Takes up what earlier runs accepted from this very state, without trying it again, and measures where that leads. */
  async replay(): Promise<void> {
    for (;;) {
      const accepted = this.memory.acceptedFrom(this.state);
      if (!accepted || this.ports.signal.aborted) break;
      this.ports.watch({ type: 'note', text: `from the ledger: ${accepted.hypothesis.title}` });
      await this.ports.lab.accept(accepted.hypothesis.action, null);
      await this.ports.adopted(accepted.hypothesis, null);
      this.history.push(accepted);
      this.replayedCount += 1;
      this.state = stateAfter(this.state, accepted.hypothesis);
    }
    if (this.replayedCount === 0) return;
    const again = await this.ports.lab.baseline(this.workload);
    this.measured = again.summary;
    this.noise = again.noise;
  }

  async examine(): Promise<void> {
    const { ports } = this;
    ports.watch({ type: 'phase', phase: 'examine', text: 'reading the accepted state' });
    this.snapshot = await ports.examiner.examine(this.workload, this.measured);
    ports.watch({ type: 'phase', phase: 'hypothesise', text: 'asking the advisors and the what-if engine' });
    this.findings = await ports.advisors.examine(this.snapshot, ports.whatIf, this.bounds());
    this.findingsBefore ??= this.findings;
    const basis = { snapshot: this.snapshot, measured: this.measured, whatIf: ports.whatIf };
    this.backlog.refill(await hypothesise(basis, this.findings), this.standing);
  }

  stop(): Stop | null {
    if (this.ports.signal.aborted) return INTERRUPTED;
    if (this.measured.perStatement.length === 0)
      return { reason: 'no-workload', detail: 'no statement of the workload could be measured' };
    return stopReason(
      {
        history: this.history.slice(this.replayedCount),
        scorecard: this.scorecard(),
        waiting: this.backlog.size,
        budgetLeftMs: this.leftMs(),
      },
      this.options.stopRules,
    );
  }

  next(): Hypothesis | null {
    return this.backlog.next(this.history.slice(this.replayedCount));
  }

  async iterate(hypothesis: Hypothesis): Promise<void> {
    const { ports, options } = this;
    const startedAt = ports.clock.iso();
    const startedMs = ports.clock.nowMs();
    ports.watch({ type: 'hypothesis', number: this.history.length + 1, hypothesis, waiting: this.backlog.size - 1 });
    await ports.ledger.append({
      type: 'trial-started',
      at: startedAt,
      run: options.run,
      state: this.state,
      hypothesis,
    });
    const escalation = escalationFor(hypothesis, options.escalation);
    const trial = escalation ? null : await this.tryOut(hypothesis);
    if (ports.signal.aborted) return;
    const verdict: Verdict = trial
      ? evaluate(hypothesis, trial, this.measured, options.thresholds)
      : unmeasured('unverifiable', 'escalated before any trial');
    const measurement = trial && !isFailure(trial) ? trial : null;
    assertMeasured(verdict, measurement);
    const decision: Decision = escalation
      ? { kind: 'escalate', reason: escalation.decisionNeeded, escalation }
      : decide(hypothesis, verdict, {
          storageUsedBytes: this.storageUsedBytes,
          storageBudgetBytes: options.storageBudgetBytes,
          storageAddedBytes: measurement ? measurement.storageBytesAfter - measurement.storageBytesBefore : 0,
        });
    assertValidated(decision, verdict, measurement);
    const iteration: Iteration = {
      number: this.history.length + 1,
      hypothesis,
      verdict,
      decision,
      statements: measurement?.statements ?? [],
      stateBefore: this.state,
      startedAt,
      durationMs: ports.clock.nowMs() - startedMs,
      applyMs: measurement?.applyMs ?? null,
    };
    await this.conclude(iteration, measurement);
  }

  async finish(stop: Stop): Promise<LoopOutcome> {
    const { together, columns } = await this.confirmAll(stop);
    if (columns) {
      this.columns = columns;
      this.load = await measureLoad(this.ports, this.options.clients);
    }
    await this.ports.ledger.append({
      type: 'run-stopped',
      at: this.ports.clock.iso(),
      run: this.options.run,
      reason: stop.reason,
    });
    if (!this.snapshot) throw new Error('the loop ended before its first examination');
    return {
      stop,
      iterations: this.history,
      replayed: this.replayedCount,
      before: this.columns?.before ?? this.baseline.summary,
      after: this.columns?.after ?? this.measured,
      together,
      load: this.load,
      noise: this.noise,
      findingsBefore: this.findingsBefore ?? [],
      findingsAfter: this.findings,
      untried: this.backlog.untried(stop),
      scorecard: this.scorecard(),
      snapshot: this.snapshot,
    };
  }

  private async confirmAll(stop: Stop): Promise<Confirmed> {
    const { ports, options } = this;
    if (stop.reason === 'interrupted') return unconfirmed('unverifiable', 'the run was stopped before it was measured');
    if (!this.hasAccepted) return unconfirmed('none', 'nothing was accepted');
    ports.watch({ type: 'phase', phase: 'evaluate', text: 'all accepted changes together, against the beginning' });
    for (let withdrawn = 0; ; withdrawn += 1) {
      const confirmed = await confirm(ports.lab, { noise: this.noise, thresholds: options.thresholds });
      const { verdict, reason } = confirmed.together;
      ports.watch({ type: 'note', text: `together: ${verdict}, ${reason}` });
      const culprit = withdrawn < MOST_WITHDRAWN ? culpritOf(confirmed.slower, this.history) : null;
      if (!culprit || ports.signal.aborted || !(await this.withdraw(culprit, reason))) return confirmed;
      if (!this.hasAccepted) {
        this.measured = this.baseline.summary;
        return unconfirmed('none', 'what was accepted was withdrawn in the end');
      }
    }
  }

  /** Takes an accepted change back that all changes together refute: alone it was never measured beyond tolerance. False where it can not be taken back. */
  private async withdraw(culprit: Iteration, because: string): Promise<boolean> {
    const { ports, options } = this;
    const { hypothesis } = culprit;
    const failed = await ports.lab.withdraw(hypothesis.action);
    if (failed) {
      ports.watch({ type: 'note', text: `"${hypothesis.title}" can not be withdrawn: ${failed.failure}` });
      return false;
    }
    ports.watch({ type: 'note', text: `withdrawn: ${hypothesis.title}` });
    const { history, entries, state } = withoutCulprit(this.history, culprit, because, {
      at: ports.clock.iso(),
      run: options.run,
    });
    this.history.splice(0, this.history.length, ...history);
    for (const entry of entries) await ports.ledger.append(entry);
    if (!this.findings.includes(hypothesis.finding)) this.findings = [...this.findings, hypothesis.finding];
    this.state = state;
    return true;
  }

  private async tryOut(hypothesis: Hypothesis): Promise<TrialMeasurement | TrialFailure> {
    this.ports.watch({ type: 'phase', phase: 'act', text: hypothesis.title });
    return act(this.ports.lab, hypothesis, this.workload);
  }

  private async conclude(iteration: Iteration, trial: TrialMeasurement | null): Promise<void> {
    const { ports, options } = this;
    const accepted = iteration.decision.kind === 'accept' && trial !== null;
    if (accepted) {
      await ports.lab.accept(iteration.hypothesis.action, trial);
      await ports.adopted(iteration.hypothesis, trial);
      this.measured = trial.workloadAfter;
      this.storageUsedBytes += Math.max(0, trial.storageBytesAfter - trial.storageBytesBefore);
    }
    const after = accepted ? stateAfter(this.state, iteration.hypothesis) : this.state;
    await ports.ledger.append({
      type: 'iteration',
      at: ports.clock.iso(),
      run: options.run,
      iteration,
      stateAfter: after,
    });
    this.history.push(iteration);
    this.state = after;
    ports.watch({ type: 'iteration', iteration, workload: this.measured });
    if (accepted) await this.examine();
    else this.backlog.reorder(this.standing);
  }

  /** What is left of the storage and the time, and what was tried for nothing: another search need not find it again. */
  private bounds(): ChangeBounds {
    const { storageBudgetBytes } = this.options;
    return {
      storageBytes: storageBudgetBytes === null ? null : Math.max(0, storageBudgetBytes - this.storageUsedBytes),
      refuted: this.history.flatMap(({ hypothesis, decision }) =>
        decision.kind === 'reject' && hypothesis.action.index ? [hypothesis.action.index] : [],
      ),
      searchMs: Math.max(LEAST_SEARCH_MS, this.leftMs() * SEARCH_SHARE),
    };
  }

  private scorecard(): readonly ScorecardRow[] {
    return scorecard({
      before: this.columns?.before ?? this.baseline.summary,
      after: this.columns?.after ?? this.measured,
      load: this.load,
      findings: this.findings,
      connectMs: this.options.connectMs,
      replicaLagSeconds: this.options.replicaLagSeconds,
      thresholds: this.options.thresholds,
    });
  }
}
