import { deparseGuarded } from '../../../sql/deparse.js';
import { bodiesOf, list, textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { oneByOne } from '../../shapes.js';

export default defineMigrationRule({
  id: 'index/reindex',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`REINDEX` without CONCURRENTLY.',
    why: 'The table takes no writes (SHARE), and whatever would use the index, reads too, waits for its ACCESS EXCLUSIVE until it is built.',
    limits:
      'CONCURRENTLY may not run in a transaction; one that is cut off leaves an invalid index whose name ends in _ccnew, which is to be dropped. System catalogs can not be done so.',
    sources: ['PostgreSQL manual, "REINDEX", section "Rebuilding Indexes Concurrently"'],
  },
  match({ type, relation, body }) {
    if (type !== 'ReindexStmt' || isConcurrent(body)) return null;
    return {
      subject: relation,
      says: `REINDEX ${relation ? `of ${shown(relation)} ` : ''}keeps writes off, and reads off its indexes, until they are built`,
    };
  },
  safe({ type, body }) {
    if (type !== 'ReindexStmt' || textOf(body, 'kind') === 'REINDEX_OBJECT_SYSTEM') return null;
    const concurrently = { DefElem: { defname: 'concurrently', defaction: 'DEFELEM_UNSPEC' } };
    return oneByOne([deparseGuarded({ ReindexStmt: { ...body, params: [...list(body, 'params'), concurrently] } })]);
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, author_id int); CREATE INDEX book_author ON book (author_id); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'REINDEX INDEX book_author; REINDEX TABLE book;',
  },
});

function isConcurrent(body: Parameters<typeof list>[0]): boolean {
  return bodiesOf(list(body, 'params'), 'DefElem').some((option) => textOf(option, 'defname') === 'concurrently');
}
