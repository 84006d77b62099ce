import type { Session } from '../../postgres/session.js';
import type { Result } from './compare.js';

/** A database to make, and what to run on it. */
export interface Trial {
  /** INSERT statements; one that the server refuses is left out. */
  readonly inserts: readonly string[];
  /** How many rows these are at most. */
  readonly rows: number;
  /** The original, the rewritten one, and the original without its LIMIT, if any. */
  readonly queries: readonly string[];
}

/** What came of one database. */
export type TrialOutcome =
  | { readonly same: true; readonly rows: number; readonly kept: number }
  | { readonly same: false; readonly kept: readonly number[]; readonly results: readonly Result[] };

/** Runs databases in a session's transaction. */
export interface Runner {
  run(trials: readonly Trial[]): Promise<readonly TrialOutcome[]>;
}

/** Rows that were undone stay in the files, where every scan reads them; emptying takes as long as reading some hundreds. */
const MOST_STALE = 500;

/**
 * Makes a runner, which fills, asks and undoes one database after the other in one round trip. Its functions end with the session's transaction. With `writes`, the queries change rows: each is
 * undone before the next, and what is compared is the content of `tables` (quoted names) afterwards.
 */
export async function openRunner(
  session: Session,
  { writes, tables }: { readonly writes: boolean; readonly tables: readonly string[] },
): Promise<Runner> {
  await session.run(RUNNER);
  const content = tables.map((name, i) => `SELECT ${i} || t::text AS x FROM ${name} AS t`).join(' UNION ALL ');
  let stale = 0;
  const isStale = ({ rows }: Trial): boolean => {
    const empties = tables.length > 0 && stale > MOST_STALE;
    stale = (empties ? 0 : stale) + rows;
    return empties;
  };
  return {
    async run(trials) {
      const [answer] = await session.query<{ outcomes: RawOutcome[] }>(
        'SELECT pg_temp.wizard_trials($1::jsonb, $2::text, $3::text) AS outcomes',
        [
          JSON.stringify(trials.map((trial) => ({ ...trial, empty: isStale(trial) }))),
          writes ? `SELECT '' AS k, c.x AS v FROM (${content}) AS c ORDER BY c.x` : null,
          `TRUNCATE ${tables.join(', ')} CASCADE`,
        ],
      );
      return (answer?.outcomes ?? []).map((one) =>
        'rows' in one
          ? { same: true, rows: one.rows, kept: one.kept }
          : {
              same: false,
              kept: one.kept,
              results: one.results.map(({ keys, values, error }) => ({ keys: keys ?? [], rows: values ?? [], error })),
            },
      );
    },
  };
}

type RawOutcome =
  | { readonly rows: number; readonly kept: number }
  | {
      readonly kept: readonly number[];
      readonly results: readonly {
        readonly keys: readonly string[] | null;
        readonly values: readonly string[] | null;
        readonly error: string | null;
      }[];
    };

/** `wizard_ask` runs one query; `wizard_trials` undoes each database by an error of its own. A block that fails keeps the values of its variables. */
const RUNNER = `
CREATE FUNCTION pg_temp.wizard_ask(query text, content text) RETURNS jsonb LANGUAGE plpgsql AS $wizard$
DECLARE
  ks text[];
  vs text[];
  affected bigint;
BEGIN
  IF content IS NULL THEN
    EXECUTE 'SELECT array_agg(r.k), array_agg(r.v) FROM (' || query || ') AS r' INTO ks, vs;
  ELSE
    BEGIN
      EXECUTE query;
      GET DIAGNOSTICS affected = ROW_COUNT;
      EXECUTE 'SELECT array_agg(r.k), array_agg(r.v) FROM (' || content || ') AS r' INTO ks, vs;
      vs := coalesce(vs, '{}') || ('rows affected: ' || affected);
      ks := array_fill(affected::text, ARRAY[array_length(vs, 1)]);
      RAISE EXCEPTION USING ERRCODE = 'WZ001';
    EXCEPTION WHEN SQLSTATE 'WZ001' THEN
      NULL;
    END;
  END IF;
  RETURN jsonb_build_object('keys', ks, 'values', vs, 'error', NULL);
EXCEPTION WHEN OTHERS THEN
  RETURN jsonb_build_object('keys', NULL, 'values', NULL, 'error', SQLSTATE);
END $wizard$;

CREATE FUNCTION pg_temp.wizard_trials(databases jsonb, content text, emptying text) RETURNS jsonb LANGUAGE plpgsql AS $wizard$
DECLARE
  one jsonb;
  statement text;
  n int;
  kept int[];
  results jsonb;
  outcomes jsonb := '[]';
BEGIN
  FOR one IN SELECT d.value FROM jsonb_array_elements(databases) AS d LOOP
    IF (one ->> 'empty')::boolean THEN
      EXECUTE emptying;
    END IF;
    BEGIN
      kept := '{}';
      n := 0;
      FOR statement IN SELECT i.value FROM jsonb_array_elements_text(one -> 'inserts') AS i LOOP
        BEGIN
          EXECUTE statement;
          kept := kept || n;
        EXCEPTION WHEN OTHERS THEN
          NULL;
        END;
        n := n + 1;
      END LOOP;
      results := '[]';
      FOR statement IN SELECT q.value FROM jsonb_array_elements_text(one -> 'queries') AS q LOOP
        results := results || pg_temp.wizard_ask(statement, content);
        IF jsonb_array_length(results) = 2 AND results -> 0 = results -> 1 AND results -> 0 ->> 'error' IS NULL THEN
          EXIT;
        END IF;
      END LOOP;
      RAISE EXCEPTION USING ERRCODE = 'WZ001';
    EXCEPTION WHEN SQLSTATE 'WZ001' THEN
      NULL;
    END;
    IF results -> 0 = results -> 1 AND results -> 0 ->> 'error' IS NULL THEN
      outcomes := outcomes || jsonb_build_object(
        'rows', CASE WHEN jsonb_typeof(results -> 0 -> 'values') = 'array' THEN jsonb_array_length(results -> 0 -> 'values') ELSE 0 END,
        'kept', coalesce(array_length(kept, 1), 0));
    ELSE
      outcomes := outcomes || jsonb_build_object('kept', to_jsonb(kept), 'results', results);
    END IF;
  END LOOP;
  RETURN outcomes;
END $wizard$`;
