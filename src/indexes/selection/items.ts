import type { IndexSpec } from '../../model/action.js';
import { indexesOf } from '../../model/catalog.js';
import type { Catalog, Index } from '../../model/catalog.js';
import type { TableUse, Candidate } from '../candidates/candidates.js';
import { columnKey } from '../candidates/candidates.js';
import { bareKey } from '../candidates/btree-candidates.js';
import { foreignKeysServed, reasonToKeep } from '../facts.js';
import type { Item } from './problem.js';
import { unquoteIdent } from '../../base/quote.js';

/** A candidate or an existing index before it is numbered. */
export interface ItemDraft extends Omit<Item, 'id' | 'gives' | 'family'> {
  readonly parts: IndexParts;
}

/** What two indexes are compared by. */
interface IndexParts {
  readonly method: string;
  readonly keys: readonly string[];
  readonly include: readonly string[];
  readonly where: string | null;
  readonly unique: boolean;
}

/** A candidate of known size. */
export function candidateDraft(
  candidate: Candidate,
  sizes: { readonly bytes: number; readonly writeCost: number },
): ItemDraft {
  const { spec } = candidate;
  return {
    ...sizes,
    table: spec.table,
    spec,
    existing: null,
    inert: !spec.unique && [...spec.keys].every((key) => key.startsWith('"')),
    parts: { method: spec.method, keys: spec.keys, include: spec.include, where: spec.where, unique: spec.unique },
  };
}

/**
 * The existing indexes that may go: valid ones that back no constraint, serve no foreign key, and that nothing else rests on.
 * A unique index is a rule of the data, and stays.
 */
export function existingDrafts(catalog: Catalog, writeCost: (name: string) => number): ItemDraft[] {
  return catalog.indexes
    .filter(
      (index) =>
        index.valid && !index.unique && reasonToKeep(index) === null && foreignKeysServed(catalog, index).length === 0,
    )
    .map((index) => ({
      table: index.table,
      spec: null,
      existing: `${index.schema}.${index.name}`,
      bytes: index.sizeBytes,
      writeCost: writeCost(`${index.schema}.${index.name}`),
      inert: index.keys.every((key) => key.column !== null),
      parts: existingParts(index),
    }));
}

/** Names of the existing indexes that may go of which a new one gives all. */
export function givenBy(catalog: Catalog, spec: IndexSpec): readonly string[] {
  const onTable = { ...catalog, indexes: indexesOf(catalog, spec.table) };
  return existingDrafts(onTable, () => 0).flatMap(({ parts, existing }) =>
    existing !== null && givesAll(spec, parts) ? [existing] : [],
  );
}

/** Numbers the drafts in their order, and finds what gives what. */
export function numberItems(drafts: readonly ItemDraft[]): Item[] {
  const families = drafts.map(({ table, parts }) => familyOf({ table, ...parts }));
  const members = new Map<string, number[]>();
  for (const [id, family] of families.entries()) members.set(family, [...(members.get(family) ?? []), id]);
  return drafts.map(({ parts, ...draft }, id) => {
    const family = families[id] ?? '';
    const gives = (members.get(family) ?? []).filter((other) => {
      const theirs = drafts[other]?.parts;
      return other === id || (theirs !== undefined && givesAll(parts, theirs));
    });
    return { ...draft, id, family, gives };
  });
}

/** The same for indexes that serve for each other at a first guess: the same table, method, condition and leading key. */
export function familyOf({
  table,
  method,
  where,
  keys,
}: Pick<IndexSpec, 'table' | 'method' | 'where' | 'keys'>): string {
  return JSON.stringify([table.schema, table.name, method, where, bareKey(keys[0] ?? '')]);
}

/** Whether an index on its table could change how a statement reads it: the leading key, the condition, or all columns it needs are the statement's. */
export function isRelevant(draft: ItemDraft, uses: readonly TableUse[], madeFor: readonly string[]): boolean {
  return uses.some((one) => {
    if (one.table.schema !== draft.table.schema || one.table.name !== draft.table.name) return false;
    if (madeFor.includes(one.statement.fingerprint)) return true;
    const { keys, include, where, method } = draft.parts;
    const needed = new Set(one.use.needed);
    const leading = method === 'btree' || method === 'hash' ? keys.slice(0, 1) : keys;
    if (where !== null && !mentionsAny(where, needed)) return false;
    if (one.use.star || leading.some((key) => mentionsAny(key, needed))) return true;
    const held = new Set([...keys.map(bareKey), ...include].map(unquoteIdent));
    return where !== null || (needed.size > 0 && [...needed].every((column) => held.has(column)));
  });
}

/** Keys that begin with the other's, the same condition, and its included columns anywhere. */
function givesAll(one: IndexParts, other: IndexParts): boolean {
  if (one.method !== other.method || one.where !== other.where || other.unique) return false;
  if (one.method !== 'btree') return false;
  const held = new Set([...one.keys.map(bareKey), ...one.include]);
  return other.keys.every((key, at) => one.keys[at] === key) && other.include.every((column) => held.has(column));
}

function existingParts(index: Index): IndexParts {
  return {
    method: index.method,
    keys: index.keys.map((key) => {
      const collation = key.collationIsDefault ? '' : ` COLLATE ${key.collation ?? ''}`;
      const opclass = key.opclassIsDefault ? '' : ` ${key.opclass?.split('.').at(-1) ?? ''}`;
      const nulls = key.nullsFirst === key.descending ? '' : ` NULLS ${key.nullsFirst ? 'FIRST' : 'LAST'}`;
      const base = key.column === null ? `(${key.expression})` : columnKey(key.column);
      return `${base}${collation}${opclass}${key.descending ? ' DESC' : ''}${nulls}`;
    }),
    include: index.include.flatMap((one) => (one.column === null ? [] : [columnKey(one.column)])),
    where: index.predicate,
    unique: index.unique,
  };
}

/** Whether SQL with bare column names has one of these columns in it. */
export function mentionsAny(sql: string, columns: ReadonlySet<string>): boolean {
  return [...sql.matchAll(/"((?:[^"]|"")*)"|[\p{L}_][\p{L}\p{N}_$]*/gu)].some(([word, quoted]) =>
    columns.has(quoted === undefined ? word : quoted.replaceAll('""', '"')),
  );
}

/** The name of an index in a report. */
export function itemName({
  spec,
  existing,
}: {
  readonly spec: IndexSpec | null;
  readonly existing: string | null;
}): string {
  return existing ?? (spec ? `${spec.table.schema}.${spec.name}` : '');
}
