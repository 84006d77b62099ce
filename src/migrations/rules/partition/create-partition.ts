import { deparseGuarded } from '../../../sql/deparse.js';
import { bodiesOf, field, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { relationOf, shown, written } from '../../relation.js';

export default defineMigrationRule({
  id: 'partition/create-partition',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`CREATE TABLE ... PARTITION OF` a table that is in use.',
    why: 'ACCESS EXCLUSIVE is waited for on the parent: all queries on all partitions wait behind it. ATTACH of a table made apart takes SHARE UPDATE EXCLUSIVE.',
    limits:
      'No sequence for partitions with columns or constraints of their own, with partitions of their own, or IF NOT EXISTS. A DEFAULT partition is locked and read in both forms.',
    sources: ['PostgreSQL manual, "Table Partitioning", section "Partition Maintenance"'],
  },
  match({ type, relation, body }) {
    const parent = parentOf(type, body);
    if (!parent || !relation) return null;
    return {
      subject: parent,
      says: `making ${shown(relation)} keeps everybody off ${shown(parent)} while its lock is waited for and held`,
    };
  },
  safe({ type, relation, body }) {
    const parent = parentOf(type, body);
    const bound = field(body, 'partbound');
    const plain = list(body, 'tableElts').length === 0 && !field(body, 'partspec') && body['if_not_exists'] !== true;
    if (!parent || !relation || !bound || !plain || list(body, 'options').length > 0) return null;
    const attach: TreeNode = {
      AlterTableStmt: {
        relation: bodiesOf(list(body, 'inhRelations'), 'RangeVar')[0],
        cmds: [
          {
            AlterTableCmd: {
              subtype: 'AT_AttachPartition',
              def: { PartitionCmd: { name: field(body, 'relation') ?? {}, bound } },
              behavior: 'DROP_RESTRICT',
            },
          },
        ],
        objtype: 'OBJECT_TABLE',
      },
    };
    return {
      up: [
        {
          sql: [
            `CREATE TABLE ${written(relation)} (LIKE ${written(parent)} INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING STORAGE INCLUDING COMPRESSION)`,
          ],
        },
        { sql: [deparseGuarded(attach)] },
      ],
    };
  },
  example: {
    setup:
      'CREATE TABLE sale (id int NOT NULL, day int NOT NULL DEFAULT 1, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);',
    bad: 'CREATE TABLE sale_1 PARTITION OF sale FOR VALUES FROM (1) TO (3000);',
  },
});

function parentOf(type: string, body: TreeNode): ReturnType<typeof relationOf> {
  if (type !== 'CreateStmt' || !field(body, 'partbound')) return null;
  return relationOf(bodiesOf(list(body, 'inhRelations'), 'RangeVar')[0] ?? null);
}
