import { quoteLiteral, quoteQualified } from '../../base/quote.js';
import type { Session } from '../../postgres/session.js';

/** How many rows the source's planner takes a table to have. */
export interface TableShape {
  readonly schema: string;
  readonly name: string;
  /** `reltuples` scaled to the table's present size, as the planner does it; null when it was never analysed. */
  readonly rows: number | null;
}

const BATCH = 200;

/** Reads the planner's row counts of plain tables. Source: `estimate_rel_size` in plancat.c. */
export async function readShapes(source: Session): Promise<readonly TableShape[]> {
  return source.query<{ schema: string; name: string; rows: number | null }>(`
    SELECT n.nspname::text AS schema, c.relname::text AS name,
      CASE WHEN c.reltuples >= 0 AND c.relpages > 0
        THEN pg_catalog.round(c.reltuples::numeric / c.relpages * pg_catalog.pg_relation_size(c.oid)
          / pg_catalog.current_setting('block_size')::int4)::float8
        WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY n.nspname, c.relname`);
}

/** Gives the copies the same row counts over their own, often denser, pages. Runs after index builds, which set them to the truth. */
export async function restoreShapes(lab: Session, shapes: readonly TableShape[]): Promise<void> {
  for (let at = 0; at < shapes.length; at += BATCH) {
    const values = shapes
      .slice(at, at + BATCH)
      .map(({ schema, name, rows }) => `(${quoteLiteral(quoteQualified(schema, name)).trim()}, ${rows ?? -1}::float4)`);
    await lab.run(`
      UPDATE pg_catalog.pg_class c SET reltuples = v.rows, relpages = CASE WHEN v.rows < 0 THEN 0 ELSE s.pages END,
        relallvisible = CASE WHEN v.rows < 0 THEN 0 ELSE s.pages END
      FROM (VALUES ${values.join(', ')}) AS v(name, rows)
      CROSS JOIN LATERAL (SELECT (pg_catalog.pg_relation_size(pg_catalog.to_regclass(v.name))
        / pg_catalog.current_setting('block_size')::int4)::int4 AS pages) s
      WHERE c.oid = pg_catalog.to_regclass(v.name)`);
  }
}
