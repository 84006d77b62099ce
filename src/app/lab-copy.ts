import { randomBytes } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { formatCount } from '../base/units.js';
import type { Watch } from '../kernel/ports.js';
import { copyDatabase } from '../lab/copy/copy.js';
import type { Skipped } from '../model/coverage.js';
import { carryPlanner } from '../postgres/clone/planner.js';
import type { exportPlanner } from '../postgres/clone/planner.js';
import type { ConnectionSettings } from '../postgres/session.js';

/** What is copied, and where to. */
export interface LabCopyOptions {
  readonly source: ConnectionSettings;
  /** The lab's server. */
  readonly lab: ConnectionSettings;
  /** What the source's planner goes by. */
  readonly planner: Awaited<ReturnType<typeof exportPlanner>>;
  /** Most bytes to copy; no limit when not given. */
  readonly budgetBytes?: number;
  readonly signal: AbortSignal;
  readonly watch: Watch;
}

/** Copies a database with its data to a lab under a name of its own, and gives the copy the source's planner. */
export async function copyToLab({
  planner,
  watch,
  ...options
}: LabCopyOptions): Promise<{ readonly database: string; readonly skipped: readonly Skipped[] }> {
  const database = `database_wizard_${randomBytes(4).toString('hex')}`;
  const carried: Skipped[] = [];
  const copied = await copyDatabase({
    ...options,
    database,
    mode: 'data',
    afterData: async (copy) => void carried.push(...(await carryPlanner(copy, planner))),
    onProgress: ({ rows, bytesDone, bytesTotal, table }) =>
      watch({
        type: 'work',
        phase: 'copy',
        text: bytesDone >= bytesTotal ? `${formatCount(rows)} rows copied` : table,
        done: bytesDone,
        total: bytesTotal,
      }),
  });
  return { database, skipped: [...copied.skipped, ...carried] };
}

/** Bytes free where servers of our own keep their data. */
export async function freeLabBytes(): Promise<number> {
  const disk = await statfs(tmpdir());
  return disk.bavail * disk.bsize;
}
