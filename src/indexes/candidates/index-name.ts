import { groupBy } from '../../base/group.js';
import { oncePer } from '../../base/once-per.js';
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
