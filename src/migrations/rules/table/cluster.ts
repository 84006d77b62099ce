import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/cluster',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`CLUSTER` of a table, or of all that were clustered before.',
    why: 'The table and its indexes are written anew under ACCESS EXCLUSIVE.',
    limits:
      'No sequence is made. Without an extension there is no way to sort a table beside its use: pg_repack does it. What CLUSTER is for, reading few pages for rows of a kind, an index that holds all columns of the query (INCLUDE) gives without it, built with CONCURRENTLY; or partitions by that column.',
    sources: ['PostgreSQL manual, "CLUSTER"'],
  },
  match({ type, relation }) {
    if (type !== 'ClusterStmt') return null;
    const what = relation ? shown(relation) : 'every table that was clustered before';
    return { subject: relation, says: `CLUSTER writes ${what} anew under a lock that nobody passes` };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'CLUSTER book USING book_pkey;',
  },
});
