import { bodiesOf, bodyOf, field, list, names, textOf } from '../../sql/tree.js';
import type { TreeNode } from '../../sql/tree.js';
import { sameRelation } from '../../model/catalog.js';
import { columnType, constraintsOf, isKnownNotNull, isValidBelow, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import type { LockMode } from '../locks.js';
import { columnBody, constraintBody } from '../operation.js';
import type { AlterCommand, Operation } from '../operation.js';
import { relationOf } from '../relation.js';
import type { Relation } from '../relation.js';
import { volatilityOf } from './defaults.js';
import { hasValidCheck, partitionCondition } from './partition-bound.js';
import { locking, lockingAll } from './effect.js';
import type { Effect } from './effect.js';
import { SERIALS, typeChange, typeParts, typePartsOfText } from './types.js';

/** What one command of an ALTER TABLE does (`AlterTableGetLockLevel`, and the manual's page of ALTER TABLE). */
export function alterTableEffect(operation: Operation, context: MigrationContext): Effect {
  const { relation, command } = operation;
  if (!relation || !command) return locking(null, 'ACCESS EXCLUSIVE');
  // Indexes and sequences hold no rows that anybody waits for by this name.
  const kind = textOf(operation.body, 'objtype');
  if (kind === 'OBJECT_INDEX' || kind === 'OBJECT_SEQUENCE' || kind === 'OBJECT_TYPE') return locking(null, 'SHARE');
  switch (command.subtype) {
    case 'AT_AddColumn':
      return addColumn(relation, command, context);
    case 'AT_AlterColumnType':
      return alterType(relation, command, context);
    case 'AT_SetNotNull':
      return setNotNull(relation, command, context);
    case 'AT_AddConstraint':
      return addConstraint(relation, constraintBody(command.body) ?? {}, context);
    case 'AT_DropColumn':
      return dropColumn(relation, command, context);
    case 'AT_DropConstraint':
      return dropConstraint(relation, command, context);
    case 'AT_ValidateConstraint':
      return locking(relation, 'SHARE UPDATE EXCLUSIVE', { scans: [relation] });
    case 'AT_AttachPartition':
      return attach(relation, command, context);
    case 'AT_DetachPartition':
      return detach(relation, command);
    case 'AT_SetTableSpace':
      // Copied as it is, page by page.
      return locking(relation, 'ACCESS EXCLUSIVE', { rewrites: [relation] });
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
    case 'AT_SetAccessMethod':
    case 'AT_SetExpression':
      return locking(relation, 'ACCESS EXCLUSIVE', { rewrites: [relation], scans: [relation] });
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      return inherit(relation, command);
    default:
      return locking(relation, modeOf(command, kind));
  }
}

/** Locks of the commands that neither read nor write rows. */
function modeOf({ subtype, body }: AlterCommand, kind: string | null): LockMode {
  if (SHARE_UPDATE_EXCLUSIVE.has(subtype)) {
    if (kind === 'OBJECT_VIEW' || !subtype.endsWith('RelOptions'))
      return kind === 'OBJECT_VIEW' ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE';
    const options = bodiesOf(list(field(field(body, 'def') ?? {}, 'List') ?? {}, 'items'), 'DefElem');
    const strong = options.some((option) => textOf(option, 'defname') === 'user_catalog_table');
    return strong ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE';
  }
  if (/^AT_(?:Enable|Disable)\w*Trig/.test(subtype)) return 'SHARE ROW EXCLUSIVE';
  return 'ACCESS EXCLUSIVE';
}

const SHARE_UPDATE_EXCLUSIVE = new Set([
  'AT_SetStatistics',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
]);

function addColumn(relation: Relation, command: AlterCommand, context: MigrationContext): Effect {
  const column = columnBody(command.body) ?? {};
  const constraints = bodiesOf(list(column, 'constraints'), 'Constraint');
  const serial = SERIALS[typeParts(field(column, 'typeName'))?.name ?? ''] !== undefined;
  const fresh = constraints.map((constraint) => freshValues(constraint, context));
  const rewrites = serial || fresh.includes('yes') || fresh.includes('unknown');
  const unsure =
    rewrites && !serial && !fresh.includes('yes') ? 'whether a function in the default is volatile is not known' : null;
  const checks = constraints.some((constraint) => SCANNING.has(textOf(constraint, 'contype') ?? ''));
  const referenced = constraints.map((constraint) => relationOf(field(constraint, 'pktable')));
  // A foreign key of a column without values has nothing to look up.
  const lookups = constraints.some((one) => textOf(one, 'contype') === 'CONSTR_DEFAULT') ? referenced : [];
  return {
    locks: [
      ...lockingAll([relation], 'ACCESS EXCLUSIVE'),
      ...lockingAll(
        referenced.filter((other) => other && !sameName(other, relation)),
        'SHARE ROW EXCLUSIVE',
      ),
    ],
    rewrites: rewrites ? [relation] : [],
    scans: [
      ...(rewrites || checks || lookups.some((one) => one !== null) ? [relation] : []),
      ...lookups.flatMap((one) => (one && !sameName(one, relation) ? [one] : [])),
    ],
    unsure,
    outsideTransaction: false,
  };
}

/** Constraints of a new column for which all rows are read. */
const SCANNING = new Set(['CONSTR_UNIQUE', 'CONSTR_PRIMARY', 'CONSTR_CHECK']);

/** Whether a column's clause makes every row get a value that has to be stored. */
function freshValues(constraint: TreeNode, { catalog }: MigrationContext): 'yes' | 'no' | 'unknown' {
  switch (textOf(constraint, 'contype')) {
    case 'CONSTR_IDENTITY':
      return 'yes';
    case 'CONSTR_GENERATED':
      return textOf(constraint, 'generated_kind') === 'v' ? 'no' : 'yes';
    case 'CONSTR_DEFAULT': {
      const volatility = volatilityOf(constraint['raw_expr'], catalog);
      return volatility === 'volatile' ? 'yes' : volatility === 'unknown' ? 'unknown' : 'no';
    }
    default:
      return 'no';
  }
}

function alterType(relation: Relation, command: AlterCommand, context: MigrationContext): Effect {
  const change = typeChangeOf(relation, command, context);
  const unsure = {
    unknown: `the type that ${command.name ?? 'the column'} has now is not known`,
    'by-time-zone': "it is rewritten unless the session's TimeZone is UTC",
  } as Readonly<Record<string, string>>;
  const rewrites = change === 'rewrite' || change === 'unknown' || change === 'by-time-zone';
  const others = otherSides(relation, command.name, context);
  return {
    ...locking(relation, 'ACCESS EXCLUSIVE'),
    locks: lockingAll([relation, ...others], 'ACCESS EXCLUSIVE'),
    rewrites: rewrites ? [relation] : [],
    scans: rewrites ? [relation, ...others] : [],
    unsure: unsure[change] ?? null,
  };
}

/** The tables at the other end of a column's foreign keys, which are made again with it (`ATPostAlterTypeCleanup`). */
function otherSides(relation: Relation, column: string | null, context: MigrationContext): readonly Relation[] {
  const table = tableOf(context, relation);
  if (!table || column === null) return [];
  const others = (context.catalog?.constraints ?? []).flatMap(({ table: from, columns, references }) => {
    if (!references) return [];
    if (sameRelation(from, table) && columns.includes(column)) return [references.table];
    return sameRelation(references.table, table) && references.columns.includes(column) ? [from] : [];
  });
  return others.filter((other) => !sameRelation(other, table));
}

/** What an ALTER COLUMN TYPE does to the rows; `unknown` where the present type is. */
export function typeChangeOf(
  relation: Relation,
  { name, body }: AlterCommand,
  context: MigrationContext,
): ReturnType<typeof typeChange> | 'unknown' {
  const definition = columnBody(body);
  const to = typeParts(definition ? field(definition, 'typeName') : null);
  const from = name === null ? null : columnType(context, relation, name);
  if (definition && !isPlainUsing(definition, name)) return 'rewrite';
  if (!to) return 'unknown';
  if (from === null) return 'unknown';
  return typeChange(typePartsOfText(from), to);
}

/** Whether there is no USING, or one that is the column itself, cast or not. */
function isPlainUsing(definition: TreeNode, column: string | null): boolean {
  let value = field(definition, 'raw_default');
  if (!value) return true;
  const cast = bodyOf(value, 'TypeCast');
  if (cast) value = field(cast, 'arg') ?? value;
  const reference = bodyOf(value, 'ColumnRef');
  return reference !== null && names(list(reference, 'fields')).at(-1) === column;
}

function setNotNull(relation: Relation, { name }: AlterCommand, context: MigrationContext): Effect {
  const known = name !== null && isKnownNotNull(context, relation, name);
  return locking(relation, 'ACCESS EXCLUSIVE', { scans: known ? [] : [relation] });
}

function addConstraint(relation: Relation, constraint: TreeNode, context: MigrationContext): Effect {
  const validates = constraint['skip_validation'] !== true && constraint['is_enforced'] !== false;
  switch (textOf(constraint, 'contype')) {
    case 'CONSTR_FOREIGN': {
      const referenced = relationOf(field(constraint, 'pktable'));
      const others = referenced && sameName(referenced, relation) ? [] : [referenced];
      const takesOver = isTakenOver(relation, constraint, context);
      return {
        ...locking(relation, 'SHARE ROW EXCLUSIVE'),
        locks: [
          ...lockingAll([relation], 'SHARE ROW EXCLUSIVE'),
          // The triggers that the partitions' own foreign keys had there go.
          ...lockingAll(others, takesOver ? 'ACCESS EXCLUSIVE' : 'SHARE ROW EXCLUSIVE'),
        ],
        scans: validates && !takesOver ? [relation, ...others].flatMap((one) => (one ? [one] : [])) : [],
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

/** A foreign key takes its triggers off the referenced table as well. */
function dropConstraint(relation: Relation, { name }: AlterCommand, context: MigrationContext): Effect {
  const constraint = constraintsOf(context, relation).find((one) => one.name === name);
  const referenced = constraint?.references?.table ?? null;
  const table = tableOf(context, relation);
  const self = referenced && table && referenced.schema === table.schema && referenced.name === table.name;
  return {
    ...locking(relation, 'ACCESS EXCLUSIVE'),
    locks: lockingAll([relation, self ? null : referenced], 'ACCESS EXCLUSIVE'),
    unsure: constraint ? null : 'whether it is a foreign key, which locks the referenced table as well, is not known',
  };
}

/** A foreign key of the column goes with it, and its triggers on the referenced table. */
function dropColumn(relation: Relation, { name }: AlterCommand, context: MigrationContext): Effect {
  const referenced = constraintsOf(context, relation).flatMap(({ references, columns }) =>
    references && name !== null && columns.includes(name) ? [references.table] : [],
  );
  return { ...locking(relation, 'ACCESS EXCLUSIVE'), locks: lockingAll([relation, ...referenced], 'ACCESS EXCLUSIVE') };
}

function attach(parent: Relation, command: AlterCommand, context: MigrationContext): Effect {
  const partition = partitionOf(command);
  const condition = partitionCondition(parent, command, context);
  const proved = partition !== null && condition !== null && hasValidCheck(context, partition, condition);
  return {
    ...locking(parent, 'SHARE UPDATE EXCLUSIVE'),
    locks: [...lockingAll([parent], 'SHARE UPDATE EXCLUSIVE'), ...lockingAll([partition], 'ACCESS EXCLUSIVE')],
    scans: partition && !proved ? [partition] : [],
    unsure: 'a DEFAULT partition of the parent, if there is one, is locked and read as well',
  };
}

function detach(parent: Relation, command: AlterCommand): Effect {
  const concurrent = field(field(command.body, 'def') ?? {}, 'PartitionCmd')?.['concurrent'] === true;
  const partition = partitionOf(command);
  if (!concurrent)
    return { ...locking(parent, 'ACCESS EXCLUSIVE'), locks: lockingAll([parent, partition], 'ACCESS EXCLUSIVE') };
  return {
    ...locking(parent, 'SHARE UPDATE EXCLUSIVE', { outsideTransaction: true }),
    locks: [...lockingAll([parent], 'SHARE UPDATE EXCLUSIVE'), ...lockingAll([partition], 'ACCESS EXCLUSIVE')],
  };
}

/** The partition that ATTACH and DETACH name. */
export function partitionOf({ body }: AlterCommand): Relation | null {
  return relationOf(field(field(field(body, 'def') ?? {}, 'PartitionCmd') ?? {}, 'name'));
}

function inherit(relation: Relation, command: AlterCommand): Effect {
  const parent = relationOf(field(field(command.body, 'def') ?? {}, 'RangeVar'));
  const mode = command.subtype === 'AT_AddInherit' ? 'SHARE UPDATE EXCLUSIVE' : 'ROW EXCLUSIVE';
  return {
    ...locking(relation, 'ACCESS EXCLUSIVE'),
    locks: [
      ...lockingAll([relation], 'ACCESS EXCLUSIVE'),
      ...(mode === 'ROW EXCLUSIVE' ? [] : lockingAll([parent], mode)),
    ],
  };
}

function sameName(a: Relation, b: Relation): boolean {
  return a.name === b.name && (a.schema === b.schema || a.schema === null || b.schema === null);
}
