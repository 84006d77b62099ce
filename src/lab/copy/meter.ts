import type { CopyPlan, TableToCopy } from './tables.js';

/** How far the rows have come. */
export interface CopyProgress {
  /** `schema.name` of the table that moves, or what else is being done. */
  readonly table: string;
  /** Of tables as they lie on the source's disk. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Of the tables that are complete. */
  readonly rows: number;
}

/** Adds up what moves, and tells at most ten times a second. */
export class Meter {
  readonly #total: number;
  readonly #moving = new Map<TableToCopy, number>();
  #done = 0;
  #rows = 0;
  #toldMs = 0;

  constructor(
    plan: CopyPlan,
    readonly tell: ((progress: CopyProgress) => void) | undefined,
  ) {
    this.#total = plan.tables.reduce((sum, table) => sum + table.sizeBytes, 0);
  }

  moved(table: TableToCopy, bytes: number): void {
    this.#moving.set(table, (this.#moving.get(table) ?? 0) + bytes);
    if (performance.now() - this.#toldMs >= 100) this.#say(table);
  }

  complete(table: TableToCopy, rows: number): void {
    this.#moving.delete(table);
    this.#done += table.sizeBytes;
    this.#rows += rows;
    this.#say(table);
  }

  #say(table: TableToCopy): void {
    this.#toldMs = performance.now();
    const moving = [...this.#moving].reduce((sum, [{ sizeBytes }, bytes]) => sum + Math.min(bytes, sizeBytes), 0);
    this.tell?.({
      table: `${table.schema}.${table.name}`,
      bytesDone: this.#done + moving,
      bytesTotal: this.#total,
      rows: this.#rows,
    });
  }
}
