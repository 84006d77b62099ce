import { groupBy } from '../../base/group.js';
import { WizardError } from '../../base/errors.js';
import { quoteQualified } from '../../base/quote.js';
import { createIndexSql } from '../../model/action.js';
import type { IndexSpec } from '../../model/action.js';
import { writeRelations } from '../../postgres/clone/write-relations.js';
import type { Session } from '../../postgres/session.js';
import { readIndexLayouts } from './index-layout.js';
import { shelvedName } from './shelved.js';
import type { CreatedIndex } from './shelved.js';
import { EMPTY_FILE_NODE } from './storage.js';
import { relationKey } from '../../model/catalog.js';

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
  /** 1 for the first index asked for. */
  place: number;
  oid: number;
  schema: string;
  name: string;
  leaf: boolean;
}

/**
 * Creates indexes on tables of the clone, which are kept in an empty file meanwhile: nothing is read, and nobody else
 * sees them so. Hidden ones get the planner's blindness and names of their own.
 */
export async function createCandidates(
  session: Session,
  specs: readonly IndexSpec[],
  options: { readonly hidden: boolean },
): Promise<Creation> {
  const refused = new Map<IndexSpec, WizardError>();
  const trees = await readTrees(session, specs);
  const wanted: Wanted[] = [];
  for (const spec of specs) {
    const heaps = trees.get(relationKey(spec.table));
    if (heaps === undefined) refused.set(spec, noTable(spec));
    else wanted.push({ spec, heaps });
  }
  const made: Made[] = [];
  for (const some of chunksOf(wanted)) made.push(...(await createTogether(session, some, { ...options, refused })));
  const layouts = new Map(
    (
      await readIndexLayouts(
        session,
        made.flatMap((one) => one.leaves),
      )
    ).map((layout) => [layout.oid, layout]),
  );
  return {
    created: made.map(({ leaves, ...one }) => ({ ...one, layouts: leaves.flatMap((oid) => layouts.get(oid) ?? []) })),
    refused,
  };
}

/** An index to create, with its table and all below it. */
interface Wanted {
  readonly spec: IndexSpec;
  readonly heaps: readonly Heap[];
}

/** Locks of a transaction are kept to its end, and a server has room for some thousands: one for each index of a partition. */
const MOST_CREATED = 500;

function chunksOf(wanted: readonly Wanted[]): Wanted[][] {
  const chunks: Wanted[][] = [];
  let left = 0;
  for (const one of wanted) {
    if (chunks.length === 0 || one.heaps.length > left) {
      chunks.push([]);
      left = MOST_CREATED;
    }
    chunks.at(-1)?.push(one);
    left -= one.heaps.length;
  }
  return chunks;
}

function noTable({ table }: IndexSpec): WizardError {
  const name = quoteQualified(table.schema, table.name);
  return new WizardError('lab/statement', `The clone has no table ${name} of its own to try an index on`);
}

/** Each table with all below it, by the table's key. */
async function readTrees(session: Session, specs: readonly IndexSpec[]): Promise<Map<string, Heap[]>> {
  const tables = [...new Map(specs.map(({ table }) => [relationKey(table), table])).values()];
  const rows = await session.query<Heap & { place: number }>(HEAPS_SQL, [
    tables.map((table) => table.schema),
    tables.map((table) => table.name),
  ]);
  return groupBy(rows, ({ place }) => relationKey(tables[place - 1] as IndexSpec['table']));
}

