// Our own implementations of two published algorithms, from their descriptions, to be run over the same what-if engine.
// Extend: Schlosser, Kossmann, Boissier 2019. DB2Advis: Valentin, Zuliani, Zilio, Lohman, Skelley 2000 (without its random variations).

/** Below this improvement Extend stops: its default of 0.3 %. */
const LEAST_IMPROVEMENT = 1.003;

/** Costs of sets of indexes for a workload, each statement asked once for each set that is relevant to it. */
export class Costs {
  #known = new Map();
  #asked = new Set();
  #statements;
  #whatIf;

  /** `statements`: { fingerprint, columns: Set of `table.column` }. */
  constructor(whatIf, statements) {
    this.#whatIf = whatIf;
    this.#statements = statements;
  }

  async of(indexes) {
    let sum = 0;
    for (const statement of this.#statements) sum += await this.statement(statement, indexes);
    return sum;
  }

  async statement({ fingerprint, columns }, indexes) {
    const relevant = indexes.filter((index) => index.columns.some((column) => columns.has(`${index.table}.${column}`)));
    const key = [fingerprint, ...relevant.map((index) => index.key).toSorted()].join(' ');
    this.#asked.add(key);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [answer] = await this.#whatIf.cost([fingerprint], { add: relevant.map((index) => index.spec), drop: [] });
    this.#known.set(key, answer.cost);
    return answer.cost;
  }

  /** Counts questions anew; the answers stay known. */
  begin() {
    this.#asked.clear();
  }

  /** How many different questions were asked. */
  get questions() {
    return this.#asked.size;
  }
}

/**
 * Adds or widens one index at a time, the one with the greatest benefit for its size. `makeIndex(table, columns)` gives
 * { table, columns, key, bytes, spec }, or promises it. When `isOver()`, ends with what it has; `isCut` says so.
 */
export async function extend({ costs, columns, makeIndex, budgetBytes, mostKeys, isOver = () => false }) {
  let chosen = [];
  let cost = await costs.of(chosen);
  const singles = [];
  for (const [table, column] of columns) singles.push(await makeIndex(table, [column]));
  for (;;) {
    let best = { ratio: 0 };
    const consider = async (combination, addedBytes) => {
      if (isOver() || combination.reduce((sum, index) => sum + index.bytes, 0) > budgetBytes) return;
      const total = await costs.of(combination);
      if (total * LEAST_IMPROVEMENT >= cost) return;
      const ratio = (cost - total) / Math.max(1, addedBytes);
      if (ratio > best.ratio) best = { ratio, combination, cost: total };
    };
    for (const single of singles) {
      if (!chosen.some((index) => index.key === single.key)) await consider([...chosen, single], single.bytes);
    }
    for (const [table, column] of columns) {
      for (const [at, index] of chosen.entries()) {
        if (index.table !== table || index.columns.includes(column) || index.columns.length >= mostKeys) continue;
        const wider = await makeIndex(table, [...index.columns, column]);
        if (chosen.some((other) => other.key === wider.key)) continue;
        await consider(chosen.with(at, wider), wider.bytes - index.bytes);
      }
    }
    if (isOver() || best.ratio === 0) return { chosen, cost, isCut: isOver() };
    chosen = best.combination;
    cost = best.cost;
  }
}

/** Shows each statement all of its candidates at once, and takes what the plans use by benefit for its size. */
export async function db2advis({ whatIf, costs, statements, candidatesOf, budgetBytes }) {
  const benefits = new Map();
  for (const statement of statements) {
    const candidates = await candidatesOf(statement);
    const before = await costs.statement(statement, []);
    const [answer] = await whatIf.cost([statement.fingerprint], {
      add: candidates.map((index) => index.spec),
      drop: [],
    });
    for (const index of candidates) {
      if (!answer.uses.includes(index.spec.name)) continue;
      const known = benefits.get(index.key) ?? { index, benefit: 0 };
      benefits.set(index.key, { index, benefit: known.benefit + before - answer.cost });
    }
  }
  const ratio = (one) => one.benefit / one.index.bytes;
  let ranked = [...benefits.values()].toSorted((a, b) => ratio(b) - ratio(a));
  const begins = (a, b) => a.table === b.table && a.columns.every((column, at) => b.columns[at] === column);
  // A better ranked index takes the benefit of those that it begins with.
  for (let at = 0; at < ranked.length; at += 1) {
    const one = ranked[at];
    const gone = ranked.filter((other, place) => place > at && begins(other.index, one.index));
    one.benefit += gone.reduce((sum, other) => sum + other.benefit, 0);
    ranked = ranked.filter((other) => !gone.includes(other));
  }
  ranked = ranked.toSorted((a, b) => ratio(b) - ratio(a));
  const chosen = [];
  let bytes = 0;
  for (const { index } of ranked) {
    if (bytes + index.bytes > budgetBytes) continue;
    chosen.push(index);
    bytes += index.bytes;
  }
  return { chosen, cost: await costs.of(chosen) };
}
