import { owned } from './record.js';
import { Tally } from './tally.js';

/** Who sent an execution. */
export interface Origin {
  readonly user: string | null;
  readonly database: string | null;
  readonly application: string | null;
}

/** How often executions came from where, in bounded memory. Those in a row that are from the same are counted before they are looked up. */
export class Origins {
  private user: string | null = null;
  private database: string | null = null;
  private application: string | null = null;
  private source: string | null = null;
  private inRow = 0;
  private readonly tallies = {
    users: new Tally(),
    databases: new Tally(),
    applications: new Tally(),
    sources: new Tally(),
  };

  /** The texts are kept as they are. `source` is a place in a program. */
  add({ user, database, application }: Origin, source: string | null): void {
    if (
      user !== this.user ||
      database !== this.database ||
      application !== this.application ||
      source !== this.source
    ) {
      this.settle();
      this.user = user;
      this.database = database;
      this.application = application;
      this.source = source;
    }
    this.inRow += 1;
  }

  of(what: 'users' | 'databases' | 'applications' | 'sources'): Tally {
    this.settle();
    return this.tallies[what];
  }

  private settle(): void {
    if (this.inRow === 0) return;
    const { users, databases, applications, sources } = this.tallies;
    users.add(this.user, this.inRow);
    databases.add(this.database, this.inRow);
    applications.add(this.application, this.inRow);
    sources.add(this.source, this.inRow);
    this.inRow = 0;
  }
}

/** Gives one and the same text for equal ones, which are then compared at a glance, and hold no piece of a file. */
export class Names {
  private last = '';
  private readonly known = new Map<string, string>();

  same(text: string): string;
  same(text: string | null): string | null;
  same(text: string | null): string | null {
    if (text === null) return null;
    if (text === this.last) return this.last;
    let name = this.known.get(text);
    if (name === undefined) {
      name = owned(text);
      if (this.known.size < MAX_NAMES) this.known.set(name, name);
    }
    this.last = name;
    return name;
  }
}

/** Beyond them each is a text of its own. */
const MAX_NAMES = 1000;
