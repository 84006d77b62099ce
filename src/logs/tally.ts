import { owned } from './record.js';

/** How often a name came. */
interface Count {
  readonly name: string;
  executions: number;
}

/** How often each name came, in bounded memory. */
export class Tally {
  private readonly byName = new Map<string, Count>();

  /** Null is no name. */
  add(name: string | null, executions: number): void {
    if (name === null) return;
    const count = this.byName.get(name) ?? this.open(name);
    count.executions += executions;
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
