import { bareSql, operand } from './operands.js';
import { constantLimit } from './predicates.js';
import type { Draft, Scope } from './scope.js';
import { bodiesOf, bodyOf, field, list, names, textOf, typed, walk } from './tree.js';
import type { TreeNode, TreeValue } from './tree.js';
import type { SortKey, SortUse } from './use-types.js';

/** Notes what ORDER BY, GROUP BY, DISTINCT, windows and a lone `min`/`max` of a query want sorted, at the relation whose columns lead. */
export function noteSorts(select: TreeNode, scope: Scope): void {
  const limited = select['limitCount'] !== undefined;
  const limit = constantLimit(select);
  const targets = bodiesOf(list(select, 'targetList'), 'ResTarget');
  const grouped = list(select, 'groupClause');
  if (grouped.length > 0) {
    note(
      'group',
      grouped.map((item) => ({ ...PLAIN, value: throughTargets(item, targets, scope, true) })),
      scope,
      NOT_LIMITED,
    );
  } else {
    const order = bodiesOf(list(select, 'sortClause'), 'SortBy');
    note(
      'order',
      order.map((sort) => sortedBy(sort, targets, scope)),
      scope,
      { limited, limit },
    );
    noteMinMax(targets, scope);
  }
  const distinct = list(select, 'distinctClause');
  if (distinct.length > 0) {
    const on = distinct.some((item) => typed(item) !== null);
    const values = on
      ? distinct.map((item) => throughTargets(item, targets, scope, false))
      : targets.map((target) => target['val']);
    note(
      'distinct',
      values.map((value) => ({ ...PLAIN, value })),
      scope,
      NOT_LIMITED,
    );
  }
  noteWindows(select, targets, scope);
}

interface Wanted {
  readonly value: TreeValue;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

interface Limit {
  readonly limited: boolean;
  readonly limit: number | null;
}

const PLAIN = { descending: false, nullsFirst: false };
const NOT_LIMITED: Limit = { limited: false, limit: null };

function note(purpose: SortUse['purpose'], wanted: readonly Wanted[], scope: Scope, limit: Limit): void {
  const keys: SortKey[] = [];
  let draft: Draft | null = null;
  for (const { value, descending, nullsFirst } of wanted) {
    const side = operand(value, scope);
    if (side.draft === null || side.outer || !scope.notes(side.draft) || (draft !== null && side.draft !== draft))
      break;
    const expression = side.column === null ? bareSql(side.node, scope) : null;
    if (side.column === null && expression === null) break;
    draft = side.draft;
    keys.push({ column: side.column, expression, descending, nullsFirst });
  }
  if (draft !== null && keys.length > 0)
    draft.sorts.push({ purpose, keys, complete: keys.length === wanted.length, ...limit });
}

function sortedBy(sort: TreeNode, targets: readonly TreeNode[], scope: Scope): Wanted {
  const descending = sort['sortby_dir'] === 'SORTBY_DESC';
  const nulls = sort['sortby_nulls'];
  const nullsFirst = nulls === 'SORTBY_NULLS_FIRST' || (nulls !== 'SORTBY_NULLS_LAST' && descending);
  return { value: throughTargets(sort['node'], targets, scope, false), descending, nullsFirst };
}

/** `ORDER BY 2` and `ORDER BY total` mean an output column; GROUP BY takes an input column first. */
function throughTargets(value: TreeValue, targets: readonly TreeNode[], scope: Scope, inputFirst: boolean): TreeValue {
  const constant = bodyOf(value, 'A_Const');
  const ordinal = constant ? field(constant, 'ival') : null;
  if (ordinal && typeof ordinal['ival'] === 'number') return targets[ordinal['ival'] - 1]?.['val'];
  const column = bodyOf(value, 'ColumnRef');
  const path = column ? names(list(column, 'fields')) : [];
  if (path.length !== 1 || (inputFirst && scope.resolve(path)?.base)) return value;
  const target = targets.find((one) => textOf(one, 'name') === path[0]);
  return target ? target['val'] : value;
}

/** Each is read at an end of an index where the query has no other aggregate (planagg.c, preprocess_minmax_aggregates). */
function noteMinMax(targets: readonly TreeNode[], scope: Scope): void {
  const calls = targets
    .flatMap((target) => [...walk(target['val'])])
    .flatMap((node) => (node.type === 'FuncCall' ? [node.body] : []));
  const named = calls.map((call) => ({ call, name: names(list(call, 'funcname')).at(-1) ?? '' }));
  const isBare = ({ call }: (typeof named)[number]): boolean =>
    call['over'] === undefined && call['agg_filter'] === undefined && list(call, 'args').length === 1;
  const ends = named.filter((one) => END.has(one.name));
  if (!ends.every(isBare) || named.some(({ name }) => OTHER_AGGREGATES.has(name))) return;
  for (const { call, name } of ends) {
    // Both leave NULL out, so the end where it lies does not matter: the default one suits most indexes.
    const wanted = { value: list(call, 'args')[0], descending: name === 'max', nullsFirst: name === 'max' };
    note('min-max', [wanted], scope, { limited: true, limit: 1 });
  }
}

const END = new Set(['min', 'max']);
/** Those of PostgreSQL itself that are met beside them. */
const OTHER_AGGREGATES = new Set(
  (
    'count sum avg array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and bool_or every bit_and bit_or stddev stddev_pop stddev_samp variance ' +
    'var_pop var_samp corr percentile_cont percentile_disc mode any_value range_agg xmlagg'
  ).split(' '),
);

function noteWindows(select: TreeNode, targets: readonly TreeNode[], scope: Scope): void {
  const calls = targets.flatMap((target) => [...walk(target['val'])]).filter((node) => node.type === 'FuncCall');
  const inline = calls.map((call) => field(call.body, 'over')).filter((window) => window !== null);
  const named = bodiesOf(list(select, 'windowClause'), 'WindowDef');
  for (const window of [...inline, ...named]) {
    const partition = list(window, 'partitionClause').map((value) => ({ ...PLAIN, value }));
    const order = bodiesOf(list(window, 'orderClause'), 'SortBy');
    note('window', [...partition, ...order.map((sort) => sortedBy(sort, [], scope))], scope, NOT_LIMITED);
  }
}
