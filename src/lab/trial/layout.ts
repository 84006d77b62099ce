import { quoteIdent } from '../../base/quote.js';
import type { Session } from '../../postgres/session.js';
import { dropDatabase, resetFromTemplate } from '../databases.js';
import { readDatabaseSettings } from './state.js';
import type { LabSessions } from './sessions.js';

/** The databases of one lab. */
export interface DatabaseNames {
  /** The accepted state; nothing runs in it, so that it stays as the copy made it. */
  readonly accepted: string;
  /** The accepted state as a trial sees it. */
  readonly before: string;
  /** The accepted state with the change. */
  readonly after: string;
  /** The accepted state to come, while it is made. */
  readonly next: string;
  /** The accepted state that was, until it is dropped. */
  readonly old: string;
}

/** Copies of the accepted state, made when they are needed. */
export interface Layout {
  readonly names: DatabaseNames;
  /** Makes `before` unless it is still as it was made. */
  prepareBefore(): Promise<void>;
  /** Makes `after` anew. */
  prepareAfter(): Promise<void>;
  /** Writes ran in `before`: their dead rows would count against it next time. */
  soil(): void;
  dropTrials(): Promise<void>;
  /** Replaces the accepted state by a copy in which `change` ran, in one step: it is there wholly or not at all. */
  advance(change: (session: Session) => Promise<void>): Promise<void>;
  dropAll(): Promise<void>;
}

/** Trial databases next to an accepted one. `maintenance` is a database that is always there. */
export function createLayout(sessions: LabSessions, maintenance: string, names: DatabaseNames): Layout {
  let beforeIsClean = false;
  const asAdmin = <T>(work: (admin: Session) => Promise<T>): Promise<T> => sessions.within(maintenance, work);
  const copy = async (name: string): Promise<void> => {
    const settings = await sessions.within(names.accepted, readDatabaseSettings);
    await asAdmin(async (admin) => {
      await resetFromTemplate(admin, name, names.accepted);
      for (const setting of settings) await admin.run(setting.sql(name));
    });
  };
  return {
    names,
    async prepareBefore() {
      if (beforeIsClean) return;
      await copy(names.before);
      beforeIsClean = true;
    },
    prepareAfter: () => copy(names.after),
    soil() {
      beforeIsClean = false;
    },
    async dropTrials() {
      beforeIsClean = false;
      await asAdmin(async (admin) => {
        for (const name of [names.before, names.after]) await dropDatabase(admin, name);
      });
    },
    async advance(change) {
      await this.dropTrials();
      // The old one is there only when a crash came after the swap.
      const swapped = await asAdmin((admin) => exists(admin, names.old));
      if (!swapped) {
        await copy(names.next);
        await sessions.within(names.next, change);
      }
      await asAdmin(async (admin) => {
        if (!swapped) await swap(admin, names);
        await dropDatabase(admin, names.old);
      });
    },
    async dropAll() {
      beforeIsClean = false;
      await asAdmin(async (admin) => {
        for (const name of Object.values(names) as string[]) await dropDatabase(admin, name);
      });
    },
  };
}

async function exists(admin: Session, name: string): Promise<boolean> {
  return (await admin.query('SELECT 1 FROM pg_catalog.pg_database WHERE datname = $1', [name])).length > 0;
}

/** Both names change in one transaction. */
async function swap(admin: Session, names: DatabaseNames): Promise<void> {
  const rename = (from: string, to: string): string => `ALTER DATABASE ${quoteIdent(from)} RENAME TO ${quoteIdent(to)}`;
  await admin.run(`BEGIN; ${rename(names.accepted, names.old)}; ${rename(names.next, names.accepted)}; COMMIT`);
}
