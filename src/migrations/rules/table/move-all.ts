import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';

export default defineMigrationRule({
  id: 'table/move-all',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ALTER TABLE`, `INDEX` or `MATERIALIZED VIEW ALL IN TABLESPACE ... SET TABLESPACE`.',
    why: 'All of them are locked (ACCESS EXCLUSIVE) at once, in one transaction, and copied one after the other.',
    limits:
      'Skipped: which they are, how large, and so how long each is locked, neither the file nor the catalog says. Name them one by one; indexes can move by REINDEX (TABLESPACE ...) CONCURRENTLY.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "SET TABLESPACE"'],
  },
  match({ type, body }) {
    if (type !== 'AlterTableMoveAllStmt') return null;
    return {
      subject: null,
      says: `everything in the tablespace ${textOf(body, 'orig_tablespacename') ?? ''} is locked at once and copied; what that is was not looked at`,
    };
  },
  example: {
    setup: 'CREATE TABLE book (id int) TABLESPACE cold;',
    bad: 'ALTER TABLE ALL IN TABLESPACE cold SET TABLESPACE pg_default;',
    alsoLocks: 'public.book',
  },
});
