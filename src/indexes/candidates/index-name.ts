import { createHash } from 'node:crypto';
import { groupBy } from '../../base/group.js';
import { oncePer } from '../../base/once-per.js';
import type { IndexSpec } from '../../model/action.js';
import type { Catalog, RelationName } from '../../model/catalog.js';

/** `NAMEDATALEN - 1`, the server's limit for an identifier in bytes. */
const MAX_NAME_BYTES = 63;

/** A name for a new index in PostgreSQL's own style that no relation of the catalog's schema bears yet; at most 63 bytes. */
export function freeIndexName(catalog: Catalog, table: RelationName, parts: readonly string[]): string {
  const taken = takenNames(catalog).get(table.schema) ?? new Set();
  return freeName(taken, [table.name, ...parts], '_idx');
}

/** By schema. */
const takenNames = oncePer(
  ({ indexes, tables }: Catalog): ReadonlyMap<string, ReadonlySet<string>> =>
    new Map(
      [...groupBy([...indexes, ...tables], ({ schema }) => schema)].map(([schema, all]) => [
        schema,
        new Set(all.map((one) => one.name)),
      ]),
    ),
);

type Definition = Pick<IndexSpec, 'keys' | 'method' | 'include' | 'where'>;

/** A free name that says what an index is; with a hash where it would be too long, and of a partial or covering one. */
export function nameOfDefinition(catalog: Catalog, table: RelationName, definition: Definition): string {
  const { keys, method, include, where } = definition;
  const words = [
    ...keys.map(word),
    ...(method === 'btree' ? [] : [method]),
    ...(where === null ? [] : ['where', word(where)]),
  ];
  if (include.length > 0) words.push('with', ...include.map(word));
  const long = Buffer.byteLength([table.name, ...words].join('_')) > MAX_STEM_BYTES;
  const stem = clipWord(table.name, MAX_STEM_BYTES / 2);
  const ending =
    long || include.length > 0 || where !== null
      ? [clipWord(words.join('_'), MAX_STEM_BYTES - Buffer.byteLength(stem)), hashOf(definition)]
      : words;
  return freeIndexName(catalog, { schema: table.schema, name: long ? stem : table.name }, ending);
}

/** Two lists of keys may come to the same words: `a_b, c` and `a, b_c`. */
export function withHashedName(spec: IndexSpec): IndexSpec {
  const stem = clipWord(spec.name.replace(/_idx\d*$/, ''), MAX_STEM_BYTES);
  return { ...spec, name: `${stem}_${hashOf(spec)}_idx` };
}

/** Leaves room for the hash and the `_idx` of a 63-byte name. */
const MAX_STEM_BYTES = 48;

/** Six hexadecimal digits. */
function hashOf({ keys, method, include, where }: Definition): string {
  return createHash('sha256')
    .update(JSON.stringify([keys, method, include, where]))
    .digest('hex')
    .slice(0, 6);
}

function word(sql: string): string {
  return (
    sql
      .replaceAll(/\b(\w+)_ops\b/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, '_')
      .replaceAll(/^_+|_+$/g, '') || 'key'
  );
}

function clipWord(text: string, maxBytes: number): string {
  return clip(text, maxBytes).replace(/_+$/, '');
}

/** The parts and the suffix as one name, numbered where it is taken; at most 63 bytes. */
export function freeName(taken: ReadonlySet<string>, parts: readonly string[], suffix: string): string {
  const stem = parts.join('_');
  for (let number = 0; ; number += 1) {
    const end = number === 0 ? suffix : `${suffix}${number}`;
    const name = `${clip(stem, MAX_NAME_BYTES - end.length)}${end}`;
    if (!taken.has(name)) return name;
  }
}

function clip(text: string, maxBytes: number): string {
  let clipped = text;
  while (Buffer.byteLength(clipped) > maxBytes) clipped = Array.from(clipped).slice(0, -1).join('');
  return clipped;
}
