import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { TargetPressure } from '../postgres/read/obstacles.js';

/** Free bytes on the volume of the server's data; null with the reason where that can not be known from here. */
export async function freeBytes(
  pressure: Pick<TargetPressure, 'dataDirectory' | 'defaultTablespace' | 'port' | 'serverStartedAtSeconds'>,
): Promise<{ readonly bytes: number | null; readonly reason: string }> {
  const { dataDirectory } = pressure;
  if (dataDirectory === null) return { bytes: null, reason: 'the role may not see where the server keeps its data' };
  if (!pressure.defaultTablespace) return { bytes: null, reason: 'new indexes go to a tablespace of their own' };
  if (!(await isHere(dataDirectory, pressure))) return { bytes: null, reason: 'the server runs on another machine' };
  const volumes = await Promise.all([dataDirectory, join(dataDirectory, 'pg_wal')].map((path) => statfs(path)));
  return {
    bytes: Math.min(...volumes.map(({ bavail, bsize }) => bavail * bsize)),
    reason: 'the server’s data directory is on this machine',
  };
}

/** The same path may exist on two machines: port and start time in `postmaster.pid` (lines 4 and 3) tell this server from another. */
async function isHere(
  folder: string,
  { port, serverStartedAtSeconds }: Pick<TargetPressure, 'port' | 'serverStartedAtSeconds'>,
): Promise<boolean> {
  try {
    const lines = (await readFile(join(folder, 'postmaster.pid'), 'utf8')).split('\n');
    // Written a moment before the time that the server itself reports.
    return Number(lines[3]) === port && Math.abs(Number(lines[2]) - serverStartedAtSeconds) <= 5;
  } catch {
    return false;
  }
}
