import type { Catalog } from '../model/catalog.js';
import { tryParseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, isNode, list, treeText } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { columnOf, replace } from './build.js';
import { namedTargets } from './columns.js';
import { factsOf } from './facts.js';
import { onlyTable } from './loose-scan.js';
import { functionName, wholeConstant } from './shapes.js';
import { orderOf } from './top-rows.js';
import { originOf, viewOf } from './view.js';
import type { ColumnOrigin, Query } from './view.js';
import { writeBack } from './write-back.js';

/**
 * `SELECT g, (array_agg(x ORDER BY o))[1] FROM t GROUP BY g` and `SELECT DISTINCT g, first_value(x) OVER (PARTITION BY g ORDER BY o) FROM t` (and last_value() over whole groups, in the opposite order) as
 * `SELECT DISTINCT ON (g) g, x FROM t ORDER BY g, o`, for rules that look for that. Null for anything else, and where the order leaves a choice.
 */
export function firstOfGroup(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  for (const query of viewOf(statement, catalog).queries) {
    const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
    const found = source ? distinctOn(query) : null;
    const isCertain = source?.table && found && factsOf(catalog).unique(source.table, found.columns).holds;
    const body = isCertain ? found.body : null;
    const text = body ? writeBack(statement, replace(statement.tree, query.body, { SelectStmt: body })) : null;
    const parsed = text === null ? null : tryParseStatement(text);
    if (parsed) return parsed;
  }
  return null;
}

const AWAY = ['havingClause', 'sortClause', 'windowClause', 'withClause', 'lockingClause', 'limitCount', 'limitOffset'];

function distinctOn(query: Query): { readonly body: TreeNode; readonly columns: readonly string[] } | null {
  const { body } = query;
  if (AWAY.some((name) => body[name] !== undefined)) return null;
  const grouped = body['groupClause'] !== undefined;
  const distinct = list(body, 'distinctClause');
  // Plain DISTINCT is a list of one empty node.
  if (grouped === distinct.length > 0 || distinct.some((one) => isNode(one) && Object.keys(one).length > 0))
    return null;
  const firsts = list(body, 'targetList').map((item) => firstOf(query, bodyOf(item, 'ResTarget')?.['val'], grouped));
  const found = firsts.filter((one) => one !== null);
  const [first] = found;
  if (!first || found.some((one) => one.key !== first.key)) return null;
  const groups = grouped ? list(body, 'groupClause').map((one) => originOf(query, one)) : first.groups;
  const known = groups.filter((one) => one !== null).filter(({ source }) => source === query.sources[0]);
  if (known.length === 0 || known.length < groups.length) return null;
  const targets = namedTargets(body);
  const shown = targets.map((item) => originOf(query, bodyOf(item, 'ResTarget')?.['val']));
  const isGroup = (one: ColumnOrigin | null): boolean => known.some(({ name }) => one?.name === name);
  if (shown.some((one, i) => !firsts[i] && !isGroup(one))) return null;
  // DISTINCT looks at what is shown: without a group's column two groups may be one row.
  if (!grouped && known.some(({ name }) => !shown.some((one) => one?.name === name))) return null;
  const { groupClause: _, ...rest } = body;
  const keys = known.map(({ source, name }) => columnOf(source.alias, name));
  const shape = {
    ...rest,
    distinctClause: keys,
    targetList: targets.map((item, i) => {
      const one = firsts[i];
      return one ? { ResTarget: { ...bodyOf(item, 'ResTarget'), val: one.value } } : item;
    }),
    sortClause: [...keys.map((node) => ({ SortBy: { node, ...DEFAULT } })), ...first.order],
  };
  return { body: shape, columns: [...known.map(({ name }) => name), ...first.columns] };
}

const DEFAULT = { sortby_dir: 'SORTBY_DEFAULT', sortby_nulls: 'SORTBY_NULLS_DEFAULT' };

