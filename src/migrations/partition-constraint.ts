import { bareLiteral, quoteIdent } from '../base/quote.js';
import { sameRelation } from '../model/catalog.js';
import type { Index, Table } from '../model/catalog.js';
import { textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { firstFree, takenKey } from './chosen-name.js';
import { descendantsOf, hasNewPartitions, partitionsOf, tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { SafeStep } from './define.js';
import { deferral, dropIndex, uniqueIndex } from './index-for-constraint.js';
import { written, writtenLiteral } from './relation.js';
import type { Relation } from './relation.js';
import { keysOf } from './shapes.js';

/**
 * PRIMARY KEY or UNIQUE of a partitioned table without building an index under its lock: each partition gets its index CONCURRENTLY and with it the constraint, then the parent alone gets the constraint, without rows,
 * and takes over the partitions' indexes one by one; from the last one on it holds. Null where a partition is no table of its own, or has another primary key.
 */
export function constraintOfPartitions(
  constraint: TreeNode,
  { relation, name }: { readonly relation: Relation; readonly name: string },
  context: MigrationContext,
): readonly SafeStep[] | null {
  const parent = tableOf(context, relation);
  if (!parent || hasNewPartitions(context, relation)) return null;
  return new PartitionedConstraint(constraint, context).ofParent(parent, relation, name);
}

/** What a partition needs, and the index of it that the parent takes over. `back` makes again what was there before and goes with the parent's constraint. */
interface Part {
  readonly steps: readonly SafeStep[];
  readonly index: string;
  readonly back?: readonly string[];
}

class PartitionedConstraint {
  #known: MigrationContext;
  readonly #isPrimary: boolean;

  constructor(
    readonly constraint: TreeNode,
    context: MigrationContext,
  ) {
    this.#known = context;
    this.#isPrimary = textOf(constraint, 'contype') === 'CONSTR_PRIMARY';
  }

  ofParent(parent: Table, relation: Relation, name: string): readonly SafeStep[] | null {
    const steps: SafeStep[] = [];
    const attached: string[] = [];
    const back: string[] = [];
    for (const partition of partitionsOf(this.#known, parent)) {
      const made = partition.kind === 'p' ? this.#ofSubparent(partition) : this.#ofPartition(partition);
      if (!made) return null;
      steps.push(...made.steps);
      attached.push(made.index);
      back.push(...(made.back ?? []));
    }
    const index = written({ schema: parent.schema, name });
    return [
      ...steps,
      {
        sql: [this.#ofParentAlone(relation, name)],
        down: [`ALTER TABLE ${written(relation)} DROP CONSTRAINT IF EXISTS ${quoteIdent(name)}`, ...back],
        asItIs: true,
        note: 'Of the parent alone, without rows; it holds once the index of every partition is attached. Its short lock can not be avoided.',
      },
      ...attached.map((one) => ({ sql: [`ALTER INDEX ${index} ATTACH PARTITION ${one}`], down: [], asItIs: true })),
    ];
  }

  #ofSubparent(table: Table): Part | null {
    const relation = { schema: table.schema, name: table.name };
    const name = this.#chosen(relation);
    const steps = this.ofParent(table, relation, name);
    return steps && { steps, index: written({ schema: table.schema, name }) };
  }

  #ofPartition(table: Table): Part | null {
    if (table.kind !== 'r') return null;
    const relation = { schema: table.schema, name: table.name };
    const own = (this.#known.catalog?.indexes ?? []).filter((one) => sameRelation(one.table, table));
    const there = own.find((one) => this.#isSame(one));
    if (there)
      return { steps: [], index: written({ schema: there.schema, name: there.name }), back: this.#back(there) };
    if (this.#isPrimary && own.some(({ primary }) => primary)) return null;
    const name = this.#chosen(relation);
    const build = uniqueIndex(relation, name, this.constraint);
    if (build === null) return null;
    const alter = `ALTER TABLE ${written(relation)}`;
    const add = `${alter} ADD CONSTRAINT ${quoteIdent(name)} ${this.#kind()} USING INDEX ${quoteIdent(name)}${deferral(this.constraint)}`;
    return {
      steps: [
        { sql: [build], down: [dropIndex(relation, name)] },
        { sql: [add], down: [`${alter} DROP CONSTRAINT IF EXISTS ${quoteIdent(name)}`] },
      ],
      index: written({ schema: table.schema, name }),
    };
  }

  #back({ table, constraint }: Index): readonly string[] {
    const known = this.#known.catalog?.constraints.find(
      (one) => sameRelation(one.table, table) && one.name === constraint,
    );
    if (!known) return [];
    const name = bareLiteral(known.name);
    return [
      `DO $back$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conrelid = ${writtenLiteral(table)}::pg_catalog.regclass AND conname = ${name}) THEN
    ALTER TABLE ${written(table)} ADD CONSTRAINT ${quoteIdent(known.name)} ${known.definition};
  END IF;
END $back$`,
    ];
  }

  /** As PostgreSQL chooses it for a partition, whatever the parent's is. */
  #chosen(relation: Relation): string {
    const columns = [...keysOf(this.constraint), ...keysOf(this.constraint, 'including')].join('_');
    const name = this.#isPrimary
      ? firstFree(relation, null, 'pkey', this.#known)
      : firstFree(relation, columns, 'key', this.#known);
    const { state } = this.#known;
    const named = state.named.with(takenKey(relation, name, this.#known), true);
    this.#known = { ...this.#known, state: { ...state, named } };
    return name;
  }

  /** What the parent would take over by itself. */
  #isSame(index: Index): boolean {
    const columns = (parts: Index['keys']): string => parts.map(({ column }) => column ?? '').join('\0');
    return (
      index.constraint !== null &&
      index.valid &&
      index.partitionOf === null &&
      !index.exclusion &&
      index.primary === this.#isPrimary &&
      index.nullsNotDistinct === (this.constraint['nulls_not_distinct'] === true) &&
      columns(index.keys) === keysOf(this.constraint).join('\0') &&
      columns(index.include) === keysOf(this.constraint, 'including').join('\0')
    );
  }

  #ofParentAlone(relation: Relation, name: string): string {
    const columns = (field: string): string => keysOf(this.constraint, field).map(quoteIdent).join(', ');
    const included = columns('including');
    return (
      [
        `ALTER TABLE ONLY ${written(relation)} ADD CONSTRAINT ${quoteIdent(name)} ${this.#kind()}`,
        ...(this.constraint['nulls_not_distinct'] === true ? ['NULLS NOT DISTINCT'] : []),
        `(${columns('keys')})`,
        ...(included === '' ? [] : [`INCLUDE (${included})`]),
      ].join(' ') + deferral(this.constraint)
    );
  }

  #kind(): string {
    return this.#isPrimary ? 'PRIMARY KEY' : 'UNIQUE';
  }
}

/** Columns of a partitioned table made NOT NULL before its key: on 18 the keys of the partitions make that a matter of their own, which has to be taken back as such. */
export function provedOfPartitions(relation: Relation, column: string, context: MigrationContext): readonly SafeStep[] {
  const alter = `ALTER TABLE ${written(relation)}`;
  const set = `ALTER COLUMN ${quoteIdent(column)} SET NOT NULL`;
  if (context.major < 18) return [{ sql: [`${alter} ${set}`] }];
  const name = quoteIdent(firstFree(relation, column, 'not_null', context));
  const own = descendantsOf(context, relation)
    .filter(({ columns }) => columns.some((one) => one.name === column && !one.notNull))
    .map(
      (one) =>
        `ALTER TABLE ${written({ schema: one.schema, name: one.name })} ALTER COLUMN ${quoteIdent(column)} DROP NOT NULL`,
    );
  return [
    {
      sql: [`${alter} ADD CONSTRAINT ${name} NOT NULL ${quoteIdent(column)} NOT VALID`],
      down: [`${alter} DROP CONSTRAINT ${name}`, ...own],
      asItIs: true,
    },
    { sql: [`${alter} VALIDATE CONSTRAINT ${name}`] },
  ];
}
