import { entryId, type SchemaEntry, type TableFacts } from '../../model/schema.js';
import { isSame, type Sides } from './affected.js';
import { lastPart, plainly, splitOwned } from './names.js';

/** One difference, for people. */
export interface SchemaChange {
  /** `table`, `column`, `index`, `privileges`, ... */
  readonly kind: string;
  /** As people write it, e.g. `public.orders.status`. */
  readonly name: string;
  readonly change: 'new' | 'gone' | 'changed';
  /** What of it; of a new or gone object its definition. */
  readonly details: readonly ChangeDetail[];
  /** The new or gone object, for people, with which it goes; null where it stands for itself. */
  readonly within: string | null;
  /** The name of the object on the other side that is defined the same: it may have been renamed. */
  readonly possibleRename: string | null;
}

export interface ChangeDetail {
  readonly what: string;
  /** Null: there is none. */
  readonly from: string | null;
  readonly to: string | null;
}

/** The differences by kind and name, as the objects stand in the two schemas. */
export function changesBetween({ a, b }: Sides): readonly SchemaChange[] {
  const gone = [...a.values()].filter((entry) => !b.has(entryId(entry)));
  const added = [...b.values()].filter((entry) => !a.has(entryId(entry)));
  const changed = [...b].flatMap(([id, is]) => {
    const was = a.get(id);
    if (was === undefined || isSame(was, is)) return [];
    if (was.facts?.type === 'table' && is.facts?.type === 'table')
      return tableChanges(is.identity, was.facts, is.facts);
    return [row(is, 'changed', { details: detailsOf(was, is) })];
  });
  return [
    ...gone.map((entry) => row(entry, 'gone', { rename: namesake(entry, added), side: a, others: b })),
    ...changed,
    ...added.map((entry) => row(entry, 'new', { rename: namesake(entry, gone), side: b, others: a })),
  ];
}

/** `kind name`, as a reader would say it. */
export function entryName({ kind, identity }: Pick<SchemaEntry, 'kind' | 'identity'>): string {
  if (['foreign key', 'trigger', 'policy', 'rule', 'check'].includes(kind)) {
    const { table, name } = splitOwned(identity);
    return plainly(`${name} on ${table}`);
  }
  return plainly(identity);
}

interface Extra {
  readonly details?: readonly ChangeDetail[];
  readonly rename?: SchemaEntry | undefined;
  readonly side?: ReadonlyMap<string, SchemaEntry>;
  readonly others?: ReadonlyMap<string, SchemaEntry>;
}

function row(entry: SchemaEntry, change: SchemaChange['change'], extra: Extra): SchemaChange {
  const holder = entry.pieceOf ?? entry.owner;
  const owner = holder === null ? undefined : extra.side?.get(holder);
  const isWithin = owner !== undefined && extra.others?.has(entryId(owner)) === false;
  const definition = definitionOf(entry);
  const details =
    change === 'new'
      ? [{ what: 'definition', from: null, to: definition }]
      : [{ what: 'definition', from: definition, to: null }];
  return {
    kind: entry.kind,
    name: entryName(entry),
    change,
    details: extra.details ?? details,
    within: isWithin ? `${owner.kind} ${entryName(owner)}` : null,
    possibleRename: extra.rename === undefined ? null : entryName(extra.rename),
  };
}

function definitionOf({ facts, statements }: SchemaEntry): string {
  if (facts?.type === 'privileges') return facts.grants.map(grantWords).join(', ');
  return plainly(statements.join(';\n'));
}

function grantWords({
  grantee,
  privilege,
  column,
  grantable,
}: {
  grantee: string | null;
  privilege: string;
  column: string | null;
  grantable: boolean;
}): string {
  return `${privilege}${column === null ? '' : ` (${column})`} to ${grantee ?? 'PUBLIC'}${grantable ? ' with grant option' : ''}`;
}

/** One of the same kind on the other side whose definition differs in nothing but the name; null where there are several. */
function namesake(entry: SchemaEntry, others: readonly SchemaEntry[]): SchemaEntry | undefined {
  if (entry.owner !== null && ['comment', 'privileges', 'row security', 'refresh'].includes(entry.kind))
    return undefined;
  const own = nameless(entry);
  const alike = others.filter((other) => other.kind === entry.kind && nameless(other) === own);
  return alike.length === 1 ? alike[0] : undefined;
}

function nameless({ identity, statements }: SchemaEntry): string {
  const name = splitOwned(lastPart(identity)).name;
  const bare = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
  return statements
    .join('\0')
    .replaceAll(identity, '?')
    .replaceAll(name, '?')
    .replaceAll(plainly(name), '?')
    .replaceAll(bare, '?');
}

function detailsOf(was: SchemaEntry, is: SchemaEntry): readonly ChangeDetail[] {
  const [a, b] = [was.facts, is.facts];
  if (a?.type === 'enum' && b?.type === 'enum')
    return [{ what: 'labels', from: a.labels.join(', '), to: b.labels.join(', ') }];
  if (a?.type === 'privileges' && b?.type === 'privileges') {
    const [had, has] = [a.grants.map(grantWords), b.grants.map(grantWords)];
    return [
      ...had.filter((one) => !has.includes(one)).map((one) => ({ what: 'privilege', from: one, to: null })),
      ...has.filter((one) => !had.includes(one)).map((one) => ({ what: 'privilege', from: null, to: one })),
    ];
  }
  if (a?.type === 'domain' && b?.type === 'domain') {
    return [
      ...detail('base type', a.base, b.base),
      ...detail('default', a.default, b.default),
      ...detail('null', nulls(a.notNull), nulls(b.notNull)),
      ...listDetails('check', a.checks, b.checks),
    ];
  }
  return [{ what: 'definition', from: definitionOf(was), to: definitionOf(is) }];
}

