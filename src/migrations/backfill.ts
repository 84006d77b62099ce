import { quoteIdent } from '../base/quote.js';
import { written, writtenLiteral } from './relation.js';
import type { Relation } from './relation.js';

/**
 * Pages of a batch: 50 pages of 8 kB hold some 4,000 rows of 100 bytes, within the 1,000 to 5,000 rows that keep a batch's locks and WAL short.
 */
const BATCH_PAGES = 50;

/** What a batch does with its rows. */
export interface BatchWork {
  readonly relation: Relation;
  /** The statement up to its WHERE, e.g. `UPDATE "t" SET "a" = 1`. */
  readonly statement: string;
  /** Rows that still need it; null for all. */
  readonly where: string | null;
}

/**
 * A DO block that works through a table in batches of pages and commits after each: no lock but those of the rows, each for one batch. Rows that an UPDATE of somebody else moves from a
 * page to come to one that is done would be missed; so one last statement over the whole table does those that `where` still finds. It may be interrupted and run again.
 * Refuses partitioned tables, whose pages are not one sequence. Must run outside a transaction (it commits).
 */
export function inBatches({ relation, statement, where }: BatchWork): string {
  const condition = where === null ? '' : `\n      AND (${where})`;
  const name = writtenLiteral(relation);
  return `DO $backfill$
#variable_conflict use_column
DECLARE
  wizard_page bigint := 0;
  wizard_pages bigint := pg_catalog.pg_relation_size(${name}::pg_catalog.regclass) / pg_catalog.current_setting('block_size')::bigint;
BEGIN
  IF (SELECT relkind FROM pg_catalog.pg_class WHERE oid = ${name}::pg_catalog.regclass) <> 'r' THEN
    RAISE EXCEPTION 'not a plain table: run this for each of its partitions';
  END IF;
  WHILE wizard_page < wizard_pages LOOP
    ${statement}
    WHERE ctid >= pg_catalog.format('(%s,0)', wizard_page)::pg_catalog.tid
      AND ctid < pg_catalog.format('(%s,0)', wizard_page + ${BATCH_PAGES})::pg_catalog.tid${condition};
    COMMIT;
    wizard_page := wizard_page + ${BATCH_PAGES};
  END LOOP;
  -- Rows that somebody moved meanwhile; one statement sees each row once.
  ${statement}${where === null ? '' : `\n  WHERE ${where}`};
  COMMIT;
END $backfill$`;
}

/** An UPDATE that gives a column a value where it has none, in batches. */
export function fillColumn(relation: Relation, column: string, value: string): string {
  return inBatches({
    relation,
    statement: `UPDATE ${written(relation)} SET ${quoteIdent(column)} = ${value}`,
    where: `${quoteIdent(column)} IS NULL`,
  });
}
