import { groupBy } from '../../../base/group.js';
import { quoteIdent, quoteQualified } from '../../../base/quote.js';
import type { Session } from '../../../postgres/session.js';
import type { KeyClass } from '../../../indexes/btree-size.js';
import type { IndexLayout } from '../index-layout.js';
import { SAMPLE } from './sample-builds.js';
import { HEAVY_ROWS, KEYS, computeKeys, countClasses } from './sample-keys.js';
import type { SampledKeys } from './sample-keys.js';

/** A slice holds about as many rows as the sample, so that it costs the same. */
const SLICE_VALUES = 30;

/** Rows of a key's heavy values, as a fraction of all: with more a slice is what chance made of them. */
const HEAVY_SHARE = 0.05;

/** An index whose values are to be counted, and what the table is sliced by for it, as SQL. */
export interface SliceWanted {
  readonly layout: IndexLayout;
  readonly pivot: string;
}

/** What to slice the table by for an index; null when the sample tells enough. Needs `KEYS` of the sample. */
export async function slicePivot(
  session: Session,
  layout: IndexLayout,
  sampled: SampledKeys,
  rowsPerSampled: number,
): Promise<string | null> {
  if (rowsPerSampled <= 1 || !isUncertain(sampled)) return null;
  const keys = layout.columns.slice(0, layout.keyCount);
  const counts = await session.query<{ key: number; values: number; heavy: number }>(
    keys.map((_, index) => keySql(index)).join(' UNION ALL '),
  );
  const most = counts.toSorted((a, b) => b.values - a.values || a.key - b.key)[0];
  const enough = Math.min(SLICE_VALUES * rowsPerSampled, sampled.rows / 3);
  // The key that has most values, if a slice holds enough of them and none is most of it: other indexes share the slice.
  const isEven = most !== undefined && most.values >= enough && most.heavy <= sampled.rows * HEAVY_SHARE;
  return (isEven ? keys[most.key]?.sql : undefined) ?? keys.map((key) => key.sql).join(', ');
}

/**
 * Takes all rows of a few key values of a table, chosen by hash, and counts them: how often values repeat is then known
 * and not guessed. A sample of rows can not tell a million values that come twice from half of them that come thrice
 * (Gibbons 2001, "distinct sampling"). One pass over the table for all indexes with the same pivot. Gives values by true
 * number of rows, heavy ones left out, by the index's oid; indexes whose types can not be hashed are left out.
 */
export async function sliceClasses(
  session: Session,
  wanted: readonly SliceWanted[],
  rowsPerSampled: number,
): Promise<Map<number, KeyClass[]>> {
  const found = new Map<number, KeyClass[]>();
  for (const [pivot, group] of groupBy(wanted, (one) => one.pivot)) {
    await session.run('SAVEPOINT slice');
    try {
      await drawSlice(session, pivot, { layouts: group.map((one) => one.layout), rowsPerSampled });
      for (const { layout } of group) {
        await computeKeys(session, layout, SLICE);
        const classes = await countClasses(session, layout.keyCount);
        const light = classes.filter((one) => one.rows < HEAVY_ROWS * rowsPerSampled);
        if (light.length > 0) found.set(layout.oid, light);
        await session.run(`DROP TABLE ${KEYS}`);
      }
    } catch {
      // A type without a hash function, or an expression that fails on a row which the sample does not have.
    }
    await session.run('ROLLBACK TO SAVEPOINT slice; RELEASE SAVEPOINT slice');
  }
  return found;
}

const SLICE = 'pg_temp.wizard_slice';

async function drawSlice(
  session: Session,
  pivot: string,
  { layouts, rowsPerSampled }: { readonly layouts: readonly IndexLayout[]; readonly rowsPerSampled: number },
): Promise<void> {
  const heap = layouts[0]?.heap ?? { schema: '', name: '' };
  const columns = [...new Set(layouts.flatMap((layout) => layout.columnsUsed))].map(quoteIdent);
  const part = `(pg_catalog.hash_record_extended(ROW(${pivot}), 0) % ${Math.max(2, Math.round(rowsPerSampled))})`;
  // Of the parts one of middling size: one with a value of very many rows would hold little else, and those are known.
  const [middle] = await session.query<{ part: string | null }>(
    `SELECT (pg_catalog.array_agg(p.part ORDER BY p.rows, p.part))[(count(*) + 1) / 2]::text AS part
  FROM (SELECT ${part} AS part, count(*) AS rows FROM ${SAMPLE} GROUP BY 1) AS p`,
  );
  await session.run(
    `CREATE TEMP TABLE wizard_slice ON COMMIT DROP AS SELECT ${columns.join(', ')} FROM ONLY ${quoteQualified(heap.schema, heap.name)} WHERE ${part} = ${middle?.part ?? '0'}`,
  );
}

/** How many values one key has in `KEYS`, and how many rows have a heavy one. */
function keySql(index: number): string {
  return `SELECT ${index} AS key, count(*)::int4 AS values, coalesce(sum(g.rows) FILTER (WHERE g.rows >= ${HEAVY_ROWS}), 0)::int4 AS heavy
  FROM (SELECT count(*) AS rows FROM ${KEYS} GROUP BY k${index + 1}) AS g`;
}

/** Nearly every value seen again, or none ever: then the sample tells enough. */
function isUncertain({ rows, others }: SampledKeys): boolean {
  const once = others.filter((one) => one.rows === 1).reduce((sum, one) => sum + one.values, 0);
  return once > rows * 0.01 && once < rows;
}
