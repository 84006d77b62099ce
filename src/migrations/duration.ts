import type { Table } from '../model/catalog.js';
import { descendantsOf, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { Effect } from './effects/effect.js';
import type { Relation } from './relation.js';

/** How long the work under the lock may take, from the sizes of the tables. Estimated. */
export interface DurationEstimate {
  /** Bytes of the heaps that are read or written anew. */
  readonly bytes: number;
  readonly lowMs: number;
  readonly highMs: number;
}

/**
 * Bytes per second, from the slow to the fast side: reading pages and judging their rows, and writing rows anew with their indexes. Rough
 * bounds of our own, not fitted to any machine; where pages come from a disk, or indexes are many, it may be slower than the slow side.
 */
export const RATES = {
  scan: { slow: 25e6, fast: 600e6 },
  rewrite: { slow: 12e6, fast: 120e6 },
};

/** Null where the size of a table is not known: no catalog, or a table that is not in it. */
export function estimateOf({ rewrites, scans }: Effect, context: MigrationContext): DurationEstimate | null {
  if (rewrites.length === 0 && scans.length === 0) return null;
  const written = bytesOf(rewrites, context);
  const read = bytesOf(
    scans.filter((one) => !rewrites.includes(one)),
    context,
  );
  if (written === null || read === null) return null;
  return {
    bytes: written + read,
    lowMs: (written / RATES.rewrite.fast + read / RATES.scan.fast) * 1000,
    highMs: (written / RATES.rewrite.slow + read / RATES.scan.slow) * 1000,
  };
}

function bytesOf(relations: readonly Relation[], context: MigrationContext): number | null {
  let bytes = 0;
  for (const relation of relations) {
    const table = tableOf(context, relation);
    if (!table) return null;
    bytes += sizeOf(table) + descendantsOf(context, table).reduce((sum, part) => sum + sizeOf(part), 0);
  }
  return bytes;
}

/** A partitioned table has no pages of its own. */
function sizeOf({ kind, sizeBytes }: Table): number {
  return kind === 'p' ? 0 : sizeBytes;
}
