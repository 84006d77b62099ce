import type { Catalog } from '../model/catalog.js';
import type { Skipped } from '../model/coverage.js';
import { resolveConnection } from '../postgres/conninfo.js';
import { readCatalog } from '../postgres/read/catalog.js';
import { readTarget } from '../postgres/read/target.js';
import type { ConnectionSettings } from '../postgres/session.js';
import type { CommandContext } from './command.js';
import { untilAborted } from './interruption.js';
import { openTarget } from './open-target.js';

/** What a migration's target is, as far as its catalog says. */
export interface MigrationTarget {
  readonly settings: ConnectionSettings;
  readonly major: number;
  readonly catalog: Catalog;
  readonly skipped: readonly Skipped[];
}

/** Reads the catalog of a target over a read-only session, which is closed again. */
export async function lookAtTarget(url: string, { env, signal }: CommandContext): Promise<MigrationTarget> {
  const settings = await resolveConnection(url, env);
  const { session } = await openTarget(settings, signal);
  try {
    const facts = await untilAborted(signal, readTarget(session, 'production'));
    const { catalog, skipped } = await untilAborted(signal, readCatalog(session));
    return { settings, major: facts.major, catalog, skipped };
  } finally {
    await session.close();
  }
}
