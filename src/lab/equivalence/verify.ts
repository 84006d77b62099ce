import { WizardError } from '../../base/errors.js';
import { quoteQualified } from '../../base/quote.js';
import { sameRelation } from '../../model/catalog.js';
import type { Catalog } from '../../model/catalog.js';
import type { Session } from '../../postgres/session.js';
import { opened } from '../../rewrites/opened.js';
import { bindParameters, parameterCount } from '../../sql/parameters.js';
import { parseStatement, tryParseStatement } from '../../sql/parse.js';
import type { ParsedStatement } from '../../sql/parse.js';
import { textOf, walk } from '../../sql/tree.js';
import { seededRandom } from '../../stats/random.js';
import { askedOf } from './asked.js';
import type { Asked } from './asked.js';
import { difference } from './compare.js';
import type { Result } from './compare.js';
import { constantsOf } from './constants.js';
import { counterexampleSql, shrink } from './counterexample.js';
import { generateRows, insertSql, sizeOf } from './generate.js';
import type { GeneratedRow, Ground } from './generate.js';
import { MOST_SINGLE } from './matched.js';
import { drawParameters } from './parameter-values.js';
import { openRunner } from './runner.js';
import type { Runner, Trial, TrialOutcome } from './runner.js';
import { withSmallOffsets } from './offsets.js';
import { touchedTables } from './tables.js';
import { TIME_ZONES } from './zones.js';
import type { Filled } from './tables.js';

/** Two statements that are said to give the same. */
export interface Claim {
  readonly before: string;
  readonly after: string;
  /** Values seen for `$1, $2, ...`, as SQL; values of our own are tried beside them, NULL among them. */
  readonly parameterSets: readonly (readonly string[])[];
}

export interface VerifyOptions {
  /** 300 by default: the least that counts as evidence. */
  readonly databases?: number;
  /** Milliseconds after which it gives up; 20 000 by default. */
  readonly timeBoxMs?: number;
  /** The same seed gives the same databases. */
  readonly seed?: number;
  /** `same` by default: another name or type of an output column is a difference. `by-position` leaves names aside, and compares numbers of different types by their value and other types by their text. */
  readonly columns?: 'same' | 'by-position';
  /** `same` by default: failing is a difference. `fewer-overflows` lets the second answer where the first fails with an overflow: a rewrite may take arithmetic away from a column. */
  readonly failures?: 'same' | 'fewer-overflows';
}

/** What the verifier found. It never proves: `held` says on how many databases no difference was seen. */
export type Equivalence =
  | { readonly kind: 'held'; readonly databases: number; readonly withRows: number; readonly ms: number }
  | {
      readonly kind: 'refuted';
      readonly databases: number;
      readonly ms: number;
      readonly difference: string;
      readonly counterexample: string;
    }
  /** `databases` were tried without a difference, `withRows` of which gave rows; both 0 where none could be. */
  | {
      readonly kind: 'unverifiable';
      readonly reason: string;
      readonly databases: number;
      readonly withRows: number;
    };

/**
 * Looks for a small database, within what the catalog allows, on which two statements differ: as bags of rows, in their order where ORDER BY says one, in failing, and in what they write.
 * The session is on a database with the schema and no rows that matter: all happens in a transaction that is rolled back, and empties the tables first. Needs `loadParser()`.
 */
export async function verifyEquivalence(
  session: Session,
  catalog: Catalog,
  claim: Claim,
  options: VerifyOptions = {},
): Promise<Equivalence> {
  const started = performance.now();
  await session.run(
    `BEGIN; SET LOCAL timezone = '${TIME_ZONES[0]}'; SET LOCAL statement_timeout = '${BATCH_MS}ms'; SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL client_min_messages = warning`,
  );
  try {
    return await search(session, catalog, withSmallOffsets(claim), {
      databases: 300,
      timeBoxMs: 20_000,
      seed: 1,
      columns: 'same',
      failures: 'same',
      ...options,
      started,
    });
  } catch (thrown) {
    if (thrown instanceof WizardError && ['target/statement', 'sql/parse', 'sql/deparse'].includes(thrown.code)) {
      return unverifiable(thrown.message);
    }
    throw thrown;
  } finally {
    await session.run('ROLLBACK');
  }
}

