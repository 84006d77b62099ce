import type { Catalog, RelationName } from '../../model/catalog.js';

/** `NAMEDATALEN - 1`, the server's limit for an identifier in bytes. */
const MAX_NAME_BYTES = 63;

/** A name for a new index in PostgreSQL's own style that no relation of the catalog's schema bears yet; at most 63 bytes. */
export function freeIndexName(catalog: Catalog, table: RelationName, parts: readonly string[]): string {
  const taken = new Set(
    [...catalog.indexes, ...catalog.tables].filter((one) => one.schema === table.schema).map((one) => one.name),
  );
  const stem = [table.name, ...parts].join('_');
  for (let number = 0; ; number += 1) {
    const suffix = number === 0 ? '_idx' : `_idx${number}`;
    const name = `${clip(stem, MAX_NAME_BYTES - suffix.length)}${suffix}`;
    if (!taken.has(name)) return name;
  }
}

function clip(text: string, maxBytes: number): string {
  let clipped = text;
  while (Buffer.byteLength(clipped) > maxBytes) clipped = Array.from(clipped).slice(0, -1).join('');
  return clipped;
}
