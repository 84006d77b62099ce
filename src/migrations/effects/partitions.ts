import { bodiesOf, field, list, names, textOf } from '../../sql/tree.js';
import { constraintsOf, isKnownAbsent, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import type { LockMode } from '../locks.js';
import { columnBody, constraintBody } from '../operation.js';
import type { Operation } from '../operation.js';
import type { Relation } from '../relation.js';
import { withBelow } from './below.js';
import { NO_EFFECT } from './effect.js';
import type { Effect } from './effect.js';

/** What an operation on a table does to its partitions and to the tables that inherit from it, where the catalog knows them: the same locks, and the work is done there. */
export function withPartitions(operation: Operation, effect: Effect, context: MigrationContext): Effect {
  const { relation, body } = operation;
  if (relation && body['missing_ok'] === true && isKnownAbsent(context, relation)) return NO_EFFECT;
  if (!context.catalog) return effect;
  const reach = reachOf(operation, context);
  const work = reach === 'heirs' && staysWithOne(operation, effect) ? 'partitions' : reach;
  const spread = (relations: readonly Relation[]): readonly Relation[] =>
    (work === null ? relations : relations.flatMap((one) => withBelow(one, context, work))).filter(hasRows(context));
  return {
    ...effect,
    locks: effect.locks.flatMap((claim) => {
      const [own, ...below] = reach === null ? [claim.relation] : withBelow(claim.relation, context, reach);
      return [
        ...(own ? [claim] : []),
        ...below.map((one) => ({ relation: one, mode: modeBelow(operation, claim.mode, context) })),
      ];
    }),
    rewrites: spread(effect.rewrites),
    scans: spread(effect.scans),
  };
}

/** Keys, foreign keys and NO INHERIT constraints are not inherited, though inheriting tables are locked for them. */
function staysWithOne({ command }: Operation, { rewrites }: Effect): boolean {
  const column = command?.subtype === 'AT_AddColumn' ? columnBody(command.body) : null;
  if (column) {
    const kinds = bodiesOf(list(column, 'constraints'), 'Constraint').map((one) => textOf(one, 'contype'));
    return rewrites.length === 0 && !kinds.includes('CONSTR_CHECK') && !kinds.includes('CONSTR_GENERATED');
  }
  const constraint = command && constraintBody(command.body);
  const kind = constraint ? textOf(constraint, 'contype') : null;
  if (kind === 'CONSTR_CHECK' || kind === 'CONSTR_NOTNULL') return constraint?.['is_no_inherit'] === true;
  return kind !== null;
}

/** A partitioned table, a view and a foreign table hold no rows of their own. */
function hasRows(context: MigrationContext): (relation: Relation) => boolean {
  return (relation) => !['p', 'v', 'f'].includes(tableOf(context, relation)?.kind ?? 'r');
}

/** Before 18 a key was built on partitions as any index is; observed. */
function modeBelow({ command, relation }: Operation, mode: LockMode, context: MigrationContext): LockMode {
  const { major } = context;
  const constraint = command && constraintBody(command.body);
  if (!constraint || major >= 18) return mode;
  const kind = textOf(constraint, 'contype');
  // A primary key's columns are made NOT NULL below where they are not.
  const columns = new Set(names(list(constraint, 'keys')));
  const known = relation ? tableOf(context, relation)?.columns.filter(({ notNull }) => notNull) : [];
  const isNotNull = (known ?? []).filter(({ name }) => columns.has(name)).length === columns.size;
  return kind === 'CONSTR_UNIQUE' || (kind === 'CONSTR_PRIMARY' && columns.size > 0 && isNotNull) ? 'SHARE' : mode;
}

/** How far down a statement goes unless ONLY is written (`ATSimpleRecursion`, `find_all_inheritors` and the like); null for the named table alone. */
function reachOf(operation: Operation, context: MigrationContext): 'partitions' | 'heirs' | null {
  const { type, body, command } = operation;
  const range = field(body, 'relation');
  const isOnly = range !== null && range['inh'] !== true;
  if (type === 'AlterTableStmt') return isOnly || !command ? null : reachOfAlter(operation, context);
  if (isOnly) return null;
  switch (type) {
    case 'RenameStmt':
      return reachOfRename(operation, context);
    case 'CreateTrigStmt':
      return body['row'] === true ? 'partitions' : null;
    case 'UpdateStmt':
    case 'DeleteStmt':
      return 'heirs';
    default:
      return null;
  }
}

function reachOfAlter({ command, relation }: Operation, context: MigrationContext): 'partitions' | 'heirs' | null {
  const { major } = context;
  const subtype = command?.subtype ?? '';
  if (ALONE.test(subtype)) return null;
  if (/^AT_(?:Add|Set|Drop)Identity$/.test(subtype)) return major >= 17 ? 'partitions' : null;
  const named = relation && constraintsOf(context, relation).find(({ name }) => name === command?.name);
  if (subtype === 'AT_ValidateConstraint' && named?.validated) return null;
  if (subtype === 'AT_DropConstraint') {
    return named && named.kind !== 'check' && named.kind !== 'not-null' ? 'partitions' : 'heirs';
  }
  if (/^AT_(?:Enable|Disable)\w*Trig/.test(subtype) || subtype === 'AT_AlterConstraint') return 'partitions';
  const constraint = command && constraintBody(command.body);
  const kind = constraint ? textOf(constraint, 'contype') : null;
  // Before 18 only what inheriting tables get as well reached them; observed.
  if (kind === null || kind === 'CONSTR_NOTNULL') return 'heirs';
  if (kind === 'CONSTR_CHECK') return major < 18 && constraint?.['is_no_inherit'] === true ? null : 'heirs';
  return major < 18 ? 'partitions' : 'heirs';
}

/** A trigger's name on a partition is the parent's from 15 on; observed. A CHECK or NOT NULL constraint is renamed below, a key is not. */
function reachOfRename({ body, relation }: Operation, context: MigrationContext): 'partitions' | 'heirs' | null {
  switch (textOf(body, 'renameType')) {
    case 'OBJECT_COLUMN':
      return 'heirs';
    case 'OBJECT_TRIGGER':
      return context.major >= 15 ? 'partitions' : null;
    case 'OBJECT_TABCONSTRAINT': {
      const name = textOf(body, 'subname');
      const found = relation ? constraintsOf(context, relation).find((one) => one.name === name) : undefined;
      return found?.kind === 'check' || found?.kind === 'not-null' ? 'heirs' : null;
    }
    default:
      return null;
  }
}

/** Commands about the named table alone. */
const ALONE =
  /^AT_(?:ChangeOwner|(?:Enable|Disable|Force|NoForce)RowSecurity|(?:Enable|Disable)\w*Rule|ReplicaIdentity|AttachPartition|DetachPartition|SetRelOptions|ResetRelOptions|SetOptions|ResetOptions|SetCompression|SetTableSpace|SetAccessMethod|ClusterOn|DropCluster|SetLogged|SetUnLogged|AddInherit|DropInherit|GenericOptions)$/;
