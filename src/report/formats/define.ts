import type { ReportFile } from '../migrations.js';

/** One proved change, or one step of a plan, as it is handed over to a tool that runs migrations. */
export interface HandedChange {
  /** What it does; names of files are made of it. */
  readonly title: string;
  /** Why, with figures: lines of a comment. */
  readonly words: readonly string[];
  /** Settings that hold for the statements, e.g. `SET search_path = ...`. */
  readonly prologue: readonly string[];
  readonly up: readonly string[];
  /** Null: there is no way back, see `noWayBack`. Empty: nothing to run. */
  readonly down: readonly string[] | null;
  readonly noWayBack: string | null;
  readonly transactional: boolean;
  readonly downTransactional: boolean;
  readonly lockTimeoutMs: number;
}

/** The folder of a tool as it is now. */
export interface FormatFolder {
  /** Contents by path within, `/` between. */
  readonly files: ReadonlyMap<string, string>;
  /** In UTC it names files of tools that count by time. */
  readonly now: Date;
}

export interface FormatOutput {
  readonly files: readonly FormatFile[];
  /** What the reader has to know or to do; each a sentence. */
  readonly notes: readonly string[];
}

/** A file to write. `appends` is true for a tool's list of its migrations, which grows; no other file is ever there before. */
export interface FormatFile extends ReportFile {
  readonly appends?: boolean;
}

/** How one tool wants its migrations. */
export interface MigrationFormat {
  readonly id: string;
  readonly docs: {
    readonly what: string;
    /** The tool's way to run what may not run inside a transaction. */
    readonly outsideTransaction: string;
    readonly sources: readonly string[];
  };
  /** Changes that are in the folder already are not given. */
  write(changes: readonly HandedChange[], folder: FormatFolder): FormatOutput;
}

/** Gives a format its type. */
export function defineFormat(format: MigrationFormat): MigrationFormat {
  return format;
}
