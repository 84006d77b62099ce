import { bodiesOf, bodyOf, field, list, names, textOf } from '../../sql/tree.js';
import type { TreeNode } from '../../sql/tree.js';
import { sameRelation } from '../../model/catalog.js';
import { columnType, constraintsOf, isKnownNotNull, isNew, keyOf, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import type { LockMode } from '../locks.js';
import { columnBody, constraintBody } from '../operation.js';
import type { AlterCommand, Operation } from '../operation.js';
import { relationOf } from '../relation.js';
import type { Relation } from '../relation.js';
import { attach, detach, inherit } from './attach.js';
import { withBelow } from './below.js';
import { addConstraint, alterConstraint, dropColumn, dropConstraint, sameName } from './constraints.js';
import { volatilityOf } from './defaults.js';
import { NO_EFFECT, locking, lockingAll } from './effect.js';
import type { Effect } from './effect.js';
import { SERIALS, baseOf, domainOf, isLoosened, typeChange, typeParts, typePartsOfText } from './types.js';
import { compositeEffect } from './user-types.js';

/** What one command of an ALTER TABLE does (`AlterTableGetLockLevel`, and the manual's page of ALTER TABLE). */
export function alterTableEffect(operation: Operation, context: MigrationContext): Effect {
  const { relation, command } = operation;
  if (!relation || !command) return locking(null, 'ACCESS EXCLUSIVE');
  // An index holds no rows that anybody waits for by this name.
  const kind = textOf(operation.body, 'objtype');
  if (kind === 'OBJECT_TYPE')
    return compositeEffect(command.cascade, command.subtype === 'AT_AlterColumnType', relation);
  if (kind === 'OBJECT_INDEX') return NO_EFFECT;
  if (kind === 'OBJECT_SEQUENCE') return locking(relation, 'ACCESS EXCLUSIVE');
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
      return dropColumn(operation, context);
    case 'AT_DropConstraint':
      return dropConstraint(relation, command, context);
    case 'AT_ValidateConstraint':
      return locking(relation, 'SHARE UPDATE EXCLUSIVE', {
        scans: isValid(relation, command, context) ? [] : [relation],
      });
    case 'AT_AttachPartition':
      return attach(relation, command, context);
    case 'AT_DetachPartition':
      return detach(relation, command, context);
    case 'AT_SetTableSpace':
      // Copied as it is, page by page.
      return locking(relation, 'ACCESS EXCLUSIVE', {
        rewrites: [relation],
        unsure: 'nothing is copied where it is there already',
      });
    case 'AT_SetLogged':
    case 'AT_SetUnLogged': {
      const wanted = command.subtype === 'AT_SetLogged' ? 'p' : 'u';
      const now = context.state.persistence.get(keyOf(context, relation)) ?? tableOf(context, relation)?.persistence;
      if (now === wanted) return locking(relation, 'ACCESS EXCLUSIVE');
      return locking(relation, 'ACCESS EXCLUSIVE', { rewrites: [relation], scans: [relation] });
    }
    case 'AT_SetAccessMethod':
      return locking(relation, 'ACCESS EXCLUSIVE', {
        rewrites: [relation],
        scans: [relation],
        unsure: 'no row is written where the table has that access method already',
      });
    case 'AT_SetExpression':
      return locking(relation, 'ACCESS EXCLUSIVE', { rewrites: [relation], scans: [relation] });
    case 'AT_AlterConstraint':
      return alterConstraint(relation, command, context);
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
  if (command.missingOk && isThere(relation, column, context)) return locking(relation, 'ACCESS EXCLUSIVE');
  const constraints = bodiesOf(list(column, 'constraints'), 'Constraint');
  const serial = SERIALS[typeParts(field(column, 'typeName'))?.name ?? ''] !== undefined;
  const fresh = constraints.map((constraint) => freshValues(constraint, context));
  const domain = domainOf(field(column, 'typeName'), context);
  const isConstrained = domain?.constrained === true;
  const rewrites = serial || isConstrained || fresh.includes('yes') || fresh.includes('unknown');
  const unsure =
    isConstrained && isLoosened(domain) && !serial && !fresh.includes('yes')
      ? 'whether the domain has a constraint left is not known'
      : rewrites && !serial && !isConstrained && !fresh.includes('yes')
        ? 'whether a function in the default is volatile is not known'
        : null;
  const kinds = constraints.map((constraint) => textOf(constraint, 'contype') ?? '');
  // The values of a virtual column are worked out to be looked at.
  const checks =
    kinds.some((kind) => SCANNING.has(kind)) ||
    (kinds.includes('CONSTR_GENERATED') && kinds.includes('CONSTR_NOTNULL'));
  const referenced = constraints.flatMap((constraint) => {
    const other = relationOf(field(constraint, 'pktable'));
    return other && !sameName(other, relation) ? withBelow(other, context, 'partitions') : other ? [other] : [];
  });
  // A foreign key of a column without values has nothing to look up.
  const lookups = constraints.some((one) => textOf(one, 'contype') === 'CONSTR_DEFAULT') ? referenced : [];
  return {
    locks: [
      ...lockingAll([relation], 'ACCESS EXCLUSIVE'),
      ...lockingAll(
        referenced.filter((other) => !sameName(other, relation)),
        'SHARE ROW EXCLUSIVE',
      ),
    ],
    rewrites: rewrites ? [relation] : [],
    scans: [
      ...(rewrites || checks || lookups.length > 0 ? [relation] : []),
      ...lookups.filter((one) => !sameName(one, relation)),
    ],
    unsure,
    outsideTransaction: false,
  };
}

/** Whether the catalog has the column already, so that IF NOT EXISTS does nothing. */
function isThere(relation: Relation, column: TreeNode, context: MigrationContext): boolean {
  const table = isNew(context, relation) ? undefined : tableOf(context, relation);
  return table?.columns.some(({ name }) => name === textOf(column, 'colname')) === true;
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
    scans: rewrites ? [relation, ...others] : sortsAnew(relation, command, context) ? [relation] : [],
    unsure: unsure[change] ?? null,
  };
}

/** Whether an index on the column is built anew for another collation. */
export function sortsAnew(relation: Relation, { name, body }: AlterCommand, context: MigrationContext): boolean {
  if (!field(columnBody(body) ?? {}, 'collClause')) return false;
  const table = tableOf(context, relation);
  if (!table) return true;
  return (context.catalog?.indexes ?? []).some(
    (index) => sameRelation(index.table, table) && index.keys.some(({ column }) => column === null || column === name),
  );
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
  const target = domainOf(field(definition ?? {}, 'typeName'), context);
  const present = typePartsOfText(from);
  const base = baseOf(present, context);
  // What a domain keeps its values to is not seen through it.
  const known = base === present ? base : { ...base, modifiers: [] };
  // Each value is cast, and so checked.
  if (target?.constrained) return 'rewrite';
  return typeChange(known, target ? typePartsOfText(target.type) : to);
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

/** Whether the catalog has the constraint as valid already, so that nothing is left to read. */
function isValid(relation: Relation, { name }: AlterCommand, context: MigrationContext): boolean {
  return constraintsOf(context, relation).some((one) => one.name === name && one.validated);
}
