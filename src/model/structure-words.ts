import { placeOf } from './catalog.js';

/** The name of an entry of a `CatalogStructure` as people write it: relations as `schema.name`. */
export function nameWords(name: string): string {
  return name.replace(RELATION, relationWords);
}

/** How two texts of one entry differ, each difference a line: `column public.orders.status: type text -> varchar(20)`. */
export function changeWords(name: string, was: string, is: string): readonly string[] {
  const [before, after] = [parsed(was), parsed(is)];
  if (before === null || after === null) return [`${name}: ${was} -> ${is}`];
  const lines = fieldLines(name, before, after);
  const columns = columnLines(name, before['columns'], after['columns']);
  const all = [...lines, ...columns];
  return all.length > 0 ? all : [`${name}: ${was} -> ${is}`];
}

/** A relation's key, as `relationKey` writes it. */
const RELATION = /\["(?:[^"\\]|\\.)*","(?:[^"\\]|\\.)*"\]/;

function relationWords(key: string): string {
  const [schema = '', name = ''] = JSON.parse(key) as string[];
  return placeOf({ schema, name });
}

type Fields = Readonly<Record<string, unknown>>;

function parsed(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}

/** What the definition says already. */
const IN_DEFINITION = new Set([
  'keys',
  'columns',
  'unique',
  'nullsNotDistinct',
  'onDelete',
  'references',
  'deferrable',
  'validated',
  'table',
  'baseType',
]);

const FIELD_WORDS: Readonly<Record<string, string>> = {
  notNull: 'null',
  hasDefault: 'default',
  partitionOf: 'partition of',
  partitionKey: 'partition key',
  replicaIdentity: 'replica identity',
  referencedByForeignKeys: 'referenced by foreign keys',
  returnsTrigger: 'returns a trigger',
  fedBy: 'sequence',
  statisticsTarget: 'statistics target',
  distinctSetting: 'n_distinct',
  nullsNotDistinct: 'nulls not distinct',
  onDelete: 'on delete',
  baseType: 'base type',
};

function fieldLines(name: string, was: Fields, is: Fields): readonly string[] {
  const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter(
    (field) => JSON.stringify(was[field]) !== JSON.stringify(is[field]),
  );
  const isDefined = fields.includes('definition') || fields.includes('type');
  const told = fields.filter(
    (field) => !(isDefined && IN_DEFINITION.has(field)) && !isColumnList(was[field], is[field]),
  );
  if (told.length === 0) return [];
  const words = told.map(
    (field) => `${FIELD_WORDS[field] ?? field} ${valueWords(field, was[field])} -> ${valueWords(field, is[field])}`,
  );
  return [`${name}: ${words.join(', ')}`];
}

function columnLines(table: string, was: unknown, is: unknown): readonly string[] {
  if (!isColumnList(was, is)) return [];
  const [before, after] = [was as readonly Fields[], is as readonly Fields[]];
  const place = table.replace(/^table /, 'column ');
  const named = (list: readonly Fields[], name: unknown): Fields | undefined =>
    list.find((one) => one['name'] === name);
  const names = [...new Set([...before, ...after].map((one) => String(one['name'])))];
  return names.flatMap((name) => {
    const [old, now] = [named(before, name), named(after, name)];
    if (old === undefined) return [`${place}.${name} is new: ${String(now?.['type'])}`];
    if (now === undefined) return [`${place}.${name} is gone`];
    return fieldLines(`${place}.${name}`, old, now);
  });
}

/** The columns of a table, not the names of those of a constraint. */
function isColumnList(was: unknown, is: unknown): boolean {
  return [was, is].every((list) => Array.isArray(list) && list.every((one) => one instanceof Object && 'name' in one));
}

function valueWords(field: string, value: unknown): string {
  if (field === 'notNull') return value === true ? 'not allowed' : 'allowed';
  if (value === null || value === undefined || value === '') return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return RELATION.test(value) ? nameWords(value) : value;
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((one) => valueWords('', one)).join(', ');
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([key, one]) => `${key} ${valueWords('', one)}`)
      .join(' ');
  return JSON.stringify(value);
}
