import { bodyOf, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { expression, output } from './build.js';
import type { Fact, Facts } from './facts.js';
import { callsAggregate, functionName, isPlainCall } from './shapes.js';
import { originOf } from './view.js';
import type { Query, Source } from './view.js';

/** What keeps a row of the kept tables from coming twice. */
export interface Way {
  /** The values that are told apart. */
  readonly values: readonly TreeValue[];
  /** Whether they are only counted. */
  readonly count: boolean;
}

/** A query, and the tables of it that are kept. */
export interface ToldApart {
  readonly query: Query;
  readonly way: Way;
  readonly kept: readonly Source[];
}

/** The keys by which what is told apart holds one row of each table that is kept; null where it may hold several. */
export function tellsApart({ query, way, kept }: ToldApart, facts: Facts): readonly Fact[] | null {
  const keys = kept.flatMap((source) => {
    const columns = way.values.flatMap((value) => {
      const origin = originOf(query, value);
      return origin?.source === source ? [origin.name] : [];
    });
    return source.table ? facts.unique(source.table, columns) : [];
  });
  return keys.length === kept.length && keys.every(({ holds }) => holds) ? keys : null;
}

/** DISTINCT; GROUP BY columns without an aggregate; or `count(DISTINCT column)` alone. Null for anything else. */
export function wayOf({ body, type }: Query): Way | null {
  const distinct = list(body, 'distinctClause');
  const groups = list(body, 'groupClause');
  const targets = list(body, 'targetList').map((item) => bodyOf(item, 'ResTarget')?.['val']);
  if (type !== 'SelectStmt') return null;
  if (distinct.length > 0) {
    const whole = distinct.length === 1 && Object.keys(distinct[0] as object).length === 0;
    return whole && groups.length === 0 && !targets.some(callsAggregate) ? { values: targets, count: false } : null;
  }
  if (groups.length > 0) {
    const plain = groups.every((one) => bodyOf(one, 'ColumnRef'));
    return plain && ![...targets, body['sortClause']].some(callsAggregate) ? { values: groups, count: false } : null;
  }
  const call = targets.length === 1 ? bodyOf(targets[0], 'FuncCall') : null;
  const isCount =
    call !== null &&
    functionName(call) === 'count' &&
    call['agg_distinct'] === true &&
    isPlainCall(call) &&
    ['sortClause', 'limitCount', 'limitOffset'].every((name) => body[name] === undefined);
  return isCount && list(call, 'args').length === 1 ? { values: list(call, 'args'), count: true } : null;
}

/** The body of a SELECT whose rows are told apart already: without DISTINCT and GROUP BY, and every row counted. */
export function copiesGone(body: TreeNode, way: Way): TreeNode {
  const { distinctClause: _, groupClause: __, ...rest } = body;
  return way.count ? { ...rest, targetList: [countOf(list(rest, 'targetList')[0])] } : rest;
}

function countOf(target: TreeValue): TreeNode {
  const name = bodyOf(target, 'ResTarget')?.['name'];
  return output(expression('count(*)'), typeof name === 'string' ? name : undefined);
}
