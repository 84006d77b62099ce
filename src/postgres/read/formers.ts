import { formerKey } from '../../migrations/formers.js';
import type { FormerKind, FormerQuestion } from '../../migrations/formers.js';
import type { Former } from '../../model/catalog.js';
import { sqlstateOf } from '../errors.js';
import { withTextSession } from '../extract/texts.js';
import type { Session } from '../session.js';
import { OF_RELATIONS } from './formers/of-relations.js';
import { OF_RIGHTS } from './formers/of-rights.js';
import { OF_THINGS } from './formers/of-things.js';

/** How a kind of question is answered. */
export interface FormerReader {
  /** SQL: the OID of what `w.name` and `w.sub` name; null where there is no such thing. */
  readonly oid: string;
  /** SELECT of `(place, statement)` of the thing `w.oid`; a null statement is left out. */
  readonly statements: string;
}

const READERS: Readonly<Record<FormerKind, FormerReader>> = { ...OF_RELATIONS, ...OF_RIGHTS, ...OF_THINGS };

/**
 * What things are that a migration changes, as statements. Read-only; names are looked up as the session's search path has them, the texts are qualified. Of one kind older things come first. Opens a second connection for the
 * time it takes, and none where nothing is asked.
 */
export async function readFormers(session: Session, questions: readonly FormerQuestion[]): Promise<readonly Former[]> {
  const kinds = [...new Set(questions.map(({ kind }) => kind))];
  if (kinds.length === 0) return [];
  const found = new Map<FormerQuestion, string | null>();
  for (const kind of kinds) {
    const asked = questions.filter((one) => one.kind === kind);
    for (const [at, oid] of (await lookUp(session, kind, asked)).entries()) {
      const question = asked[at];
      if (question) found.set(question, oid);
    }
  }
  return withTextSession(session, false, async (reading) => {
    const formers: Former[] = [];
    for (const kind of kinds) {
      const asked = questions
        .filter((one) => one.kind === kind)
        .toSorted((a, b) => Number(found.get(a) ?? 0) - Number(found.get(b) ?? 0));
      const there = asked.filter((one) => found.get(one) != null);
      const rows = await reading.query<{ nr: number; statement: string }>(
        `SELECT w.nr::int4 AS nr, s.statement FROM (SELECT nr, name, sub, oid::pg_catalog.oid AS oid FROM ROWS FROM (pg_catalog.unnest($1::int4[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[]), pg_catalog.unnest($4::int8[])) AS w (nr, name, sub, oid)) AS w
         CROSS JOIN LATERAL (${READERS[kind].statements}) AS s (place, statement) WHERE s.statement IS NOT NULL ORDER BY w.nr, s.place`,
        [...wanted(there), there.map((one) => found.get(one))],
      );
      for (const question of asked) {
        const nr = there.indexOf(question) + 1;
        const own = rows.filter((row) => row.nr === nr).map(({ statement }) => statement.trimEnd());
        formers.push({ question: formerKey(question), sql: nr === 0 ? null : own });
      }
    }
    return formers;
  });
}

/** OIDs in the order of the questions. */
async function lookUp(
  session: Session,
  kind: FormerKind,
  asked: readonly FormerQuestion[],
): Promise<readonly (string | null)[]> {
  try {
    const rows = await session.query<{ oid: string | null }>(
      `SELECT (${READERS[kind].oid})::pg_catalog.oid::int8 AS oid FROM ${WANTED} ORDER BY w.nr`,
      wanted(asked),
    );
    return rows.map(({ oid }) => oid);
  } catch (thrown) {
    if (!/^(?:42|3F)/.test(sqlstateOf(thrown) ?? '')) throw thrown;
    // Before 16 `to_regprocedure` fails on a type that there is not.
    if (asked.length === 1) return [null];
    const single: (string | null)[] = [];
    for (const one of asked) single.push(...(await lookUp(session, kind, [one])));
    return single;
  }
}

const WANTED =
  'ROWS FROM (pg_catalog.unnest($1::int4[]), pg_catalog.unnest($2::text[]), pg_catalog.unnest($3::text[])) AS w (nr, name, sub)';

function wanted(questions: readonly FormerQuestion[]): unknown[] {
  return [questions.map((_, at) => at + 1), questions.map(({ name }) => name), questions.map(({ sub }) => sub)];
}
