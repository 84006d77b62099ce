import { lookupTable } from '../../model/catalog.js';
import type { Catalog } from '../../model/catalog.js';
import type { WorkloadStatement } from '../../model/workload.js';
import type { Predicate, RelationUse } from '../../sql/use-types.js';
import { usesOf } from '../candidates/candidates.js';
import { isMeasured } from './objective.js';

/** A statement that stands for all that ask for the same indexes as it does. */
export interface Representative {
  readonly fingerprint: string;
  /** Of all of them together. */
  readonly calls: number;
  /** Mean of all their calls, milliseconds; null where one of them was not measured. */
  readonly meanMs: number | null;
  /** Fingerprints, its own included. */
  readonly members: readonly string[];
}

/** What is to be asked about, and what is not, each in the order in which it came. */
export interface Cut {
  readonly kept: readonly Representative[];
  readonly leftOut: readonly Representative[];
}

/** Each statement for itself. */
export function eachAlone(statements: readonly WorkloadStatement[]): readonly Representative[] {
  return statements.map(({ fingerprint, calls, meanMs }) => ({ fingerprint, calls, meanMs, members: [fingerprint] }));
}

/**
 * Merges statements of one kind that use the same tables by the same columns in the same roles into the heaviest of them:
 * by time where all were measured, else by calls. Calls and time add up. One that names no table, or can not be parsed,
 * stays alone. Takes a parse of every statement. Needs `loadParser()`.
 */
export function mergeAlike(catalog: Catalog, statements: readonly WorkloadStatement[]): readonly Representative[] {
  const groups = new Map<string, WorkloadStatement[]>();
  for (const statement of statements) {
    const key = whatItAsks(statement, catalog) ?? statement.fingerprint;
    const group = groups.get(key);
    if (group) group.push(statement);
    else groups.set(key, [statement]);
  }
  const measured = isMeasured(statements);
  const weightOf = ({ calls, meanMs }: WorkloadStatement): number => calls * (measured ? (meanMs ?? 0) : 1);
  return [...groups.values()].map((group) => {
    const { fingerprint, meanMs } = group.reduce((best, one) => (weightOf(one) > weightOf(best) ? one : best));
    const calls = group.reduce((sum, one) => sum + one.calls, 0);
    const totalMs = group.reduce((sum, one) => sum + one.calls * (one.meanMs ?? 0), 0);
    const mean = calls > 0 && group.length > 1 ? totalMs / calls : meanMs;
    return {
      fingerprint,
      calls,
      meanMs: group.every((one) => one.meanMs !== null) ? mean : null,
      members: group.map((one) => one.fingerprint),
    };
  });
}

/** Positions by weight, the heaviest first, of equal ones the first. */
export function heaviestFirst(weights: readonly number[]): readonly number[] {
  return weights.map((_, at) => at).toSorted((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
}

/** Keeps the heaviest, of equal ones the first. */
export function cutLightest(representatives: readonly Representative[], weights: readonly number[], most: number): Cut {
  const kept = new Set(heaviestFirst(weights).slice(0, most));
  return {
    kept: representatives.filter((_, at) => kept.has(at)),
    leftOut: representatives.filter((_, at) => !kept.has(at)),
  };
}

/** The same text for statements that want the same of indexes; null when that is not known. Limits, aliases and what is computed of the columns are no part of it. */
function whatItAsks(statement: WorkloadStatement, catalog: Catalog): string | null {
  const relations = usesOf(statement, catalog)?.relations ?? [];
  if (relations.length === 0) return null;
  const nameOf = ({ schema, name }: RelationUse): readonly (string | null)[] => {
    const table = lookupTable(catalog, schema, name);
    return table ? [table.schema, table.name] : [schema, name];
  };
  const byId = new Map(relations.map((use) => [use.id, use]));
  const other = (id: number | null): readonly (string | null)[] | null => {
    const use = id === null ? undefined : byId.get(id);
    return use ? nameOf(use) : null;
  };
  const uses = relations.map((use) =>
    JSON.stringify([
      nameOf(use),
      use.role,
      use.level,
      use.predicates.map((one) => predicateText(one, other)).toSorted(),
      use.sorts
        .map(({ purpose, keys, complete, limited }) => JSON.stringify([purpose, keys, complete, limited]))
        .toSorted(),
      use.needed.toSorted(),
      use.star,
      use.written.toSorted(),
    ]),
  );
  return JSON.stringify([statement.kind, uses.toSorted()]);
}

/** Constants are part of it, as an index on a part of the rows may hold some and not others. */
function predicateText(
  { kind, column, expression, columns, operator, value, sql, branch }: Predicate,
  other: (id: number | null) => readonly (string | null)[] | null,
): string {
  const against =
    value.kind === 'join' ? ['join', other(value.reference), value.column, value.correlated] : [value.kind];
  return JSON.stringify([kind, column, expression, columns.toSorted(), operator, against, sql, branch]);
}
