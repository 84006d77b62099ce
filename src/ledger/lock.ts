import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { WizardError } from '../base/errors.js';

/**
 * Takes a lock file that names this process; the result lets it go. A lock whose process is gone is taken over.
 * Throws `ledger/locked` when a living process holds it.
 */
export function takeLock(path: string): () => void {
  const mine = `${process.pid}\n${startOf(process.pid) ?? ''}\n`;
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (tryLink(draft, path)) return () => rmSync(path, { force: true });
      const holder = readHolder(path);
      if (holder && isAlive(holder)) {
        throw new WizardError('ledger/locked', `Process ${holder.pid} works in this output folder`, {
          hint: 'Wait for it to end, or give another folder with --out.',
        });
      }
      rmSync(path, { force: true });
    }
    throw new WizardError('ledger/locked', 'Another process keeps taking this output folder', {
      hint: 'Give another folder with --out.',
    });
  } finally {
    rmSync(draft, { force: true });
  }
}

interface Holder {
  readonly pid: number;
  /** Start time of the process in clock ticks; empty where the system does not tell. */
  readonly start: string;
}

/** A hard link is made whole or not at all, on network file systems too. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  }
}

function readHolder(path: string): Holder | null {
  try {
    const [pid = '', start = ''] = readFileSync(path, 'utf8').split('\n');
    return /^\d+$/.test(pid) ? { pid: Number(pid), start } : null;
  } catch {
    return null;
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const start = startOf(holder.pid);
  return start === null || holder.start === '' || start === holder.start;
}

/** Field 22 of /proc/<pid>/stat, which tells a process from a later one with the same number; null elsewhere. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
