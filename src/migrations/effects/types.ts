import { bodiesOf, field, list, names, numberOf, textOf } from '../../sql/tree.js';
import type { DomainInfo } from '../../model/catalog.js';
import type { TreeNode } from '../../sql/tree.js';
import type { MigrationContext } from '../context.js';
import type { FileDomain, ScriptState } from '../script-state.js';
import type { Operation } from '../operation.js';
import { relationOfNames } from '../relation.js';

/** The domain of the file or the catalog that a `TypeName` names; null for any other type, and for an array. */
export function domainOf(typeName: TreeNode | null, { catalog, state }: MigrationContext): DomainInfo | null {
  const path = names(list(typeName ?? {}, 'names'));
  if (!typeName || list(typeName, 'arrayBounds').length > 0) return null;
  const [schema, name] = [path.at(-2) ?? null, path.at(-1) ?? ''];
  const known = catalog?.domains.find(
    (domain) => domain.name === name && (schema === null || schema === domain.schema),
  );
  return state.domains.get(name) ?? known ?? null;
}

/** The domains of the file after an operation on one. */
export function afterDomain(
  { domains }: ScriptState,
  { type, body }: Operation,
  context: MigrationContext,
): ScriptState['domains'] {
  if (type === 'CreateDomainStmt') {
    const name = relationOfNames(list(body, 'domainname'));
    const typeName = field(body, 'typeName');
    const parts = typeParts(typeName);
    if (!name || !parts) return domains;
    const checks = bodiesOf(list(body, 'constraints'), 'Constraint').some((one) =>
      ['CONSTR_CHECK', 'CONSTR_NOTNULL'].includes(textOf(one, 'contype') ?? ''),
    );
    const below = domainOf(typeName, context);
    const made = { schema: name.schema ?? 'public', name: name.name, type: below?.type ?? typeText(parts) };
    return domains.with(name.name, {
      ...made,
      constrained: checks || below?.constrained === true,
      isLoosened: below !== null && isLoosened(below),
    });
  }
  const change = type === 'AlterDomainStmt' ? (textOf(body, 'subtype') ?? '') : '';
  const known = 'CONX'.includes(change) && change !== '' ? domainOf({ names: list(body, 'typeName') }, context) : null;
  if (!known) return domains;
  const adds = change === 'C' || change === 'O';
  return domains.with(known.name, {
    ...known,
    constrained: adds || known.constrained,
    isLoosened: !adds && known.constrained,
  });
}

/** Whether the file dropped a constraint of it, so that it may have none left. */
export function isLoosened(domain: DomainInfo): boolean {
  return (domain as Partial<FileDomain>).isLoosened === true;
}

/** The type that a column's type is stored as: a domain's is that of what it is made on. */
export function baseOf(type: TypeParts, context: MigrationContext): TypeParts {
  const domain = type.array
    ? undefined
    : (context.state.domains.get(type.name) ?? context.catalog?.domains.find(({ name }) => name === type.name));
  return domain ? baseOf(typePartsOfText(domain.type), context) : type;
}

/** A type told apart: its name as `pg_type` has it, its modifiers, and whether it is an array. */
export interface TypeParts {
  readonly name: string;
  readonly modifiers: readonly number[];
  readonly array: boolean;
}

/** Of a `TypeName`'s body. Null for `%TYPE`. */
export function typeParts(typeName: TreeNode | null): TypeParts | null {
  if (!typeName || typeName['pct_type'] === true) return null;
  const path = names(list(typeName, 'names'));
  const name = path.at(-1);
  if (name === undefined) return null;
  const modifiers = bodiesOf(list(typeName, 'typmods'), 'A_Const').map((constant) => {
    const value = field(constant, 'ival');
    return value ? (numberOf(value, 'ival') ?? 0) : 0;
  });
  return { name, modifiers, array: list(typeName, 'arrayBounds').length > 0 };
}

/** Of what `format_type` writes, e.g. `character varying(25)`, `timestamp(3) with time zone`, `numeric(10,2)[]`. */
export function typePartsOfText(text: string): TypeParts {
  const array = text.endsWith('[]');
  const bare = text.replace(/(?:\[\])+$/, '');
  const modifiers = /\(([\d,\s-]+)\)/.exec(bare)?.[1]?.split(',').map(Number) ?? [];
  const name = bare.replace(/\([\d,\s-]+\)/, '');
  return { name: SHORT_NAMES[name] ?? name.split('.').at(-1) ?? name, modifiers, array };
}

/** As `format_type` writes them, for types of the file. */
export function typeText({ name, modifiers, array }: TypeParts): string {
  return `${name}${modifiers.length > 0 ? `(${modifiers.join(',')})` : ''}${array ? '[]' : ''}`;
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  'character varying': 'varchar',
  character: 'bpchar',
  integer: 'int4',
  int: 'int4',
  smallint: 'int2',
  bigint: 'int8',
  boolean: 'bool',
  real: 'float4',
  'double precision': 'float8',
  decimal: 'numeric',
  'bit varying': 'varbit',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
};

/** Types that `serial` stands for. */
export const SERIALS: Readonly<Record<string, string>> = {
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
  smallserial: 'int2',
  serial2: 'int2',
};

/**
 * Whether ALTER COLUMN TYPE writes every row anew. `by-time-zone`: not where the session's TimeZone is UTC.
 * Casts without a function and the support functions of length coercions (manual, "ALTER TABLE"; `varchar_support`, `numeric_support`, `TemporalSimplify`).
 */
export function typeChange(from: TypeParts, to: TypeParts): 'same' | 'no-rewrite' | 'by-time-zone' | 'rewrite' {
  const modifiersSame = from.modifiers.join() === to.modifiers.join();
  if (from.name === to.name && from.array === to.array && modifiersSame) return 'same';
  if (from.array || to.array) return 'rewrite';
  if (from.name === to.name) return widens(from, to) ? 'no-rewrite' : 'rewrite';
  // A cast to a type with a modifier calls the function that enforces it.
  if (to.modifiers.length > 0) return 'rewrite';
  const pair = `${from.name} ${to.name}`;
  if (pair === 'timestamp timestamptz' || pair === 'timestamptz timestamp') return 'by-time-zone';
  return BINARY_COERCIBLE.has(pair) ? 'no-rewrite' : 'rewrite';
}

/** `pg_cast` with castmethod `b`, as far as columns have such types. */
const BINARY_COERCIBLE = new Set([
  'varchar text',
  'cidr inet',
  'int4 oid',
  'oid int4',
  'xml text',
  'xml varchar',
  'text varchar',
  'bit varbit',
]);

function widens({ name, modifiers: from }: TypeParts, { modifiers: to }: TypeParts): boolean {
  switch (name) {
    case 'varchar':
    case 'varbit':
      return to[0] === undefined || (from[0] !== undefined && to[0] >= from[0]);
    case 'numeric':
      if (to[0] === undefined) return true;
      return from[0] !== undefined && to[0] >= from[0] && (to[1] ?? 0) === (from[1] ?? 0);
    case 'timestamp':
    case 'timestamptz':
    case 'time':
    case 'timetz':
      return (to[0] ?? 6) >= (from[0] ?? 6);
    default:
      return false;
  }
}
