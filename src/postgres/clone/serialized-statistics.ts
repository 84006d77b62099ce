/** Header of every serialised extended statistic: magic, type, number of items, 4 bytes each. */
const HEADER_BYTES = 12;

/**
 * Renames the columns inside the bytes of a `pg_ndistinct`: items of { float8 count, int4 n, int2 column x n }
 * (`statext_ndistinct_serialize`). Expressions have negative numbers and keep them.
 */
export function renumberNdistinct(bytes: Buffer, renumber: ReadonlyMap<number, number>): Buffer {
  const copy = Buffer.from(bytes);
  const items = copy.readUInt32LE(8);
  let offset = HEADER_BYTES;
  for (let item = 0; item < items; item += 1) {
    const columns = copy.readInt32LE(offset + 8);
    offset = renumberColumns(copy, offset + 12, columns, renumber);
  }
  return copy;
}

/** The same for a `pg_dependencies`: items of { float8 degree, int2 n, int2 column x n } (`statext_dependencies_serialize`). */
export function renumberDependencies(bytes: Buffer, renumber: ReadonlyMap<number, number>): Buffer {
  const copy = Buffer.from(bytes);
  const items = copy.readUInt32LE(8);
  let offset = HEADER_BYTES;
  for (let item = 0; item < items; item += 1) {
    const columns = copy.readInt16LE(offset + 8);
    offset = renumberColumns(copy, offset + 10, columns, renumber);
  }
  return copy;
}

function renumberColumns(bytes: Buffer, start: number, count: number, renumber: ReadonlyMap<number, number>): number {
  for (let at = start; at < start + 2 * count; at += 2) {
    const column = bytes.readInt16LE(at);
    bytes.writeInt16LE(renumber.get(column) ?? column, at);
  }
  return start + 2 * count;
}

/** How often one item of a multi-column common-value list occurs, and would if the columns were independent. */
export interface ItemFrequency {
  readonly frequency: number;
  readonly baseFrequency: number;
}

/**
 * Writes frequencies into the bytes of a `pg_mcv_list`, whose items stand at the end, each { bool isnull x n,
 * float8 frequency, float8 base frequency, uint16 value x n } (`statext_mcv_serialize`).
 */
export function setItemFrequencies(bytes: Buffer, dimensions: number, frequencies: readonly ItemFrequency[]): Buffer {
  const copy = Buffer.from(bytes);
  const itemBytes = dimensions * 3 + 16;
  const start = copy.length - frequencies.length * itemBytes;
  frequencies.forEach(({ frequency, baseFrequency }, item) => {
    const at = start + item * itemBytes + dimensions;
    copy.writeDoubleLE(frequency, at);
    copy.writeDoubleLE(baseFrequency, at + 8);
  });
  return copy;
}
