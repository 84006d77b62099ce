import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';

export default defineMigrationRule({
  id: 'index/concurrently-if-not-exists',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`CREATE INDEX CONCURRENTLY IF NOT EXISTS`.',
    why: 'A build that was cut off leaves an invalid index; the next try finds that name taken, reports success, and the index stays invalid for good.',
    limits:
      'No sequence is made: whether an index of that name is valid is known when the file runs. Leave IF NOT EXISTS out, and drop an invalid index before the next try.',
    sources: ['PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently"'],
  },
  match({ type, relation, body }) {
    if (type !== 'IndexStmt' || body['concurrent'] !== true || body['if_not_exists'] !== true) return null;
    return {
      subject: relation,
      says: `IF NOT EXISTS takes an invalid ${textOf(body, 'idxname') ?? 'index'} of an earlier try for the one that is wanted`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, author_id int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS book_author ON book (author_id);',
    good: 'CREATE INDEX CONCURRENTLY book_author ON book (author_id);',
  },
});
