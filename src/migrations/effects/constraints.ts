import { field, list, names, textOf } from '../../sql/tree.js';
import type { TreeNode } from '../../sql/tree.js';
import { sameRelation } from '../../model/catalog.js';
import type { Constraint } from '../../model/catalog.js';
import { columnKey, constraintsOf, heirsOf, isKnownNotNull, isValidBelow, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import { viewsOn } from '../dependents.js';
import type { AlterCommand, Operation } from '../operation.js';
import { relationOf } from '../relation.js';
import type { Relation } from '../relation.js';
import { referencedBy, referencing, withBelow } from './below.js';
import { isSparedParent } from './drop.js';
import { locking, lockingAll } from './effect.js';
import type { Effect } from './effect.js';

/** ADD CONSTRAINT: what is locked on both sides, and whether rows are read. */
export function addConstraint(relation: Relation, constraint: TreeNode, context: MigrationContext): Effect {
  const validates = constraint['skip_validation'] !== true && constraint['is_enforced'] !== false;
  switch (textOf(constraint, 'contype')) {
    case 'CONSTR_FOREIGN': {
      const referenced = relationOf(field(constraint, 'pktable'));
      const others = referenced && !sameName(referenced, relation) ? withBelow(referenced, context, 'partitions') : [];
      const takesOver = isTakenOver(relation, constraint, context);
      return {
        ...locking(relation, 'SHARE ROW EXCLUSIVE'),
        locks: [
          ...lockingAll([relation], 'SHARE ROW EXCLUSIVE'),
          // The triggers that the partitions' own foreign keys had there go.
          ...lockingAll(others, takesOver ? 'ACCESS EXCLUSIVE' : 'SHARE ROW EXCLUSIVE'),
        ],
        scans: validates && !takesOver ? [relation, ...others] : [],
      };
    }
    case 'CONSTR_CHECK':
      return locking(relation, 'ACCESS EXCLUSIVE', { scans: validates ? [relation] : [] });
    case 'CONSTR_NOTNULL': {
      const column = names(list(constraint, 'keys'))[0] ?? '';
      const scans = validates && !isKnownNotNull(context, relation, column);
      return locking(relation, 'ACCESS EXCLUSIVE', { scans: scans ? [relation] : [] });
    }
    case 'CONSTR_PRIMARY':
      return primaryKey(relation, constraint, context);
    case 'CONSTR_UNIQUE':
      return locking(relation, 'ACCESS EXCLUSIVE', {
        scans: textOf(constraint, 'indexname') === null ? [relation] : [],
      });
    default:
      return locking(relation, 'ACCESS EXCLUSIVE', { scans: [relation] });
  }
}

/** A foreign key of a partitioned table whose partitions have it already. */
function isTakenOver(relation: Relation, constraint: TreeNode, context: MigrationContext): boolean {
  const name = textOf(constraint, 'conname');
  return tableOf(context, relation)?.kind === 'p' && name !== null && isValidBelow(context, relation, name);
}

/** With USING INDEX rows are read only to prove NOT NULL, and which columns that are is the index's own knowledge. */
function primaryKey(relation: Relation, constraint: TreeNode, context: MigrationContext): Effect {
  const indexName = textOf(constraint, 'indexname');
  if (indexName === null) return locking(relation, 'ACCESS EXCLUSIVE', { scans: [relation] });
  const made = context.state.indexes.find(({ name }) => name === indexName);
  const columns =
    made?.columns ??
    context.catalog?.indexes.find(({ name }) => name === indexName)?.keys.map(({ column }) => column ?? '');
  if (columns?.every((column) => isKnownNotNull(context, relation, column)))
    return locking(relation, 'ACCESS EXCLUSIVE');
  return locking(relation, 'ACCESS EXCLUSIVE', {
    scans: [relation],
    unsure: columns ? null : 'whether the columns of the index are NOT NULL is not known',
  });
}

/** A foreign key takes its triggers off the referenced table as well; with CASCADE a key takes the foreign keys along that refer to it. */
export function dropConstraint(
  relation: Relation,
  { name, cascade, missingOk }: AlterCommand,
  context: MigrationContext,
): Effect {
  const constraint = constraintsOf(context, relation).find((one) => one.name === name);
  const table = tableOf(context, relation);
  const others = constraint?.references ? withBelow(constraint.references.table, context, 'partitions') : [];
  const along = cascade && constraint && table ? referencing([relation], context, constraint.columns) : [];
  const isAbsent = missingOk && context.catalog !== null && table !== undefined;
  const isOwnCheck = name !== null && context.state.checks.has(columnKey(context, relation, name));
  return {
    ...locking(relation, 'ACCESS EXCLUSIVE'),
    locks: lockingAll(
      [relation, ...others.filter((one) => !(table && isNamed(one, table))), ...along],
      'ACCESS EXCLUSIVE',
    ),
    unsure:
      constraint || isAbsent || isOwnCheck
        ? null
        : 'whether it is a foreign key, which locks the referenced table as well, is not known',
  };
}

/** A foreign key of the column goes with it, and its triggers on the referenced table. */
export function dropColumn(operation: Operation, context: MigrationContext): Effect {
  const { relation, command, body } = operation;
  if (!relation || !command) return locking(relation, 'ACCESS EXCLUSIVE');
  const columns = command.name === null ? [] : [command.name];
  const referenced = referencedBy([relation], context, columns).filter((one) => !isSparedParent(one, context));
  const along = command.cascade ? referencing([relation], context, columns) : [];
  const views = command.cascade ? viewsOn(relation, command.name, context) : [];
  // The column stays in tables that inherit from it, as their own.
  const isOnly = field(body, 'relation')?.['inh'] !== true;
  const heirs = isOnly ? heirsOf(context, relation).filter((heir) => isChild(heir, relation, context)) : [];
  return {
    ...locking(relation, 'ACCESS EXCLUSIVE'),
    locks: lockingAll([relation, ...referenced, ...along, ...heirs, ...views], 'ACCESS EXCLUSIVE'),
    unsure:
      command.cascade && context.catalog === null
        ? 'views and whatever else uses the column are locked and dropped as well'
        : null,
  };
}

/** NO INHERIT leaves the tables right below what they have; INHERIT gives it to all. */
function heirsOfInherited(
  constraint: Constraint | undefined,
  relation: Relation,
  noInherit: boolean,
  context: MigrationContext,
): readonly Relation[] {
  if (!constraint || /NO INHERIT/.test(constraint.definition) === noInherit) return [];
  return heirsOf(context, relation).filter((heir) => !noInherit || isChild(heir, relation, context));
}

function isChild(heir: ReturnType<typeof heirsOf>[number], relation: Relation, context: MigrationContext): boolean {
  const table = tableOf(context, relation);
  return table !== undefined && heir.inherits.some((parent) => sameRelation(parent, table));
}

/** From 18 on NOT ENFORCED takes a foreign key's triggers off the referenced table and ENFORCED brings them back, and [NO] INHERIT is a matter of the tables below. */
export function alterConstraint(relation: Relation, { body }: AlterCommand, context: MigrationContext): Effect {
  const def = field(field(body, 'def') ?? {}, 'ATAlterConstraint') ?? {};
  const name = textOf(def, 'conname');
  const constraint = constraintsOf(context, relation).find((one) => one.name === name);
  const enforces = def['is_enforced'] === true;
  const now = name === null ? undefined : context.state.enforced.get(columnKey(context, relation, name));
  const isChanged = constraint !== undefined && (now ?? !/NOT ENFORCED/.test(constraint.definition)) !== enforces;
  if (def['alterEnforceability'] === true && isChanged && constraint.references) {
    const others = withBelow(constraint.references.table, context, 'partitions');
    return {
      ...locking(relation, 'ACCESS EXCLUSIVE'),
      locks: [
        ...lockingAll([relation], 'ACCESS EXCLUSIVE'),
        ...lockingAll(others, enforces ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE'),
      ],
      scans: enforces ? [relation, ...others] : [],
    };
  }
  const heirs =
    def['alterInheritability'] === true
      ? heirsOfInherited(constraint, relation, def['noinherit'] === true, context)
      : [];
  return { ...locking(relation, 'ACCESS EXCLUSIVE'), locks: lockingAll([relation, ...heirs], 'ACCESS EXCLUSIVE') };
}

function isNamed(relation: Relation, table: { readonly schema: string; readonly name: string }): boolean {
  return relation.name === table.name && (relation.schema ?? table.schema) === table.schema;
}

/** Whether both may be the same table. */
export function sameName(a: Relation, b: Relation): boolean {
  return a.name === b.name && (a.schema === b.schema || a.schema === null || b.schema === null);
}
