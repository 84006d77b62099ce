import { WizardError } from '../../base/errors.js';
import { quoteLiteral, quoteQualified } from '../../base/quote.js';
import type { Skipped } from '../../model/coverage.js';
import { isLocked, retryWhileLocked } from '../../postgres/locked.js';
import type { Session } from '../../postgres/session.js';

/** How many rows the source's planner takes a table to have. */
export interface TableShape {
  readonly schema: string;
  readonly name: string;
  /** `reltuples` scaled to the table's present size, as the planner does it; null when it was never analysed. */
  readonly rows: number | null;
  /** Whether it had no pages when it was counted: the planner goes by the width of its columns then, whatever it was counted to hold. */
  readonly wasEmpty: boolean;
}

const BATCH = 200;

/** Reads the planner's row counts of plain tables. Source: `estimate_rel_size` in plancat.c. */
export async function readShapes(source: Session): Promise<readonly TableShape[]> {
  const pages = `pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int4`;
  return retryWhileLocked(() => source.query<ShapeRow>(shapesSql(pages))).catch((error: unknown) => {
    if (!isLocked(error)) throw error;
    return source.query<ShapeRow>(shapesSql('c.relpages'));
  });
}

type ShapeRow = { schema: string; name: string; rows: number | null; wasEmpty: boolean };

const shapesSql = (pages: string): string => `
    SELECT n.nspname::text AS schema, c.relname::text AS name,
      CASE WHEN c.reltuples >= 0 AND c.relpages > 0 THEN pg_catalog.round(c.reltuples::numeric / c.relpages * ${pages})::float8
        WHEN c.reltuples >= 0 THEN c.reltuples::float8 END AS rows, c.relpages = 0 AS "wasEmpty"
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY n.nspname, c.relname`;

/** Gives the copies the same row counts over their own, often denser, pages. Runs after index builds, which set them to the truth. */
export async function restoreShapes(lab: Session, shapes: readonly TableShape[]): Promise<readonly Skipped[]> {
  try {
    await writeShapes(lab, shapes);
    return [];
  } catch (error) {
    if (!(error instanceof WizardError) || error.sqlstate !== '42501') throw error;
    const reason =
      "Only a superuser of the lab may set them: those of the copy are counted, and not as old as the source's.";
    return [{ what: "the planner's row counts", reason, remedy: 'Give a superuser of the lab.' }];
  }
}

async function writeShapes(lab: Session, shapes: readonly TableShape[]): Promise<void> {
  for (let at = 0; at < shapes.length; at += BATCH) {
    const values = shapes
      .slice(at, at + BATCH)
      .map(
        ({ schema, name, rows, wasEmpty }) =>
          `(${quoteLiteral(quoteQualified(schema, name))}, ${rows ?? -1}::float4, ${wasEmpty})`,
      );
    await lab.run(`
      UPDATE pg_catalog.pg_class c SET reltuples = v.rows, relpages = CASE WHEN v.was_empty THEN 0 ELSE s.pages END,
        relallvisible = CASE WHEN v.was_empty THEN 0 ELSE s.pages END
      FROM (VALUES ${values.join(', ')}) AS v(name, rows, was_empty)
      CROSS JOIN LATERAL (SELECT (pg_catalog.pg_relation_size(pg_catalog.to_regclass(v.name))
        / pg_catalog.current_setting('block_size')::int4)::int4 AS pages) s
      WHERE c.oid = pg_catalog.to_regclass(v.name)`);
  }
}
