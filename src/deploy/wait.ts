import { setTimeout as delay } from 'node:timers/promises';

/** Waits that grow, each spread by half so that two who wait for the same do not meet again. */
export interface Patience {
  /** Waits before another attempt; false when the patience is used up. Rejects with the signal's reason. */
  wait(): Promise<boolean>;
  /** Counts time that an attempt spent waiting. */
  spend(ms: number): void;
  /** Milliseconds waited so far. */
  waitedMs(): number;
}

/** The first wait is about 200 ms, the longest 5 s. */
const FIRST_MS = 200;
const MOST_MS = 5000;

/** A patience of that many milliseconds. Time spent working does not count. */
export function startPatience(totalMs: number, signal: AbortSignal): Patience {
  let spentMs = 0;
  let nextMs = FIRST_MS;
  return {
    waitedMs: () => spentMs,
    spend: (ms) => void (spentMs += ms),
    async wait() {
      const leftMs = totalMs - spentMs;
      if (leftMs <= 0) return false;
      const ms = Math.min(leftMs, nextMs * (0.5 + Math.random()));
      await pause(ms, signal);
      spentMs += ms;
      nextMs = Math.min(MOST_MS, nextMs * 1.5);
      return true;
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    throw thrown;
  }
}
