import { bodiesOf, list } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { blocksWrites } from '../../locks.js';
import { relationOf, shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'data/lock-table',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`LOCK TABLE` in a mode that keeps writes off.',
    why: 'The lock is held to the end of the transaction, for whatever comes in between.',
    limits: 'A plan keeps all that follows in the transaction in one step with it.',
    sources: ['PostgreSQL manual, "LOCK"'],
  },
  match({ type, body }, _, { locks }) {
    const [lock] = locks;
    if (type !== 'LockStmt' || !lock || !blocksWrites(lock.mode)) return null;
    const tables = bodiesOf(list(body, 'relations'), 'RangeVar').flatMap((range) => relationOf(range) ?? []);
    return {
      subject: lock.relation,
      says: `LOCK TABLE keeps writes off ${tables.map(shown).join(', ')} to the end of the transaction`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'LOCK TABLE book IN SHARE ROW EXCLUSIVE MODE;',
    good: 'BEGIN; LOCK TABLE book IN ROW EXCLUSIVE MODE; COMMIT;',
  },
});
