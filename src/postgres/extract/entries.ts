import { entryId, type SchemaEntry, type SchemaNeed } from '../../model/schema.js';
import type { ColumnRow } from './kinds/table-rows.js';
import { listObjects, type Dependency } from './order.js';
import type { Kind, SchemaObject, SchemaPart } from './script.js';

interface Read {
  readonly objects: readonly SchemaObject[];
  readonly dependencies: readonly Dependency[];
  readonly columns: ReadonlyMap<string, readonly ColumnRow[]>;
}

/** Kinds whose first need is what they stand on and go with. */
const OWNED = new Set<Kind>([
  'sequence owner',
  'partition',
  'default',
  'check',
  'index',
  'constraint',
  'index partition',
  'clustered index',
  'replica identity',
  'extended statistics',
  'foreign key',
  'rule',
  'row security',
  'policy',
  'comment',
  'privileges',
  'refresh',
  'trigger',
  'operator family member',
]);

/** Objects with names instead of addresses, in an order in which each finds what it needs. */
export function toEntries({ objects, dependencies, columns }: Read): readonly SchemaEntry[] {
  const ordered = listObjects(objects, dependencies);
  const ids = new Map<string, string>();
  for (const { part } of ordered) if (part !== null) ids.set(part.key, entryId(pieceOf(part)));
  for (const object of objects) {
    const addresses = [object.key, ...(object.parts ?? []).map(({ key }) => key), ...(object.aliases ?? [])];
    for (const address of addresses) if (!ids.has(address)) ids.set(address, entryId(object));
  }
  const needs = needsById(ids, { objects, dependencies, columns });
  return ordered.map(({ object, part, statements }) => {
    const id = entryId(part === null ? object : pieceOf(part));
    const owner = OWNED.has(object.kind) && part === null ? (ids.get(object.needs?.[0] ?? '') ?? null) : null;
    return {
      kind: part === null ? object.kind : pieceOf(part).kind,
      identity: part?.identity ?? object.identity,
      statements,
      owner,
      pieceOf: part === null ? null : entryId(object),
      needs: [...(needs.get(id)?.values() ?? []), ...(part === null ? [] : [whole(entryId(object))])],
      facts: part === null ? (object.facts ?? null) : null,
    };
  });
}

function needsById(
  ids: ReadonlyMap<string, string>,
  { objects, dependencies, columns }: Read,
): ReadonlyMap<string, ReadonlyMap<string, SchemaNeed>> {
  const labels = new Map(objects.flatMap((object) => [...(object.labels ?? [])]));
  const nameOf = (key: string, position: number | undefined): string | null =>
    columns.get(key)?.find(({ attnum }) => attnum === position)?.attname ?? null;
  const found = new Map<string, Map<string, SchemaNeed>>();
  const add = (from: string, need: SchemaNeed): void => {
    const id = ids.get(from);
    if (id === undefined || id === need.id) return;
    const list = found.get(id) ?? new Map<string, SchemaNeed>();
    list.set(JSON.stringify(need), need);
    found.set(id, list);
  };
  for (const { from, to, fromColumn, toColumn } of dependencies) {
    const id = ids.get(to);
    if (id === undefined) continue;
    const column = nameOf(from, fromColumn);
    add(from, {
      id,
      column: nameOf(to, toColumn),
      part: labels.get(from) ?? (column === null ? null : `column ${column}`),
    });
  }
  for (const object of objects) {
    for (const need of object.needs ?? []) {
      const id = ids.get(need);
      if (id !== undefined) add(object.key, { id, column: object.onColumn ?? null, part: null });
    }
  }
  return found;
}

function whole(id: string): SchemaNeed {
  return { id, column: null, part: null };
}

/** A view that had to be made without its query first has that under another id. */
function pieceOf({ kind, identity }: SchemaPart): Pick<SchemaEntry, 'kind' | 'identity'> {
  return { kind: kind === 'view' ? 'view query' : kind, identity };
}
