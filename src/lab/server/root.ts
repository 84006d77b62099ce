import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { WizardError } from '../../base/errors.js';
import type { Identity } from './identity.js';
import { birthOf, processScope } from './processes.js';

/** Names of the folders that hold a server: `dbwizard-<pid of the wizard>-<random>`. */
export const ROOT_NAME = /^dbwizard-(\d+)-[A-Za-z0-9]{6}$/;

/** The wizard process a folder belongs to, as its owner file says. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  readonly birth: string | null;
  readonly boot: string | null;
  readonly namespace: string | null;
}

/** Makes a new private folder that belongs to this process, under `parent` or the system's temporary folder. */
export function createRoot(identity: Identity, parent: string = tmpdir()): string {
  try {
    const root = mkdtempSync(join(realpathSync(parent), `dbwizard-${process.pid}-`));
    const owner: Owner = { host: hostname(), pid: process.pid, birth: birthOf(process.pid), ...processScope() };
    writeFileSync(join(root, 'owner.json'), JSON.stringify(owner), { mode: 0o600 });
    // Another user has to pass through to its own data folder, which is private in turn.
    if (identity.kind === 'nobody') chmodSync(root, 0o711);
    return root;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code === 'ENOSPC' ? 'lab/disk-full' : 'lab/start';
    throw new WizardError(code, `The lab can not make a folder under ${parent}.`, {
      hint: 'Free some space there, or point TMPDIR at a folder with room.',
      cause: error,
    });
  }
}

/** Who a folder belongs to; null when it does not say (yet). */
export function readOwner(root: string): Owner | null {
  try {
    return JSON.parse(readFileSync(join(root, 'owner.json'), 'utf8')) as Owner;
  } catch {
    return null;
  }
}

/** Whether the process that made a folder is gone for certain: where it can not be told (another machine or container), false. */
export function isOwnerGone(owner: Owner): boolean {
  const scope = processScope();
  if (owner.host !== hostname()) return false;
  if (owner.boot !== scope.boot) return true;
  if (owner.namespace !== scope.namespace) return false;
  const birth = birthOf(owner.pid);
  return birth === null || (owner.birth !== null && birth !== owner.birth);
}

/** Removes a folder whose processes have ended; a file that appears meanwhile is taken as well. */
export function removeRoot(root: string): void {
  rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}
