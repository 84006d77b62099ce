import { WizardError } from '../../src/base/errors.js';
import { startLabServer, type LabServer } from '../../src/lab/server.js';

/** The majors that server tests run on: `DATABASE_WIZARD_MAJORS=14,15,...`, else the bundled one and 15, the oldest that distributions still ship. */
export function testMajors(): readonly (number | 'newest')[] {
  const wanted = process.env['DATABASE_WIZARD_MAJORS'];
  return wanted ? wanted.split(',').map(Number) : ['newest', 15];
}

/** Starts a server whose counters only move when a test moves them; null where that major can not be had on this machine. */
export async function startQuietServer(
  major: number | 'newest',
  settings: Readonly<Record<string, string>> = {},
): Promise<LabServer | null> {
  try {
    return await startLabServer({ major, settings: { autovacuum: 'off', ...settings } });
  } catch (thrown) {
    if (thrown instanceof WizardError && thrown.code === 'lab/no-server') return null;
    throw thrown;
  }
}

/** So many of them; fewer where that major can not be had on this machine. */
export async function startQuietServers(major: number | 'newest', count: number): Promise<readonly LabServer[]> {
  const servers: LabServer[] = [];
  for (let number = 0; number < count; number += 1) {
    const server = await startQuietServer(major);
    if (server !== null) servers.push(server);
  }
  return servers;
}
