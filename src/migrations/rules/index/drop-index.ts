import { list, textOf } from '../../../sql/tree.js';
import { indexNamed, tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { relationOfNames, shown, written } from '../../relation.js';

export default defineMigrationRule({
  id: 'index/drop-index',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`DROP INDEX` without CONCURRENTLY.',
    why: 'It waits for ACCESS EXCLUSIVE on the table; while it waits behind a long query, everybody else waits behind it.',
    limits:
      'CONCURRENTLY takes one index, none of a partitioned table, no CASCADE, and may not run in a transaction. The way back needs the definition: look with --to.',
    sources: ['PostgreSQL manual, "DROP INDEX"'],
  },
  match({ type, body }) {
    if (type !== 'DropStmt' || textOf(body, 'removeType') !== 'OBJECT_INDEX' || body['concurrent'] === true)
      return null;
    const names = list(body, 'objects').flatMap((object) => relationOfNames(object) ?? []);
    return {
      subject: null,
      says: `DROP INDEX of ${names.map(shown).join(', ')} waits for ACCESS EXCLUSIVE on the table, and all others wait behind it`,
    };
  },
  safe({ type, body }, context) {
    if (type !== 'DropStmt' || textOf(body, 'behavior') === 'DROP_CASCADE') return null;
    const names = list(body, 'objects').flatMap((object) => relationOfNames(object) ?? []);
    // A constraint's index, and that of a partitioned table, can not go concurrently.
    const stays = names.some((name) => {
      const index = indexNamed(context, name);
      return index && (index.constraint !== null || tableOf(context, index.table)?.kind === 'p');
    });
    if (stays) return null;
    const exists = body['missing_ok'] === true ? 'IF EXISTS ' : '';
    return { up: names.map((name) => ({ sql: [`DROP INDEX CONCURRENTLY ${exists}${written(name)}`] })) };
  },
  example: {
    setup: 'CREATE TABLE book (id int PRIMARY KEY, author_id int); CREATE INDEX book_author ON book (author_id);',
    bad: 'DROP INDEX book_author;',
  },
});
