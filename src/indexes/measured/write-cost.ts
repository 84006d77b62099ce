import { lookupTable, sameRelation } from '../../model/catalog.js';
import type { Catalog, RelationName } from '../../model/catalog.js';
import type { Workload } from '../../model/workload.js';
import { usesOf } from '../candidates/candidates.js';

/** One statement of the workload that writes to a table. */
export interface TableWrite {
  readonly table: RelationName;
  readonly fingerprint: string;
  readonly name: string;
  /** INSERT ... ON CONFLICT counts as an insert, MERGE as an update: which rows went which way nobody counted. */
  readonly kind: 'insert' | 'update' | 'delete';
  /** Columns that an update sets; empty for the others. */
  readonly columns: readonly string[];
  /** Columns that rows which are there may get another value in, whatever the kind. */
  readonly set: readonly string[];
  /** Whether rows may go, whatever the kind. */
  readonly deletes: boolean;
  /** Rows over the observed time. */
  readonly rows: number;
  /** No counter says how many rows it writes, so one a call is assumed. */
  readonly rowsAssumed: boolean;
}

/** The workload's writes, statement by statement. What triggers and cascades write besides is not in it. Needs `loadParser()`. */
export function writesOf(workload: Workload, catalog: Catalog): readonly TableWrite[] {
  return workload.statements.flatMap((statement) =>
    (usesOf(statement, catalog)?.relations ?? []).flatMap((use): TableWrite[] => {
      if (use.role === 'read') return [];
      const table = lookupTable(catalog, use.schema, use.name);
      if (!table) return [];
      const kind = use.role === 'merge' ? 'update' : use.role;
      return [
        {
          table: { schema: table.schema, name: table.name },
          fingerprint: statement.fingerprint,
          name: statement.name,
          kind,
          columns: kind === 'update' ? [...use.written].toSorted() : [],
          set: use.set,
          deletes: use.deletes,
          rows: statement.rows ?? statement.calls,
          rowsAssumed: statement.rows === null,
        },
      ];
    }),
  );
}

/** The writes to one table. */
export function writesTo(writes: readonly TableWrite[], table: RelationName): readonly TableWrite[] {
  return writes.filter((write) => sameRelation(write.table, table));
}

/** Of one row written. */
export interface RowFigures {
  readonly ms: number;
  readonly walBytes: number;
  /** Shared blocks touched. */
  readonly buffers: number;
}

/** A kind of write, measured with the index and without it, turn by turn. */
export interface RowCost {
  /** Rows written on each side. */
  readonly rows: number;
  readonly without: RowFigures;
  readonly with: RowFigures;
}

export interface UpdateCost extends RowCost {
  readonly columns: readonly string[];
  /** How many of the rows stayed on their page without touching any index (heap-only tuples). */
  readonly hotWithout: number;
  readonly hotWith: number;
}

/** What an index costs the writes of its table, measured. */
export interface IndexWriteCost {
  readonly index: string;
  /** On what: rows and table. */
  readonly basis: string;
  readonly inserted: RowCost | null;
  /** VACUUM's work on the deleted rows is in it: a DELETE itself leaves indexes alone. */
  readonly deleted: RowCost | null;
  readonly updated: readonly UpdateCost[];
  /** What could not be measured, and why. */
  readonly unmeasured: readonly string[];
  /** Images of whole pages in the WAL, written after a checkpoint; they make WAL figures larger by chance. */
  readonly fullPageImages: number;
}

/** What an index adds to the writes of the observed time. */
export interface PeriodCost extends RowFigures {
  /** HOT updates that the index takes away. */
  readonly hotUpdatesLost: number;
  /** Measured per row; how many rows there were is assumed for some statement. */
  readonly rowsAssumed: boolean;
  /** Statements whose writes could not be measured. */
  readonly unknown: readonly string[];
}

/** Weighs what was measured per row by the workload's own writes. Time and blocks are not negative: an index does not make a write cheaper, other things did. */
export function periodCost(cost: IndexWriteCost, writes: readonly TableWrite[]): PeriodCost {
  const sum = { ms: 0, walBytes: 0, buffers: 0, hotUpdatesLost: 0 };
  const unknown: string[] = [];
  let rowsAssumed = false;
  for (const write of writes) {
    const measured = costOf(cost, write);
    if (measured === null) {
      unknown.push(write.name);
      continue;
    }
    const added = addedPerRow(measured);
    sum.ms += added.ms * write.rows;
    sum.walBytes += added.walBytes * write.rows;
    sum.buffers += added.buffers * write.rows;
    if ('hotWith' in measured && measured.rows > 0)
      sum.hotUpdatesLost += (Math.max(0, measured.hotWithout - measured.hotWith) / measured.rows) * write.rows;
    rowsAssumed ||= write.rowsAssumed;
  }
  return { ...sum, rowsAssumed, unknown };
}

/** What was measured for a write of this kind; null when it could not be. */
export function costOf(cost: IndexWriteCost, write: Pick<TableWrite, 'kind' | 'columns'>): RowCost | UpdateCost | null {
  if (write.kind === 'insert') return cost.inserted;
  if (write.kind === 'delete') return cost.deleted;
  const key = columnsKey(write.columns);
  return cost.updated.find((one) => columnsKey(one.columns) === key) ?? null;
}

/** With the index less without it, never under 0. Time counts only where more blocks or WAL confirm that there was more to do. */
export function addedPerRow({ with: after, without }: RowCost): RowFigures {
  const walBytes = Math.max(0, after.walBytes - without.walBytes);
  const buffers = Math.max(0, after.buffers - without.buffers);
  const isMore = walBytes > without.walBytes * NOTHING_MORE || buffers > without.buffers * NOTHING_MORE;
  return { ms: isMore ? Math.max(0, after.ms - without.ms) : 0, walBytes, buffers };
}

/** Two tables alike differ by as much where a page more was begun. */
const NOTHING_MORE = 0.01;

/** The sets of columns that updates set, the most rows first. */
export function updatedColumnSets(writes: readonly TableWrite[]): readonly (readonly string[])[] {
  const sets = new Map<string, { readonly columns: readonly string[]; rows: number }>();
  for (const write of writes) {
    if (write.kind !== 'update' || write.columns.length === 0) continue;
    const key = columnsKey(write.columns);
    const known = sets.get(key);
    if (known) known.rows += write.rows;
    else sets.set(key, { columns: write.columns, rows: write.rows });
  }
  return [...sets.values()].toSorted((a, b) => b.rows - a.rows).map((set) => set.columns);
}

function columnsKey(columns: readonly string[]): string {
  return JSON.stringify(columns.toSorted());
}
