import { quoteIdent, unquoteIdent } from '../../base/quote.js';
import type { IndexSpec } from '../../model/action.js';
import { indexesOf, lookupTable, relationKey, type Catalog, type Index, type Table } from '../../model/catalog.js';
import type { RowsQuery } from '../../model/function.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { WorkloadStatement } from '../../model/workload.js';
import { normalForm } from '../../sql/normal-form.js';
import { bindParameters } from '../../sql/parameters.js';
import { tryParseStatement } from '../../sql/parse.js';
import type { RelationUse, StatementUses } from '../../sql/use-types.js';
import { statementUses } from '../../sql/uses.js';
import { expandQueries } from '../../sql/views.js';
import { nameOfDefinition, withHashedName } from './index-name.js';
import { estimatedRows } from '../facts.js';

/** One place in which a workload statement uses a table that is worth an index. */
export interface TableUse {
  readonly statement: WorkloadStatement;
  readonly table: Table;
  /** `estimated`. */
  readonly rows: number;
  readonly use: RelationUse;
}

/** An index that might help, with the statements it was thought of for. */
export interface Candidate {
  readonly spec: IndexSpec;
  readonly table: Table;
  /** Fingerprints. */
  readonly for: readonly string[];
}

/** Tables that are too small for an index to matter are left out. */
export interface SizeLimits {
  readonly minRows: number;
  readonly minPages: number;
}

/** Reads how each workload statement, and what it runs inside functions, uses each table; statements that can not be parsed, views whose query is not known, and small tables are left out. Needs `loadParser()`. */
export function tableUses({ catalog, workload }: Snapshot, limits: SizeLimits): readonly TableUse[] {
  return workload.statements
    .flatMap((one) => [one, ...insideOf(one)])
    .flatMap((statement) =>
      (usesOf(statement, catalog)?.relations ?? []).flatMap((use): TableUse[] => {
        const table = lookupTable(catalog, use.schema, use.name);
        if (!table || !['r', 'p', 'm'].includes(table.kind)) return [];
        const { rows } = estimatedRows(catalog, table);
        return rows < limits.minRows || tablePages(catalog, table) < limits.minPages
          ? []
          : [{ statement, table, rows, use }];
      }),
    );
}

/** Those that run inside the functions which a statement calls, under its name. */
export function insideOf(statement: WorkloadStatement): readonly WorkloadStatement[] {
  const { inside = [], ...outside } = statement;
  return inside.map(({ sql, parameterSets }) => ({ ...outside, sql, parameterSets }));
}

/** How a workload statement uses its tables, those behind views and functions in FROM too, with the arguments of functions filled in where all of its parameter sets agree: `date_trunc($1, at)` says nothing. Null when it can not be parsed. */
export function usesOf(statement: WorkloadStatement, catalog: Catalog): StatementUses | null {
  const columnsOf = (schema: string | null, name: string): readonly string[] | null =>
    lookupTable(catalog, schema, name)?.columns.map((column) => column.name) ?? null;
  const viewQuery = (schema: string | null, name: string): string | null =>
    lookupTable(catalog, schema, name)?.viewQuery ?? null;
  const functionQuery = (schema: string | null, name: string, count: number): RowsQuery | null => {
    const named = catalog.functions.filter((one) => one.name === name && (schema ?? one.schema) === one.schema);
    const [only, ...others] = named
      .flatMap((one) => one.rowsQuery ?? [])
      .filter((one) => one.parameters.length === count);
    return others.length > 0 ? null : (only ?? null);
  };
  const queries = { viewQuery, functionQuery, columnsOf };
  const parsed = tryParseStatement(statement.sql);
  if (!parsed) return null;
  const uses = statementUses(expandQueries(parsed, queries), columnsOf);
  const bound = withArguments(statement, uses);
  const again = bound === statement.sql ? null : tryParseStatement(bound);
  return again ? statementUses(expandQueries(again, queries), columnsOf) : uses;
}

/** A key part for a column, quoted. */
export function columnKey(column: string, more = ''): string {
  return `${quoteIdent(column)}${more}`;
}

/** Makes an index specification with a name that no other definition gets. */
export function indexSpec(
  catalog: Catalog,
  table: Table,
  parts: {
    readonly keys: readonly string[];
    readonly method?: string;
    readonly include?: readonly string[];
    readonly where?: string | null;
    readonly with?: string | null;
  },
): IndexSpec {
  const { keys, method = 'btree', include = [], where = null } = parts;
  return {
    table: { schema: table.schema, name: table.name },
    method,
    unique: false,
    keys,
    include,
    where,
    with: parts.with ?? null,
    name: nameOfDefinition(catalog, table, { keys, method, include, where }),
  };
}

/** The same text for the same index, whatever its name. */
export function specKey(spec: IndexSpec): string {
  return JSON.stringify([
    spec.table.schema,
    spec.table.name,
    spec.method,
    spec.keys,
    spec.include,
    spec.where,
    spec.with,
  ]);
}

/** Merges candidates that are the same index; the statements add up. Of two that would bear one name the later one's has a hash: the planner's answers go by names. */
export function mergeCandidates(candidates: readonly Candidate[]): readonly Candidate[] {
  const merged = new Map<string, Candidate>();
  for (const candidate of candidates) {
    const key = specKey(candidate.spec);
    const earlier = merged.get(key);
    merged.set(key, earlier ? { ...earlier, for: [...new Set([...earlier.for, ...candidate.for])] } : candidate);
  }
  const taken = new Set<string>();
  return [...merged.values()].map((candidate) => {
    const spec = taken.has(qualified(candidate.spec)) ? withHashedName(candidate.spec) : candidate.spec;
    taken.add(qualified(spec));
    return spec === candidate.spec ? candidate : { ...candidate, spec };
  });
}

