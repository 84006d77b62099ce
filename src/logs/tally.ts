import { owned } from './record.js';

/** How often a name came. */
interface Count {
  readonly name: string;
  executions: number;
}

/** How often each name came, in bounded memory. */
export class Tally {
  private readonly byName = new Map<string, Count>();
  /** Mostly the same name comes again. */
  private last: Count | null = null;

  /** Null is no name. */
  add(name: string | null): void {
    if (name === null) return;
    if (this.last?.name !== name) this.last = this.byName.get(name) ?? this.open(name);
    this.last.executions += 1;
  }

  counts(): readonly Readonly<Count>[] {
    return [...this.byName.values()];
  }

  names(): readonly string[] {
    return [...this.byName.keys()];
  }

  private open(text: string): Count {
    const name = this.byName.size < NAMES ? owned(text) : OTHERS;
    const known = this.byName.get(name);
    if (known) return known;
    const count = { name, executions: 0 };
    this.byName.set(name, count);
    return count;
  }
}

/** Names that are told apart. */
const NAMES = 32;
/** Stands for the names beyond the limit. */
const OTHERS = '(others)';
