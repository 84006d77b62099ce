import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { endNow } from './ending.js';
import { birthOf } from './processes.js';
import { ROOT_NAME, isOwnerGone, readOwner, removeRoot } from './root.js';

/** How long a folder may be without an owner file before its maker counts as killed in between. */
const OWNERLESS_MS = 60_000;

/**
 * Ends the servers and removes the folders of wizard processes which no longer run, in the temporary folders and in
 * `parents`; gives the number of folders removed. What belongs to another user or another machine is left alone.
 */
export async function sweepAbandonedServers(...parents: readonly string[]): Promise<number> {
  let swept = 0;
  for (const root of candidates([tmpdir(), '/tmp', ...parents])) {
    endNow(join(root, 'data'));
    removeRoot(root);
    swept += 1;
  }
  return swept;
}

function candidates(parents: readonly string[]): string[] {
  const folders = new Set(parents.flatMap((parent) => quietly(() => [realpathSync(parent)]) ?? []));
  return [...folders].flatMap((folder) =>
    (quietly(() => readdirSync(folder)) ?? [])
      .filter((name) => ROOT_NAME.test(name) && isAbandoned(join(folder, name), Number(ROOT_NAME.exec(name)?.[1])))
      .map((name) => join(folder, name)),
  );
}

function isAbandoned(root: string, pidInName: number): boolean {
  const stats = quietly(() => lstatSync(root));
  if (stats === null || !isOurs(stats)) return false;
  const owner = readOwner(root);
  if (owner !== null) return isOwnerGone(owner);
  return birthOf(pidInName) === null && Date.now() - stats.mtimeMs > OWNERLESS_MS;
}

function isOurs(stats: Stats): boolean {
  return stats.isDirectory() && (process.getuid === undefined || stats.uid === process.getuid());
}

function quietly<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
