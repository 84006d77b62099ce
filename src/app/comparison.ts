import { WizardError } from '../base/errors.js';
import { outputOf } from '../lab/equivalence/outputs.js';
import { verifyEquivalence } from '../lab/equivalence/verify.js';
import type { Equivalence } from '../lab/equivalence/verify.js';
import { startLabServer } from '../lab/server.js';
import type { Catalog } from '../model/catalog.js';
import { resolveConnection } from '../postgres/conninfo.js';
import { connect } from '../postgres/connect.js';
import type { ConnectionSettings, Session } from '../postgres/session.js';
import { readCatalog } from '../postgres/read/catalog.js';
import type { ComparisonReport } from '../report/comparison/comparison-report.js';
import { catalogue as rules } from '../rewrites/catalogue.js';
import { calledFunctions } from '../sql/functions.js';
import { writes } from '../sql/kind.js';
import { bindParameters, parameterCount } from '../sql/parameters.js';
import { parseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { list, treeText } from '../sql/tree.js';
import { createCleanup } from './cleanup.js';
import type { CommandContext } from './command.js';
import { schemaOfFile, schemaOfTarget } from './comparison-schema.js';
import { measureSpeed, unmeasured } from './comparison-speed.js';
import type { SpeedFound, SpeedQuestion } from './comparison-speed.js';
import { hasConnection, isConnectionString, readGiven } from './explain-input.js';
import { untilAborted } from './interruption.js';
import { tool } from './version.js';

/** What is to be compared. */
export interface ComparisonOptions {
  /** `[url] first second`, each statement as a text, a file, or `-`. */
  readonly given: readonly string[];
  /** A file of DDL in place of a database; null for none. */
  readonly schemaFile: string | null;
  /** Says which is faster, on a copy of the database. */
  readonly measure: boolean;
  readonly databases: number;
  readonly timeBoxMs: number;
  readonly seed: number;
}

/** Compares two statements on small databases of a server of our own that has the tables of a database or of a file; the database is only read. Where it is asked for they are measured on a copy of it. Throws `WizardError`. */
export async function compareGiven(options: ComparisonOptions, context: CommandContext): Promise<ComparisonReport> {
  const { signal, watch } = context;
  const { url, texts } = argumentsOf(options, context.env);
  const [first, second] = [await statementOf(texts[0], context), await statementOf(texts[1], context)];
  const cleanup = createCleanup((text) => watch({ type: 'note', text }));
  try {
    watch({ type: 'phase', phase: 'examine', text: 'reading the schema' });
    const source = options.schemaFile === null ? await resolveConnection(url ?? undefined, context.env) : null;
    const schema =
      source === null ? await schemaOfFile(options.schemaFile ?? '') : await schemaOfTarget(source, context);
    const starting = startLabServer({ major: schema.major ?? 'newest', note: (text) => watch({ type: 'note', text }) });
    const server = await untilAborted(signal, starting, (late) => late.stop());
    cleanup.add(() => server.stop());
    const session = await untilAborted(signal, connect(server.connection), (late) => late.close());
    cleanup.add(() => session.close());
    const skipped = await untilAborted(signal, schema.load(session, signal));
    const { catalog } = await readCatalog(session);
    watch({ type: 'phase', phase: 'evaluate', text: 'looking for a database on which they differ' });
    const judged = await untilAborted(signal, judge(session, catalog, [first.parsed, second.parsed], options));
    const pair = [first.parsed, second.parsed] as const;
    const { measure, timeBoxMs } = options;
    const { speed, remarks, skipped: uncopied } = await speedOf({ source, measure, server, pair, timeBoxMs }, context);
    return {
      tool,
      first: { origin: first.origin, sql: first.parsed.sql },
      second: { origin: second.origin, sql: second.parsed.sql },
      schema: schema.name,
      serverMajor: server.major,
      ...judged,
      speed,
      remarks: [...judged.remarks, ...remarks],
      skipped: [...skipped, ...uncopied.filter(({ what }) => !skipped.some((one) => one.what === what))].map((one) => ({
        ...one,
      })),
    };
  } finally {
    await cleanup.run();
  }
}

async function speedOf(
  question: Omit<SpeedQuestion, 'source'> & { readonly source: ConnectionSettings | null; readonly measure: boolean },
  context: CommandContext,
): Promise<SpeedFound> {
  const { source, measure, pair } = question;
  if (source === null) return unmeasured('only a schema was given, and no rows');
  if (!measure) return unmeasured('nothing was run on rows; --measure copies the database and does');
  if (writes(pair[0]) !== writes(pair[1])) return unmeasured('one of them writes and the other reads');
  return measureSpeed({ ...question, source }, context);
}

type Judged = Omit<ComparisonReport, 'tool' | 'first' | 'second' | 'schema' | 'serverMajor' | 'speed' | 'skipped'>;

async function judge(
  session: Session,
  catalog: Catalog,
  pair: readonly [ParsedStatement, ParsedStatement],
  options: ComparisonOptions,
): Promise<Judged> {
  const [first, second] = pair;
  const nothing = { counterexample: null, databases: 0, databasesWithRows: 0, tookMs: 0 };
  if (writes(first) !== writes(second)) {
    const reason = writes(first) ? 'the first writes and the second reads' : 'the first reads and the second writes';
    return { ...nothing, verdict: 'different', reason, remarks: [] };
  }
  const remarks = [...(writes(first) ? WRITES : await columnRemarks(session, pair)), ...orderRemarks(pair)];
  const count = Math.max(parameterCount(first.sql), parameterCount(second.sql));
  if (count > 0)
    remarks.push(
      'The same values were put in place of $1, $2, ... in both, NULL among them, of the types the server gives them.',
    );
  const volatiles = await volatileFunctions(session, pair);
  if (volatiles.length > 0) {
    const reason = `${volatiles.join(', ')} may give something else each time, so that even a statement differs from itself`;
    return { ...nothing, verdict: 'unknown', reason, remarks };
  }
  const proof = proofOf(pair, catalog);
  if (proof !== null) return { ...nothing, verdict: 'proved', reason: proof, remarks };
  const claim = { before: first.sql, after: second.sql, parameterSets: [] };
  const { databases, timeBoxMs, seed } = options;
  const started = performance.now();
  const found = await verifyEquivalence(session, catalog, claim, {
    databases,
    timeBoxMs,
    seed,
    columns: 'by-position',
  });
  return { ...verdictOf(found), tookMs: performance.now() - started, remarks };
}

function verdictOf(found: Equivalence): Omit<Judged, 'remarks' | 'tookMs'> {
  switch (found.kind) {
    case 'refuted': {
      const { databases, difference, counterexample } = found;
      const script = counterexample.includes('\n') ? counterexample : null;
      return { verdict: 'different', reason: difference, counterexample: script, databases, databasesWithRows: 0 };
    }
    case 'held':
      return {
        verdict: 'not-shown-different',
        reason: null,
        counterexample: null,
        databases: found.databases,
        databasesWithRows: found.withRows,
      };
    case 'unverifiable': {
      const { databases, withRows, reason } = found;
      const verdict = withRows > 0 ? 'not-shown-different' : 'unknown';
      return { verdict, reason, counterexample: null, databases, databasesWithRows: withRows };
    }
  }
}

const WRITES = ['Both write: what their tables hold afterwards is compared, and how many rows were affected.'];

async function columnRemarks(session: Session, pair: readonly [ParsedStatement, ParsedStatement]): Promise<string[]> {
  const [one, two] = [await columnsOf(session, pair[0], 'first'), await columnsOf(session, pair[1], 'second')];
  if (one.length !== two.length) return [];
  const renamed = one.flatMap(({ name }, i) => (name === two[i]?.name ? [] : [`${name} and ${two[i]?.name}`]));
  const retyped = one.flatMap(({ name, typeOid }, i) => (typeOid === two[i]?.typeOid ? [] : [name]));
  return [
    ...(renamed.length > 0 ? [`Columns have other names, which was left aside: ${renamed.join(', ')}.`] : []),
    ...(retyped.length > 0
      ? [`Columns have other types: ${retyped.join(', ')}. Numbers were compared by value, all else by its text.`]
      : []),
  ];
}

async function columnsOf(
  session: Session,
  { sql }: ParsedStatement,
  which: string,
): Promise<Awaited<ReturnType<typeof outputOf>>> {
  const values = Array.from({ length: parameterCount(sql) }, () => 'NULL');
  try {
    return await outputOf(session, bindParameters(sql, values));
  } catch (thrown) {
    if (!(thrown instanceof WizardError) || thrown.code !== 'target/statement') throw thrown;
    throw new WizardError('input/invalid', `The server refuses the ${which} statement: ${thrown.message}`, {
      cause: thrown,
      hint: 'Both have to run on the tables of the schema; look at what is said to be left out of it.',
    });
  }
}

function orderRemarks([first, second]: readonly [ParsedStatement, ParsedStatement]): readonly string[] {
  if (writes(first)) return [];
  const ordered = (one: ParsedStatement): boolean => list(one.body, 'sortClause').length > 0;
  const limited = (one: ParsedStatement): boolean =>
    one.body['limitCount'] !== undefined || one.body['limitOffset'] !== undefined;
  const remarks = [
    ordered(first)
      ? 'The first has ORDER BY: the order counts, and ties may come in any order.'
      : 'The first has no ORDER BY: rows may come in any order.',
  ];
  if (limited(first))
    remarks.push(
      ordered(first)
        ? 'Where LIMIT cuts among ties, any of them is right.'
        : 'LIMIT without ORDER BY: any rows that the first could give are right.',
    );
  else if (limited(second)) remarks.push('Only the second has LIMIT or OFFSET.');
  return remarks;
}

async function volatileFunctions(
  session: Session,
  pair: readonly [ParsedStatement, ParsedStatement],
): Promise<readonly string[]> {
  const called = [...new Set(pair.flatMap((one) => calledFunctions(one).map(({ name }) => name)))];
  const rows = await session.query<{ name: string }>(
    `SELECT p.proname::text || '()' AS name FROM pg_catalog.pg_proc p WHERE p.proname = ANY ($1)
     GROUP BY p.proname HAVING bool_and(p.provolatile = 'v') ORDER BY 1`,
    [called],
  );
  return rows.map(({ name }) => name);
}

/** Why two statements give the same, where their trees or a rule of ours say so. */
function proofOf([first, second]: readonly [ParsedStatement, ParsedStatement], catalog: Catalog): string | null {
  if (treeText(first.tree) === treeText(second.tree)) return 'they are the same statement';
  const proves = (from: ParsedStatement, to: ParsedStatement): string | null => {
    // Where one of two fails they differ: such a rule proves the new form to be as good, and not the same.
    for (const rule of rules.filter(({ sparesOverflow }) => !sparesOverflow))
      for (const { to: text, missing, proof } of rule.propose(from, catalog))
        if (missing.length === 0 && treeText(parseStatement(text).tree) === treeText(to.tree))
          return `the rewrite ${rule.id} makes one of the other: ${proof.join('; ')}`;
    return null;
  };
  return proves(first, second) ?? proves(second, first);
}

async function statementOf(
  argument: string,
  { signal }: CommandContext,
): Promise<{ readonly origin: string; readonly parsed: ParsedStatement }> {
  const given = await readGiven(argument, signal);
  if (given.what === 'query') return { origin: given.origin, parsed: parseStatement(given.sql) };
  throw new WizardError('input/invalid', `${given.origin} holds a plan, and two statements are compared`, {
    hint: 'Give the statement itself.',
  });
}

function argumentsOf(
  { given, schemaFile }: ComparisonOptions,
  env: NodeJS.ProcessEnv,
): { readonly url: string | null; readonly texts: readonly [string, string] } {
  const url = given[0] !== undefined && isConnectionString(given[0]) ? given[0] : null;
  const [first, second, more] = url === null ? given : given.slice(1);
  if (first === undefined || second === undefined || more !== undefined)
    throw new WizardError(
      'input/invalid',
      `Two statements are compared, and ${given.length - (url === null ? 0 : 1)} were given`,
      {
        hint: 'E.g. `database-wizard compare postgres://host/db old.sql new.sql`; put a statement that is no file in quotes.',
      },
    );
  if (first === '-' && second === '-')
    throw new WizardError('input/invalid', 'Both statements can not come from standard input', {
      hint: 'Give one of them as a file.',
    });
  if (url !== null && schemaFile !== null)
    throw new WizardError('input/invalid', 'A database and --schema were given, and the tables come from one of them', {
      hint: 'Leave one out.',
    });
  if (url === null && schemaFile === null && !hasConnection(env))
    throw new WizardError('input/invalid', 'Two statements were given without the tables that they read', {
      hint: 'Give a connection string before them, or a file of CREATE TABLE statements with --schema.',
    });
  return { url, texts: [first, second] };
}
