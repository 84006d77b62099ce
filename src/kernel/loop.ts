import { asWizardError } from '../base/errors.js';
import type { Workload } from '../model/workload.js';
import { loadParser } from '../sql/parse.js';
import { assertLab } from './guards.js';
import { memoryOf } from './memory.js';
import type { LoopOptions, LoopOutcome, LoopPorts } from './run.js';
import { INTERRUPTED } from './stop.js';
import { Turn } from './turn.js';

/**
 * Examine, hypothesise, act, evaluate, decide; again from the accepted state until a stop rule speaks.
 * One change an iteration, nothing but the lab is touched, every acceptance was measured and its revert run.
 * Throws what the ports throw. An abort loses no iteration: after the first examination it ends the run with the reason
 * `interrupted`, whatever the ports throw for it; before, there is nothing to report and it is thrown on.
 */
export async function runLoop(ports: LoopPorts, workload: Workload, options: LoopOptions): Promise<LoopOutcome> {
  assertLab(ports.lab);
  await loadParser();
  const beganMs = ports.clock.nowMs();
  ports.watch({ type: 'phase', phase: 'baseline', text: 'measuring the workload as it is, A against A' });
  const baseline = await ports.lab.baseline(workload);
  const startedMs = options.budgetFrom === 'start' ? beganMs : ports.clock.nowMs();
  const base = await ports.lab.stateHash();
  await ports.ledger.append({
    type: 'run-started',
    at: ports.clock.iso(),
    run: options.run,
    target: options.targetLabel,
    state: base,
  });
  await ports.measured(baseline);
  const leftMs = (): number => options.budgetMs - (ports.clock.nowMs() - startedMs);
  const turn = new Turn(ports, options, { workload, baseline, base, leftMs }, memoryOf(ports.ledger.entries()));
  try {
    await turn.replay();
    await turn.examine();
    for (;;) {
      const stop = turn.stop();
      if (stop) return await turn.finish(stop);
      const next = turn.next();
      if (next) await turn.iterate(next);
    }
  } catch (thrown) {
    if (!ports.signal.aborted || !turn.hasExamined || asWizardError(thrown).code === 'kernel/forbidden') throw thrown;
    return turn.finish(INTERRUPTED);
  }
}
