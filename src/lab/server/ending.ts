import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { pidFile } from './process.js';
import { birthOf, postgresProcessesIn, signal } from './processes.js';

const QUIT_MS = 1000;
const KILL_MS = 2000;
const POLL_MS = 5;

/**
 * Ends every process of the server on `dataDir` before it returns, gently first, and removes the shared memory that a
 * killed one leaves. Blocks for at most three seconds; does nothing when nothing runs.
 */
export function endNow(dataDir: string): void {
  const file = pidFile(dataDir);
  if (process.platform === 'win32') {
    if (file && birthOf(file.pid) !== null) spawnSync('taskkill', ['/PID', String(file.pid), '/T', '/F']);
    return;
  }
  const running = postgresProcessesIn(dataDir);
  // An immediate shutdown of the postmaster takes its children and the shared memory along.
  const first = file && running.includes(file.pid) ? [file.pid] : running;
  for (const pid of first) signal(pid, 'SIGQUIT');
  waitUntilEmpty(dataDir, QUIT_MS, () => undefined);
  waitUntilEmpty(dataDir, KILL_MS, (pid) => signal(pid, 'SIGKILL'));
  if (file && process.platform === 'linux') removeSharedMemory(file);
}

function waitUntilEmpty(dataDir: string, limitMs: number, each: (pid: number) => unknown): void {
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const deadline = Date.now() + limitMs;
  for (let left = postgresProcessesIn(dataDir); left.length > 0; left = postgresProcessesIn(dataDir)) {
    for (const pid of left) each(pid);
    if (Date.now() > deadline) return;
    Atomics.wait(clock, 0, 0, POLL_MS);
  }
}

/** The small System V segment that guards a data folder outlives a SIGKILL; it goes only when it is that postmaster's and unused. */
function removeSharedMemory(file: { pid: number; sharedMemory: string }): void {
  const [key, id] = file.sharedMemory.split(/\s+/);
  if (!key || !id) return;
  for (const line of segmentLines()) {
    const [lineKey, lineId, , , creator, , attached] = line.trim().split(/\s+/);
    if (lineKey === key && lineId === id && creator === String(file.pid) && attached === '0') {
      spawnSync('ipcrm', ['-m', id], { stdio: 'ignore' });
    }
  }
}

function segmentLines(): string[] {
  try {
    return readFileSync('/proc/sysvipc/shm', 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}
