import type { Catalog, Table } from '../../model/catalog.js';
import { tryParseStatement } from '../../sql/parse.js';
import { bodyOf, field, list, names, textOf, typed, type TreeNode, type TreeValue } from '../../sql/tree.js';

/** What an expression gives, as far as it matters for whether its value can change: `timestamptz` depends on TimeZone, `date` on DateStyle when printed. */
export type ExpressionKind =
  | 'text'
  | 'number'
  | 'boolean'
  | 'timestamp'
  | 'timestamptz'
  | 'date'
  | 'json'
  | 'tsvector'
  | 'range'
  | 'array'
  | 'point'
  | 'constant'
  | 'other';

type Kind = ExpressionKind;

/**
 * Whether PostgreSQL will take the expression for an index: only columns of the table, constants, and functions, casts and operators that are IMMUTABLE.
 * True only when each part is known to be; anything unknown, and every form which depends on TimeZone or DateStyle, is false. Source: `pg_proc.provolatile`.
 */
export function isImmutable(expression: string, table: Table, catalog: Catalog): boolean {
  return immutableKind(expression, table, catalog) !== null;
}

/** What an expression gives that PostgreSQL will take for an index; null where that is not known of it. */
export function immutableKind(expression: string, table: Table, catalog: Catalog): ExpressionKind | null {
  const select = tryParseStatement(`SELECT ${expression}`);
  const target = select ? bodyOf(list(select.body, 'targetList')[0], 'ResTarget') : null;
  return target === null ? null : kindOf(target['val'], { table, catalog });
}

interface Context {
  readonly table: Table;
  readonly catalog: Catalog;
}

/** Null when a part is not immutable, or not known. */
function kindOf(value: TreeValue, context: Context): Kind | null {
  const node = typed(value);
  switch (node?.type) {
    case 'ColumnRef':
      return columnKind(names(list(node.body, 'fields')).at(-1) ?? '', context);
    case 'A_Const':
      return 'constant';
    case 'TypeCast':
      return castKind(node.body, context);
    case 'FuncCall':
      return callKind(node.body, context);
    case 'A_Expr':
      return operatorKind(node.body, context);
    case 'CoalesceExpr':
    case 'MinMaxExpr':
      return common(list(node.body, 'args').map((arg) => kindOf(arg, context)));
    case 'CollateClause':
      return kindOf(node.body['arg'], context);
    default:
      return null;
  }
}

function columnKind(name: string, { table }: Context): Kind | null {
  const column = table.columns.find((one) => one.name === name);
  if (!column) return null;
  return column.typeCategory === 'S'
    ? 'text'
    : (TYPE_KINDS[column.baseType] ?? (column.typeCategory === 'N' ? 'number' : 'other'));
}

const TYPE_KINDS: Readonly<Record<string, Kind>> = {
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  name: 'text',
  citext: 'text',
  int2: 'number',
  int4: 'number',
  int8: 'number',
  numeric: 'number',
  float4: 'number',
  float8: 'number',
  bool: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
  json: 'json',
  jsonb: 'json',
  tsvector: 'tsvector',
};

/** Casts whose functions are IMMUTABLE in `pg_cast`/`pg_proc`: not text to dates, nor dates to text, nor across time zones. */
const IMMUTABLE_CASTS: Readonly<Partial<Record<Kind, readonly Kind[]>>> = {
  text: ['text', 'number', 'boolean'],
  number: ['number', 'text', 'boolean'],
  boolean: ['boolean', 'text', 'number'],
  date: ['date', 'timestamp'],
  timestamp: ['timestamp', 'date'],
  timestamptz: ['timestamptz'],
  json: ['json', 'text', 'number', 'boolean'],
  constant: ['text', 'number', 'boolean', 'json'],
};

function castKind(cast: TreeNode, context: Context): Kind | null {
  const from = kindOf(cast['arg'], context);
  const type = field(cast, 'typeName');
  const to = type ? TYPE_KINDS[names(list(type, 'names')).at(-1) ?? ''] : undefined;
  if (from === null || to === undefined || (type && list(type, 'arrayBounds').length > 0)) return null;
  return IMMUTABLE_CASTS[from]?.includes(to) ? to : null;
}

