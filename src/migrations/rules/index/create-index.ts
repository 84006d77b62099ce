import { deparseGuarded } from '../../../sql/deparse.js';
import { textOf } from '../../../sql/tree.js';
import { isPartitioned, tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { indexName } from '../../chosen-name.js';
import { isThereAlready } from '../../effects/create.js';
import { shown } from '../../relation.js';
import { oneByOne } from '../../shapes.js';

export default defineMigrationRule({
  id: 'index/create-index',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`CREATE INDEX` without CONCURRENTLY on a table that others use.',
    why: 'The table takes no writes (SHARE) until the index is built.',
    limits:
      'CONCURRENTLY reads the table twice, waits for every transaction that is older, and may not run in a transaction. It does not exist for partitioned tables: no sequence is made where the catalog, or the file, shows one.',
    sources: ['PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently"'],
  },
  match({ type, relation, body }, context) {
    if (type !== 'IndexStmt' || !relation || body['concurrent'] === true) return null;
    // Of a partitioned table it is the business of another rule; ONLY touches no rows.
    if (tableOf(context, relation)?.kind === 'p' || isThereAlready(body, relation, context)) return null;
    return { subject: relation, says: `CREATE INDEX keeps writes off ${shown(relation)} until it is built` };
  },
  safe({ type, relation, body }, context) {
    if (type !== 'IndexStmt' || !relation || isPartitioned(context, relation)) return null;
    const idxname = textOf(body, 'idxname') ?? indexName(relation, body, context);
    return oneByOne([deparseGuarded({ IndexStmt: { ...body, idxname, concurrent: true } })]);
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, author_id int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'CREATE INDEX ON book (author_id, abs(id));',
  },
});
