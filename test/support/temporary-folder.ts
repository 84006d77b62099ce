import { readFileSync, statfsSync } from 'node:fs';

/** Free in that folder and of the machine's memory: a new server takes 40 MB, three workers have a server or two each, and some tests fill theirs with hundreds of MB. */
const ROOM_BYTES = 8 * 1024 ** 3;
const MEMORY_FOLDER = '/dev/shm';

/**
 * Where the servers of tests keep their data: in memory, where Linux has room for that and nobody named a place with TMPDIR. Making a server and a database there takes
 * a quarter of the system's time that ext4 takes. Empty where the system's own temporary folder has to do.
 */
export function temporaryFolder(): { readonly TMPDIR?: string } {
  if (process.env['TMPDIR'] || !holdsPrograms() || process.availableMemory() < ROOM_BYTES) return {};
  const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
  return bavail * bsize < ROOM_BYTES ? {} : { TMPDIR: MEMORY_FOLDER };
}

/** Whether it is there and programs may run in it: some tests put a server's programs into their folder. */
function holdsPrograms(): boolean {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8').split('\n');
    const options = mounts.map((line) => line.split(' ')).find(([, folder]) => folder === MEMORY_FOLDER)?.[3];
    return options !== undefined && !/\b(noexec|ro)\b/.test(options);
  } catch {
    return false;
  }
}
