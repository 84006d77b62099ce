import type { RelationName } from '../../model/catalog.js';
import type { Skipped } from '../../model/coverage.js';
import type { EntryFacts } from '../../model/schema.js';

/** One statement which creates, or completes, one object. All names in it are qualified. */
export interface SchemaStatement {
  /** A word of `KINDS`. */
  readonly kind: Kind;
  /** The object, as a reader would name it. */
  readonly identity: string;
  readonly sql: string;
  /**
   * What a lab runs instead: the same object without a check that the copied data makes needless (superuser only), or
   * without the address of a foreign server.
   */
  readonly inLab?: string;
  /** The table of an index or of a constraint which stands on one: builds on different tables may run side by side. */
  readonly on?: string;
}

/** A schema as statements in the order in which they run. */
export interface SchemaScript {
  /** Up to the empty tables. */
  readonly preData: readonly SchemaStatement[];
  /** What is made over loaded tables: indexes, constraints, triggers, refreshed materialised views. */
  readonly postData: readonly SchemaStatement[];
  /** What can not be re-created, and why. */
  readonly skipped: readonly Skipped[];
  /** Tables with rows of their own: plain tables and leaf partitions, not those of extensions. */
  readonly tables: readonly RelationName[];
}

/** Every kind of statement, in the order that is kept where dependencies leave a choice. */
export const KINDS = [
  'role',
  'schema',
  'extension',
  'access method',
  'language',
  'collation',
  'conversion',
  'shell type',
  'enum',
  'composite type',
  'domain',
  'range type',
  'base type',
  'function',
  'cast',
  'aggregate',
  'operator',
  'operator family',
  'operator class',
  'operator family member',
  'transform',
  'text search parser',
  'text search template',
  'text search dictionary',
  'text search configuration',
  'foreign data wrapper',
  'server',
  'sequence',
  'table',
  'foreign table',
  'partition',
  'sequence owner',
  'default',
  'check',
  'view',
  'materialized view',
  'index',
  'constraint',
  'index partition',
  'clustered index',
  'replica identity',
  'extended statistics',
  'foreign key',
  'rule',
  'row security',
  'policy',
  'comment',
  'privileges',
  'refresh',
  'trigger',
  'event trigger',
] as const;

/** A word of `KINDS`. */
export type Kind = (typeof KINDS)[number];

/**
 * One object of the source, before ordering. `key` and `aliases` are addresses `catalog:oid`, as `pg_depend` names things;
 * a dependency on an alias is one on the object.
 */
export interface SchemaObject {
  readonly key: string;
  readonly aliases?: readonly string[];
  readonly kind: Kind;
  readonly identity: string;
  /** Stands for `identity` in the order among objects of one kind. */
  readonly sortKey?: string;
  readonly section: 'pre' | 'post';
  /** Addresses which must come first though `pg_depend` does not say so. */
  readonly needs?: readonly string[];
  /** What can be made later when it stands in a circle of dependencies; else it is within the object. */
  readonly parts?: readonly SchemaPart[];
  /** The statements; `later` has the keys of the parts that are made on their own. */
  readonly sql: (later: ReadonlySet<string>) => readonly string[];
  /** Stands for the first of the statements. */
  readonly inLab?: string;
  readonly on?: string;
  /** The column of the object that it stands on, when it says something of that alone. */
  readonly onColumn?: string;
  /** What can be changed in place. */
  readonly facts?: EntryFacts;
  /** What the addresses of its parts are called: `default x`, `check x`. */
  readonly labels?: ReadonlyMap<string, string>;
}

/** A piece of an object, with an address of its own in `pg_depend`: a default, a check, the query of a view. */
export interface SchemaPart {
  readonly key: string;
  readonly kind: Kind;
  readonly identity: string;
  readonly sql: string;
}

/** An object which is one statement and has no parts. */
export function simpleObject(
  object: Omit<SchemaObject, 'sql' | 'parts'>,
  ...statements: readonly (string | null)[]
): SchemaObject {
  const kept = statements.filter((statement) => statement !== null);
  return { ...object, sql: () => kept };
}
