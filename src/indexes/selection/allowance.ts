/** How much a search may use. */
export interface SearchAllowance {
  /** Milliseconds; null for no limit. */
  readonly timeMs: number | null;
  /** EXPLAINs; null for no limit. */
  readonly plannerCalls: number | null;
  /** Turns of improving and proving, each of a few integer programmes; no limit when not given. */
  readonly turns?: number;
  /** Proved gap (share of the objective) at which it is enough; `GAP_ENOUGH` when not given. */
  readonly gap?: number;
}

/** What a search has used, and whether it has to come to its end. */
export class Allowance {
  readonly #limits: SearchAllowance;
  readonly #now: () => number;
  readonly #signal: AbortSignal | null;
  readonly #startedMs: number;
  #plannerCalls = 0;

  /** `now` gives milliseconds from any fixed instant. */
  constructor(limits: SearchAllowance, now: () => number, signal: AbortSignal | null) {
    this.#limits = limits;
    this.#now = now;
    this.#signal = signal;
    this.#startedMs = now();
  }

  get plannerCalls(): number {
    return this.#plannerCalls;
  }

  get elapsedMs(): number {
    return this.#now() - this.#startedMs;
  }

  /** Null for no limit. */
  get leftMs(): number | null {
    return this.#limits.timeMs === null ? null : Math.max(0, this.#limits.timeMs - this.elapsedMs);
  }

  /** Of the time that is used, 0 to 1; 0 where there is no limit. */
  get timeShare(): number {
    const { timeMs } = this.#limits;
    if (timeMs === null) return 0;
    return timeMs > 0 ? Math.min(1, this.elapsedMs / timeMs) : 1;
  }

  /** Milliseconds until this share (0 to 1) of the time is used up; null where there is no limit. */
  msUntil(share: number): number | null {
    const { timeMs } = this.#limits;
    return timeMs === null ? null : Math.max(0, timeMs * share - this.elapsedMs);
  }

  get turns(): number {
    return this.#limits.turns ?? Number.POSITIVE_INFINITY;
  }

  /** Null for the usual one. */
  get gap(): number | null {
    return this.#limits.gap ?? null;
  }

  /** Adds EXPLAINs that were made. */
  count(plannerCalls: number): void {
    this.#plannerCalls += plannerCalls;
  }

  /** Whether this share (0 to 1) of the time is used up, or the search was called off. */
  isOutOfTime(share: number): boolean {
    const { timeMs } = this.#limits;
    return this.#signal?.aborted === true || (timeMs !== null && this.elapsedMs >= timeMs * share);
  }

  /** Whether this share (0 to 1) of the EXPLAINs or of the time is used up, or the search was called off. */
  isSpent(share = 1): boolean {
    const { plannerCalls } = this.#limits;
    return this.isOutOfTime(share) || (plannerCalls !== null && this.#plannerCalls >= plannerCalls * share);
  }
}
