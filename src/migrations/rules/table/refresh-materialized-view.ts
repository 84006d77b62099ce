import { written } from '../../relation.js';
import { indexesOf } from '../../../model/catalog.js';
import { tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/refresh-materialized-view',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`REFRESH MATERIALIZED VIEW` without CONCURRENTLY, and `WITH NO DATA`.',
    why: 'Nobody reads the view (ACCESS EXCLUSIVE) until its query has run and its indexes are built.',
    limits:
      'CONCURRENTLY needs a unique index without a condition on columns only: a sequence is made where the catalog given with --to shows one. It compares old and new rows, and is slower where most of them change.',
    sources: ['PostgreSQL manual, "REFRESH MATERIALIZED VIEW"'],
  },
  match({ type, relation, body }) {
    if (type !== 'RefreshMatViewStmt' || !relation || body['concurrent'] === true) return null;
    if (body['skipData'] === true)
      return { subject: relation, says: `every query of ${shown(relation)} fails until it is refreshed with data` };
    return { subject: relation, says: `REFRESH keeps all readers off ${shown(relation)} until it has ended` };
  },
  safe({ type, relation, body }, context) {
    const view =
      type === 'RefreshMatViewStmt' && relation && body['skipData'] !== true ? tableOf(context, relation) : undefined;
    if (!view || !relation || !context.catalog) return null;
    const usable = indexesOf(context.catalog, view).some(
      ({ unique, valid, predicate, keys }) =>
        unique && valid && predicate === null && keys.every(({ column }) => column !== null),
    );
    if (!usable) return null;
    return {
      up: [
        {
          sql: [`REFRESH MATERIALIZED VIEW CONCURRENTLY ${written(relation)}`],
          unavoidable: 'EXCLUSIVE keeps off no one but another refresh: a materialised view is not written otherwise',
        },
      ],
    };
  },
  example: {
    setup: `
      CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;
      CREATE MATERIALIZED VIEW long_book AS SELECT id FROM book WHERE pages > 10; CREATE UNIQUE INDEX ON long_book (id);`,
    bad: 'REFRESH MATERIALIZED VIEW long_book;',
  },
});
