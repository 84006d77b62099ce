import { drawParameterSets } from '../lab/parameters.js';
import { lookupTable } from '../model/catalog.js';
import type { Catalog, FunctionInfo } from '../model/catalog.js';
import type { Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import type { InsideStatement, ParameterSet, WorkloadStatement } from '../model/workload.js';
import { fingerprint } from '../sql/fingerprint.js';
import { functionBody } from '../sql/function-body.js';
import type { FunctionBody } from '../sql/function-body.js';
import { callArguments, calledFunctions } from '../sql/functions.js';
import type { CalledFunction } from '../sql/functions.js';
import { isUtility, statementKind } from '../sql/kind.js';
import { tryParseStatement } from '../sql/parse.js';

/** A workload's statements with those that run inside the functions which they call, and what of these could not be read. */
export interface OpenedWorkload {
  readonly statements: readonly WorkloadStatement[];
  readonly skipped: readonly Skipped[];
}

/**
 * Adds what the called functions in PL/pgSQL and SQL run, and what those call: no plan of the call shows it. Where the call itself is run in a trial, as all its own functions are
 * stable, they are planned with it (`inside`); else they are statements of their own, each taken to run once a call. Those that the workload has already stay as they are.
 */
export function openFunctions({ catalog, statistics, workload }: Snapshot): OpenedWorkload {
  const skipped: Skipped[] = [];
  const reader = new BodyReader(catalog, (row) => skipped.push(row));
  const known = new Set(workload.statements.map((one) => one.fingerprint));
  const added = new Map<string, WorkloadStatement>();
  const add = (functions: readonly FunctionInfo[], calls: number): void => {
    for (const one of functions)
      for (const [at, { sql }] of reader.bodyOf(one).statements.entries()) {
        const own = statementOf(sql, `${nameOf(one)}#${at + 1}`, calls);
        if (own === null || known.has(own.fingerprint)) continue;
        const before = added.get(own.fingerprint);
        added.set(own.fingerprint, before ? { ...before, calls: before.calls + calls } : own);
      }
  };
  const inside = (functions: readonly FunctionInfo[]): readonly InBody[] =>
    functions.flatMap((one) =>
      reader.bodyOf(one).statements.flatMap(({ sql, variables }) => {
        const { sets } = drawParameterSets({ sql }, catalog, statistics);
        return sets.length === 0
          ? []
          : [{ of: one, variables, statement: { within: nameOf(one), sql, parameterSets: sets } }];
      }),
    );
  const statements = workload.statements.map((statement) => {
    const functions = reader.calledBy(statement.sql);
    if (functions.some(({ volatility }) => volatility === 'v')) {
      add(functions, statement.calls);
      return statement;
    }
    const found = inside(functions);
    if (found.length === 0) return statement;
    const parameterSets =
      statement.parameterSets.length > 0 ? statement.parameterSets : argumentSets(statement.sql, found, reader);
    return { ...statement, parameterSets, inside: found.map((one) => one.statement) };
  });
  // Nothing says how often a CALL came, as it has no plan.
  for (const { sql } of workload.unusable) if (/^\s*call\b/i.test(sql)) add(reader.calledBy(sql), 1);
  if (added.size > 0)
    skipped.push({
      what: 'how often statements inside functions run',
      reason: `no counter says it; each of the ${added.size} is taken to run once a call`,
      remedy: 'With pg_stat_statements.track = all the server counts them.',
    });
  return { statements: [...statements, ...added.values()], skipped };
}

/** A statement that runs inside a function. */
interface InBody {
  readonly of: FunctionInfo;
  readonly variables: readonly string[];
  readonly statement: InsideStatement;
}

/** Values for a call's own parameters: those that were drawn where the body holds the argument against a column. Empty where one of them is not an argument, or nothing in the body says what it is. */
function argumentSets(sql: string, inside: readonly InBody[], reader: BodyReader): readonly ParameterSet[] {
  const sources = callArguments(sql).map(({ called, position }) => {
    for (const { of, variables, statement } of inside) {
      const name = reader.bodyOf(of).parameters[position];
      const at = isCall(called, of)
        ? variables.findIndex((one) => (one !== '' && one === name) || one === `$${position + 1}`)
        : -1;
      if (at >= 0) return { at, sets: statement.parameterSets };
    }
    return null;
  });
  const [first] = sources;
  if (!first || sources.includes(null)) return [];
  return first.sets.map(({ class: kind }) => ({
    class: kind,
    values: sources.map((source) => {
      const set = source?.sets.find((one) => one.class === kind) ?? source?.sets[0];
      return set?.values[source?.at ?? 0] ?? 'NULL';
    }),
  }));
}

/** Finds the functions that statements call, and reads each body once. */
class BodyReader {
  readonly #catalog: Catalog;
  readonly #skip: (row: Skipped) => void;
  readonly #bodies = new Map<FunctionInfo, FunctionBody>();

  constructor(catalog: Catalog, skip: (row: Skipped) => void) {
    this.#catalog = catalog;
    this.#skip = skip;
  }

  /** The user's functions that a statement calls, and those that they call; not those that FROM reads as a query. */
  calledBy(sql: string): readonly FunctionInfo[] {
    const parsed = tryParseStatement(sql);
    const found = new Set<FunctionInfo>();
    const open = parsed === null ? [] : [...calledFunctions(parsed)];
    for (let called = open.pop(); called !== undefined; called = open.pop())
      for (const one of this.#catalog.functions) {
        if (!isCall(called, one) || one.rowsQuery !== null || found.has(one)) continue;
        found.add(one);
        open.push(...this.bodyOf(one).calls);
      }
    return [...found];
  }

  bodyOf(one: FunctionInfo): FunctionBody {
    const body = this.#bodies.get(one) ?? this.#read(one);
    this.#bodies.set(one, body);
    return body;
  }

  #read(one: FunctionInfo): FunctionBody {
    const { definition, language } = one;
    if (language === 'c' || language === 'internal') return NOTHING;
    const isRead = definition !== null && (language === 'plpgsql' || language === 'sql');
    const body = isRead
      ? functionBody(
          definition,
          language,
          (schema, table) => lookupTable(this.#catalog, schema, table)?.columns.map((column) => column.name) ?? null,
        )
      : null;
    const name = nameOf(one);
    if (body === null)
      this.#skip({
        what: `what ${name} runs`,
        reason: isRead ? 'its body can not be parsed' : `it is written in ${language}`,
        remedy: RUN_TIME,
      });
    else if (body.dynamic)
      this.#skip({ what: `some of what ${name} runs`, reason: 'EXECUTE makes the text at run time', remedy: RUN_TIME });
    return body ?? NOTHING;
  }
}

const NOTHING: FunctionBody = { parameters: [], statements: [], calls: [], dynamic: false };
const RUN_TIME = 'Give these statements in a workload file, or set pg_stat_statements.track = all.';

/** Null for what is not planned. */
function statementOf(sql: string, name: string, calls: number): WorkloadStatement | null {
  const parsed = tryParseStatement(sql);
  if (parsed === null || isUtility(parsed)) return null;
  return {
    fingerprint: fingerprint(sql),
    name,
    sql,
    kind: statementKind(parsed),
    calls,
    meanMs: null,
    totalMs: null,
    rows: null,
    sharedHit: null,
    sharedRead: null,
    tempBlocks: null,
    walBytes: null,
    parameterSets: [],
  };
}

function isCall(called: CalledFunction, { schema, name }: FunctionInfo): boolean {
  return name === called.name && (called.schema ?? schema) === schema;
}

function nameOf({ schema, name }: FunctionInfo): string {
  return `${schema}.${name}`;
}