/** Built-in functions that are IMMUTABLE whatever their arguments, with what they give. */
const IMMUTABLE_FUNCTIONS: Readonly<Record<string, Kind>> = {
  lower: 'text',
  upper: 'text',
  initcap: 'text',
  btrim: 'text',
  ltrim: 'text',
  rtrim: 'text',
  left: 'text',
  right: 'text',
  substring: 'text',
  substr: 'text',
  replace: 'text',
  translate: 'text',
  md5: 'text',
  reverse: 'text',
  split_part: 'text',
  lpad: 'text',
  rpad: 'text',
  regexp_replace: 'text',
  length: 'number',
  char_length: 'number',
  octet_length: 'number',
  strpos: 'number',
  position: 'number',
  abs: 'number',
  round: 'number',
  floor: 'number',
  ceil: 'number',
  ceiling: 'number',
  trunc: 'number',
  sign: 'number',
  mod: 'number',
  jsonb_extract_path_text: 'text',
  json_extract_path_text: 'text',
  jsonb_array_length: 'number',
  array_length: 'number',
  cardinality: 'number',
  setweight: 'tsvector',
  string_to_array: 'array',
  point: 'point',
  int4range: 'range',
  int8range: 'range',
  numrange: 'range',
  daterange: 'range',
  tsrange: 'range',
  tstzrange: 'range',
};

function callKind(call: TreeNode, context: Context): Kind | null {
  const path = names(list(call, 'funcname'));
  const name = path.at(-1) ?? '';
  const args = list(call, 'args').map((arg) => kindOf(arg, context));
  if (args.includes(null) || call['over'] !== undefined || call['agg_star'] !== undefined) return null;
  const [first, second] = args;
  const own = context.catalog.functions.filter(
    (one) => one.name === name && (path.length === 1 || one.schema === path.at(-2)),
  );
  if (own.length > 0) return own.every((one) => one.volatility === 'i') ? 'other' : null;
  if (name === 'date_trunc' && args.length === 2) return second === 'timestamp' ? 'timestamp' : null;
  if (name === 'date_part' || name === 'extract') return second === 'timestamp' || second === 'date' ? 'number' : null;
  if (name === 'timezone') return timezoneKind(first, second);
  if (name === 'to_tsvector') return args.length === 2 && first === 'constant' ? 'tsvector' : null;
  return IMMUTABLE_FUNCTIONS[name] ?? null;
}

/** `at AT TIME ZONE 'UTC'` is `timezone('UTC', at)`: a named zone makes it independent of the session. */
function timezoneKind(zone: Kind | null | undefined, at: Kind | null | undefined): Kind | null {
  if (zone !== 'constant' && zone !== 'text') return null;
  if (at === 'timestamptz') return 'timestamp';
  return at === 'timestamp' ? 'timestamptz' : null;
}

function operatorKind(expression: TreeNode, context: Context): Kind | null {
  const operator = names(list(expression, 'name')).at(-1) ?? '';
  const right = kindOf(expression['rexpr'], context);
  const left = expression['lexpr'] === undefined ? right : kindOf(expression['lexpr'], context);
  if (textOf(expression, 'kind') !== 'AEXPR_OP' || left === null || right === null) return null;
  if (operator === '->>' || operator === '#>>') return left === 'json' ? 'text' : null;
  if (operator === '->' || operator === '#>') return left === 'json' ? 'json' : null;
  if (operator === '||' && left === right && (left === 'tsvector' || left === 'array')) return left;
  if (operator === '||') return isText(left) && isText(right) ? 'text' : null;
  return /^[-+*/%]$/.test(operator) && isNumber(left) && isNumber(right) ? 'number' : null;
}

function isText(kind: Kind): boolean {
  return kind === 'text' || kind === 'constant';
}

function isNumber(kind: Kind): boolean {
  return kind === 'number' || kind === 'constant';
}

function common(kinds: readonly (Kind | null)[]): Kind | null {
  if (kinds.includes(null)) return null;
  return kinds.find((kind) => kind !== 'constant') ?? 'constant';
}
