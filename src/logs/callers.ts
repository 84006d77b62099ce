import type { Origin } from './origins.js';
import { Tally } from './tally.js';

/** How often executions of one statement came from where, in bounded memory. Those in a row that are from the same are counted by whoever knows that they are. */
export class Callers {
  private origin: Origin | null = null;
  private source: string | null = null;
  private readonly tallies = {
    users: new Tally(),
    databases: new Tally(),
    applications: new Tally(),
    sources: new Tally(),
  };

  /** Counts `inRow` executions of the caller that is followed. */
  count(inRow: number): void {
    if (inRow === 0 || !this.origin) return;
    const { users, databases, applications, sources } = this.tallies;
    users.add(this.origin.user, inRow);
    databases.add(this.origin.database, inRow);
    applications.add(this.origin.application, inRow);
    sources.add(this.source, inRow);
  }

  /** The texts are kept as they are. `source` is a place in a program. */
  follow(origin: Origin, source: string | null): void {
    this.origin = origin;
    this.source = source;
  }

  of(what: 'users' | 'databases' | 'applications' | 'sources'): Tally {
    return this.tallies[what];
  }
}
