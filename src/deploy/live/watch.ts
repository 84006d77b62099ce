import { setTimeout as delay } from 'node:timers/promises';
import {
  LiveReader,
  readLivePressure,
  type LiveSample,
  type MarkedSample,
  type Pressure,
} from '../../postgres/read/live.js';
import type { Session } from '../../postgres/session.js';
import { figuresBetween, lookFigures, partMeans, type WindowFigures } from './figures.js';

/** Time that only goes forward. */
export interface SteadyClock {
  /** Milliseconds since some moment: the system's clock being set does not move it. */
  elapsedMs(): number;
  /** Rejects with the signal's reason. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The process's monotonic clock. */
export const STEADY_CLOCK: SteadyClock = {
  elapsedMs: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, { signal });
    } catch (thrown) {
      throw signal.aborted ? signal.reason : thrown;
    }
  },
};

/** What a watch needs. */
export interface WatchSetting {
  readonly clock: SteadyClock;
  readonly signal: AbortSignal;
  /** The reading session: another one after it was lost. */
  readonly reader: () => Promise<Session>;
  /** Called when it was lost; rejects when it can not be had again. */
  readonly lost: (thrown: unknown) => Promise<void>;
  readonly progress: (doneMs: number, totalMs: number) => void;
}

/** Looks at once and then each second until a time is over, the last time at its end. Rejects with the signal's reason. */
export async function forDuration(
  durationMs: number,
  { clock, signal }: Pick<WatchSetting, 'clock' | 'signal'>,
  look: (doneMs: number) => Promise<void>,
): Promise<void> {
  const startedMs = clock.elapsedMs();
  for (;;) {
    const doneMs = Math.min(durationMs, clock.elapsedMs() - startedMs);
    await look(doneMs);
    if (doneMs >= durationMs) return;
    await clock.sleep(Math.min(durationMs - doneMs, LOOK_MS), signal);
  }
}

/** Looks at a target's figures. It counts its own transactions, which all are rolled back, so that they are not taken for errors. */
export class Watcher {
  readonly #live = new LiveReader();
  #own = 0;

  constructor(private readonly setting: WatchSetting) {}

  /** What was counted until now. */
  sample(): Promise<LiveSample> {
    return this.#read((session) => this.#live.sample(session));
  }

  /** Waits for a time while looking once a second, and gives what happened in it. `from` is a sample of before; taken now where there is none. */
  async window(durationMs: number, from: MarkedSample | null = null): Promise<WindowFigures> {
    const { clock, signal, progress } = this.setting;
    await this.#settle();
    // Each rolls back after it has read: what the first sample rolls back falls into the window, what the last one does not.
    const own = this.#own;
    const before = await this.sample();
    const looks: Pressure[] = [];
    const samples = [before];
    await forDuration(durationMs, { clock, signal }, async (doneMs) => {
      progress(doneMs, durationMs);
      if (doneMs > 0) looks.push(await this.#read(readLivePressure));
      if (doneMs < durationMs && doneMs >= (durationMs * samples.length) / PARTS) samples.push(await this.sample());
    });
    const ended = this.#own;
    const after = await this.sample();
    const parts = [...samples.slice(1), after].map((end, at) => partMeans(samples[at] ?? before, end));
    // What an earlier process did of its own is not known: statements count from its sample, transactions from here.
    const start = from ? { ...from, transactions: before.transactions } : before;
    return figuresBetween(start, after, { own: ended - own, looks: lookFigures(looks), parts });
  }

  /** Lets the server count what this session did until now: it reports to the others once a second at the most. */
  async #settle(): Promise<void> {
    await this.#read(readLivePressure);
    await this.setting.clock.sleep(REPORT_MS, this.setting.signal);
    await this.#read(readLivePressure);
  }

  async #read<T>(work: (session: Session) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const session = await this.setting.reader();
        return await work({
          ...session,
          query: (sql, params) => {
            this.#own += 1;
            return session.query(sql, params);
          },
        });
      } catch (thrown) {
        this.setting.signal.throwIfAborted();
        await this.setting.lost(thrown);
      }
    }
  }
}

/** What is seen in each of three parts is no burst; fewer would let one through that covers most of the window. A choice. */
const PARTS = 3;

/** `PGSTAT_MIN_INTERVAL` of the server's `pgstat.c`, and a little. */
const REPORT_MS = 1100;

/** One look costs less than a millisecond; a wait for a lock that clients notice is longer than this. */
const LOOK_MS = 1000;
