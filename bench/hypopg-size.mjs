// How HypoPG 1.3 and 1.4 estimate the size of a hypothetical btree: no deduplication, a tuple header and an aligned line
// pointer for each column, 90 % fill and 20 % bloat. Only for comparing budgets with figures that were made with it.
const PAGE_BYTES = 8192;
/** Without the page header (24) and the btree's special space (16). */
const USABLE_BYTES = PAGE_BYTES - 24 - 16;
const TUPLE_HEADER_BYTES = 8;
const LINE_POINTER_BYTES = 4;
/** (200 - fill factor 90 + bloat 20) / 100. */
const BLOAT = 1.3;

/** Pages of a plain btree on columns of these average widths. */
export function hypopgPages(rows, widths) {
  const columns = widths.length;
  const pointers = Math.ceil((LINE_POINTER_BYTES * columns) / 8) * 8;
  const lineBytes = widths.reduce((sum, width) => sum + width, 0) + TUPLE_HEADER_BYTES * columns + pointers;
  return Math.max(1, Math.ceil((rows * lineBytes * BLOAT) / USABLE_BYTES));
}
