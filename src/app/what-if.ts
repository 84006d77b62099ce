import { startLabServer } from '../lab/server.js';
import { createStatisticsClone } from '../lab/whatif/clone.js';
import type { StatisticsClone } from '../lab/whatif/clone.js';
import type { PlannedStatement } from '../lab/whatif/planner.js';
import type { Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import type { WorkloadStatement } from '../model/workload.js';
import { extractSchema } from '../postgres/extract/extract.js';
import type { Session } from '../postgres/session.js';
import type { Cleanup } from './cleanup.js';
import type { CommandContext } from './command.js';
import { untilAborted } from './interruption.js';
import { boundTexts } from '../sql/parameters.js';

/** What a what-if engine is made of. */
export interface WhatIfSetting {
  readonly wanted: boolean;
  readonly session: Session;
  readonly snapshot: Snapshot;
  readonly context: CommandContext;
  readonly cleanup: Cleanup;
}

/** A statistics clone of a target on a server of our own. Without a workload there is nothing to plan; without a server the advisors fall back on heuristics. */
export async function openWhatIf({
  wanted,
  session,
  snapshot,
  context,
  cleanup,
}: WhatIfSetting): Promise<{ whatIf: StatisticsClone | null; skipped: readonly Skipped[] }> {
  if (!wanted || snapshot.workload.statements.length === 0) return { whatIf: null, skipped: [] };
  try {
    const note = (text: string): void => context.watch({ type: 'note', text });
    // The clone ends with its server, whatever it is asked just then.
    const starting = startLabServer({ major: snapshot.target.major, settings: { shared_buffers: '32MB' }, note });
    const server = await untilAborted(context.signal, starting, (late) => late.stop());
    cleanup.add(() => server.stop());
    const clone = await createStatisticsClone({ server, source: session, schema: await extractSchema(session), note });
    clone.setWorkload(snapshot.workload.statements.map(toPlanned));
    return { whatIf: clone, skipped: clone.skipped };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return {
      whatIf: null,
      skipped: [{ what: 'what-if engine', reason, remedy: 'Indexes are judged by statistics alone.' }],
    };
  }
}

/** Sets the statements that an engine plans. */
export function planOn(clone: StatisticsClone | null): (statements: readonly WorkloadStatement[]) => void {
  return (statements) => clone?.setWorkload(statements.map(toPlanned));
}

/** What the engine plans of a statement: with each of its values, and what runs inside the functions that it calls. */
export function toPlanned({ fingerprint, sql, parameterSets, inside = [] }: WorkloadStatement): PlannedStatement {
  return {
    fingerprint,
    queries: boundTexts(sql, parameterSets),
    inside: inside.flatMap((one) => boundTexts(one.sql, one.parameterSets)),
  };
}
