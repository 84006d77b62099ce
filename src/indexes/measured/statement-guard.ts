/** How much one execution of a statement may take, in the unit of the guard. */
export interface StatementGuard {
  /** Of what it takes without any index: 1.15 is 15 % more. */
  readonly tolerance: number;
  /** What can not be told from nothing. */
  readonly slack: number;
  /** So much more is too little to matter to the workload, as long as it does not come to `CRITICAL_MS` or `MOST_TIMES`; 0 where all counts. */
  readonly small: number;
}

/** The most that one execution may take, by what it takes without any index. */
export function mostOf(bare: number, { tolerance, slack, small }: StatementGuard): number {
  const tolerated = bare * tolerance + slack;
  return small > 0 ? Math.max(tolerated, Math.min(bare + small, bare * MOST_TIMES, CRITICAL_MS)) : tolerated;
}

/** What a read may take of its time without the indexes: a trial's tolerance, the statement guard of the index study (`kernel/thresholds.ts`). */
export const READ_TOLERANCE = 1.15;
/** Milliseconds of one execution that can not be told from nothing: a tenth is what the server's own timing varies by. */
export const SLACK_MS = 0.1;
/** Of the workload's time: a trial lets a statement lose so much before it counts as slower (`kernel/thresholds.ts`). */
export const SMALL_SHARE = 0.01;
/** From this on a statement matters however seldom it runs (`kernel/thresholds.ts`). */
const CRITICAL_MS = 100;
/** However little it is: three times as slow is out of the question. */
const MOST_TIMES = 3;
