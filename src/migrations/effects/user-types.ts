import { bodiesOf, field, list, textOf } from '../../sql/tree.js';
import { columnType, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import type { Operation } from '../operation.js';
import { relationOf, relationOfNames } from '../relation.js';
import type { Relation } from '../relation.js';
import { withBelow } from './below.js';
import { NO_EFFECT, lockingAll } from './effect.js';
import type { Effect } from './effect.js';

/** Tables that use a domain are locked while its constraint is checked. */
export function domainEffect({ body }: Operation, context: MigrationContext): Effect {
  const name = relationOfNames(list(body, 'typeName'));
  const kind = textOf(body, 'subtype');
  const constraint = field(field(body, 'def') ?? {}, 'Constraint');
  const reads = (kind === 'C' && constraint?.['skip_validation'] !== true) || kind === 'O' || kind === 'V';
  if (!name || !reads) return NO_EFFECT;
  const users = usersOfType(name, context).filter(({ kind: of }) => of !== 'p');
  return {
    ...NO_EFFECT,
    locks: lockingAll(users, 'SHARE'),
    scans: users,
    unsure: context.catalog ? null : 'which tables use the domain is not known',
  };
}

/** A change of a composite type reaches the tables that are made OF it, with CASCADE only. */
export function compositeEffect(cascades: boolean, retypes: boolean, relation: Relation | null): Effect {
  if (!cascades || !relation) return NO_EFFECT;
  const writes = retypes ? ', and written anew where the form of its values changes' : '';
  return {
    ...NO_EFFECT,
    unsure: `each table that is made OF ${relation.name} is locked as well (ACCESS EXCLUSIVE)${writes}`,
  };
}

/** Tables of the catalog with a column of a user's type. */
export function usersOfType(
  type: Relation,
  context: MigrationContext,
): readonly (Relation & { readonly kind: string })[] {
  return (context.catalog?.tables ?? []).filter(
    (table) =>
      (table.kind === 'r' || table.kind === 'm' || table.kind === 'p') &&
      table.columns.some(({ name }) => typeNameOf(columnType(context, table, name)) === type.name),
  );
}

/** The bare name in what `format_type` writes: `app."My type"[]`. */
function typeNameOf(text: string | null): string | null {
  const last = /(?:^|\.)("(?:[^"]|"")+"|[^".]+?)(?:\[\])*$/.exec(text ?? '')?.[1];
  return last === undefined ? null : last.replace(/^"|"$/g, '').replaceAll('""', '"');
}

/** Tables that a publication gets, loses or is set to hold. */
export function publicationEffect({ body }: Operation, context: MigrationContext): Effect {
  const tables = bodiesOf(list(body, 'pubobjects'), 'PublicationObjSpec').flatMap((spec) => {
    const range = field(field(spec, 'pubtable') ?? {}, 'relation');
    const relation = relationOf(range);
    if (!relation) return [];
    // Partitions are published with their parent; tables that inherit are members of their own.
    const isAlone = range?.['inh'] !== true || tableOf(context, relation)?.kind === 'p';
    return isAlone ? [relation] : withBelow(relation, context, 'heirs');
  });
  const replaces = textOf(body, 'action') === 'AP_SetObjects';
  return {
    ...NO_EFFECT,
    locks: lockingAll(tables, 'SHARE UPDATE EXCLUSIVE'),
    unsure: replaces ? 'tables that it held until now are locked as well' : null,
  };
}
