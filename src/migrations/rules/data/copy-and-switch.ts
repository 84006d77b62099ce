import { textOf, walk } from '../../../sql/tree.js';
import { keyOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { isAtLeast } from '../../locks.js';
import type { Operation } from '../../operation.js';
import { relationOf, shown } from '../../relation.js';
import type { Relation } from '../../relation.js';

export default defineMigrationRule({
  id: 'data/copy-and-switch',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: 'Rows copied out of a table that the file renames or drops further on, as a table is partitioned, sorted or written anew by hand.',
    why: 'Rows that others insert, change or delete between the copy and the switch are lost, in one transaction as well, and nobody is told.',
    limits:
      'Silent where a lock that keeps writers off is held. No sequence is made. To partition a table that is in use, copy nothing: add a CHECK of the bounds NOT VALID and VALIDATE it, build a unique index that holds the partition key with CONCURRENTLY and make a constraint of it (ATTACH takes over no index that is not one for a constraint of the new table), then in one short transaction rename the table, make the partitioned one and ATTACH the old as its first partition. To change a column, see the rules of columns.',
    sources: ['PostgreSQL manual, "Table Partitioning"', 'PostgreSQL manual, "Transaction Isolation"'],
  },
  match(operation, context) {
    const held = context.state.transaction?.held ?? [];
    for (const source of sourcesOf(operation)) {
      const key = keyOf(context, source);
      const switched = context.file.switched.find(({ table, line }) => table === source.name && line >= context.line);
      const isLocked = held.some(({ relation, mode }) => isAtLeast(mode, 'SHARE') && keyOf(context, relation) === key);
      if (!switched || isLocked) continue;
      return {
        subject: source,
        says: `rows that others write to ${shown(source)} between this copy and line ${switched.line} are lost`,
      };
    }
    return null;
  },
  example: {
    setup:
      'CREATE TABLE sale (id int PRIMARY KEY, day int NOT NULL); INSERT INTO sale SELECT n, n % 100 FROM generate_series(1, 2000) AS n;',
    bad: `
      CREATE TABLE sale_copy (LIKE sale);
      INSERT INTO sale_copy SELECT * FROM sale;
      ALTER TABLE sale RENAME TO sale_old;
      CREATE VIEW sale AS SELECT * FROM sale_copy;`,
    good: `
      ALTER TABLE sale ADD CONSTRAINT sale_days CHECK (day >= 0 AND day < 100) NOT VALID;
      ALTER TABLE sale VALIDATE CONSTRAINT sale_days;
      CREATE UNIQUE INDEX CONCURRENTLY sale_day_id ON sale (day, id);
      ALTER TABLE sale ADD CONSTRAINT sale_day_id UNIQUE USING INDEX sale_day_id;
      BEGIN;
      ALTER TABLE sale RENAME TO sale_first;
      CREATE TABLE sale (id int NOT NULL, day int NOT NULL, UNIQUE (day, id)) PARTITION BY RANGE (day);
      ALTER TABLE sale ATTACH PARTITION sale_first FOR VALUES FROM (0) TO (100);
      COMMIT;`,
  },
});

/** Tables whose rows an INSERT ... SELECT or a CREATE TABLE AS takes. */
function sourcesOf({ type, body }: Operation): readonly Relation[] {
  const query = type === 'InsertStmt' ? body['selectStmt'] : type === 'CreateTableAsStmt' ? body['query'] : undefined;
  if (query === undefined || textOf(body, 'objtype') === 'OBJECT_MATVIEW') return [];
  return [...walk(query)].flatMap(({ type: node, body: range }) =>
    node === 'RangeVar' ? (relationOf(range) ?? []) : [],
  );
}
