import { WizardError } from '../../base/errors.js';
import { quoteIdent, quoteQualified } from '../../base/quote.js';
import { createIndexSql } from '../../model/action.js';
import type { IndexSpec } from '../../model/action.js';
import { writeRelations } from '../../postgres/clone/write-relations.js';
import type { Session } from '../../postgres/session.js';
import { readIndexLayouts } from './index-layout.js';
import { shelvedName } from './shelved.js';
import type { CreatedIndex } from './shelved.js';
import { EMPTY_FILE_NODE } from './storage.js';

/** What came of creating indexes: those that PostgreSQL took, and why it did not take the others. */
export interface Creation {
  readonly created: readonly CreatedIndex[];
  readonly refused: ReadonlyMap<IndexSpec, WizardError>;
}

/** A table or partition, with what pg_class says of it. */
interface Heap extends Record<string, unknown> {
  oid: number;
  kind: string;
  pages: number;
  rows: number;
  visible: number;
  node: string;
}

interface Member extends Record<string, unknown> {
  oid: number;
  schema: string;
  name: string;
  leaf: boolean;
}

/**
 * Creates indexes on one table of the clone, which is kept in an empty file meanwhile: nothing is read, and nobody else
 * sees it so. Hidden ones get the planner's blindness and names of their own.
 */
export async function createCandidates(
  session: Session,
  specs: readonly IndexSpec[],
  options: { readonly hidden: boolean },
): Promise<Creation> {
  const refused = new Map<IndexSpec, WizardError>();
  const [first] = specs;
  if (first === undefined) return { created: [], refused };
  const heaps = await session.query<Heap>(HEAPS_SQL, [first.table.schema, first.table.name]);
  if (heaps.length === 0) {
    const table = quoteQualified(first.table.schema, first.table.name);
    const message = `The clone has no table ${table} of its own to try an index on`;
    return { created: [], refused: new Map(specs.map((spec) => [spec, new WizardError('lab/statement', message)])) };
  }
  const made: Made[] = [];
  // An index on a tree of partitions takes as long as there are partitions.
  await session.run('BEGIN; SET LOCAL statement_timeout TO 0');
  try {
    await swapForEmpty(session, heaps);
    for (const spec of specs) {
      const name = options.hidden ? `wizard_candidate_${made.length}` : spec.name;
      const refusal = await createOne(session, spec, name);
      if (refusal === null) made.push(await finishOne(session, { spec, name, heaps, hidden: options.hidden }));
      else refused.set(spec, refusal);
    }
    await swapBack(session, heaps);
    await session.run('COMMIT');
  } catch (error) {
    await session.run('ROLLBACK');
    throw error;
  }
  const layouts = await readIndexLayouts(
    session,
    made.flatMap((one) => one.leaves),
  );
  return {
    created: made.map(({ leaves, ...one }) => ({
      ...one,
      layouts: layouts.filter((layout) => leaves.includes(layout.oid)),
    })),
    refused,
  };
}

interface Made extends Omit<CreatedIndex, 'layouts'> {
  readonly leaves: readonly number[];
}

/**
 * Before 18 CREATE INDEX writes the table's row of pg_class in place: after this it is this transaction's own version,
 * which nobody sees if all is rolled back.
 */
async function swapForEmpty(session: Session, heaps: readonly Heap[]): Promise<void> {
  await session.query(
    `UPDATE pg_catalog.pg_class SET relfilenode = CASE WHEN relkind = 'p' THEN relfilenode ELSE $2::oid END WHERE oid = ANY ($1::oid[])`,
    [heaps.map((heap) => heap.oid), EMPTY_FILE_NODE],
  );
}

async function swapBack(session: Session, heaps: readonly Heap[]): Promise<void> {
  const stored = heaps.filter((heap) => heap.kind !== 'p');
  await writeRelations(
    session,
    stored.map((heap) => ({
      oid: heap.oid,
      pages: heap.pages,
      rows: heap.rows,
      pagesAllVisible: heap.visible,
      fileNode: Number(heap.node),
    })),
  );
}

/** Null when PostgreSQL took it. */
async function createOne(session: Session, spec: IndexSpec, name: string): Promise<WizardError | null> {
  await session.run('SAVEPOINT candidate');
  try {
    await session.run(createIndexSql({ ...spec, name }, { concurrently: false }));
    await session.run('RELEASE SAVEPOINT candidate');
    return null;
  } catch (error) {
    // A server that is gone is no refusal.
    if (!(error instanceof WizardError) || error.sqlstate === undefined) throw error;
    await session.run('ROLLBACK TO SAVEPOINT candidate; RELEASE SAVEPOINT candidate');
    const facts = { cause: error, sqlstate: error.sqlstate };
    return new WizardError('lab/statement', `Index ${spec.name} can not be created: ${error.message}`, facts);
  }
}

async function finishOne(
  session: Session,
  { spec, name, heaps, hidden }: { spec: IndexSpec; name: string; heaps: readonly Heap[]; hidden: boolean },
): Promise<Made> {
  const members = await session.query<Member>(MEMBERS_SQL, [`${quoteIdent(spec.table.schema)}.${quoteIdent(name)}`]);
  const oids = members.map((member) => member.oid);
  if (hidden) {
    // Names that no other index will ask for, those of partitions too.
    const renames = members.map(
      (member) => `ALTER INDEX ${quoteQualified(member.schema, member.name)} RENAME TO ${shelvedName(member.oid)}`,
    );
    await session.run(renames.join('; '));
    await session.query('UPDATE pg_catalog.pg_index SET indislive = false WHERE indexrelid = ANY ($1::oid[])', [oids]);
  }
  return {
    spec,
    oids,
    heaps: heaps.map((heap) => heap.oid),
    names: members.map((member) => (hidden ? shelvedName(member.oid) : member.name)),
    leaves: members.filter((member) => member.leaf).map((member) => member.oid),
  };
}

/** The table, and all below it when it is partitioned. The tree is walked once: in a condition it would be for each row of pg_class. */
const HEAPS_SQL = `
WITH root AS (
  SELECT r.oid FROM pg_catalog.pg_class AS r JOIN pg_catalog.pg_namespace AS n ON n.oid = r.relnamespace
   WHERE n.nspname = $1 AND r.relname = $2 AND r.relkind IN ('r', 'm', 'p')
), tree AS (
  SELECT root.oid FROM root UNION SELECT p.relid FROM root CROSS JOIN LATERAL pg_catalog.pg_partition_tree(root.oid) AS p
)
SELECT c.oid::int8::float8 AS oid, c.relkind::text AS kind, c.relpages AS pages, c.reltuples::float8 AS rows, c.relallvisible AS visible,
       c.relfilenode::int8::text AS node
  FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid
 WHERE c.relkind IN ('r', 'm', 'p')
 ORDER BY c.oid IN (SELECT root.oid FROM root) DESC, c.oid`;

/** An index, and those of the partitions below it. */
const MEMBERS_SQL = `
SELECT c.oid::int8::float8 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind = 'i' AS leaf
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = $1::regclass OR c.oid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree($1::regclass) AS p)
 ORDER BY c.oid = $1::regclass DESC, c.oid`;
