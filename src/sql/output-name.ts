import { columnPath } from './scope.js';
import { bodyOf, field, list, names, textOf, typed } from './tree.js';
import type { TreeNode, TreeValue } from './tree.js';

/**
 * The name of an output column, given or by PostgreSQL's own rule (`FigureColname` of `parse_target.c`): `at::date` is shown as `at`, `CASE ... ELSE at END` too,
 * `'x'::date` as `date`, `lower(x)` as `lower`; `?column?` where there is none. `*` has no name of its own: it gives that as well.
 */
export function outputName(item: TreeValue): string {
  const target = bodyOf(item, 'ResTarget');
  if (!target) return NONE;
  return textOf(target, 'name') ?? figured(target['val'])?.name ?? NONE;
}

const NONE = '?column?';

/** A weak name gives way to the type of a cast around it. */
interface Figured {
  readonly name: string;
  readonly weak: boolean;
}

function figured(value: TreeValue): Figured | null {
  const node = typed(value);
  if (!node) return null;
  const { type, body } = node;
  const given = FIXED[type];
  if (given !== undefined) return { name: given, weak: false };
  if (type === 'ColumnRef') return strong(columnPath(body).star ? undefined : columnPath(body).path.at(-1));
  if (type === 'FuncCall') return strong(names(list(body, 'funcname')).at(-1));
  if (type === 'CollateClause') return figured(body['arg']);
  if (type === 'A_Indirection') return strong(names(list(body, 'indirection')).at(-1)) ?? figured(body['arg']);
  if (type === 'A_Expr') return body['kind'] === 'AEXPR_NULLIF' ? strong('nullif') : null;
  if (type === 'MinMaxExpr') return strong(body['op'] === 'IS_LEAST' ? 'least' : 'greatest');
  if (type === 'SQLValueFunction') return strong(VALUES[textOf(body, 'op') ?? '']);
  if (type === 'SubLink') return ofSublink(body);
  if (type === 'TypeCast') {
    const inner = figured(body['arg']);
    const cast = names(list(field(body, 'typeName') ?? {}, 'names')).at(-1);
    return inner && !inner.weak ? inner : cast === undefined ? inner : { name: cast, weak: true };
  }
  if (type === 'CaseExpr') {
    const inner = figured(body['defresult']);
    return inner && !inner.weak ? inner : { name: 'case', weak: true };
  }
  return null;
}

function strong(name: string | undefined): Figured | null {
  return name === undefined ? null : { name, weak: false };
}

function ofSublink(body: TreeNode): Figured | null {
  if (body['subLinkType'] === 'EXISTS_SUBLINK') return strong('exists');
  if (body['subLinkType'] === 'ARRAY_SUBLINK') return strong('array');
  if (body['subLinkType'] !== 'EXPR_SUBLINK') return null;
  let select = bodyOf(body['subselect'], 'SelectStmt');
  while (select && field(select, 'larg')) select = field(select, 'larg');
  return strong(outputName(select ? list(select, 'targetList')[0] : undefined));
}

const FIXED: Readonly<Record<string, string>> = {
  CoalesceExpr: 'coalesce',
  GroupingFunc: 'grouping',
  A_ArrayExpr: 'array',
  RowExpr: 'row',
  JsonObjectConstructor: 'json_object',
  JsonArrayConstructor: 'json_array',
  JsonArrayQueryConstructor: 'json_array',
  JsonObjectAgg: 'json_objectagg',
  JsonArrayAgg: 'json_arrayagg',
  JsonParseExpr: 'json',
  JsonScalarExpr: 'json_scalar',
  JsonSerializeExpr: 'json_serialize',
};

const VALUES: Readonly<Record<string, string>> = {
  SVFOP_CURRENT_DATE: 'current_date',
  SVFOP_CURRENT_TIME: 'current_time',
  SVFOP_CURRENT_TIME_N: 'current_time',
  SVFOP_CURRENT_TIMESTAMP: 'current_timestamp',
  SVFOP_CURRENT_TIMESTAMP_N: 'current_timestamp',
  SVFOP_LOCALTIME: 'localtime',
  SVFOP_LOCALTIME_N: 'localtime',
  SVFOP_LOCALTIMESTAMP: 'localtimestamp',
  SVFOP_LOCALTIMESTAMP_N: 'localtimestamp',
  SVFOP_CURRENT_ROLE: 'current_role',
  SVFOP_CURRENT_USER: 'current_user',
  SVFOP_USER: 'user',
  SVFOP_SESSION_USER: 'session_user',
  SVFOP_CURRENT_CATALOG: 'current_catalog',
  SVFOP_CURRENT_SCHEMA: 'current_schema',
};