function qualified({ table, name }: IndexSpec): string {
  return relationKey({ schema: table.schema, name });
}

/** Whether a btree on whole rows would be one more of a valid index that the table has: the same keys in the same order, read forwards or backwards, and nothing included. */
export function isDuplicate(catalog: Catalog, spec: IndexSpec): boolean {
  if (spec.method !== 'btree' || spec.where !== null || spec.include.length > 0 || spec.with !== null) return false;
  const whole = indexesOf(catalog, spec.table).filter(
    ({ valid, method, predicate, include }) =>
      valid && method === 'btree' && predicate === null && include.length === 0,
  );
  return whole.some((index) => index.keys.length === spec.keys.length && beginsWith(index, spec));
}

/** The valid index that already gives all that the specification would: same keys or longer, read forwards or backwards, the included columns in it; undefined when there is none. */
export function coveringIndex(catalog: Catalog, spec: IndexSpec): Index | undefined {
  return indexesOf(catalog, spec.table).find((index) => {
    if (!index.valid || index.method !== spec.method || !samePredicate(index.predicate, spec.where)) return false;
    if (index.method !== 'btree') return holdsKeys(index, spec);
    const holds = new Set([...index.keys, ...index.include].map((one) => one.column));
    return beginsWith(index, spec) && spec.include.every((one) => holds.has(unquoteIdent(one)));
  });
}

function holdsKeys(index: Index, spec: IndexSpec): boolean {
  const existing = new Set(index.keys.map((key) => existingKey(key).text));
  return spec.keys.every((key) => existing.has(normalKey(key).text));
}

/** Of btrees: read forwards or backwards. */
function beginsWith(index: Index, spec: IndexSpec): boolean {
  const existing = index.keys.map(existingKey);
  const same = (flip: boolean): boolean =>
    spec.keys.map(normalKey).every((key, i) => {
      const other = existing[i];
      return (
        other?.text === key.text &&
        other.opclass === key.opclass &&
        other.ownCollation === key.ownCollation &&
        other.direction === (flip ? FLIPPED[key.direction] : key.direction)
      );
    });
  return same(false) || same(true);
}

/** Heap pages, those of all partitions added up. */
export function tablePages(catalog: Catalog, table: Table): number {
  return storedParts(catalog, table).reduce((sum, part) => sum + part.pages, 0);
}

/** The tables that hold the rows: all partitions at the ends of its tree, or the table itself. */
export function storedParts(catalog: Catalog, table: Table): readonly Table[] {
  if (table.kind !== 'p') return [table];
  const parts = catalog.tables.filter(
    (one) => one.partitionOf?.schema === table.schema && one.partitionOf.name === table.name,
  );
  return parts.flatMap((part) => storedParts(catalog, part));
}

function withArguments(statement: WorkloadStatement, uses: StatementUses): string {
  const [first, ...others] = statement.parameterSets;
  // A key of a document that was drawn is only one of those that may be asked for: no index is made for it.
  const isKnown = first?.class === 'given';
  const inside = new Set(
    uses.parameters
      .filter((one) => one.role === 'argument' && (isKnown || one.column === null))
      .map((one) => one.number),
  );
  if (!first || inside.size === 0) return statement.sql;
  const agreed = first.values.map((value, i) =>
    inside.has(i + 1) && others.every((set) => set.values[i] === value) ? value : undefined,
  );
  return bindParameters(statement.sql, agreed);
}

interface NormalKey {
  readonly text: string;
  readonly opclass: string | null;
  /** Under another one neither equality nor order is the column's. */
  readonly ownCollation: boolean;
  readonly direction: keyof typeof FLIPPED;
}

/** A btree read backwards. */
const FLIPPED = {
  'ASC LAST': 'DESC FIRST',
  'DESC FIRST': 'ASC LAST',
  'ASC FIRST': 'DESC LAST',
  'DESC LAST': 'ASC FIRST',
} as const;

function existingKey(key: Index['keys'][number]): NormalKey {
  const direction = `${key.descending ? 'DESC' : 'ASC'} ${key.nullsFirst ? 'FIRST' : 'LAST'}` as const;
  const opclass = key.opclassIsDefault ? null : (key.opclass?.split('.').at(-1) ?? null);
  const text = key.column === null ? normalForm(key.expression) : key.column;
  return { text, opclass, ownCollation: key.collationIsDefault, direction };
}

function normalKey(key: string): NormalKey {
  const match = /^((?:"(?:[^"]|"")*")|\(.*\))(?:\s+([\w".]+_ops))?(\s+DESC)?(?:\s+NULLS (FIRST|LAST))?$/s.exec(key);
  const base = match?.[1] ?? key;
  const descending = match?.[3] !== undefined;
  const nulls = match?.[4] ?? (descending ? 'FIRST' : 'LAST');
  const direction = `${descending ? 'DESC' : 'ASC'} ${nulls}` as keyof typeof FLIPPED;
  return {
    text: base.startsWith('"') ? unquoteIdent(base) : normalForm(base),
    opclass: match?.[2]?.split('.').at(-1) ?? null,
    ownCollation: true,
    direction,
  };
}

function samePredicate(a: string | null, b: string | null): boolean {
  return a === null || b === null ? a === b : normalForm(a) === normalForm(b);
}
