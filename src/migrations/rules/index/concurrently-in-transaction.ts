import { defineMigrationRule } from '../../define.js';

export default defineMigrationRule({
  id: 'index/concurrently-in-transaction',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  plannedAway: true,
  docs: {
    what: 'A statement that PostgreSQL runs outside of transactions only, inside of one: `CREATE INDEX CONCURRENTLY`, `DROP INDEX CONCURRENTLY`, `REINDEX CONCURRENTLY`, `DETACH ... CONCURRENTLY`, `VACUUM`.',
    why: 'It fails at once.',
    limits:
      'Many tools open a transaction around a file without being told: look with --one-transaction if yours does.',
    sources: ['PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently"'],
  },
  match(_, { state }, { outsideTransaction }) {
    if (!outsideTransaction || !state.transaction) return null;
    const since = state.transaction.line === null ? '' : ` of line ${state.transaction.line}`;
    return { subject: null, says: `the statement can not run in the transaction${since}: it fails` };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, author_id int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'BEGIN; CREATE INDEX CONCURRENTLY book_author ON book (author_id); COMMIT;',
    fails: '25001',
  },
});
