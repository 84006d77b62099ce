import { owned } from './record.js';

/** Who sends executions. */
export interface Origin {
  /** Tells it from others, from 1. */
  readonly number: number;
  readonly user: string | null;
  readonly database: string | null;
  readonly application: string | null;
}

/** Of all readers: what they find goes into one intake. */
let made = 0;

/** Gives one and the same object for equal origins, which are then told apart at a glance, and hold no piece of a file. */
export class Origins {
  private last: Origin | null = null;
  private count = 0;
  /** By user, database, application. */
  private readonly known = new Map<string | null, Map<string | null, Map<string | null, Origin>>>();

  same(user: string | null, database: string | null, application: string | null): Origin {
    const { last } = this;
    if (last && last.user === user && last.database === database && last.application === application) return last;
    const known = this.known.get(user)?.get(database)?.get(application);
    this.last =
      known ??
      this.open({ number: (made += 1), user: own(user), database: own(database), application: own(application) });
    return this.last;
  }

  private open(origin: Origin): Origin {
    if (this.count >= MAX_ORIGINS) return origin;
    this.count += 1;
    const { user, database, application } = origin;
    const byDatabase = this.known.get(user) ?? new Map<string | null, Map<string | null, Origin>>();
    const byApplication = byDatabase.get(database) ?? new Map<string | null, Origin>();
    this.known.set(user, byDatabase);
    byDatabase.set(database, byApplication);
    byApplication.set(application, origin);
    return origin;
  }
}

function own(text: string | null): string | null {
  return text === null ? null : owned(text);
}

/** Beyond them each is an object of its own. */
const MAX_ORIGINS = 5000;

/** Gives one and the same text for equal ones: a map then need not look at its letters, and it holds no piece of a file. */
export class Names {
  private last = '';
  private readonly known = new Map<string, string>();

  same(text: string): string {
    if (text === this.last) return this.last;
    let name = this.known.get(text);
    if (name === undefined) {
      name = owned(text);
      if (this.known.size >= MAX_NAMES) this.known.clear();
      this.known.set(name, name);
    }
    this.last = name;
    return name;
  }
}

/** Of sessions, most of which ended long ago. */
const MAX_NAMES = 10_000;
