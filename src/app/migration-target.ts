import { cascadeRoots } from '../migrations/cascades.js';
import { formerQuestions } from '../migrations/formers.js';
import type { Script } from '../migrations/script.js';
import type { Catalog } from '../model/catalog.js';
import type { Skipped } from '../model/coverage.js';
import { resolveConnection } from '../postgres/conninfo.js';
import { readAdditions } from '../postgres/read/additions.js';
import { readCascades } from '../postgres/read/cascades.js';
import { readCatalog } from '../postgres/read/catalog.js';
import { readFormers } from '../postgres/read/formers.js';
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

/** Reads the catalog of a target over a read-only session, which is closed again, and what goes along with what some scripts drop with CASCADE. */
export async function lookAtTarget(
  url: string,
  scripts: readonly Script[],
  { env, signal }: CommandContext,
): Promise<MigrationTarget> {
  const settings = await resolveConnection(url, env);
  const { session } = await openTarget(settings, signal);
  try {
    const facts = await untilAborted(signal, readTarget(session, 'production'));
    const { catalog, skipped } = await untilAborted(signal, readCatalog(session));
    const roots = scripts.flatMap(({ statements }) => cascadeRoots(statements));
    const cascades = await untilAborted(signal, readCascades(session, roots));
    const additions = await untilAborted(signal, readAdditions(session));
    const questions = formerQuestions(scripts.flatMap(({ statements }) => statements));
    const formers = await untilAborted(signal, readFormers(session, questions));
    return { settings, major: facts.major, catalog: { ...catalog, cascades, additions, formers }, skipped };
  } finally {
    await session.close();
  }
}
