/** The columns of a relation in order, by the name the statement writes; null when it is not known. `schema` is null when the statement does not say. */
export type ColumnsOf = (schema: string | null, name: string) => readonly string[] | null;

/** What a column is compared with. */
export type ComparedWith =
  | { readonly kind: 'constant'; readonly sql: string }
  | { readonly kind: 'parameter'; readonly numbers: readonly number[] }
  /** A column of another relation: `reference` is that one's id, null when it comes out of a subquery; `correlated` when it lies outside this subquery. */
  | {
      readonly kind: 'join';
      readonly reference: number | null;
      readonly column: string | null;
      readonly correlated: boolean;
    }
  /** Known only when it runs, and the same for the whole scan: `now()`, an uncorrelated subquery. */
  | { readonly kind: 'runtime' }
  /** `IS NULL` and the like. */
  | { readonly kind: 'none' };

/**
 * `list` is IN (...) and = ANY (...); `prefix` a LIKE pattern with a fixed beginning, `contains` one without (or ILIKE, a regular expression), `pattern` one that is not known;
 * `operator` everything else, such as `@>` or `@@`.
 */
export type PredicateKind =
  | 'equality'
  | 'list'
  | 'range'
  | 'inequality'
  | 'prefix'
  | 'contains'
  | 'pattern'
  | 'is-null'
  | 'not-null'
  | 'is-true'
  | 'is-false'
  | 'operator';

/** One condition that rows of a relation must meet. */
export interface Predicate {
  readonly kind: PredicateKind;
  /** Null when the condition is on an expression. */
  readonly column: string | null;
  /** SQL with bare column names, e.g. `lower(email)`; null when it is a plain column. */
  readonly expression: string | null;
  /** Every column of this relation in it. */
  readonly columns: readonly string[];
  /** As if the column stood on the left: `=`, `<`, `~~`, `IS NULL`, `@>`. */
  readonly operator: string;
  readonly value: ComparedWith;
  /** The condition as SQL with bare column names, when it holds only constants and this relation's columns; else null. */
  readonly sql: string | null;
  /** The arm of an OR in which it stands; null when it must hold for every row. */
  readonly branch: { readonly group: number; readonly arm: number } | null;
}

/** One key of an ORDER BY, GROUP BY, DISTINCT, or of what a window or `min`/`max` wants sorted. */
export interface SortKey {
  readonly column: string | null;
  readonly expression: string | null;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

/** An order in which the statement wants rows of one relation. */
export interface SortUse {
  readonly purpose: 'order' | 'group' | 'distinct' | 'window' | 'min-max';
  readonly keys: readonly SortKey[];
  /** Whether these are all keys of the clause, and not only its beginning. */
  readonly complete: boolean;
  /** Whether only the first rows are wanted: a LIMIT, or `min`/`max`. */
  readonly limited: boolean;
  /** The LIMIT where it is a constant. */
  readonly limit: number | null;
}

/** One place in which a statement names a relation: a table that is joined with itself is two. */
export interface RelationUse {
  /** Position in the list of uses. */
  readonly id: number;
  /** Null when the statement does not say. */
  readonly schema: string | null;
  readonly name: string;
  readonly alias: string;
  /** 0 for the outermost query, 1 for a subquery in it, ... */
  readonly level: number;
  readonly role: 'read' | 'insert' | 'update' | 'delete' | 'merge';
  readonly predicates: readonly Predicate[];
  readonly sorts: readonly SortUse[];
  /** Columns used anywhere in the statement, each once. */
  readonly needed: readonly string[];
  /** `*` or the whole row is used. */
  readonly star: boolean;
  /** Columns that are set or inserted. */
  readonly written: readonly string[];
  /** Of them those that rows which are there may be given another value in: by UPDATE, ON CONFLICT DO UPDATE, or MERGE. */
  readonly set: readonly string[];
  /** Whether rows may go: DELETE, or MERGE ... THEN DELETE. */
  readonly deletes: boolean;
}

/** Where a `$n` stands. */
export type ParameterRole =
  | 'compared'
  | 'list'
  | 'array'
  | 'limit'
  | 'offset'
  | 'insert'
  | 'set'
  | 'interval'
  | 'argument'
  | 'other';

/** A step into a document, `-> 'a'` or `->> $1`: a key, or the number of the parameter that holds it. */
export type PathStep = string | number;

/** One place in which a `$n` stands. */
export interface ParameterUse {
  readonly number: number;
  readonly role: ParameterRole;
  /** Id of the relation whose column it meets; null when there is none. */
  readonly reference: number | null;
  readonly column: string | null;
  /** The expression it is compared with when that is not a plain column, e.g. `lower(email)`. */
  readonly expression: string | null;
  /** As if the column stood on the left. */
  readonly operator: string | null;
  /** The type it is cast to, without schema, e.g. `int4`; null when it is not. */
  readonly type: string | null;
  readonly functionName: string | null;
  /** Where in the documents of the column: it is compared with what lies there, or, as an argument of `->` or `->>`, is the next step itself. */
  readonly path: readonly PathStep[];
}

/** All uses in one statement. */
export interface StatementUses {
  readonly relations: readonly RelationUse[];
  /** In order of `$n`, several for one that stands in several places. */
  readonly parameters: readonly ParameterUse[];
}
