import type { WorkloadSummary } from '../../model/measurement.js';
import type { Workload } from '../../model/workload.js';
import { measureBaseline } from './baseline.js';
import type { BaselineMeasurement, BaselineOptions } from './baseline.js';
import { prepareCases } from './cases.js';
import type { CaseOptions } from './cases.js';
import type { Layout } from './layout.js';
import type { LabSessions } from './sessions.js';

/** The accepted state as last measured. */
export interface Accepted extends Omit<BaselineMeasurement, 'failed'> {
  readonly workload: Workload;
  readonly failed: WorkloadSummary['failed'];
}

/** What the accepted state is measured on, and for how long. */
export interface AcceptedContext extends CaseOptions, Omit<BaselineOptions, 'check'> {
  readonly sessions: LabSessions;
  readonly layout: Layout;
  readonly note: (text: string) => void;
}

/** Makes cases of a workload and measures them on two copies of the accepted state. Throws what ends it. */
export async function measureAccepted(context: AcceptedContext, workload: Workload): Promise<Accepted> {
  const { sessions, layout } = context;
  const { before, after } = layout.names;
  await layout.prepareBefore();
  await layout.prepareAfter();
  const prepared = await sessions.within(before, (session) => prepareCases(session, workload, context));
  for (const text of prepared.notes) context.note(text);
  if (prepared.cases.some((one) => one.soils)) layout.soil();
  const options = { ...context, check: () => sessions.checkAborted() };
  const measured = await sessions.within(before, (one) =>
    sessions.within(after, (other) => measureBaseline(one, other, prepared.cases, options)),
  );
  return { ...measured, workload, failed: [...prepared.failed, ...measured.failed] };
}
