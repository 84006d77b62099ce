import type { Catalog } from '../model/catalog.js';
import { columnPath } from '../sql/scope.js';
import { outputName } from '../sql/output-name.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { columnOf, conjuncts, replace } from './build.js';
import { innerItems, mapColumns, namedTargets } from './columns.js';
import { factsOf } from './facts.js';
import { operation } from './shapes.js';
import { originOf, sortOriginOf, viewOf } from './view.js';
import type { ColumnOrigin, Query, StatementView } from './view.js';
import { withTree } from './repeated.js';

/**
 * The statement in which a query that groups or deduplicates names the key of a parent in place of the column that an inner join holds equal to it: `SELECT DISTINCT r.device_id, d.serial
 * FROM reading AS r JOIN device AS d ON d.id = r.device_id` shows nothing of r then. Null where there is none.
 */
export function parentKeysNamed(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  const view = viewOf(statement, catalog);
  let tree = statement.tree;
  for (const query of view.queries) {
    const body = query.type === 'SelectStmt' ? named(view, query) : null;
    if (body) tree = replace(tree, query.body, { SelectStmt: body });
  }
  return withTree(statement, tree);
}

function named(view: StatementView, query: Query): TreeNode | null {
  const { body } = query;
  const flat = innerItems(body);
  if (!flat || (body['groupClause'] === undefined && body['distinctClause'] === undefined)) return null;
  const keys = [...flat.on, body['whereClause']].flatMap(conjuncts).flatMap((one) => keyOf(view, query, one));
  const keyFor = (origin: ColumnOrigin): TreeNode | null => {
    const found = keys.find(({ child }) => child.source === origin.source && child.name === origin.name);
    return found ? columnOf(found.parent.source.alias, found.parent.name) : null;
  };
  const names = new Set(list(body, 'targetList').map(outputName));
  let changes = 0;
  const changed = (tree: TreeValue): TreeValue =>
    mapColumns(view, query, tree, (origin) => {
      const key = keyFor(origin);
      if (key) changes += 1;
      return key;
    });
  // A bare name in ORDER BY means an output column before any column of FROM; in GROUP BY it is the other way round.
  const key = (item: TreeValue): TreeValue => {
    const node = bodyOf(item, 'SortBy')?.['node'] ?? item;
    const origin = bodyOf(node, 'ColumnRef') ? sortOriginOf(query, node) : null;
    const isOutput = names.has(columnPath(bodyOf(node, 'ColumnRef') ?? {}).path.join('.'));
    const own = origin && keyFor(origin);
    if (own) return bodyOf(item, 'SortBy') ? { SortBy: { ...bodyOf(item, 'SortBy'), node: own } } : own;
    return isOutput ? item : changed(item);
  };
  const parts = Object.entries(body).flatMap(([name, part]): readonly (readonly [string, TreeValue])[] => {
    if (name === 'targetList') return [[name, namedTargets(body).map(changed)]];
    if (name === 'sortClause' || name === 'distinctClause') return [[name, list(body, name).map(key)]];
    return name === 'groupClause' || name === 'havingClause' ? [[name, changed(part)]] : [];
  });
  return changes > 0 ? { ...body, ...Object.fromEntries(parts) } : null;
}

/** Types of which equal values are the same value. */
const PLAIN = new Set(['int2', 'int4', 'int8', 'uuid', 'date', 'timestamp', 'timestamptz']);

function keyOf(
  view: StatementView,
  query: Query,
  condition: TreeNode,
): readonly { readonly child: ColumnOrigin; readonly parent: ColumnOrigin }[] {
  const equal = operation(condition);
  const sides = equal?.operator === '=' ? [originOf(query, equal.left), originOf(query, equal.right)] : [];
  const [first, second] = sides;
  if (!first?.source.table || !second?.source.table || first.source === second.source) return [];
  if (first.query !== query || second.query !== query) return [];
  if (first.column?.type !== second.column?.type || !PLAIN.has(first.column?.baseType ?? '')) return [];
  const isKey = ({ source, name }: ColumnOrigin): boolean =>
    source.table !== null && factsOf(view.catalog).unique(source.table, [name]).holds;
  if (isKey(first) === isKey(second)) return [];
  return isKey(first) ? [{ child: second, parent: first }] : [{ child: first, parent: second }];
}
