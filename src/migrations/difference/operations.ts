import { entryId, type SchemaEntry, type SchemaNeed } from '../../model/schema.js';
import type { Affected, Sides } from './affected.js';
import { isTable } from './affected.js';
import { grantStatements } from './alterations.js';
import { dropStatement, lossOf } from './drops.js';
import { lastPart, nameParts, plainly } from './names.js';
import { quoteIdent } from '../../base/quote.js';
import type { DifferenceStatement, Unwritten } from './statement.js';
import { tableStatements } from './table.js';
import { entryName } from './words.js';

/** One thing to do, with what must be done before it. */
export interface Operation {
  readonly key: string;
  /** Among those that may come next: what goes first, then what comes, then what was only kept for a while. */
  readonly rank: number;
  readonly statements: readonly DifferenceStatement[];
  readonly after: Set<string>;
}

/** Everything that takes one side to the other, not yet in order. */
export interface Operations {
  readonly operations: ReadonlyMap<string, Operation>;
  /** To be committed before all else. */
  readonly before: readonly DifferenceStatement[];
  readonly unwritten: readonly Unwritten[];
}

export function operationsFor(sides: Sides, affected: Affected): Operations {
  const operations = new Map<string, Operation>();
  const unwritten: Unwritten[] = [];
  const before: DifferenceStatement[] = [];
  const add = (key: string, rank: number, statements: readonly DifferenceStatement[]): void =>
    void operations.set(key, { key, rank, statements, after: new Set() });
  const count = sides.a.size;
  [...sides.a].forEach(([id, entry], at) => {
    if (!affected.gone.has(id) && !affected.remade.has(id)) return;
    if (affected.swapped.has(id)) {
      const [schema, old] = [nameParts(entry.identity)[0] ?? '', oldName(entry)];
      add(`rename ${id}`, count - at, [say(entry, `ALTER TYPE ${entry.identity} RENAME TO ${quoteIdent(old)}`)]);
      add(`drop ${id}`, 3 * count + sides.b.size - at, [say(entry, `DROP TYPE ${schema}.${quoteIdent(old)}`)]);
      return;
    }
    add(`drop ${id}`, count - at, drops(entry, sides, affected, unwritten));
  });
  [...sides.b].forEach(([id, entry], at) => {
    const rank = 2 * count + at;
    const table = affected.tables.get(id);
    const alteration = affected.altered.get(id);
    if (table !== undefined) {
      const change = { identity: entry.identity, ...table, above: parentsOf(entry, sides, affected) };
      const { release, alter, unwritten: more } = tableStatements(change);
      unwritten.push(...more);
      add(`release ${id}`, count + at, release);
      add(`alter ${id}`, rank, alter);
    } else if (alteration !== undefined) {
      before.push(...alteration.before.map((sql) => say(entry, sql)));
      add(
        `alter ${id}`,
        rank,
        alteration.statements.map((sql) => say(entry, sql)),
      );
    } else if (affected.added.has(id) || affected.remade.has(id)) {
      add(
        `create ${id}`,
        rank,
        creations(entry).map((sql) => say(entry, sql)),
      );
    }
  });
  link(operations, sides, affected);
  return { operations, before, unwritten };
}

function say(entry: SchemaEntry, sql: string, loses: string | null = null): DifferenceStatement {
  return { sql, about: `${entry.kind} ${entryName(entry)}`, loses: loses && plainly(loses) };
}

function oldName({ identity }: SchemaEntry): string {
  const name = lastPart(identity);
  const plain = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
  return `${plain.slice(0, 50)}__old`;
}

function creations(entry: SchemaEntry): readonly string[] {
  if (entry.facts?.type === 'privileges')
    return grantStatements(entry.facts.target, entry.facts.usual, entry.facts.grants);
  return entry.statements;
}

function drops(
  entry: SchemaEntry,
  sides: Sides,
  affected: Affected,
  unwritten: Unwritten[],
): readonly DifferenceStatement[] {
  const { gone, remade } = affected;
  const goes = (id: string | null): boolean =>
    id !== null && (gone.has(id) || (remade.has(id) && !affected.swapped.has(id)));
  if (entry.kind === 'role') {
    unwritten.push({
      what: `role ${entryName(entry)}`,
      reason: 'It is named by no policy any more, and belongs to the whole server: it stays.',
    });
    return [];
  }
  // What needs nothing else that goes is taken along.
  const isAlone = entry.needs.every(({ id }) => id === entry.owner || !goes(id));
  if (entry.kind !== 'sequence owner' && entry.kind !== 'partition' && goes(entry.owner) && isAlone) return [];
  // What closed a circle opens it again.
  if (entry.kind === 'view query') {
    const [bare = ''] = sides.a.get(entry.pieceOf ?? '')?.statements ?? [];
    return [say(entry, bare.replace(/^CREATE VIEW /, 'CREATE OR REPLACE VIEW '))];
  }
  if (entry.facts?.type === 'privileges')
    return grantStatements(entry.facts.target, entry.facts.grants, entry.facts.usual).map((sql) => say(entry, sql));
  // A partition's part of an index goes with the whole one.
  const isPart = entry.needs.some(({ id }) => INDEX.test(id) && goes(id));
  if (isPart && INDEX.test(entry.kind) && !goes(partitionOf(entry, sides))) return [];
  const sql = dropStatement(entry, sides.a);
  if (sql === undefined)
    unwritten.push({
      what: `${entry.kind} ${entryName(entry)}`,
      reason: `It is not known how to take away what is a ${entry.kind}.`,
    });
  return sql === null || sql === undefined ? [] : [say(entry, sql, lossOf(entry))];
}

