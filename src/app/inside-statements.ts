import { drawParameterSets } from '../lab/parameters.js';
import type { FunctionInfo } from '../model/function.js';
import type { Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import type { InsideStatement, ParameterSet, WorkloadStatement } from '../model/workload.js';
import { callArguments } from '../sql/functions.js';
import { isUtility } from '../sql/kind.js';
import { tryParseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { BodyReader, isCall, nameOf } from './function-bodies.js';
import { writtenStatement } from './written-statement.js';

/** A workload's statements with those that run inside the functions which they call, and what of these could not be read. */
export interface OpenedWorkload {
  readonly statements: readonly WorkloadStatement[];
  readonly skipped: readonly Skipped[];
}

/**
 * Adds what called functions in PL/pgSQL and SQL run, and what those call: no plan of the statement shows it. Where the statement itself is run in a trial, as all functions that it calls are
 * stable, they are planned with it (`inside`), those of the triggers that it fires too; else they are statements of their own, each taken to run once a call. Those that the workload has already stay as they are.
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
    const parsed = tryParseStatement(statement.sql);
    if (parsed === null) return statement;
    const functions = reader.calledBy(parsed);
    if (functions.some(({ volatility }) => volatility === 'v')) {
      add(functions, statement.calls);
      return statement;
    }
    const found = inside([...functions, ...reader.firedBy(parsed)]);
    if (found.length === 0) return statement;
    const parameterSets =
      statement.parameterSets.length > 0 ? statement.parameterSets : argumentSets(parsed, found, reader);
    return { ...statement, parameterSets, inside: found.map((one) => one.statement) };
  });
  // Nothing says how often a CALL came, as it has no plan.
  for (const { sql } of workload.unusable) {
    const call = /^\s*call\b/i.test(sql) ? tryParseStatement(sql) : null;
    if (call !== null) add(reader.calledBy(call), 1);
  }
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
function argumentSets(call: ParsedStatement, inside: readonly InBody[], reader: BodyReader): readonly ParameterSet[] {
  const sources = callArguments(call).map(({ called, position }) => {
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

/** Null for what is not planned. */
function statementOf(sql: string, name: string, calls: number): WorkloadStatement | null {
  const parsed = tryParseStatement(sql);
  return parsed === null || isUtility(parsed) ? null : writtenStatement(parsed, { name, calls });
}
