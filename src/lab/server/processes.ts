import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** What tells a process from a later one with the same id; null when no such process runs (a zombie does not run). */
export function birthOf(pid: number): string | null {
  if (process.platform === 'linux') return birthFromProc(pid);
  if (process.platform === 'win32') return answers(pid) ? 'unknown' : null;
  return ps(['-o', 'lstart=', '-p', String(pid)]).trim() || null;
}

/** The machine's start and the process-id namespace: outside of both a process id means nothing. Null where unknown. */
export function processScope(): { readonly boot: string | null; readonly namespace: string | null } {
  if (process.platform !== 'linux') return { boot: null, namespace: null };
  return {
    boot: quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    namespace: quietly(() => readlinkSync('/proc/self/ns/pid')),
  };
}

/** Every PostgreSQL process whose data folder is `dataDir`, orphaned backends included (Windows: none). */
export function postgresProcessesIn(dataDir: string): number[] {
  if (process.platform === 'linux') return fromProc(dataDir);
  return process.platform === 'win32' ? [] : fromPs(dataDir);
}

/** Sends a signal; false when there is nobody to take it. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  return quietly(() => process.kill(pid, name)) ?? false;
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** proc(5): field 3 of `stat` is the state, field 22 the start time in clock ticks; field 2 may hold blanks and brackets. */
function birthFromProc(pid: number): string | null {
  const stat = quietly(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return null;
  return fields[19] ?? null;
}

/** A server process keeps its data folder as working folder for life, and `postgres` as the kernel's name of it. */
function fromProc(dataDir: string): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    const cwd = quietly(() => readlinkSync(`/proc/${pid}/cwd`));
    if (cwd !== dataDir && cwd !== `${dataDir} (deleted)`) return false;
    return quietly(() => readFileSync(`/proc/${pid}/comm`, 'utf8'))?.trim() === 'postgres';
  });
}

function fromPs(dataDir: string): number[] {
  const rows = ps(['-axo', 'pid=,ppid=,command='])
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({ pid: Number(match[1]), parent: Number(match[2]), command: match[3] ?? '' }));
  const masters = rows.filter((row) => row.command.includes(`-D ${dataDir}`)).map((row) => row.pid);
  const children = rows.filter((row) => masters.includes(row.parent)).map((row) => row.pid);
  return [...masters, ...children];
}

function ps(args: readonly string[]): string {
  return quietly(() => execFileSync('ps', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) ?? '';
}

function quietly<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
