import { quoteIdent, quoteLiteral, quoteQualified } from '../base/quote.js';
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
  | 'hint'
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
  /** Set for `hint`, whose text stays as it is. */
  readonly hint?: Hint | null;
}

/** Settings under which one statement is planned. The last resort: it holds for the data as they are. */
export interface Hint {
  /** Values by the setting's name. */
  readonly settings: Readonly<Record<string, string>>;
  /** How the statement is sent with them: in a comment that pg_hint_plan reads, or after SET LOCAL in its transaction. */
  readonly form: 'comment' | 'set-local';
  /** The day after which it is not to be relied on without a new trial. ISO 8601 date. */
  readonly until: string;
}

/** The settings of a hint as statements of one transaction. */
export function hintSettings({ settings }: Pick<Hint, 'settings'>): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${quoteLiteral(value)};`);
}

/** What is sent around the statement. */
export function hintParts(hint: Hint): {
  readonly before: readonly string[];
  readonly after: readonly string[];
} {
  if (hint.form === 'set-local') return { before: ['BEGIN;', ...hintSettings(hint)], after: ['COMMIT;'] };
  const set = Object.entries(hint.settings).map(([name, value]) => `Set(${name} ${value})`);
  return { before: [`/*+ ${set.join(' ')} */`], after: [] };
}

/** What the application sends in place of `from`. */
export function sentText({ to, hint }: Pick<Rewrite, 'to' | 'hint'>): string {
  if (!hint) return to;
  const { before, after } = hintParts(hint);
  return [...before, after.length > 0 ? `${to};` : to, ...after].join('\n');
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
  /** Set for `rewrite` and `hint`. */
  readonly rewrite: Rewrite | null;
}

/** Whether an index has statistics of its own, which only ANALYZE makes: one with a key that is no column. */
export function hasOwnStatistics({ keys }: Pick<IndexSpec, 'keys'>): boolean {
  return keys.some((key) => !key.startsWith('"'));
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
