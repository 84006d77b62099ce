import { quoteIdent } from '../../../base/quote.js';
import { indexesOf } from '../../../model/catalog.js';
import { keyOf, tableOf } from '../../context.js';
import type { MigrationContext } from '../../context.js';
import { firstFree } from '../../chosen-name.js';
import { defineMigrationRule } from '../../define.js';
import { operationSql } from '../../operation.js';
import { shown, written } from '../../relation.js';
import type { Relation } from '../../relation.js';
import { addedConstraint, keysOf } from '../../shapes.js';

export default defineMigrationRule({
  id: 'constraint/foreign-key-without-index',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`ADD FOREIGN KEY` on columns that no index begins with.',
    why: 'Every DELETE and every change of a key in the referenced table reads the whole referencing one, once for each row.',
    limits:
      'Spoken only with --to, where the indexes are known, and not where the file makes one. Harmless where nothing is ever deleted from the referenced table.',
    sources: ['PostgreSQL manual, "Constraints", section "Foreign Keys"'],
  },
  match(operation, context) {
    const found = addedConstraint(operation, 'CONSTR_FOREIGN');
    const columns = found ? keysOf(found.constraint, 'fk_attrs') : [];
    if (!found || !tableOf(context, found.relation) || isIndexed(found.relation, columns, context)) return null;
    return {
      subject: found.relation,
      says: `no index of ${shown(found.relation)} begins with ${columns.join(', ')}: a DELETE in the referenced table reads all of it`,
    };
  },
  safe(operation, context) {
    const found = addedConstraint(operation, 'CONSTR_FOREIGN');
    if (!found) return null;
    const columns = keysOf(found.constraint, 'fk_attrs');
    const name = quoteIdent(firstFree(found.relation, columns.join('_'), 'idx', context));
    return {
      differs: 'an index on the columns of the foreign key is made first',
      up: [
        {
          sql: [
            `CREATE INDEX CONCURRENTLY ${name} ON ${written(found.relation)} (${columns.map(quoteIdent).join(', ')})`,
          ],
        },
        { sql: [operationSql(operation)] },
      ],
    };
  },
  example: {
    setup: `
      CREATE TABLE author (id int PRIMARY KEY); INSERT INTO author SELECT n FROM generate_series(1, 100) AS n;
      CREATE TABLE book (id int PRIMARY KEY, author_id int); INSERT INTO book SELECT n, 1 + n % 100 FROM generate_series(1, 2000) AS n;`,
    bad: 'ALTER TABLE book ADD FOREIGN KEY (author_id) REFERENCES author (id) ON DELETE CASCADE NOT VALID;',
    ends: ['index public.book_author_id_idx'],
  },
});

/** Whether an index of the catalog or of the file has these columns first, in any order. */
function isIndexed(relation: Relation, columns: readonly string[], context: MigrationContext): boolean {
  const table = tableOf(context, relation);
  const known = table && context.catalog ? indexesOf(context.catalog, table) : [];
  const lists = [
    ...known
      .filter(({ predicate, valid }) => predicate === null && valid)
      .map(({ keys }) => keys.map(({ column }) => column)),
    ...context.state.indexes.filter((index) => index.table === keyOf(context, relation)).map((index) => index.columns),
    ...context.file.indexes.filter((index) => index.table === relation.name).map((index) => index.columns),
  ];
  return lists.some((list) => columns.every((column) => list.slice(0, columns.length).includes(column)));
}
