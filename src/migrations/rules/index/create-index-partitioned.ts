import { deparseGuarded } from '../../../sql/deparse.js';
import { field, textOf } from '../../../sql/tree.js';
import { descendantsOf, hasNewPartitions, tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { indexName } from '../../chosen-name.js';
import { isThereAlready } from '../../effects/create.js';
import { shown, written } from '../../relation.js';

export default defineMigrationRule({
  id: 'index/create-index-partitioned',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`CREATE INDEX` on a partitioned table.',
    why: 'It is built on every partition within one statement, and none of them takes writes (SHARE) until the last one is done; CONCURRENTLY is refused.',
    limits:
      'Known with --to only. No sequence where partitions have partitions, nor where the file itself makes one of them.',
    sources: ['PostgreSQL manual, "CREATE INDEX", section "Building Indexes Concurrently"'],
  },
  match({ type, relation, body }, context) {
    if (type !== 'IndexStmt' || !relation || tableOf(context, relation)?.kind !== 'p') return null;
    if (field(body, 'relation')?.['inh'] !== true || isThereAlready(body, relation, context)) return null;
    return {
      subject: relation,
      says: `CREATE INDEX keeps writes off ${shown(relation)} and all its partitions until the last one is built`,
    };
  },
  safe({ type, relation, body }, context) {
    const range = field(body, 'relation');
    if (type !== 'IndexStmt' || !relation || !range) return null;
    const partitions = descendantsOf(context, relation);
    if (partitions.length === 0 || partitions.some(({ kind }) => kind !== 'r')) return null;
    if (hasNewPartitions(context, relation)) return null;
    const schema = tableOf(context, relation)?.schema ?? relation.schema;
    const idxname = textOf(body, 'idxname') ?? indexName(relation, body, context);
    const only = { ...range, inh: undefined };
    const bare = { ...body, concurrent: undefined };
    const dropAll = [
      ...partitions.map((one) => written({ schema: one.schema, name: indexName(one, body, context) })),
      written({ schema, name: idxname }),
    ]
      .map((index) => `DROP INDEX IF EXISTS ${index}`)
      .toReversed();
    return {
      up: [
        {
          sql: [deparseGuarded({ IndexStmt: { ...bare, idxname, relation: only } })],
          down: dropAll,
          note: 'Of the parent alone, without rows; invalid until every partition has its own.',
        },
        ...partitions.flatMap((partition) => {
          const name = indexName(partition, body, context);
          const own = { ...range, schemaname: partition.schema, relname: partition.name };
          const index = written({ schema: partition.schema, name });
          return [
            {
              sql: [deparseGuarded({ IndexStmt: { ...bare, idxname: name, relation: own, concurrent: true } })],
              down: [],
            },
            { sql: [`ALTER INDEX ${written({ schema, name: idxname })} ATTACH PARTITION ${index}`], down: [] },
          ];
        }),
      ],
    };
  },
  example: {
    setup: `
      CREATE TABLE sale (id int, day int) PARTITION BY RANGE (day);
      CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM (0) TO (1000); CREATE TABLE sale_2 PARTITION OF sale FOR VALUES FROM (1000) TO (3000);
      INSERT INTO sale SELECT n, n FROM generate_series(1, 2000) AS n;`,
    bad: 'CREATE INDEX ON sale (day);',
  },
});
