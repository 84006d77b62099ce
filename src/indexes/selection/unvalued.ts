import { sameRelation } from '../../model/catalog.js';
import type { IndexSpec } from '../../model/action.js';
import type { WhatIfSize } from '../../model/what-if.js';
import type { Workload } from '../../model/workload.js';
import { bareKey } from '../candidates/btree-candidates.js';
import type { Candidate } from '../candidates/candidates.js';

/** An index that the estimating search can not value, because no plan shows its use: measuring decides. */
export interface UnvaluedIndex {
  readonly spec: IndexSpec;
  /** `estimated`. */
  readonly sizeBytes: number;
  /** Fingerprints of the statements that it is thought of for, those that took most time first. */
  readonly for: readonly string[];
}

/** What unvalued candidates are picked by. */
export interface UnvaluedBasis {
  readonly workload: Workload;
  /** Of the candidates, in their order. */
  readonly sizes: readonly WhatIfSize[];
  /** Indexes that are measured anyway. */
  readonly chosen: readonly IndexSpec[];
  /** For the unvalued ones together; null for no limit. */
  readonly storageBytes: number | null;
}

/**
 * Picks the foreign-key candidates worth measuring beside a chosen set: those of the statements that took most time as measured
 * (checks and cascades are in it), as many as fit the storage and the time that building takes; none that a chosen index serves as well.
 */
export function pickUnvalued(candidates: readonly Candidate[], basis: UnvaluedBasis): readonly UnvaluedIndex[] {
  const times = new Map(
    basis.workload.statements.map(({ fingerprint, calls, meanMs }) => [fingerprint, calls * (meanMs ?? 0)]),
  );
  const time = (fingerprint: string): number => times.get(fingerprint) ?? 0;
  const total = (one: UnvaluedIndex): number => one.for.reduce((sum, fingerprint) => sum + time(fingerprint), 0);
  const usable = candidates.flatMap(({ spec, for: statements }, at): readonly UnvaluedIndex[] => {
    const size = basis.sizes[at];
    if (size === undefined || size.refused !== undefined || basis.chosen.some((one) => servesAsWell(one, spec)))
      return [];
    return [{ spec, sizeBytes: size.sizeBytes, for: statements.toSorted((a, b) => time(b) - time(a)) }];
  });
  const picked: UnvaluedIndex[] = [];
  let leftBytes = basis.storageBytes ?? Number.POSITIVE_INFINITY;
  for (const one of usable.toSorted((a, b) => total(b) - total(a))) {
    if (picked.length >= MOST_UNVALUED) break;
    if (one.sizeBytes > leftBytes) continue;
    leftBytes -= one.sizeBytes;
    picked.push(one);
  }
  return picked;
}

/** Each is built, and measured with the statements that may use it. */
const MOST_UNVALUED = 8;

/** A whole btree whose leading columns are those wanted, in any order. */
function servesAsWell(one: IndexSpec, wanted: IndexSpec): boolean {
  const leading = one.keys.slice(0, wanted.keys.length).map(bareKey);
  return (
    one.method === 'btree' &&
    one.where === null &&
    sameRelation(one.table, wanted.table) &&
    wanted.keys.every((key) => leading.includes(bareKey(key)))
  );
}
