import { bodyOf, isNode, list } from '../sql/tree.js';
import { outputName } from '../sql/output-name.js';
import { conjuncts } from './build.js';
import { innerItems } from './columns.js';
import { seen } from './facts.js';
import type { Fact } from './facts.js';
import { bothWays } from './shapes.js';
import { conditionsOf } from './truth.js';
import { originOf } from './view.js';
import type { ColumnOrigin, Source, StatementView } from './view.js';

/** That nothing asks for the group in which a column is NULL: the groups are a list of IN, or are joined by equality with that column. Null where it may be asked for. */
export function nullGroupUnasked(view: StatementView, { query, name, source }: ColumnOrigin): Fact | null {
  const targets = list(query.body, 'targetList');
  const at = targets.findIndex((item) => {
    const origin = originOf(query, bodyOf(item, 'ResTarget')?.['val']);
    return origin?.source === source && origin.name === name;
  });
  if (at < 0) return null;
  const says = `the group in which ${source.alias}.${name} is NULL is equal to nothing that is asked for`;
  const isListed = conditionsOf(view).some(({ node }) => {
    const sublink = bodyOf(node, 'SubLink');
    const isIn = sublink?.['subLinkType'] === 'ANY_SUBLINK' && sublink['operName'] === undefined;
    return isIn && bodyOf(sublink['subselect'], 'SelectStmt') === query.body;
  });
  if (isListed) return seen(says);
  const isOwn = ({ item }: Source): boolean =>
    bodyOf(bodyOf(item, 'RangeSubselect')?.['subquery'], 'SelectStmt') === query.body;
  const parent = view.queries.find(({ sources }) => sources.some(isOwn));
  const own = parent?.sources.find(isOwn);
  const from = parent ? innerItems(parent.body) : null;
  if (!own || !parent || !from?.items.includes(own.item) || parent.type !== 'SelectStmt') return null;
  const shown = own.columns?.[at] ?? outputName(targets[at]);
  const isJoined = [...from.on, parent.body['whereClause']].flatMap(conjuncts).some((one) =>
    bothWays(one).some(({ operator, left, right }) => {
      const origin = originOf(parent, left);
      return operator === '=' && isNode(right) && origin?.source === own && origin.name === shown;
    }),
  );
  return isJoined ? seen(says) : null;
}
