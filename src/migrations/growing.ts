/**
 * A map that is only added to, each time giving another one; the earlier ones stay as they were. Adding to the newest costs one entry, adding to an earlier one a copy of all. Files of
 * ten thousand statements made as many copies of a plain map.
 */
export class Growing<V> {
  readonly #shared: Shared<V>;
  readonly #version: number;

  constructor(shared: Shared<V> = { entries: new Map(), newest: 0 }, version = 0) {
    this.#shared = shared;
    this.#version = version;
  }

  get(key: string): V | undefined {
    return this.#shared.entries.get(key)?.findLast(({ since }) => since <= this.#version)?.value;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** Every key that it has. */
  keys(): readonly string[] {
    return [...this.#shared.entries.keys()].filter((key) => this.has(key));
  }

  with(key: string, value: V): Growing<V> {
    const shared = this.#version === this.#shared.newest ? this.#shared : this.#copy();
    const since = shared.newest + 1;
    shared.newest = since;
    const earlier = shared.entries.get(key);
    if (earlier) earlier.push({ since, value });
    else shared.entries.set(key, [{ since, value }]);
    return new Growing(shared, since);
  }

  #copy(): Shared<V> {
    const entries = new Map<string, Entry<V>[]>();
    for (const [key, all] of this.#shared.entries) {
      const seen = all.filter(({ since }) => since <= this.#version);
      if (seen.length > 0) entries.set(key, seen);
    }
    return { entries, newest: this.#version };
  }
}

interface Entry<V> {
  readonly since: number;
  readonly value: V;
}

interface Shared<V> {
  readonly entries: Map<string, Entry<V>[]>;
  newest: number;
}
