import { quoteIdent, quoteQualified } from '../base/quote.js';
import type { RelationName } from './catalog.js';

/** An index that could be: the what-if engine and the lab both take it. */
export interface IndexSpec {
  readonly table: RelationName;
  readonly method: string;
  readonly unique: boolean;
  /** Key parts as SQL: a quoted column, or an expression in parentheses, with opclass/order after it. */
  readonly keys: readonly string[];
  /** Quoted column names. */
  readonly include: readonly string[];
  /** SQL of the WHERE clause; null for a whole index. */
  readonly where: string | null;
  /** Storage parameters, e.g. `pages_per_range = 32`. */
  readonly with: string | null;
  readonly name: string;
}

export type ActionKind =
  | 'create-index'
  | 'drop-index'
  | 'reindex'
  | 'analyze'
  | 'create-statistics'
  | 'column-statistics'
  | 'rewrite'
  | 'setting'
  | 'alter-column-type'
  | 'constraint';

/** The change of a statement's text, with what makes it safe. */
export interface Rewrite {
  readonly fingerprint: string;
  readonly rule: string;
  readonly from: string;
  readonly to: string;
  /** Each precondition in words, with the catalog fact that proves it. */
  readonly proof: readonly string[];
}

/** One reversible change. */
export interface Action {
  readonly kind: ActionKind;
  /** Short imperative, e.g. `Create index on public.orders (customer_id)`. */
  readonly title: string;
  /** SQL that applies it in production form (CONCURRENTLY where it applies), each one statement. Empty for a rewrite. */
  readonly up: readonly string[];
  /** SQL that reverts it, in the order to run. Empty for a rewrite, and for `analyze` and `reindex`, which change no schema. */
  readonly down: readonly string[];
  /** The lock in plain words: "takes SHARE UPDATE EXCLUSIVE on public.book, which blocks DDL and VACUUM but neither reads nor writes". */
  readonly lock: string;
  /** Whether `up` may run inside a transaction block. */
  readonly transactional: boolean;
  /** Tables that it touches; statements on them are measured. */
  readonly tables: readonly RelationName[];
  /** Set for `create-index`. */
  readonly index: IndexSpec | null;
  /** Set for `rewrite`. */
  readonly rewrite: Rewrite | null;
}

/** The SQL of an index, `CONCURRENTLY` or not. */
export function createIndexSql(spec: IndexSpec, options: { readonly concurrently: boolean }): string {
  const parts = [
    `CREATE ${spec.unique ? 'UNIQUE ' : ''}INDEX${options.concurrently ? ' CONCURRENTLY' : ''} ${quoteIdent(spec.name)}`,
    `ON ${quoteQualified(spec.table.schema, spec.table.name)}`,
    `USING ${spec.method} (${spec.keys.join(', ')})`,
  ];
  if (spec.include.length > 0) parts.push(`INCLUDE (${spec.include.join(', ')})`);
  if (spec.with !== null) parts.push(`WITH (${spec.with})`);
  if (spec.where !== null) parts.push(`WHERE ${spec.where}`);
  return parts.join(' ');
}
