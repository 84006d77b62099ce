import type { Skipped } from './coverage.js';

/** A schema as objects with the statements that make them: what two databases are compared by. Names are qualified, and SQL. */
export interface Schema {
  /** `server_version_num`, e.g. 150018. */
  readonly serverVersion: number;
  /** In an order in which each finds what it needs. */
  readonly entries: readonly SchemaEntry[];
  /** What was not read, and why. */
  readonly skipped: readonly Skipped[];
}

/** One object. `entryId` names it the same in every database. */
export interface SchemaEntry {
  /** As the extractor calls it: `table`, `index`, `foreign key`, `privileges`, ... */
  readonly kind: string;
  /** As DDL names it, e.g. `"public"."orders"`. */
  readonly identity: string;
  /** What makes it, or completes it; nothing for what comes with another object. */
  readonly statements: readonly string[];
  /** The object that it stands on and goes with, by id: the table of an index, of a trigger, of a comment. */
  readonly owner: string | null;
  /** The object of which it is a piece that could only be made later, by id. */
  readonly pieceOf: string | null;
  readonly needs: readonly SchemaNeed[];
  /** What can be changed in place; null where a change means to make it anew. */
  readonly facts: EntryFacts | null;
}

/** What an object can not be without. */
export interface SchemaNeed {
  /** The object that is needed, by id. */
  readonly id: string;
  /** The column of it; null for the whole. */
  readonly column: string | null;
  /** The part of the needing object: `column x`, `default x`, `check x`; null for the whole. */
  readonly part: string | null;
}

export type EntryFacts = TableFacts | ViewFacts | EnumFacts | DomainFacts | CompositeFacts | PrivilegeFacts;

export interface TableFacts {
  readonly type: 'table';
  readonly unlogged: boolean;
  readonly isPartition: boolean;
  readonly partitionKey: string | null;
  /** Qualified, as SQL. */
  readonly parents: readonly string[];
  readonly ofType: string | null;
  readonly accessMethod: string | null;
  /** `name=value`, those of the TOAST table as `toast.name=value`. */
  readonly options: readonly string[];
  readonly columns: readonly ColumnFacts[];
  readonly checks: readonly CheckFacts[];
}

export interface ColumnFacts {
  readonly name: string;
  readonly type: string;
  readonly collation: string | null;
  readonly notNull: boolean;
  /** Of a constraint whose name is not the usual one (18+). */
  readonly notNullName: string | null;
  readonly default: string | null;
  /** `s` stored, `v` virtual, empty none; the expression is `default`. */
  readonly generated: string;
  /** `GENERATED ... AS IDENTITY (...)`. */
  readonly identity: string | null;
  /** `SET STORAGE`, `SET STATISTICS`, ... as clauses that follow `ALTER COLUMN name`. */
  readonly settings: readonly string[];
  /** Not from a parent alone. */
  readonly local: boolean;
  readonly inherited: boolean;
}

export interface CheckFacts {
  readonly name: string;
  readonly definition: string;
  readonly validated: boolean;
  readonly local: boolean;
}

export interface ViewFacts {
  readonly type: 'view';
  /** Name and type of each, in order. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export interface EnumFacts {
  readonly type: 'enum';
  readonly labels: readonly string[];
}

export interface DomainFacts {
  readonly type: 'domain';
  /** With its collation. */
  readonly base: string;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly checks: readonly Omit<CheckFacts, 'local'>[];
}

export interface CompositeFacts {
  readonly type: 'composite';
  /** Each `"name" type`, with its collation. */
  readonly attributes: readonly string[];
}

export interface PrivilegeFacts {
  readonly type: 'privileges';
  /** As GRANT takes it, e.g. `TABLE public.orders`. */
  readonly target: string;
  readonly grants: readonly Grant[];
  /** What such an object has where nobody granted or revoked anything. */
  readonly usual: readonly Grant[];
}

export interface Grant {
  /** Unquoted; `PUBLIC` is null. */
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
  readonly column: string | null;
}

/** The name of an object that is the same in every database. */
export function entryId({ kind, identity }: Pick<SchemaEntry, 'kind' | 'identity'>): string {
  return `${kind} ${identity}`;
}
