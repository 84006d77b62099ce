import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { blocksWrites } from '../../locks.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'transaction/missing-lock-timeout',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  once: true,
  plannedAway: true,
  docs: {
    what: 'A lock that others wait for, without a `lock_timeout` set before it.',
    why: 'The statement waits behind the longest transaction that uses the table, and everybody else, readers too, waits behind the statement.',
    limits: 'Spoken once for each file. A timeout that the tool, the role or the database sets is not seen.',
    sources: ['PostgreSQL manual, "Client Connection Defaults", section "lock_timeout"'],
  },
  match({ type, body }, { state }, { locks, outsideTransaction }) {
    if (state.lockTimeout || state.transaction?.localTimeout === true) return null;
    const lock = locks.find(({ mode }) => blocksWrites(mode));
    // The table of an index is known with a catalog only.
    const dropsIndex = type === 'DropStmt' && textOf(body, 'removeType') === 'OBJECT_INDEX' && !outsideTransaction;
    if (!lock && !dropsIndex) return null;
    const what = lock ? `${lock.mode} on ${shown(lock.relation)}` : "ACCESS EXCLUSIVE on the index's table";
    return { subject: null, says: `${what} is waited for without end, and everybody else waits behind it` };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ADD COLUMN title text;',
    good: "SET lock_timeout = '100ms'; ALTER TABLE book ADD COLUMN title text;",
  },
});
