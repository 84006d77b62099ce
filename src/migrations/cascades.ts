import type { Cascade } from '../model/catalog.js';
import { bodyOf, list, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import type { MigrationContext } from './context.js';
import { relationOfNames } from './relation.js';
import type { Relation } from './relation.js';
import type { ScriptStatement } from './script.js';

const KINDS: Readonly<Record<string, Cascade['kind']>> = {
  OBJECT_FUNCTION: 'function',
  OBJECT_PROCEDURE: 'function',
  OBJECT_ROUTINE: 'function',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'type',
  OBJECT_EXTENSION: 'extension',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_SCHEMA: 'schema',
};

/** What statements drop with CASCADE and is no table: of these it has to be known what goes along. */
export function cascadeRoots(statements: readonly ScriptStatement[]): readonly Pick<Cascade, 'kind' | 'name'>[] {
  return statements.flatMap(({ parsed: { type, body } }) => {
    const kind = KINDS[textOf(body, 'removeType') ?? ''];
    if (type !== 'DropStmt' || kind === undefined || textOf(body, 'behavior') !== 'DROP_CASCADE') return [];
    return list(body, 'objects')
      .flatMap((object) => nameIn(object) ?? [])
      .map(({ name }) => ({ kind, name }));
  });
}

/** What CASCADE of a DROP takes along, for each thing that it names; null where it is not known: no catalog, or one in which it was not looked for, another kind of thing, functions of one name that take different arguments. */
export function cascadesOf(drop: TreeNode, context: MigrationContext): readonly Cascade[] | null {
  const kind = KINDS[textOf(drop, 'removeType') ?? ''];
  const { catalog } = context;
  const cascades = catalog?.cascades;
  if (kind === undefined || !cascades) return null;
  const named = list(drop, 'objects').map((object) => nameIn(object));
  const found = named.map((name) => (name ? cascades.filter((one) => one.kind === kind && isNamed(one, name)) : []));
  const isClear = named.every((name) => name !== null && (kind !== 'function' || overloads(name, context) <= 1));
  return isClear && found.every((ones) => ones.length <= 1) ? found.flat() : null;
}

/** For people, the first few; of a schema first what is in another. */
export function cascadeWords(cascades: readonly Cascade[]): string {
  const words = cascades.flatMap(({ kind, name, along }) => {
    const isInside = ({ relation }: Cascade['along'][number]): boolean =>
      kind === 'schema' && relation?.schema === name;
    return [...along.filter((one) => !isInside(one)), ...along.filter(isInside)].map(({ what }) => what);
  });
  const more = words.length > MOST ? ` and ${words.length - MOST} more` : '';
  return words.slice(0, MOST).join(', ') + more;
}

const MOST = 12;

function overloads(name: Relation, { catalog }: MigrationContext): number {
  return (catalog?.functions ?? []).filter((one) => isNamed(one, name)).length;
}

function isNamed(one: { readonly schema: string | null; readonly name: string }, { schema, name }: Relation): boolean {
  return one.name === name && (schema === null || one.schema === null || one.schema === schema);
}

/** A list of names, one in a `TypeName` or an `ObjectWithArgs`, or a bare one. */
function nameIn(object: TreeValue): Relation | null {
  const bare = textOf(bodyOf(object, 'String') ?? {}, 'sval');
  if (bare !== null) return { schema: null, name: bare };
  const type = bodyOf(object, 'TypeName');
  if (type) return relationOfNames(list(type, 'names'));
  const withArguments = bodyOf(object, 'ObjectWithArgs');
  return relationOfNames(withArguments ? list(withArguments, 'objname') : object);
}