interface First {
  readonly value: TreeNode;
  /** `SortBy` wrappers. */
  readonly order: readonly TreeNode[];
  /** Of the order. */
  readonly columns: readonly string[];
  readonly groups: readonly (ColumnOrigin | null)[];
  /** What has to be alike for several to be of one row. */
  readonly key: string;
}

function firstOf(query: Query, value: TreeValue, grouped: boolean): First | null {
  const call = grouped ? indexed(value) : bodyOf(value, 'FuncCall');
  const over = call ? bodyOf({ WindowDef: call['over'] ?? null }, 'WindowDef') : null;
  const name = call ? functionName(call) : '';
  if (!call || !(grouped ? ['array_agg'] : ['first_value', 'last_value']).includes(name)) return null;
  if (grouped ? over : !over || over['name'] !== undefined || over['refname'] !== undefined) return null;
  if (call['agg_filter'] !== undefined || call['agg_distinct'] !== undefined || call['ignore_nulls'] !== undefined)
    return null;
  const [argument, more] = list(call, 'args');
  const origin = originOf(query, argument);
  // An array of arrays has no such element.
  if (!isNode(argument) || more || !origin?.column || origin.column.baseType.startsWith('_')) return null;
  const items = over ? list(over, 'orderClause') : list(call, 'agg_order');
  const sorted = orderOf(items, (key) => originOf(query, key));
  const order = sorted?.map(({ item }) => ({ SortBy: name === 'last_value' ? turned(item) : item }));
  const groups = over ? list(over, 'partitionClause').map((one) => originOf(query, one)) : [];
  if (!sorted || !order || (over && !reaches(Number(over['frameOptions']), name))) return null;
  const key = treeText([order, groups.map((one) => one?.name ?? '')]);
  return {
    value: columnOf(origin.source.alias, origin.name),
    order,
    columns: sorted.map((one) => one.origin.name),
    groups,
    key,
  };
}

/** FRAMEOPTION_START_UNBOUNDED_PRECEDING, FRAMEOPTION_END_UNBOUNDED_FOLLOWING and the three of EXCLUDE (parsenodes.h). */
const FROM_FIRST = 0x20;
const TO_LAST = 0x100;
const EXCLUSIONS = 0x8000 | 0x10000 | 0x20000;

/** Whether the frame of every row has the first row of its group, or for last_value() the last one. */
function reaches(frame: number, name: string): boolean {
  const whole = name === 'last_value' ? FROM_FIRST | TO_LAST : FROM_FIRST;
  const ends = frame & (FRAME_ENDS_BEFORE | EXCLUSIONS);
  return (frame & whole) === whole && ends === 0;
}

/** FRAMEOPTION_END_OFFSET_PRECEDING: such a frame may be empty. */
const FRAME_ENDS_BEFORE = 0x1000;

/** A `SortBy` node in the opposite order, NULLs at the other end as well. */
function turned(item: TreeNode): TreeNode {
  const turns: Readonly<Record<string, string>> = {
    SORTBY_DEFAULT: 'SORTBY_DESC',
    SORTBY_ASC: 'SORTBY_DESC',
    SORTBY_DESC: 'SORTBY_ASC',
    SORTBY_NULLS_FIRST: 'SORTBY_NULLS_LAST',
    SORTBY_NULLS_LAST: 'SORTBY_NULLS_FIRST',
    SORTBY_NULLS_DEFAULT: 'SORTBY_NULLS_DEFAULT',
  };
  const turn = (value: TreeValue): string => turns[typeof value === 'string' ? value : ''] ?? '';
  return { ...item, sortby_dir: turn(item['sortby_dir']), sortby_nulls: turn(item['sortby_nulls']) };
}

/** `(array_agg(...))[1]`: the call; null for anything else. */
export function indexed(value: TreeValue): TreeNode | null {
  const body = bodyOf(value, 'A_Indirection');
  const [only, more] = body ? list(body, 'indirection') : [];
  const index = bodyOf(only, 'A_Indices');
  if (!body || !index || more || index['is_slice'] === true || wholeConstant(index['uidx']) !== 1) return null;
  return bodyOf(body['arg'], 'FuncCall');
}