function tableChanges(identity: string, a: TableFacts, b: TableFacts): readonly SchemaChange[] {
  const table = plainly(identity);
  const base = { within: null, possibleRename: null };
  const own = [
    ...detail('logged', a.unlogged ? 'no' : 'yes', b.unlogged ? 'no' : 'yes'),
    ...detail('partition key', a.partitionKey, b.partitionKey),
    ...detail('inherits', a.parents.join(', ') || null, b.parents.join(', ') || null),
    ...detail('of type', a.ofType, b.ofType),
    ...detail('access method', a.accessMethod ?? 'heap', b.accessMethod ?? 'heap'),
    ...detail('settings', a.options.join(', ') || null, b.options.join(', ') || null),
    ...orderDetail(a, b),
  ];
  const rows: SchemaChange[] =
    own.length === 0 ? [] : [{ ...base, kind: 'table', name: table, change: 'changed', details: own }];
  const [were, are] = [a.columns, b.columns];
  const gone = were.filter(({ name }) => !are.some((one) => one.name === name));
  const added = are.filter(({ name }) => !were.some((one) => one.name === name));
  const alike = (column: (typeof were)[number], others: typeof were): string | null => {
    const bare = (one: (typeof were)[number]): string => JSON.stringify({ ...one, name: '' });
    const found = others.filter((one) => bare(one) === bare(column));
    return found.length === 1 && found[0] ? found[0].name : null;
  };
  const columnRow = (column: (typeof were)[number], change: 'new' | 'gone'): SchemaChange => {
    const words = columnWords(column);
    return {
      kind: 'column',
      name: `${table}.${column.name}`,
      change,
      details: [{ what: 'definition', from: change === 'gone' ? words : null, to: change === 'new' ? words : null }],
      within: null,
      possibleRename: alike(column, change === 'gone' ? added : gone),
    };
  };
  rows.push(...gone.map((column) => columnRow(column, 'gone')));
  for (const is of are) {
    const was = were.find(({ name }) => name === is.name);
    if (was === undefined) continue;
    const details = columnDetails(was, is);
    if (details.length > 0)
      rows.push({ ...base, kind: 'column', name: `${table}.${is.name}`, change: 'changed', details });
  }
  rows.push(...added.map((column) => columnRow(column, 'new')));
  const checks = listDetails('definition', a.checks, b.checks);
  for (const { name, from, to } of checks) {
    const change = from === null ? 'new' : to === null ? 'gone' : 'changed';
    rows.push({
      ...base,
      kind: 'check',
      name: `${name} on ${table}`,
      change,
      details: [{ what: 'definition', from, to }],
    });
  }
  return rows;
}

type Column = TableFacts['columns'][number];

function columnDetails(was: Column, is: Column): readonly ChangeDetail[] {
  return [
    ...detail('type', was.type, is.type),
    ...detail('collation', was.collation, is.collation),
    ...detail('null', nulls(was.notNull), nulls(is.notNull)),
    ...detail('not-null constraint', was.notNull ? was.notNullName : null, is.notNull ? is.notNullName : null),
    ...detail(is.generated === '' && was.generated === '' ? 'default' : 'expression', was.default, is.default),
    ...detail('generated', GENERATED[was.generated] ?? 'no', GENERATED[is.generated] ?? 'no'),
    ...detail('identity', was.identity, is.identity),
    ...detail('settings', was.settings.join(', ') || null, is.settings.join(', ') || null),
    ...detail('own column', yes(was.local), yes(is.local)),
  ].map(({ what, from, to }) => ({ what, from: from && plainly(from), to: to && plainly(to) }));
}

const GENERATED: Readonly<Record<string, string>> = { s: 'stored', v: 'virtual' };

function columnWords({ type, notNull, default: sql, generated, identity }: Column): string {
  const value = sql === null ? '' : generated === '' ? ` default ${sql}` : ` generated as (${sql})`;
  return plainly(`${type}${notNull ? ' not null' : ''}${value}${identity === null ? '' : ' identity'}`);
}

function orderDetail(a: TableFacts, b: TableFacts): readonly ChangeDetail[] {
  const names = (facts: TableFacts, other: TableFacts): string =>
    facts.columns
      .map(({ name }) => name)
      .filter((name) => other.columns.some((one) => one.name === name))
      .join(', ');
  return detail('order of columns', names(a, b), names(b, a));
}

function listDetails(
  what: string,
  were: readonly { readonly name: string; readonly definition: string }[],
  are: readonly { readonly name: string; readonly definition: string }[],
): readonly (ChangeDetail & { readonly name: string })[] {
  const names = [...new Set([...were, ...are].map(({ name }) => name))];
  return names.flatMap((name) => {
    const [from = null, to = null] = [were, are].map(
      (list) => list.find((one) => one.name === name)?.definition ?? null,
    );
    return from === to ? [] : [{ name, what, from, to }];
  });
}

function detail(what: string, from: string | null, to: string | null): readonly ChangeDetail[] {
  return from === to ? [] : [{ what, from, to }];
}

function nulls(notNull: boolean): string {
  return notNull ? 'not allowed' : 'allowed';
}

function yes(value: boolean): string {
  return value ? 'yes' : 'no';
}