/** In one transaction. */
async function createTogether(
  session: Session,
  wanted: readonly Wanted[],
  { hidden, refused }: { readonly hidden: boolean; readonly refused: Map<IndexSpec, WizardError> },
): Promise<Made[]> {
  const heaps = [...new Map(wanted.flatMap((one) => one.heaps).map((heap) => [heap.oid, heap])).values()];
  const created: (Wanted & { readonly name: string })[] = [];
  // An index on a tree of partitions takes as long as there are partitions.
  await session.run('BEGIN; SET LOCAL statement_timeout TO 0');
  try {
    await swapForEmpty(session, heaps);
    for (const one of wanted) {
      const name = hidden ? `wizard_candidate_${created.length}` : one.spec.name;
      const refusal = await createOne(session, one.spec, name);
      if (refusal === null) created.push({ ...one, name });
      else refused.set(one.spec, refusal);
    }
    const made = await finishAll(session, created, hidden);
    await swapBack(session, heaps);
    await session.run('COMMIT');
    return made;
  } catch (error) {
    await session.run('ROLLBACK');
    throw error;
  }
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
  // By itself: of statements sent together none runs when one can not be parsed.
  await session.run('SAVEPOINT candidate');
  try {
    await session.run(`${createIndexSql({ ...spec, name }, { concurrently: false })}; RELEASE SAVEPOINT candidate`);
    return null;
  } catch (error) {
    // A server that is gone is no refusal.
    if (!(error instanceof WizardError) || error.sqlstate === undefined) throw error;
    await session.run('ROLLBACK TO SAVEPOINT candidate; RELEASE SAVEPOINT candidate');
    const facts = { cause: error, sqlstate: error.sqlstate };
    return new WizardError('lab/statement', `Index ${spec.name} can not be created: ${error.message}`, facts);
  }
}

async function finishAll(
  session: Session,
  created: readonly (Wanted & { readonly name: string })[],
  hidden: boolean,
): Promise<Made[]> {
  if (created.length === 0) return [];
  const members = await session.query<Member>(MEMBERS_SQL, [
    created.map(({ spec, name }) => quoteQualified(spec.table.schema, name)),
  ]);
  if (hidden) {
    // Names that no other index will ask for, those of partitions too.
    const renames = members.map(
      (member) => `ALTER INDEX ${quoteQualified(member.schema, member.name)} RENAME TO ${shelvedName(member.oid)}`,
    );
    await session.run(renames.join('; '));
    await session.query('UPDATE pg_catalog.pg_index SET indislive = false WHERE indexrelid = ANY ($1::oid[])', [
      members.map((member) => member.oid),
    ]);
  }
  const byPlace = groupBy(members, (member) => member.place);
  return created.map(({ spec, heaps }, at) => {
    const own = byPlace.get(at + 1) ?? [];
    return {
      spec,
      oids: own.map((member) => member.oid),
      heaps: heaps.map((heap) => heap.oid),
      names: own.map((member) => (hidden ? shelvedName(member.oid) : member.name)),
      leaves: own.filter((member) => member.leaf).map((member) => member.oid),
    };
  });
}

/** Tables in the order asked, each with all below it when it is partitioned. The tree is walked once: in a condition it would be for each row of pg_class. */
const HEAPS_SQL = `
WITH root AS (
  SELECT r.oid, a.place
    FROM unnest($1::name[], $2::name[]) WITH ORDINALITY AS a (schema, name, place)
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = a.schema
    JOIN pg_catalog.pg_class AS r ON r.relnamespace = n.oid AND r.relname = a.name AND r.relkind IN ('r', 'm', 'p')
), tree AS (
  SELECT root.place, root.oid, root.oid AS root FROM root
   UNION SELECT root.place, p.relid, root.oid FROM root CROSS JOIN LATERAL pg_catalog.pg_partition_tree(root.oid) AS p
)
SELECT tree.place::int4 AS place, c.oid::int8::float8 AS oid, c.relkind::text AS kind, c.relpages AS pages, c.reltuples::float8 AS rows,
       c.relallvisible AS visible, c.relfilenode::int8::text AS node
  FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid
 WHERE c.relkind IN ('r', 'm', 'p')
 ORDER BY tree.place, c.oid = tree.root DESC, c.oid`;

/** Indexes in the order asked, each with those of the partitions below it. */
const MEMBERS_SQL = `
WITH root AS (
  SELECT a.name::regclass::oid AS oid, a.place FROM unnest($1::text[]) WITH ORDINALITY AS a (name, place)
), tree AS (
  SELECT root.place, root.oid, root.oid AS root FROM root
   UNION SELECT root.place, p.relid, root.oid FROM root CROSS JOIN LATERAL pg_catalog.pg_partition_tree(root.oid) AS p
)
SELECT tree.place::int4 AS place, c.oid::int8::float8 AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind = 'i' AS leaf
  FROM tree JOIN pg_catalog.pg_class AS c ON c.oid = tree.oid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 ORDER BY tree.place, c.oid = tree.root DESC, c.oid`;
