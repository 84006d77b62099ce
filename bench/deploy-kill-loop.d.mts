import type { ConnectionSettings, Session } from '../src/postgres/session.js';

export interface KillRecord {
  readonly number: number;
  /** Exit code of the killed run: null where the kill came in time. */
  readonly code: number | null;
  /** The last line of the journal before the kill. */
  readonly at: string;
  readonly step: number | null;
  /** Whether the killed run watched after each step. */
  readonly soaks: boolean;
  /** What was ended. */
  readonly kind: string;
  readonly finishes: boolean;
  /** Whether the start after it was killed too: then what it left was not looked at. */
  readonly again: boolean;
  readonly found: readonly string[];
  readonly faults: readonly string[];
}

export const STEPS: readonly {
  readonly title: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
}[];
export function fill(session: Session, rows: number): Promise<void>;
export function killLoop(options: {
  readonly connection: ConnectionSettings;
  readonly folder: string;
  readonly kills: number;
  readonly random: () => number;
  /** No further kill after this moment; none by default. */
  readonly untilMs?: number;
  /** All of them by default. */
  readonly steps?: typeof STEPS;
  readonly say?: (record: KillRecord) => void;
}): Promise<readonly KillRecord[]>;
