import { oncePer } from '../../base/once-per.js';
import { createIndexSql } from '../../model/action.js';
import type { IndexSpec } from '../../model/action.js';
import type { IndexLayout } from './index-layout.js';

/** A candidate index which exists on the clone and is hidden unless asked for. */
export interface ShelvedIndex {
  /** As it was asked for, under the asker's name. */
  readonly spec: IndexSpec;
  /** The index, and on a partitioned table those of its partitions. */
  readonly oids: readonly number[];
  /** The tables whose indexes change with it, all partitions included. */
  readonly heaps: readonly number[];
  /** Names on the clone; a plan shows them. */
  readonly names: readonly string[];
  readonly pages: number;
  readonly rows: number;
}

/** An index that was just created, of no size yet. */
export interface CreatedIndex extends Omit<ShelvedIndex, 'pages' | 'rows'> {
  /** Of those that store rows. */
  readonly layouts: readonly IndexLayout[];
}

/** The same index under any name. Made once for each object: every question compares hundreds of them. */
export const indexKey = oncePer((spec: IndexSpec): string =>
  createIndexSql({ ...spec, name: 'x' }, { concurrently: false }),
);

/** The name of a hidden index on the clone. */
export function shelvedName(oid: number): string {
  return `wizard_shelf_${oid}`;
}

/** Finds such names in a plan's shape. */
export const SHELVED_NAME = /wizard_shelf_\d+/g;
