import { quoteIdent } from '../../../base/quote.js';
import { textOf } from '../../../sql/tree.js';
import { indexNamed } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import type { Operation } from '../../operation.js';
import { shown, written } from '../../relation.js';

export default defineMigrationRule({
  id: 'index/set-tablespace',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ALTER INDEX ... SET TABLESPACE`.',
    why: 'The index is copied under ACCESS EXCLUSIVE: every statement that could use it, reads too, waits until that has ended.',
    limits:
      'The sequence builds it anew in the other tablespace, beside its use. The way back is not written: which tablespace it was in is not known. A build that is cut off leaves an invalid index whose name ends in _ccnew, which is to be dropped.',
    sources: ['PostgreSQL manual, "ALTER INDEX"', 'PostgreSQL manual, "REINDEX", option TABLESPACE'],
  },
  match(operation, context) {
    const index = movedIndex(operation);
    if (!index) return null;
    return {
      subject: indexNamed(context, index)?.table ?? null,
      says: `${shown(index)} is copied under a lock that no statement which could use it passes`,
    };
  },
  safe(operation) {
    const index = movedIndex(operation);
    const space = operation.command?.name ?? null;
    if (!index || space === null) return null;
    const sql = `REINDEX (TABLESPACE ${quoteIdent(space)}) INDEX CONCURRENTLY ${written(index)}`;
    return { up: [{ sql: [sql], down: null, asItIs: true }] };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); CREATE INDEX book_pages ON book (pages); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER INDEX book_pages SET TABLESPACE cold;',
  },
});

function movedIndex({ type, body, relation, command }: Operation): Operation['relation'] {
  const isIndex = type === 'AlterTableStmt' && textOf(body, 'objtype') === 'OBJECT_INDEX';
  return isIndex && command?.subtype === 'AT_SetTableSpace' ? relation : null;
}
