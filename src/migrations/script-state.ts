import type { DomainInfo, Table } from '../model/catalog.js';
import type { TreeNode } from '../sql/tree.js';
import { Growing } from './growing.js';
import type { LockClaim } from './locks.js';
import type { Relation } from './relation.js';
import type { ScriptStatement } from './script.js';

/** What the file did before a statement, as far as it matters to the statements after. Immutable: `advance` makes the next one. */
export interface ScriptState {
  /** Keys of relations that the file itself made: new, and nobody else uses them yet. */
  readonly created: Growing<true>;
  /** Whether a name of an index or constraint is taken, where the file says so, by `takenKey`: true of what it made, also of what PostgreSQL chose the name of, false of what it dropped. */
  readonly named: Growing<boolean>;
  /** Types of columns that the file made or changed, by `columnKey`. */
  readonly types: Growing<string>;
  /** Defaults that the file gave to columns, by `columnKey`; null for one that it took away. */
  readonly defaults: Growing<TreeNode | null>;
  /** Whether columns (`columnKey`) hold no NULL, where the file says so: a validated CHECK and SET NOT NULL prove it, DROP NOT NULL takes it away. */
  readonly notNull: Growing<boolean>;
  /** Constraints that the file added NOT VALID, by `columnKey` of table and constraint. */
  readonly unvalidated: ReadonlyMap<string, { readonly notNullColumn: string | null }>;
  /** Constraints that the file validated, by `columnKey` of table and constraint. */
  readonly validated: ReadonlySet<string>;
  /** CHECK constraints that the file added and validated, by `columnKey` of table and constraint; the condition as text without positions. */
  readonly checks: ReadonlyMap<string, { readonly condition: string; readonly valid: boolean }>;
  /** Indexes that the file made on tables, with their table's key and key columns (`''` for an expression). */
  readonly indexes: readonly { readonly name: string; readonly table: string; readonly columns: readonly string[] }[];
  /** Tables of the catalog that the file gave another name, by their key of now. */
  readonly formerly: ReadonlyMap<string, Table>;
  /** Columns of the partition keys of tables that the file made, by key; empty for a key with expressions. */
  readonly partitionKeys: ReadonlyMap<string, readonly string[]>;
  /** Tables that the file made logged (`p`) or unlogged (`u`), by key. */
  readonly persistence: ReadonlyMap<string, 'p' | 'u'>;
  /** Keys of partitions that the file detached. */
  readonly detached: ReadonlySet<string>;
  /** Partitions that the file made or attached, by the key of their parent. */
  readonly joined: Growing<readonly Relation[]>;
  /** Tables that the file made inherit from another, by its key, and whether they still do, by the keys of both. */
  readonly heirs: Growing<readonly Relation[]>;
  readonly inheriting: Growing<boolean>;
  /** Keys of relations that the file dropped, or gave another name: false once something has come by the name again. */
  readonly gone: Growing<boolean>;
  /** Names in the catalog of columns that the file gave another, by `columnKey` of now; empty for a column that the file added. */
  readonly columnsBefore: Growing<string>;
  /** Columns (`columnKey`) on which the file made or dropped an index, a constraint or an identity: what the catalog says to hang on them is not what does. */
  readonly rehung: Growing<true>;
  /** Constraints that the file added, as it wrote them, by `columnKey` of table and constraint. */
  readonly constraints: Growing<TreeNode>;
  /** Keys of tables of which the file gave a column another name. */
  readonly recalled: Growing<true>;
  /** Keys of tables of which the file dropped a trigger, or gave it another name. */
  readonly retriggered: Growing<true>;
  /** Whether the file made a foreign key or CHECK enforced, by `columnKey` of table and constraint. */
  readonly enforced: Growing<boolean>;
  /** Domains that the file made or changed, by their bare name. */
  readonly domains: Growing<FileDomain>;
  /** What else the file made, by `madeKey`. */
  readonly made: Growing<true>;
  /** What the file dropped of what is defined on relations (`Catalog.dependents`), by `dependentKey`. */
  readonly dropped: Growing<true>;
  /** The transaction that the statement runs in; null for one of its own. */
  readonly transaction: TransactionState | null;
  /** Whether waiting for a lock ends by itself. */
  readonly lockTimeout: boolean;
  /** Schemas in order; null where the file sets none. */
  readonly searchPath: readonly string[] | null;
}