/** The id under which the owner of an index is attached to its parent. */
function partitionOf({ owner }: SchemaEntry, { a }: Sides): string | null {
  const id = owner === null ? null : owner.replace(/^table /, 'partition ');
  return id !== null && a.has(id) ? id : null;
}

/** Tables above, on both sides, which take this one along. */
function parentsOf(
  entry: SchemaEntry,
  { a, b }: Sides,
  affected: Affected,
): readonly { a: AffectedFacts; b: AffectedFacts; plan: AffectedPlan }[] {
  const above = (side: ReadonlyMap<string, SchemaEntry>): Set<string> => {
    const id = entryId(entry);
    const attached = side.get(`partition ${entry.identity}`);
    const needs = [...(side.get(id)?.needs ?? []), ...(attached?.needs ?? [])];
    return new Set(
      needs
        .filter((need) => need.id.startsWith('table ') && need.id !== id && need.column === null)
        .map((need) => need.id),
    );
  };
  const now = above(b);
  return [...above(a)].flatMap((id) => {
    const table = now.has(id) ? affected.tables.get(id) : undefined;
    return table === undefined ? [] : [table];
  });
}

type AffectedFacts = Parameters<typeof tableStatements>[0]['a'];
type AffectedPlan = Parameters<typeof tableStatements>[0]['plan'];

/** What must come before what: the order in which things go, the order in which they come, and what lies between. */
function link(operations: ReadonlyMap<string, Operation>, { a, b }: Sides, affected: Affected): void {
  const put = (first: string, then: string): void => {
    if (first !== then && operations.has(first)) operations.get(then)?.after.add(first);
  };
  for (const [id, entry] of a) {
    for (const need of entry.needs) goingOrder(put, id, entry, need, affected);
    put(`drop ${id}`, `create ${id}`);
    put(`rename ${id}`, `create ${id}`);
    put(`release ${id}`, `alter ${id}`);
    if (affected.swapped.has(id)) put(`create ${id}`, `drop ${id}`);
  }
  const goneNames = new Map([...affected.gone].map((id) => [a.get(id)?.identity ?? '', id]));
  for (const [id, entry] of b) {
    for (const need of entry.needs) {
      for (const now of [`create ${id}`, `alter ${id}`]) {
        put(`create ${need.id}`, now);
        // A function may take rows of a table that is there already.
        if (need.column !== null || !/^(?:function|aggregate)$/.test(entry.kind)) put(`alter ${need.id}`, now);
      }
    }
    const namesake = goneNames.get(entry.identity);
    if (namesake !== undefined) put(`drop ${namesake}`, `create ${id}`);
    if (entry.kind === 'partition') attachingOrder(put, id, entry, b, operations);
    if (entry.kind === 'index partition') {
      const owner = entry.owner === null ? null : (b.get(entry.owner)?.owner ?? null);
      if (owner !== null) put(`create ${owner.replace(/^table /, 'partition ')}`, `create ${id}`);
    }
  }
  for (const [id, entry] of a) {
    const attached = INDEX.test(entry.kind) ? partitionOf(entry, { a, b, major: 0 }) : null;
    if (attached !== null) put(`drop ${attached}`, `drop ${id}`);
  }
}

function goingOrder(
  put: (first: string, then: string) => void,
  id: string,
  entry: SchemaEntry,
  need: SchemaNeed,
  affected: Affected,
): void {
  const last = lastUse(id, entry, need, affected);
  put(last, `drop ${need.id}`);
  if (affected.swapped.has(need.id) && !isTable(entry)) put(last, `rename ${need.id}`);
  // What holds a column must be gone before the column is.
  if (need.column !== null || entry.kind === 'partition') {
    put(`drop ${id}`, `release ${need.id}`);
    put(`drop ${id}`, `alter ${need.id}`);
  }
}

/** The operation after which an object does not need the other any more. */
function lastUse(
  id: string,
  entry: SchemaEntry,
  { part, id: needed }: SchemaNeed,
  { tables, altered, gone, remade }: Affected,
): string {
  if (gone.has(id) || remade.has(id)) return `drop ${id}`;
  if (altered.has(id)) return `alter ${id}`;
  const table = tables.get(id);
  if (table === undefined || !isTable(entry) || part === null) return `alter ${id}`;
  const column = part.slice(part.indexOf(' ') + 1);
  const early = !part.startsWith('column ') || table.plan.gone.has(column) || table.plan.remade.has(column);
  return early && needed !== id ? `release ${id}` : `alter ${id}`;
}

/**
 * Attaching makes what the partition lacks of its parent's indexes, under names of its own: those of the partition come before where the parent
 * has its indexes already, else the parent's come after.
 */
function attachingOrder(
  put: (first: string, then: string) => void,
  id: string,
  partition: SchemaEntry,
  b: ReadonlyMap<string, SchemaEntry>,
  operations: ReadonlyMap<string, Operation>,
): void {
  const tables = new Set(partition.needs.map(({ id: table }) => table));
  for (const [index, entry] of b) {
    if (!INDEX.test(entry.kind) || entry.owner === null || !tables.has(entry.owner)) continue;
    const waits = entry.needs.some((need) => INDEX.test(need.id) && operations.has(`create ${need.id}`));
    if (entry.owner !== partition.owner) put(`create ${id}`, `create ${index}`);
    else if (!waits) put(`create ${index}`, `create ${id}`);
  }
}

/** A kind, or an id, of what stands on an index. */
const INDEX = /^(?:index|constraint)(?: |$)/;
