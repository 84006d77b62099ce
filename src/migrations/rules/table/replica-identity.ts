import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'table/replica-identity',
  minMajor: 14,
  maxMajor: null,
  severity: 'info',
  docs: {
    what: '`REPLICA IDENTITY`.',
    why: 'ACCESS EXCLUSIVE is waited for, and everybody else waits behind it; with FULL every UPDATE and DELETE writes the whole old row to the WAL from then on.',
    limits: 'What subscribers make of the change is not looked at.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "REPLICA IDENTITY"'],
  },
  match(operation) {
    const found = alteration(operation, 'AT_ReplicaIdentity');
    if (!found) return null;
    return {
      subject: found.relation,
      says: `the replica identity of ${shown(found.relation)} changes under a short lock that nobody passes`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book REPLICA IDENTITY FULL;',
  },
});
