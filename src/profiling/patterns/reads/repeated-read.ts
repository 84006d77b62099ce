import { z } from 'zod';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import { NumberTable } from '../../../stats/number-table.js';
import { asksHash } from '../../step.js';
import type { Step } from '../../step.js';
import { named } from '../../words.js';

const READS = Array.from({ length: 120 }, (_, i) => i);

export default definePattern({
  id: 'reads/repeated-read',
  severity: 'info',
  needs: ['times', 'values'],
  docs: {
    what: 'The same read with the same values again and again: what a cache in the program would answer.',
    why: 'An answer that is seconds old is often good enough; each that is kept saves the whole execution and its round trip.',
    limits:
      'Hits are counted as a cache of that time to live would have had them in the span of the log, for all programs together. A hit is stale where a statement of the log wrote to one of its tables meanwhile; ' +
      'writes by functions and triggers are not seen. Of many different reads a sample by hash is followed, and the figures are estimated then.',
    sources: ['Waldspurger et al., "Efficient MRC Construction with SHARDS", FAST 2015'],
    bad: READS.map((n) => `a ${n * 100} duration: 2.0 ms  statement: SELECT name FROM country WHERE id = ${n % 4}`),
    good: READS.map((n) => `a ${n * 100} duration: 2.0 ms  statement: SELECT name FROM country WHERE id = ${n}`),
  },
  options: z.object({
    minCalls: z.number().int().min(1).default(100),
    minHitRate: z.number().min(0).max(1).default(0.5).describe('at a time to live of 60 s'),
  }),
  watch({ minCalls, minHitRate }) {
    const cache = new Cache();
    const writes = new Map<string, LastWrite>();
    const writesTo = (table: string): LastWrite => {
      const known = writes.get(table) ?? { ms: -Infinity };
      writes.set(table, known);
      return known;
    };
    return {
      follow(facts) {
        const { tables, target } = facts;
        if (target !== null) {
          const write = writesTo(target);
          return ({ endMs }) => {
            if (endMs !== null) write.ms = endMs;
          };
        }
        if (!asksHash(facts)) return null;
        const before = tables.map(writesTo);
        let counts: Counts | null = null;
        return (step) => {
          const key = step.hash;
          if (key === null || !cache.isFollowed(key) || step.endMs === null) return;
          counts ??= cache.open(facts, step.line);
          let lastMs = -Infinity;
          for (let i = 0; i < before.length; i += 1) lastMs = Math.max(lastMs, (before[i] as LastWrite).ms);
          cache.read(counts, key, step, lastMs);
        };
      },
      findings: () =>
        [...cache.counts].flatMap(([facts, one]) => {
          const { calls } = one;
          const minute = TTLS.indexOf(60);
          const hits = one.hits[minute] as number;
          const ms = one.ms[minute] as number;
          if (calls * cache.rate < minCalls || hits < minHitRate * calls) return [];
          const provenance = cache.rate === 1 ? ('measured' as const) : ('estimated' as const);
          const row = (what: string, value: number, unit: string) => ({
            what,
            value: Math.round(value * 1000) / 1000,
            unit,
            source: 'log',
            provenance,
          });
          return [
            {
              title: `${Math.round((100 * hits) / calls)} % of the calls would be hits of a cache of 60 s: ${named(facts)}`,
              count: Math.round(hits * cache.rate),
              counted: 'executions saved at 60 s',
              timeMs: Number.isNaN(ms) ? null : ms * cache.rate,
              timeIs: 'in the database, saved at 60 s',
              evidence: TTLS.flatMap((ttl, i) => {
                const [all, stale] = [one.hits[i] as number, one.stale[i] as number];
                return [
                  row(`hit rate at ${ttl} s`, all / calls, 'fraction'),
                  row(`stale among the hits at ${ttl} s`, all === 0 ? 0 : stale / all, 'fraction'),
                ];
              }),
              statements: [facts.text],
              change: 'Keep the answer in the program for as long as it may be old, or pass it on within a request.',
              sql: null,
              line: one.line,
              shapes: [facts],
            },
          ];
        }),
    };
  },
});

/** Seconds. */
const TTLS: readonly number[] = [1, 10, 60, 300];
const TTLS_MS: readonly number[] = TTLS.map((ttl) => ttl * 1000);
/** Reads that are followed at once, of one shape and value each. */
const MAX_ENTRIES = 50_000;

/** When a statement of the log last wrote to a table. */
interface LastWrite {
  ms: number;
}

/** Of a statement's reads; for each time to live. */
interface Counts {
  calls: number;
  readonly hits: Float64Array;
  readonly stale: Float64Array;
  /** NaN for none that was timed. */
  readonly ms: Float64Array;
  readonly line: number;
}

/** A cache that was not there, of a sample of all keys by their hash. */
class Cache {
  /** One key in how many is followed, a power of two; grows with the number of keys. */
  rate = 1;
  readonly counts = new Map<ShapeFacts, Counts>();
  /** When each was loaded last, for each time to live. */
  private readonly loaded = new NumberTable(TTLS.length);

  open(facts: ShapeFacts, line: number): Counts {
    const none = (): Float64Array => new Float64Array(TTLS.length);
    const counts = { calls: 0, hits: none(), stale: none(), ms: none().fill(Number.NaN), line };
    this.counts.set(facts, counts);
    return counts;
  }

  isFollowed(key: number): boolean {
    return (key & (this.rate - 1)) === 0;
  }

  read(counts: Counts, key: number, { endMs, ms }: Step, lastWriteMs: number): void {
    const atMs = endMs ?? 0;
    counts.calls += 1;
    const entry = this.loaded.find(key);
    if (entry === -1) {
      this.loaded.add(key, atMs);
      if (this.loaded.size > MAX_ENTRIES) this.thin();
      return;
    }
    for (let i = 0; i < TTLS_MS.length; i += 1) {
      const since = this.loaded.at(entry, i);
      if (atMs - since > (TTLS_MS[i] as number)) {
        this.loaded.set(entry, i, atMs);
        continue;
      }
      counts.hits[i] = (counts.hits[i] as number) + 1;
      if (ms !== null) counts.ms[i] = (Number.isNaN(counts.ms[i]) ? 0 : (counts.ms[i] as number)) + ms;
      if (lastWriteMs > since) counts.stale[i] = (counts.stale[i] as number) + 1;
    }
  }

  /** Follows half of the keys; what was counted so far is taken for twice the sample. */
  private thin(): void {
    this.rate *= 2;
    this.loaded.keep((key) => this.isFollowed(key));
    for (const counts of this.counts.values()) {
      counts.calls /= 2;
      for (const all of [counts.hits, counts.stale, counts.ms])
        for (let i = 0; i < all.length; i += 1) all[i] = (all[i] as number) / 2;
    }
  }
}
