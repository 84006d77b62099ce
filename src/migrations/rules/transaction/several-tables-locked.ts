import { keyOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { blocksWrites } from '../../locks.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'transaction/several-tables-locked',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  plannedAway: true,
  docs: {
    what: 'A lock that others wait for, taken while the transaction holds one on another table.',
    why: 'While the second lock is waited for, nobody passes the first; a program that uses the tables in another order meets it in a deadlock.',
    limits: 'Locks of one statement, such as those of a foreign key, are not told apart from each other.',
    sources: ['PostgreSQL manual, "Explicit Locking", section "Deadlocks"'],
  },
  match(_, context, { locks }) {
    const held = context.state.transaction?.held ?? [];
    for (const { relation, mode } of locks.filter((lock) => blocksWrites(lock.mode))) {
      const key = keyOf(context, relation);
      const other = held.find((lock) => blocksWrites(lock.mode) && keyOf(context, lock.relation) !== key);
      const already = held.some((lock) => blocksWrites(lock.mode) && keyOf(context, lock.relation) === key);
      if (other && !already)
        return {
          subject: null,
          says: `${mode} on ${shown(relation)} is waited for while ${other.mode} on ${shown(other.relation)}, taken in line ${other.line}, is held`,
        };
    }
    return null;
  },
  example: {
    setup: 'CREATE TABLE author (id int PRIMARY KEY); CREATE TABLE book (id int PRIMARY KEY);',
    bad: 'BEGIN; ALTER TABLE author ADD COLUMN name text; ALTER TABLE book ADD COLUMN title text; COMMIT;',
  },
});
