import { quoteIdent } from '../base/quote.js';
import { written, writtenLiteral } from './relation.js';
import type { Relation } from './relation.js';

/**
 * Pages of a batch: 50 pages of 8 kB hold some 4,000 rows of 100 bytes, within the 1,000 to 5,000 rows that keep a batch's locks and WAL short.
 */
const BATCH_PAGES = 50;

/** Of a step that fills what a migration added. */
export const FILL_NOTE =
  'The rows that were there, in batches; triggers and rules of the table do not run for them. May be interrupted and run again.';

/** What a batch does with its rows. */
export interface BatchWork {
  readonly relation: Relation;
  /** The statement up to its WHERE, e.g. `UPDATE "t" SET "a" = 1`. */
  readonly statement: string;
  /** Rows that still need it; null for all. */
  readonly where: string | null;
  /** Whether it fills what a migration added, of which triggers and rules of the table are not to hear; false for what the file itself wrote. */
  readonly quiet: boolean;
}

/**
 * A DO block that works through a table in batches of pages and commits after each: no lock but those of the rows, each for one batch. Rows that an UPDATE of somebody else moves from a
 * page to come to one that is done would be missed; so one last statement over the whole table does those that `where` still finds. It may be interrupted and run again.
 * Refuses partitioned tables, whose pages are not one sequence. Must run outside a transaction (it commits).
 */
export function inBatches({ relation, statement, where, quiet }: BatchWork): string {
  const condition = where === null ? '' : `\n      AND (${where})`;
  const name = writtenLiteral(relation);
  const alone = (indent: string): string => (quiet ? ALONE.map((line) => `${line}\n${indent}`).join('') : '');
  return `DO $backfill$
#variable_conflict use_column
DECLARE
  wizard_page bigint := 0;
  wizard_pages bigint := pg_catalog.pg_relation_size(${name}::pg_catalog.regclass) / pg_catalog.current_setting('block_size')::bigint;${quiet ? DECLARED : ''}
BEGIN
  IF (SELECT relkind FROM pg_catalog.pg_class WHERE oid = ${name}::pg_catalog.regclass) <> 'r' THEN
    RAISE EXCEPTION 'not a plain table: run this for each of its partitions';
  END IF;${quiet ? silenced(name) : ''}
  WHILE wizard_page < wizard_pages LOOP
    ${alone('    ')}${statement}
    WHERE ctid >= pg_catalog.format('(%s,0)', wizard_page)::pg_catalog.tid
      AND ctid < pg_catalog.format('(%s,0)', wizard_page + ${BATCH_PAGES})::pg_catalog.tid${condition};
    COMMIT;
    wizard_page := wizard_page + ${BATCH_PAGES};
  END LOOP;
  -- Rows that somebody moved meanwhile; one statement sees each row once.
  ${alone('  ')}${statement}${where === null ? '' : `\n  WHERE ${where}`};
  COMMIT;
END $backfill$`;
}

/** Holds until the batch commits; no policy may hide rows that are to be filled. */
const ALONE = [
  "PERFORM pg_catalog.set_config('row_security', 'off', true);",
  'IF wizard_silent THEN',
  "  PERFORM pg_catalog.set_config('session_replication_role', 'replica', true);",
  'END IF;',
];

const DECLARED = `
  wizard_told text;
  wizard_always boolean;
  wizard_silent boolean := false;`;

/**
 * Triggers and rules that would run for each row which is filled, and stamp or log it as changed, are kept from it by `session_replication_role`; those that keep the column of a type change need not run, as the
 * fill gives that column its value. Where the role may not set it, or one runs ALWAYS, it fails before a row is written, unless `database_wizard.fire_triggers` is on.
 */
function silenced(name: string): string {
  return `
  SELECT pg_catalog.string_agg(what, ', ' ORDER BY what), pg_catalog.bool_or(always) INTO wizard_told, wizard_always FROM (
    SELECT 'trigger ' || tgname, tgenabled = 'A' FROM pg_catalog.pg_trigger
    WHERE tgrelid = ${name}::pg_catalog.regclass AND NOT tgisinternal AND tgtype & 16 = 16 AND tgattr = '' AND tgenabled IN ('O', 'A') AND tgname !~ '^zz_.*_sync$'
    UNION ALL
    SELECT 'rule ' || rulename, ev_enabled = 'A' FROM pg_catalog.pg_rewrite
    WHERE ev_class = ${name}::pg_catalog.regclass AND ev_type = '2' AND ev_enabled IN ('O', 'A')) AS f (what, always);
  IF wizard_told IS NOT NULL AND coalesce(pg_catalog.current_setting('database_wizard.fire_triggers', true), '') <> 'on' THEN
    BEGIN
      PERFORM pg_catalog.set_config('session_replication_role', 'replica', true);
      wizard_silent := NOT wizard_always;
    EXCEPTION WHEN insufficient_privilege THEN
      NULL;
    END;
    IF NOT wizard_silent THEN
      RAISE EXCEPTION 'each row that is filled would run %', wizard_told
        USING HINT = 'Run this as a role that may set session_replication_role; or, where that does no harm, after SET database_wizard.fire_triggers = on.';
    END IF;
  END IF;`;
}

/** An UPDATE that gives a column a value where it has none, in batches. */
export function fillColumn(relation: Relation, column: string, value: string): string {
  return inBatches({
    relation,
    statement: `UPDATE ${written(relation)} SET ${quoteIdent(column)} = ${value}`,
    where: `${quoteIdent(column)} IS NULL`,
    quiet: true,
  });
}
