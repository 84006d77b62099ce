import type { Assessment } from '../../deploy/live/assess.js';
import type { StageDecision } from '../../deploy/live/decide.js';
import type { WindowFigures } from '../../deploy/live/figures.js';
import type { ReportedAssessment, ReportedDecision, ReportedWindow } from '../../report/deploy/live-schema.js';

/** For a document: lists that it may keep. */
export function toAssessment(assessment: Assessment): ReportedAssessment {
  return { ...assessment, statements: assessment.statements.map((one) => ({ ...one })) };
}

/** The same of a decision; the window null where the journal has none any more. */
export function toDecision(decision: StageDecision, window: WindowFigures | null): ReportedDecision {
  const { choice, verdict, reason, assessment, limits } = decision;
  return {
    choice,
    verdict,
    reason,
    assessment: toAssessment(assessment),
    limits: { ...limits },
    window: window && toWindow(window),
  };
}

/** A window without its statements, which are in what was made of it. */
export function toWindow(window: WindowFigures): ReportedWindow {
  const { from, to, statements, unknown, incomplete, hidden, transactions, looks } = window;
  return { from, to, statements: statements && statements.length, unknown, incomplete, hidden, transactions, looks };
}