/** Databases in one round trip. */
const BATCH = 25;
/** A batch takes far below a second, but where a statement is quadratic in the rows that a count asks for. */
const BATCH_MS = 5000;
/** Databases that gave rows and are varied: the first ones, of which each has many neighbours. */
const MOST_WITNESSES = 40;

function unverifiable(reason: string, databases = 0, withRows = 0): Equivalence {
  return { kind: 'unverifiable', reason, databases, withRows };
}

interface Search extends Required<VerifyOptions> {
  readonly started: number;
}

async function search(session: Session, catalog: Catalog, claim: Claim, options: Search): Promise<Equivalence> {
  const statements = [claim.before, claim.after].map((sql) => withTables(sql, catalog));
  const bound = claim.parameterSets.map((set) => withTables(bindParameters(claim.before, set), catalog));
  const named = new Set(statements.flatMap(({ tree }) => [...walk(tree)].map(({ body }) => textOf(body, 'relname'))));
  const stored = new Set(
    catalog.tables.filter(({ name }) => named.has(name)).flatMap(({ columns }) => columns.map(({ name }) => name)),
  );
  const constants = constantsOf(
    [...statements, ...bound, ...checksOf(catalog, named)].map((one) => one.tree),
    (name) => stored.has(name),
  );
  const touched = await touchedTables(session, catalog, { statements, constants });
  if ('reason' in touched) return unverifiable(touched.reason);
  const names = touched.tables.map((table) => quoteQualified(table.schema, table.name));
  if (names.length > 0) await session.run(`TRUNCATE ${names.join(', ')} CASCADE; SET CONSTRAINTS ALL IMMEDIATE`);
  const draw = await drawParameters(session, claim, { tables: touched.tables, constants });
  const asked = await askedOf(session, claim, { values: draw(() => 0), byPosition: options.columns === 'by-position' });
  if ('differs' in asked) {
    const { differs } = asked;
    return { kind: 'refuted', databases: 0, ms: 0, difference: differs, counterexample: `-- ${differs}` };
  }
  const runner = await openRunner(session, { writes: asked.writes, tables: names });
  const random = seededRandom(options.seed);
  const fewerOverflows = options.failures === 'fewer-overflows';
  const context: Context = { runner, names, dropped: touched.dropped, asked, claim, fewerOverflows };
  let ground: Ground = { tables: touched.tables, constants };
  let witnesses: readonly (readonly GeneratedRow[])[] = [];
  let done = 0;
  let withRows = 0;
  const elapsed = (): number => performance.now() - options.started;
  while (done < options.databases) {
    if (elapsed() > options.timeBoxMs) {
      const reason = `only ${done} of ${options.databases} databases could be tried in ${options.timeBoxMs} ms`;
      return unverifiable(reason, done, withRows);
    }
    const timeZone = TIME_ZONES[(done / BATCH) % TIME_ZONES.length] ?? TIME_ZONES[0];
    await session.run(`SET LOCAL timezone = '${timeZone}'`);
    const drafts: Draft[] = [];
    for (let i = 0; i < BATCH && done + i < options.databases; i += 1) {
      drafts.push({ rows: generateRows(ground, done + i, random, witnesses), values: draw(random) });
    }
    const outcomes = await ranInTime(session, () => runner.run(drafts.map((draft) => trialOf(context, draft))));
    if (outcomes === null) {
      const counts = ground.constants.counts.filter((count) => count <= MOST_SINGLE);
      if (counts.length === ground.constants.counts.length)
        return unverifiable(`${BATCH} databases take longer than ${BATCH_MS} ms`, done, withRows);
      ground = { ...ground, constants: { ...constants, counts } };
      witnesses = witnesses.filter((rows) => rows.every(({ repeat }) => repeat === undefined));
      // What was undone stays in the files, and is read again and again.
      if (names.length > 0) await session.run(`TRUNCATE ${names.join(', ')} CASCADE`);
      continue;
    }
    for (const [i, outcome] of outcomes.entries()) {
      done += 1;
      const draft = drafts[i];
      const differs = differenceOf(context, outcome);
      if (differs === null || !draft) {
        if (outcome.same && outcome.rows <= (asked.writes ? 1 : 0)) continue;
        withRows += 1;
        if (draft && witnesses.length < MOST_WITNESSES) witnesses = [...witnesses, draft.rows];
        continue;
      }
      const kept = outcome.same ? [] : outcome.kept.flatMap((at) => draft.rows[at] ?? []);
      return {
        kind: 'refuted',
        databases: done,
        ms: elapsed(),
        ...(await explainDifference({ ...context, timeZone }, { ...draft, rows: kept }, differs)),
      };
    }
  }
  if (withRows === 0)
    return unverifiable(`the statement gave no row on any of ${done} databases, so nothing was compared`, done);
  return { kind: 'held', databases: done, withRows, ms: elapsed() };
}

