import { quoteIdent } from '../base/quote.js';
import { written, writtenLiteral } from './relation.js';
import type { Relation } from './relation.js';

/** The first batch: 50 pages of 8 kB hold some 4,000 rows of 100 bytes, within the 1,000 to 5,000 rows that keep a batch's locks and WAL short. */
const FIRST_PAGES = 50;

/** Additive increase: a fifth of the first batch, so that five quick batches double it. */
const MORE_PAGES = 10;

/** However quick batches are: what one writes is a few megabytes of WAL, and where rows become slower the one that finds out is not long. */
const MOST_PAGES = 200;

/** A client whose row is in a batch waits for its end: well below the 250 ms that a planned sequence may hold anybody up. */
const TARGET_MS = 100;

/** As far behind as `deploy` lets a standby be, by default. */
const LAG = '10s';

/** What one last statement may hold: no more rows than the first batch's. */
const FEW_ROWS = 1000;

/** A table whose rows move faster than they are filled is not chased for ever. */
const PASSES = 3;

/** How batches go on, for the note of a step that works in them. */
export const PACE =
  'Batches are sized by the time they take, wait while a standby is more than 10 s behind, and tell how far they are.';

/** Of a step that fills what a migration added. */
export const FILL_NOTE = `The rows that were there, in batches; triggers and rules of the table do not run for them. May be interrupted and run again. ${PACE}`;

const BEGINNING = `DO $backfill$
#variable_conflict use_column
DECLARE
  wizard_page bigint;`;

/** Whether a statement is one that `inBatches` made: it may be interrupted and run again. */
export function isBackfill(sql: string): boolean {
  return sql.startsWith(BEGINNING);
}

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
 * A DO block that works through a table in batches of pages and commits after each: no lock but those of the rows, each for one batch. The position of a row is the key of its page: none of the table's is needed, and a batch
 * reads its pages once. Batches are sized by the time that they take, COMMIT included, and so by what standbys that are waited for take too (additive increase, multiplicative decrease); one that took too long is followed by a pause as long.
 * Rows that an UPDATE of somebody else moves to a page that is done are found by another pass, few of them by one last statement over the whole table. It may be interrupted and run again: what is done is only read.
 * Refuses partitioned tables, whose pages are not one sequence. Must run outside a transaction (it commits).
 */
export function inBatches({ relation, statement, where, quiet }: BatchWork): string {
  const condition = where === null ? '' : `\n        AND (${where})`;
  const name = writtenLiteral(relation);
  const alone = (indent: string): string => (quiet ? ALONE.map((line) => `${line}\n${indent}`).join('') : '');
  return `${BEGINNING}
  wizard_pages bigint;
  wizard_batch int := ${FIRST_PAGES};
  wizard_rows bigint;
  wizard_left bigint;
  wizard_began timestamptz;
  wizard_took double precision;
  wizard_noticed_page bigint;
  wizard_noticed timestamptz := pg_catalog.clock_timestamp();
  wizard_lag interval;${quiet ? DECLARED : ''}
BEGIN
  IF (SELECT relkind FROM pg_catalog.pg_class WHERE oid = ${name}::pg_catalog.regclass) <> 'r' THEN
    RAISE EXCEPTION 'not a plain table: run this for each of its partitions';
  END IF;${quiet ? silenced(name) : ''}
  FOR wizard_pass IN 1..${PASSES} LOOP
    wizard_page := 0;
    wizard_pages := pg_catalog.pg_relation_size(${name}::pg_catalog.regclass) / pg_catalog.current_setting('block_size')::bigint;
    wizard_noticed_page := 0;
    WHILE wizard_page < wizard_pages LOOP
      wizard_began := pg_catalog.clock_timestamp();
      ${alone('      ')}${statement}
      WHERE ctid >= pg_catalog.format('(%s,0)', wizard_page)::pg_catalog.tid
        AND ctid < pg_catalog.format('(%s,0)', wizard_page + wizard_batch)::pg_catalog.tid${condition};
      GET DIAGNOSTICS wizard_rows = ROW_COUNT;
      COMMIT;
      wizard_page := wizard_page + wizard_batch;
${PACED}
    END LOOP;
    ${alone('    ')}SELECT pg_catalog.count(*) INTO wizard_left
    FROM (SELECT FROM ${written(relation)}${where === null ? '' : ` WHERE ${where}`} LIMIT ${FEW_ROWS + 1}) AS wizard_rest;
    EXIT WHEN wizard_left <= ${FEW_ROWS};
  END LOOP;
  -- Rows that somebody moved meanwhile; one statement sees each row once.
  IF wizard_left > 0 THEN
    ${alone('    ')}${statement}${where === null ? '' : `\n    WHERE ${where}`};
  END IF;
  COMMIT;
END $backfill$`;
}

/** After a batch: its size, a pause, standbys, and a notice every five seconds. */
const PACED = `      wizard_took := 1000 * extract(epoch FROM pg_catalog.clock_timestamp() - wizard_began);
      IF wizard_took > ${TARGET_MS} THEN
        wizard_batch := greatest(wizard_batch / 2, 1);
        PERFORM pg_catalog.pg_sleep(least(wizard_took, 1000) / 1000);
      ELSIF wizard_rows > 0 THEN
        wizard_batch := least(wizard_batch + ${MORE_PAGES}, ${MOST_PAGES});
      END IF;
      LOOP
        -- One that has caught up keeps the last figure for a while.
        SELECT pg_catalog.max(replay_lag) INTO wizard_lag FROM pg_catalog.pg_stat_replication WHERE replay_lsn < pg_catalog.pg_current_wal_lsn();
        COMMIT;
        EXIT WHEN wizard_lag IS NULL OR wizard_lag <= coalesce(nullif(pg_catalog.current_setting('database_wizard.backfill_lag', true), ''), '${LAG}')::interval;
        IF pg_catalog.clock_timestamp() - wizard_noticed > interval '5s' THEN
          RAISE NOTICE 'waits for a standby that is % behind', wizard_lag;
          wizard_noticed_page := wizard_page;
          wizard_noticed := pg_catalog.clock_timestamp();
        END IF;
        PERFORM pg_catalog.pg_sleep(0.5);
      END LOOP;
      IF pg_catalog.clock_timestamp() - wizard_noticed > interval '5s' THEN
        RAISE NOTICE 'pass %: % of % pages; the last batch took % ms, the next has % pages; about % left (estimated)',
          wizard_pass, least(wizard_page, wizard_pages), wizard_pages, wizard_took::int, wizard_batch, pg_catalog.date_trunc('second',
          (pg_catalog.clock_timestamp() - wizard_noticed) * greatest(wizard_pages - wizard_page, 0) / greatest(wizard_page - wizard_noticed_page, 1)::double precision);
        wizard_noticed_page := wizard_page;
        wizard_noticed := pg_catalog.clock_timestamp();
      END IF;`;

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
