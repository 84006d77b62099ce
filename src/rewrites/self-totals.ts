import { sameRelation } from '../model/catalog.js';
import type { Catalog } from '../model/catalog.js';
import { tryParseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodyOf, field, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { query as selectOf, replace, withWhere } from './build.js';
import { mentions, namedTargets } from './columns.js';
import { factsOf } from './facts.js';
import type { Fact, Facts } from './facts.js';
import { bothWays, callsAggregate, callsIn, functionName, isPlainCall } from './shapes.js';
import { heldNotNull } from './truth.js';
import { twoTables } from './two-tables.js';
import { originOf, viewOf } from './view.js';
import type { Query, Source, StatementView } from './view.js';
import { writeBack } from './write-back.js';

/** A statement in which each total of a join is a subquery, and what proves that it means the same. */
export interface SelfTotals {
  readonly statement: ParsedStatement;
  readonly facts: readonly Fact[];
}

/**
 * `SELECT a.id, sum(b.x) FROM t AS a JOIN t AS b ON b.g = a.g AND b.k <= a.k GROUP BY a.id`, the running total from before there were windows, with the sum as a subquery of a, for rules
 * that look for that. Every row of a joins itself, or the join is a LEFT one, so that none is lost. Null for anything else.
 */
export function selfTotals(statement: ParsedStatement, catalog: Catalog): SelfTotals | null {
  const view = viewOf(statement, catalog);
  const facts = factsOf(catalog);
  for (const query of view.queries) {
    const found = read(view, query, facts);
    const text = found ? writeBack(statement, replace(statement.tree, query.body, { SelectStmt: found.body })) : null;
    const parsed = text === null ? null : tryParseStatement(text);
    if (found && parsed) return { statement: parsed, facts: found.facts };
  }
  return null;
}

const AWAY = ['havingClause', 'distinctClause', 'windowClause', 'withClause', 'lockingClause'];

function read(
  view: StatementView,
  query: Query,
  facts: Facts,
): { readonly body: TreeNode; readonly facts: readonly Fact[] } | null {
  const { body } = query;
  const [own, other, more] = query.sources;
  if (query.type !== 'SelectStmt' || !own?.table || !other?.table || more || !sameRelation(own.table, other.table))
    return null;
  if (AWAY.some((name) => body[name] !== undefined) || list(body, 'sortClause').some(callsAggregate)) return null;
  const joined = twoTables(body);
  if (!joined || ![own, other].every(isWhole)) return null;
  const inside = joined.conditions.filter((one) => mentions(view, query, [one], other));
  const outside = joined.conditions.filter((one) => !inside.includes(one));
  const links = inside.map((one) => linkOf(query, one, own));
  const groups = list(body, 'groupClause').map((one) => originOf(query, one));
  if (inside.length === 0 || groups.length === 0 || groups.some((one) => one?.source !== own)) return null;
  const known = links.flatMap((one) => one ?? []);
  // A LEFT JOIN asks of the other row in ON alone, and of its own in WHERE.
  const misplaced = outside.some((one) => joined.on.includes(one)) || inside.some((one) => !joined.on.includes(one));
  if (known.length < links.length || (joined.left && misplaced)) return null;
  // A row joins itself where it is compared by =, <= and >= with itself alone.
  if (!joined.left && known.some(({ reflexive }) => !reflexive)) return null;
  const proof = [
    facts.unique(
      own.table,
      groups.flatMap((one) => one?.name ?? []),
    ),
    ...(joined.left ? [] : known.map(({ column }) => heldNotNull(column) ?? facts.notNull(column))),
  ];
  if (proof.some(({ holds }) => !holds)) return null;
  const from = { ...selectOf('SELECT 1'), fromClause: [other.item] };
  let targets: TreeNode = { targetList: namedTargets(body) };
  for (const { body: call } of list(targets, 'targetList').flatMap((one) => callsIn(one))) {
    if (!AGGREGATES.has(functionName(call))) continue;
    const [argument, second] = list(call, 'args');
    const counts = call['agg_star'] === true && !joined.left;
    if (!isPlainCall(call) || second || (!counts && originOf(query, argument)?.source !== other)) return null;
    const select = withWhere({ ...from, targetList: [{ ResTarget: { val: { FuncCall: call } } }] }, inside);
    targets = replace(targets, call, { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: select } } });
  }
  const { groupClause: _, ...rest } = body;
  const shown = { ...withWhere({ ...rest, ...targets, fromClause: [own.item] }, outside) };
  const left = list(shown, 'targetList').flatMap((one) => callsIn(one));
  return left.some(({ name }) => AGGREGATES.has(name)) || isNamed(query, list(shown, 'targetList'), other)
    ? null
    : { body: shown, facts: proof };
}

const AGGREGATES = new Set(['sum', 'avg', 'min', 'max', 'count']);

/** A table with the rows of its children, under its columns' own names. */
function isWhole({ item }: Source): boolean {
  const body = bodyOf(item, 'RangeVar');
  return body?.['inh'] === true && list(field(body, 'alias') ?? {}, 'colnames').length === 0;
}

/** `b.k <= a.k`, a column compared with the same one of the other row. */
function linkOf(
  query: Query,
  condition: TreeNode,
  own: Source,
): { readonly column: NonNullable<ReturnType<typeof originOf>>; readonly reflexive: boolean } | null {
  for (const { operator, left, right } of bothWays(condition)) {
    const [column, other] = [originOf(query, left), originOf(query, right)];
    if (column?.source !== own || !other || other.source === own || other.query !== query) continue;
    if (column.name === other.name) return { column, reflexive: ['=', '<=', '>='].includes(operator) };
  }
  return null;
}

/** Whether an expression beside the subqueries names a source. */
function isNamed(query: Query, targets: readonly TreeValue[], source: Source): boolean {
  const visit = (value: TreeValue): boolean => {
    if (Array.isArray(value)) return (value as readonly TreeValue[]).some(visit);
    if (!isNode(value) || 'SelectStmt' in value) return false;
    if (bodyOf(value, 'ColumnRef')) return originOf(query, value)?.source === source;
    return Object.values(value).some(visit);
  };
  return visit(targets);
}
