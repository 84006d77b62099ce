// Our own implementations of three published algorithms, from their descriptions, to be run over the same what-if engine.
// Extend: Schlosser, Kossmann, Boissier 2019. DB2Advis: Valentin, Zuliani, Zilio, Lohman, Skelley 2000 (without its random variations).
// Relaxation: Bruno, Chaudhuri 2005 (without clustered indexes and views; always of the last set, not of the best of all before).

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
      if (isOver() || sizeOf(combination) > budgetBytes) return;
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
    const before = await costs.statement(statement, []);
    const { cost, used } = await withAll(whatIf, statement, candidatesOf);
    for (const index of used) {
      const known = benefits.get(index.key) ?? { index, benefit: 0 };
      benefits.set(index.key, { index, benefit: known.benefit + before - cost });
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

/**
 * Begins with the best indexes of each statement, and as long as these are too large makes the change that costs least for what it frees: leaves an index out,
 * cuts its last columns off, merges two of a table, or splits two by what they have in common.
 */
export async function relaxation({ whatIf, costs, statements, candidatesOf, makeIndex, budgetBytes, mostKeys }) {
  const wanted = new Map();
  for (const statement of statements) {
    const { used } = await withAll(whatIf, statement, candidatesOf);
    for (const index of used) wanted.set(index.key, index);
  }
  let chosen = [...wanted.values()];
  let cost = await costs.of(chosen);
  for (let over = sizeOf(chosen) - budgetBytes; over > 0; over = sizeOf(chosen) - budgetBytes) {
    let best = { penalty: Number.POSITIVE_INFINITY };
    for (const { without, columns } of relaxations(chosen, mostKeys)) {
      const kept = chosen.filter((index) => !without.includes(index));
      const made = await Promise.all(columns.map((one) => makeIndex(without[0].table, one)));
      const relaxed = [...kept, ...made.filter(({ key }) => !kept.some((index) => index.key === key))];
      const freed = sizeOf(chosen) - sizeOf(relaxed);
      if (freed <= 0) continue;
      const total = await costs.of(relaxed);
      const added = total - cost;
      // Of what makes the workload cheaper too, that which frees most.
      const penalty = added < 0 ? added * freed : added / Math.min(freed, over);
      if (penalty < best.penalty) best = { penalty, relaxed, total };
    }
    chosen = best.relaxed;
    cost = best.total;
  }
  return { chosen, cost };
}

/** What stands in place of one or two indexes: the columns of each, once for each way. */
function relaxations(chosen, mostKeys) {
  const alone = chosen.flatMap((index) => [
    { without: [index], columns: [] },
    ...index.columns.slice(1).map((_, at) => ({ without: [index], columns: [index.columns.slice(0, at + 1)] })),
  ]);
  const pairs = chosen.flatMap((first) =>
    chosen.flatMap((second) => (first !== second && first.table === second.table ? [[first, second]] : [])),
  );
  const common = ([first, second]) => first.columns.filter((column) => second.columns.includes(column));
  const rest = (one, other) => one.columns.filter((column) => !other.columns.includes(column));
  const together = pairs.flatMap((pair) => {
    const [first, second] = pair;
    const merged = [...first.columns, ...rest(second, first)].slice(0, mostKeys);
    const split = [common(pair), rest(first, second), rest(second, first)].filter((columns) => columns.length > 0);
    return [
      { without: pair, columns: [merged] },
      ...(common(pair).length > 0 ? [{ without: pair, columns: split }] : []),
    ];
  });
  return [...alone, ...together];
}

/** What a statement costs with all of its candidates at once, and which of them its plan uses. */
async function withAll(whatIf, statement, candidatesOf) {
  const candidates = await candidatesOf(statement);
  const add = candidates.map((index) => index.spec);
  const [{ cost, uses }] = await whatIf.cost([statement.fingerprint], { add, drop: [] });
  return { cost, used: candidates.filter((index) => uses.includes(index.spec.name)) };
}

function sizeOf(indexes) {
  return indexes.reduce((sum, index) => sum + index.bytes, 0);
}
