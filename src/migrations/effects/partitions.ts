import { field, textOf } from '../../sql/tree.js';
import { descendantsOf, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import type { LockMode } from '../locks.js';
import { constraintBody } from '../operation.js';
import type { Operation } from '../operation.js';
import type { Relation } from '../relation.js';
import type { Effect } from './effect.js';

/** What an operation on a partitioned table does to its partitions, where the catalog knows them: the same locks, and the work is done there. */
export function withPartitions(operation: Operation, effect: Effect, context: MigrationContext): Effect {
  if (!context.catalog || !reachesPartitions(operation)) return effect;
  const below = (relation: Relation): readonly Relation[] =>
    tableOf(context, relation)?.kind === 'p'
      ? descendantsOf(context, relation).map(({ schema, name }) => ({ schema, name }))
      : [];
  const leaves = (relations: readonly Relation[]): readonly Relation[] =>
    relations.flatMap((relation) =>
      tableOf(context, relation)?.kind === 'p'
        ? below(relation).filter((one) => tableOf(context, one)?.kind === 'r')
        : [relation],
    );
  return {
    ...effect,
    locks: effect.locks.flatMap((claim) => [
      claim,
      ...below(claim.relation).map((relation) => ({ relation, mode: modeBelow(operation, claim.mode, context) })),
    ]),
    rewrites: leaves(effect.rewrites),
    scans: leaves(effect.scans),
  };
}

/** Before 18 a unique constraint was built on partitions as any index is; observed. */
function modeBelow({ command }: Operation, mode: LockMode, { major }: MigrationContext): LockMode {
  const constraint = command && constraintBody(command.body);
  return constraint && major < 18 && textOf(constraint, 'contype') === 'CONSTR_UNIQUE' ? 'SHARE' : mode;
}

/** Statements that go down to partitions unless ONLY is written (`ATSimpleRecursion` and the like). */
function reachesPartitions({ type, body, command }: Operation): boolean {
  const range = field(body, 'relation');
  if (range && range['inh'] !== true) return false;
  if (type === 'AlterTableStmt') return command !== null && !ALONE.test(command.subtype);
  if (type === 'RenameStmt') return textOf(body, 'renameType') === 'OBJECT_COLUMN';
  return REACHING.has(type);
}

/** Commands about the named table alone. */
const ALONE =
  /^AT_(?:ChangeOwner|(?:Enable|Disable|Force|NoForce)RowSecurity|ReplicaIdentity|AttachPartition|DetachPartition|SetRelOptions|ResetRelOptions|SetTableSpace|SetAccessMethod|ClusterOn|DropCluster|SetLogged|SetUnLogged|AddInherit|DropInherit)$/;

const REACHING = new Set(['CreateTrigStmt', 'TruncateStmt', 'LockStmt', 'UpdateStmt', 'DeleteStmt']);