/** A domain as the file left it. */
export interface FileDomain extends DomainInfo {
  /** Whether a constraint of it was dropped: whether it has another is not known. */
  readonly isLoosened: boolean;
}

export interface TransactionState {
  /** Of BEGIN; null where the whole file is one. */
  readonly line: number | null;
  /** Locks on tables that were there before, which are held until the end, with the line that took them. */
  readonly held: readonly (LockClaim & { readonly line: number })[];
  /** Labels added to enum types in it. */
  readonly enumLabels: readonly string[];
  /** Names of constraints added NOT VALID in it. */
  readonly notValid: ReadonlySet<string>;
  /** Set with SET LOCAL. */
  readonly localTimeout: boolean;
}

/** What the whole file does, also after a statement. Bare names. */
export interface FileFacts {
  readonly indexes: readonly { readonly table: string; readonly columns: readonly string[] }[];
  readonly views: readonly string[];
  /** Tables that get or lose a partition. */
  readonly parents: readonly string[];
  /** Tables that are dropped, or of which a column is dropped or gets another type: refused while a view stands on them. */
  readonly reshaped: readonly { readonly table: string; readonly line: number }[];
  /** What is dropped without CASCADE of what columns may rest on: types, functions, sequences, tables. */
  readonly drops: readonly { readonly name: string; readonly line: number }[];
  /** Views that are dropped and made again further on, with the statement that drops, those that change types until then, and the line that makes them. */
  readonly remade: readonly {
    readonly view: Relation;
    readonly drop: ScriptStatement;
    readonly changes: readonly ScriptStatement[];
    readonly to: number;
  }[];
  /** Statements that need a table to be one, which a view can not stand for: all but SELECT and INSERT. Each with its line. */
  readonly needing: readonly { readonly table: string; readonly line: number }[];
  /** Columns that come by a name: added, or renamed to it. */
  readonly arriving: readonly { readonly table: string; readonly column: string }[];
  /** Names that something gets that had another, or another schema. */
  readonly renamed: readonly string[];
  /** What the file does about numbers of rows: columns that it gives a default or an identity, sequences that it gives an owner, whether it calls setval. */
  readonly numbered: {
    readonly columns: readonly { readonly table: string; readonly column: string }[];
    readonly sequences: readonly string[];
    readonly calls: boolean;
  };
  /** Tables that get another name or are dropped. */
  readonly switched: readonly { readonly table: string; readonly line: number }[];
}

/** Before the first statement; `oneTransaction` where the tool that runs the file opens one around it. */
export function initialState(oneTransaction: boolean): ScriptState {
  return {
    created: new Growing(),
    named: new Growing(),
    types: new Growing(),
    defaults: new Growing(),
    notNull: new Growing(),
    unvalidated: new Map(),
    validated: new Set(),
    checks: new Map(),
    indexes: [],
    formerly: new Map(),
    partitionKeys: new Map(),
    persistence: new Map(),
    detached: new Set(),
    joined: new Growing(),
    heirs: new Growing(),
    inheriting: new Growing(),
    gone: new Growing(),
    columnsBefore: new Growing(),
    rehung: new Growing(),
    constraints: new Growing(),
    recalled: new Growing(),
    retriggered: new Growing(),
    enforced: new Growing(),
    domains: new Growing(),
    made: new Growing(),
    dropped: new Growing(),
    transaction: oneTransaction ? newTransaction(null) : null,
    lockTimeout: false,
    searchPath: null,
  };
}

/** A transaction that holds nothing yet. */
export function newTransaction(line: number | null): TransactionState {
  return { line, held: [], enumLabels: [], notValid: new Set(), localTimeout: false };
}
