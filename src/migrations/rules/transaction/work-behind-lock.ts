import { keyOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { blocksWrites } from '../../locks.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'transaction/work-behind-lock',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  plannedAway: true,
  docs: {
    what: 'A statement that takes its time, in a transaction that holds a lock which others wait for.',
    why: 'A short lock becomes a long one: it is held until the transaction ends, whatever the later statement is about.',
    limits:
      'Statements that take their time are those that read or write all rows of a table that was there before, and INSERT, UPDATE, DELETE, MERGE and COPY.',
    sources: ['PostgreSQL manual, "Explicit Locking", section "Table-Level Locks"'],
  },
  match({ type }, context, { rewrites, scans, locks }) {
    const { state, line } = context;
    const own = new Set(locks.filter(({ mode }) => blocksWrites(mode)).map(({ relation }) => keyOf(context, relation)));
    // What another command of the same statement locks, it locks itself.
    const held = state.transaction?.held.find(
      (lock) => blocksWrites(lock.mode) && (lock.line !== line || !own.has(keyOf(context, lock.relation))),
    );
    const changesRows =
      ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CopyStmt'].includes(type) && locks.length > 0;
    if (!held || (rewrites.length === 0 && scans.length === 0 && !changesRows)) return null;
    return {
      subject: null,
      says: `it runs while ${held.mode} on ${shown(held.relation)}, taken in line ${held.line}, is still held`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'BEGIN; ALTER TABLE book ADD COLUMN short boolean; UPDATE book SET short = true WHERE pages < 100; COMMIT;',
  },
});