/** Null where the server gave up for the time that it took, and nothing of it was done. */
async function ranInTime<T>(session: Session, run: () => Promise<T>): Promise<T | null> {
  await session.run('SAVEPOINT wizard_batch');
  try {
    const found = await run();
    await session.run('RELEASE SAVEPOINT wizard_batch');
    return found;
  } catch (thrown) {
    if (!(thrown instanceof WizardError) || thrown.sqlstate !== TIMEOUT) throw thrown;
    await session.run('ROLLBACK TO SAVEPOINT wizard_batch; RELEASE SAVEPOINT wizard_batch');
    return null;
  }
}

/** `query_canceled` (manual, appendix A). */
const TIMEOUT = '57014';

/** A statement with its views written out: the tables that they read are what has rows. */
function withTables(sql: string, catalog: Catalog): ParsedStatement {
  const statement = parseStatement(sql);
  return opened(statement, catalog)?.statement ?? statement;
}

/** Checks of tables that the statements name, as conditions: rows have to pass them. */
function checksOf(catalog: Catalog, named: ReadonlySet<string | null>): readonly ParsedStatement[] {
  return catalog.constraints.flatMap(({ kind, table, definition }) => {
    if (kind !== 'check' || !named.has(table.name)) return [];
    return (
      tryParseStatement(
        `SELECT WHERE ${definition.replace(/^CHECK\s*/i, '').replace(/\s+(NOT VALID|NO INHERIT)$/, '')}`,
      ) ?? []
    );
  });
}

interface Draft {
  readonly rows: readonly GeneratedRow[];
  readonly values: readonly string[];
}

interface Context {
  readonly runner: Runner;
  readonly names: readonly string[];
  readonly dropped: Filled['dropped'];
  readonly asked: Asked;
  readonly claim: Claim;
  readonly fewerOverflows: boolean;
}

function trialOf({ asked }: Context, { rows, values }: Draft): Trial {
  return {
    inserts: rows.map(insertSql),
    rows: sizeOf(rows),
    queries: asked.queries.map((sql) => bindParameters(sql, values)),
  };
}

function differenceOf({ asked, fewerOverflows }: Context, outcome: TrialOutcome): string | null {
  if (outcome.same) return null;
  const [before, after, all] = outcome.results;
  if (!before || !after) return null;
  return difference(before, after, {
    ordered: asked.ordered,
    all: asked.limited ? (all ?? NOTHING) : null,
    fewerOverflows,
  });
}

const NOTHING: Result = { keys: [], rows: [], error: null };

async function explainDifference(
  context: Context & { readonly timeZone: string },
  draft: Draft,
  first: string,
): Promise<{ readonly difference: string; readonly counterexample: string }> {
  const { runner, names, claim, timeZone } = context;
  let said = first;
  const rows = await shrink(draft.rows, async (fewer) => {
    const [outcome] = await runner.run([trialOf(context, { ...draft, rows: fewer })]);
    const differs = outcome ? differenceOf(context, outcome) : null;
    const whole = outcome?.same === false && outcome.kept.length === fewer.length;
    if (differs !== null && whole) said = differs;
    return whole ? differs : null;
  });
  const bind = (sql: string): string => (parameterCount(sql) === 0 ? sql : bindParameters(sql, draft.values));
  const counterexample = counterexampleSql({
    rows,
    tables: names,
    timeZone: rows.some(({ table }) => table.columns.some(({ group }) => group === 'time')) ? timeZone : null,
    dropped: context.dropped
      .filter(({ table }) => rows.some((row) => sameRelation(row.table, table)))
      .map(({ sql }) => sql),
    before: bind(claim.before),
    after: bind(claim.after),
    difference: said,
  });
  return { difference: said, counterexample };
}
