import { asWizardError } from '../base/errors.js';
import { quoteIdent } from '../base/quote.js';
import { deparseGuarded } from '../sql/deparse.js';
import { bodyOf, field, list, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { tableOf } from './context.js';
import type { MigrationContext } from './context.js';
import type { Inverse } from './inverse.js';
import type { Operation } from './operation.js';
import { relationOf, written } from './relation.js';

/** The rename the other way round, of whatever has a name. */
export function renamedBack({ body, type }: Operation): Inverse {
  const to = textOf(body, 'newname');
  const from = textOf(body, 'subname');
  if (to === null) return { why: 'how to take back this rename is not known' };
  const relation = field(body, 'relation');
  if (from !== null && textOf(body, 'renameType') === 'OBJECT_TRIGGER') {
    const table = relationOf(relation);
    if (table) return { sql: [`ALTER TRIGGER ${quoteIdent(to)} ON ${written(table)} RENAME TO ${quoteIdent(from)}`] };
  }
  // ALTER TABLE renames the columns of every kind of relation.
  if (from !== null && relation && textOf(body, 'renameType') === 'OBJECT_COLUMN')
    return asSql({ [type]: { ...body, relationType: 'OBJECT_TABLE', subname: to, newname: from } });
  if (from !== null) return asSql({ [type]: { ...body, subname: to, newname: from } });
  const name = relation ? textOf(relation, 'relname') : lastName(body['object'] ?? null);
  if (name === null) return { why: 'how to take back this rename is not known' };
  const renamed = relation
    ? { relation: { ...relation, relname: to } }
    : { object: withLastName(body['object'] ?? null, to) };
  return asSql({ [type]: { ...body, ...renamed, newname: name } });
}

/** A statement that takes something back; some forms are not to be had from the deparser. */
export function asSql(tree: TreeNode): Inverse {
  try {
    return { sql: [deparseGuarded(tree)] };
  } catch (thrown) {
    if (asWizardError(thrown).code !== 'sql/deparse') throw thrown;
    return { why: 'how to take it back can not be written' };
  }
}

/** SET SCHEMA the other way round, where the schema that it was in is written or in the catalog. */
export function movedBack({ type, body, relation }: Operation, context: MigrationContext): Inverse {
  const now = textOf(body, 'newschema');
  const path = namesOf(body['object'] ?? null);
  const before = relation
    ? (relation.schema ?? tableOf(context, relation)?.schema ?? null)
    : path.length > 1
      ? (path.at(-2) ?? null)
      : null;
  if (now === null || before === null) return { why: 'the schema that it was in is not known' };
  // ALTER TABLE moves every kind of relation.
  if (relation)
    return { sql: [`ALTER TABLE ${written({ schema: now, name: relation.name })} SET SCHEMA ${quoteIdent(before)}`] };
  return asSql({ [type]: { ...body, object: withSchema(body['object'] ?? null, now), newschema: before } });
}

/** The parts of a name that stands in a `List`, an `ObjectWithArgs` or a `String`. */
function namesOf(object: TreeValue): readonly (string | null)[] {
  return partsOf(object).map((part) => textOf(bodyOf(part, 'String') ?? {}, 'sval'));
}

function lastName(object: TreeValue): string | null {
  return namesOf(object).at(-1) ?? null;
}

function partsOf(object: TreeValue): readonly TreeValue[] {
  const whole = bodyOf(object, 'List');
  if (whole) return list(whole, 'items');
  const withArguments = bodyOf(object, 'ObjectWithArgs');
  if (withArguments) return list(withArguments, 'objname');
  return bodyOf(object, 'String') ? [object] : [];
}

function withLastName(object: TreeValue, name: string): TreeValue {
  return withParts(object, [...partsOf(object).slice(0, -1), { String: { sval: name } }]);
}

function withSchema(object: TreeValue, schema: string): TreeValue {
  const parts = partsOf(object);
  return withParts(object, [...parts.slice(0, -2), { String: { sval: schema } }, ...parts.slice(-1)]);
}

function withParts(object: TreeValue, parts: readonly TreeValue[]): TreeValue {
  const whole = bodyOf(object, 'List');
  if (whole) return { List: { ...whole, items: parts } };
  const withArguments = bodyOf(object, 'ObjectWithArgs');
  if (withArguments) return { ObjectWithArgs: { ...withArguments, objname: parts } };
  return parts[0] ?? null;
}
