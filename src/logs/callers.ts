import type { Origin } from './origins.js';
import { Tally } from './tally.js';

/** How often executions of one statement came from where, in bounded memory. Those in a row that are from the same are counted before they are looked up. */
export class Callers {
  private origin: Origin | null = null;
  private source: string | null = null;
  private inRow = 0;
  private readonly tallies = {
    users: new Tally(),
    databases: new Tally(),
    applications: new Tally(),
    sources: new Tally(),
  };

  /** The texts are kept as they are. `source` is a place in a program. */
  add(origin: Origin, source: string | null): void {
    if (origin !== this.origin || source !== this.source) {
      this.settle();
      this.origin = origin;
      this.source = source;
    }
    this.inRow += 1;
  }

  of(what: 'users' | 'databases' | 'applications' | 'sources'): Tally {
    this.settle();
    return this.tallies[what];
  }

  private settle(): void {
    if (this.inRow === 0 || !this.origin) return;
    const { users, databases, applications, sources } = this.tallies;
    users.add(this.origin.user, this.inRow);
    databases.add(this.origin.database, this.inRow);
    applications.add(this.origin.application, this.inRow);
    sources.add(this.source, this.inRow);
    this.inRow = 0;
  }
}
