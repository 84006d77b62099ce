import { z } from 'zod';
import { quoteIdent } from '../../base/quote.js';
import {
  findTable,
  lookupTable,
  sameRelation,
  type Catalog,
  type Constraint,
  type RelationName,
  type Table,
  placeOf,
} from '../../model/catalog.js';
import { loadParser } from '../../sql/parse.js';
import type { RelationUse } from '../../sql/use-types.js';
import { freeIndexName } from '../../indexes/candidates/index-name.js';
import { createIndexAction } from '../actions.js';
import { usesOf } from '../../indexes/candidates/candidates.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated, measured } from '../evidence.js';
import { estimatedRows, servesForeignKey } from '../../indexes/facts.js';

export default defineAdvisor({
  id: 'index/unindexed-foreign-key',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Foreign keys which no index on the referencing table can serve.',
    why: 'Every DELETE or key UPDATE on the referenced table, and every join from it, scans the whole referencing table.',
    limits:
      'Silent below `minRows`, where a sequential scan is the right plan, and where the referenced table is a list of fewer than `minReferencedRows` that nothing deletes from. ' +
      'Only informs where a workload is known and neither it nor the counters show a need. An index serves the key when the columns lead it in any order; ' +
      'a partial index does when it leaves out nothing but NULLs. It can not know deletes that have not happened yet.',
    sources: ['PostgreSQL manual, "Constraints", section "Foreign Keys"'],
    bad: `
      CREATE TABLE author (id bigint PRIMARY KEY);
      CREATE TABLE book (id bigint PRIMARY KEY, author_id bigint NOT NULL REFERENCES author);
      INSERT INTO author SELECT generate_series(1, 2000);
      INSERT INTO book SELECT n, 1 + n % 2000 FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    good: 'CREATE INDEX ON book (author_id);',
  },
  options: z.object({
    minRows: z.number().int().nonnegative().default(10_000),
    minReferencedRows: z.number().int().nonnegative().default(100),
  }),
  async examine({ catalog, workload }, { minRows, minReferencedRows }) {
    await loadParser();
    const statements = workload.statements.map((statement) => ({
      fingerprint: statement.fingerprint,
      relations: usesOf(statement, catalog)?.relations ?? [],
    }));
    const seen = new Set<string>();
    return catalog.constraints.flatMap((foreignKey): AdvisorFinding[] => {
      const table = findTable(catalog, foreignKey.table);
      if (foreignKey.kind !== 'foreign' || foreignKey.references === null || !table) return [];
      if (isInherited(catalog, foreignKey, table)) return [];
      if (catalog.indexes.some((index) => servesForeignKey(index, foreignKey))) return [];
      if (estimatedRows(catalog, table).rows < minRows) return [];
      const place = placeOf(table, foreignKey.columns.toSorted());
      if (seen.has(place)) return [];
      seen.add(place);
      const needing = statementsOn(catalog, foreignKey, statements);
      const isNeeded = needing.length > 0 || keysRemoved(catalog, foreignKey) > 0;
      if (!isNeeded && isShortList(catalog, foreignKey, minReferencedRows)) return [];
      const severity = isNeeded || statements.length === 0 ? 'warning' : 'info';
      return [{ ...describe(catalog, foreignKey, table, needing), severity }];
    });
  },
});

/** PostgreSQL keeps a row for each partition beside the one of the parent; the parent's speaks for all. */
function isInherited(catalog: Catalog, foreignKey: Constraint, table: Table): boolean {
  const target = foreignKey.references && findTable(catalog, foreignKey.references.table);
  return catalog.constraints.some(
    (other) =>
      other !== foreignKey &&
      other.kind === 'foreign' &&
      other.columns.join('\n') === foreignKey.columns.join('\n') &&
      ((table.partitionOf !== null && sameRelation(other.table, table.partitionOf)) ||
        (target?.partitionOf != null &&
          other.references !== null &&
          sameRelation(other.table, table) &&
          sameRelation(other.references.table, target.partitionOf))),
  );
}

interface Uses {
  readonly fingerprint: string;
  readonly relations: readonly RelationUse[];
}

/** Statements that make the server look referencing rows up: deletes (cascading ones, too) and key updates of the referenced table, and equality on the key. */
function statementsOn(catalog: Catalog, foreignKey: Constraint, statements: readonly Uses[]): readonly string[] {
  const { references } = foreignKey;
  if (references === null) return [];
  const deletable = cascadesInto(catalog, references.table);
  const needs = (use: RelationUse): boolean => {
    const table = lookupTable(catalog, use.schema, use.name);
    if (!table) return false;
    if ((use.role === 'delete' || use.deletes) && deletable.some((one) => sameRelation(one, table))) return true;
    const changesKey = references.columns.some((column) => use.set.includes(column));
    if (changesKey && sameRelation(table, references.table)) return true;
    return sameRelation(table, foreignKey.table) && foreignKey.columns.every((column) => isLookedUp(use, column));
  };
  return [...new Set(statements.filter((one) => one.relations.some(needs)).map((one) => one.fingerprint))];
}

function isLookedUp(use: RelationUse, column: string): boolean {
  return use.predicates.some((one) => one.column === column && (one.kind === 'equality' || one.kind === 'list'));
}

/** The table, and every table whose deletes cascade into it. */
function cascadesInto(
  catalog: Catalog,
  table: RelationName,
  known: readonly RelationName[] = [],
): readonly RelationName[] {
  const parents = catalog.constraints
    .filter((one) => one.kind === 'foreign' && one.onDelete === 'c' && sameRelation(one.table, table))
    .flatMap((one) => one.references?.table ?? []);
  return parents.reduce<readonly RelationName[]>(
    (found, parent) => (found.some((one) => sameRelation(one, parent)) ? found : cascadesInto(catalog, parent, found)),
    [...known, table],
  );
}

/** Rows deleted from the referenced table since the counters began; updates are not told apart from those of other columns. */
function keysRemoved(catalog: Catalog, foreignKey: Constraint): number {
  const referenced = foreignKey.references && findTable(catalog, foreignKey.references.table);
  return referenced?.activity?.deletes ?? 0;
}

function isShortList(catalog: Catalog, foreignKey: Constraint, rows: number): boolean {
  const referenced = foreignKey.references && findTable(catalog, foreignKey.references.table);
  return referenced != null && estimatedRows(catalog, referenced).rows < rows;
}

function describe(
  catalog: Catalog,
  foreignKey: Constraint,
  table: Table,
  statements: readonly string[],
): AdvisorFinding {
  const referenced = foreignKey.references && findTable(catalog, foreignKey.references.table);
  const { rows, source } = estimatedRows(catalog, table);
  const target = referenced ? placeOf(referenced) : 'the referenced table';
  const spec = {
    table: { schema: table.schema, name: table.name },
    method: 'btree',
    unique: false,
    keys: foreignKey.columns.map(quoteIdent),
    include: [],
    where: null,
    with: null,
    name: freeIndexName(catalog, table, foreignKey.columns),
  };
  return {
    title: `No index serves the foreign key ${foreignKey.name} of ${placeOf(table)}.`,
    place: placeOf(table, foreignKey.columns.toSorted()),
    evidence: [
      estimated('rows that a check scans', rows, 'rows', source),
      measured(`deletes on ${target}`, referenced?.activity?.deletes ?? null, 'rows', 'pg_stat_all_tables.n_tup_del'),
      measured(`updates on ${target}`, referenced?.activity?.updates ?? null, 'rows', 'pg_stat_all_tables.n_tup_upd'),
      measured('workload statements that need it', statements.length, 'statements', 'workload'),
    ],
    statements,
    actions: [createIndexAction(spec, catalog)],
  };
}
