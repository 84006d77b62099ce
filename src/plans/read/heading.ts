import type { RawValue } from './raw.js';

/** A node's line of the text form, without what is in its brackets, as JSON keys. Null for a line that names no node known. */
export function readHeading(text: string): Record<string, RawValue> | null {
  let rest = text.trim();
  const raw: Record<string, RawValue> = {};
  const take = (word: string): boolean => {
    if (!rest.startsWith(`${word} `)) return false;
    rest = rest.slice(word.length + 1);
    return true;
  };
  if (take('Parallel')) raw['Parallel Aware'] = true;
  if (take('Async')) raw['Async Capable'] = true;
  for (const mode of ['Partial', 'Finalize']) if (take(mode)) raw['Partial Mode'] = mode;
  const kind =
    readAggregate(rest, raw) ||
    readJoin(rest, raw) ||
    readSetOp(rest, raw) ||
    readChange(rest, raw) ||
    readScan(rest, raw);
  return kind ? raw : null;
}

const AGGREGATES: Readonly<Record<string, string>> = {
  Aggregate: 'Plain',
  GroupAggregate: 'Sorted',
  HashAggregate: 'Hashed',
  MixedAggregate: 'Mixed',
};

function readAggregate(text: string, raw: Record<string, RawValue>): boolean {
  const strategy = AGGREGATES[text];
  if (strategy === undefined) return false;
  Object.assign(raw, { 'Node Type': 'Aggregate', Strategy: strategy });
  return true;
}

/** `Nested Loop`, `Hash Right Semi Join`, `Merge Anti Join`. */
function readJoin(text: string, raw: Record<string, RawValue>): boolean {
  const match = /^(Nested Loop|Hash|Merge)(?: (Left|Right|Full|Semi|Anti|Right Semi|Right Anti))?( Join)?$/.exec(text);
  if (!match || (match[1] !== 'Nested Loop' && match[3] === undefined)) return false;
  raw['Node Type'] = match[1] === 'Nested Loop' ? 'Nested Loop' : `${match[1]} Join`;
  raw['Join Type'] = match[2] ?? 'Inner';
  return true;
}

function readSetOp(text: string, raw: Record<string, RawValue>): boolean {
  const match = /^(Hash)?SetOp (Intersect|Except)( All)?$/.exec(text);
  if (!match) return false;
  raw['Node Type'] = 'SetOp';
  raw['Strategy'] = match[1] ? 'Hashed' : 'Sorted';
  raw['Command'] = `${match[2]}${match[3] ?? ''}`;
  return true;
}

function readChange(text: string, raw: Record<string, RawValue>): boolean {
  const match = /^(Foreign )?(Insert|Update|Delete|Merge)(?: on (.+))?$/.exec(text);
  if (!match) return false;
  raw['Node Type'] = match[1] ? 'Foreign Scan' : 'ModifyTable';
  raw['Operation'] = match[2] ?? '';
  if (match[3]) Object.assign(raw, readObject(match[3], 'Relation Name'));
  return true;
}

const PLAIN = new Set(
  (
    'Result,ProjectSet,Append,Merge Append,Recursive Union,BitmapAnd,BitmapOr,Gather,Gather Merge,Subquery Scan,Values Scan,' +
    'Materialize,Memoize,Sort,Incremental Sort,Group,WindowAgg,Unique,LockRows,Limit,Hash,Custom Scan,Foreign Scan'
  ).split(','),
);

/** `Index Scan Backward using i on public.t x`, `Bitmap Index Scan on i`, `Function Scan on f`, `Limit`, ... */
function readScan(text: string, raw: Record<string, RawValue>): boolean {
  const match =
    /^(Seq Scan|Sample Scan|Index Only Scan|Index Scan|Bitmap Heap Scan|Bitmap Index Scan|Tid Scan|Tid Range Scan|Function Scan|Table Function Scan|CTE Scan|WorkTable Scan|Named Tuplestore Scan|Subquery Scan|Values Scan|Foreign Scan|Custom Scan \([^)]*\))( Backward)?(?: using ((?:"(?:[^"]|"")*"|[^\s"])+))?(?: on (.+))?$/.exec(
      text,
    );
  if (!match) {
    if (!PLAIN.has(text)) return false;
    raw['Node Type'] = text;
    return true;
  }
  const [, type = '', backward, index, object] = match;
  const custom = /^Custom Scan \((.*)\)$/.exec(type);
  raw['Node Type'] = custom ? 'Custom Scan' : type;
  if (custom) raw['Custom Plan Provider'] = custom[1] ?? '';
  if (/^(?:Index Only|Index) Scan$/.test(type)) raw['Scan Direction'] = backward ? 'Backward' : 'Forward';
  if (index !== undefined) raw['Index Name'] = identifiers(index)[0]?.name ?? index;
  if (object === undefined) return true;
  if (type === 'Bitmap Index Scan') raw['Index Name'] = identifiers(object)[0]?.name ?? object;
  else Object.assign(raw, readObject(object, OBJECTS[type] ?? 'Relation Name'));
  return true;
}

const OBJECTS: Readonly<Record<string, string>> = {
  'Function Scan': 'Function Name',
  'Table Function Scan': 'Table Function Name',
  'CTE Scan': 'CTE Name',
  'WorkTable Scan': 'CTE Name',
  'Named Tuplestore Scan': 'Tuplestore Name',
  'Subquery Scan': 'Alias',
  'Values Scan': 'Alias',
};

/** `public.orders o`: schema where it is qualified, the alias where it differs. */
function readObject(text: string, key: string): Record<string, RawValue> {
  const parts = identifiers(text);
  const names = parts.filter((part) => part.group === 0);
  const name = names.at(-1)?.name ?? text;
  const alias = parts.find((part) => part.group === 1)?.name;
  const schema = names.length > 1 ? names.at(-2)?.name : undefined;
  return {
    [key]: name,
    ...(schema === undefined ? {} : { Schema: schema }),
    ...(key === 'Alias' ? {} : { Alias: alias ?? name }),
  };
}

/** Names, unquoted; those before the first space are of group 0. */
function identifiers(text: string): readonly { readonly name: string; readonly group: number }[] {
  const found: { name: string; group: number }[] = [];
  let group = 0;
  for (const [token] of text.matchAll(/"(?:[^"]|"")*"|[^\s."]+|\s+/g)) {
    if (token.trim() === '') group += 1;
    else found.push({ name: token.startsWith('"') ? token.slice(1, -1).replaceAll('""', '"') : token, group });
  }
  return found;
}
