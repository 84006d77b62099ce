import type { RelationName } from './catalog.js';

/** A function, a procedure or a window function of the user's. */
export interface FunctionInfo extends RelationName {
  readonly argumentTypes: string;
  readonly returnsTrigger: boolean;
  /** `i` immutable, `s` stable, `v` volatile. */
  readonly volatility: 'i' | 's' | 'v';
  /** Of a function in SQL that FROM reads as the query that it is (`inline_set_returning_function` in clauses.c); null for all others, and for bodies that were parsed when they were made. */
  readonly rowsQuery: RowsQuery | null;
  /** `plpgsql`, `sql`, `c`, ... */
  readonly language: string;
  /** As `pg_get_functiondef` gives it, of those in PL/pgSQL and SQL; null for all others. */
  readonly definition: string | null;
  /** The enabled triggers that run it. */
  readonly firedBy: readonly Firing[];
}

/** What a trigger fires on. */
export interface Firing {
  readonly table: RelationName;
  readonly events: readonly ('insert' | 'update' | 'delete')[];
}

/** A query with parameters, as a function holds it. */
export interface RowsQuery {
  readonly sql: string;
  /** Names of the arguments in order, empty where they have none. */
  readonly parameters: readonly string[];
  /** Of what it gives; none where that is a single value. */
  readonly columns: readonly string[];
}
