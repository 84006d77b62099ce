import { sameRelation } from '../model/catalog.js';
import { outputName } from '../sql/output-name.js';
import { bodyOf, isNode, list, walk } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { columnOf, conjuncts, derived, output, query as selectOf, replace } from './build.js';
import { columnsUsed, freshAlias } from './columns.js';
import { seen, missing } from './facts.js';
import type { Fact, Facts } from './facts.js';
import { columnOfSource, onlyTable, ORDERED, ownConditions } from './loose-scan.js';
import { bothWays, isPlain } from './shapes.js';
import { heldNotNull } from './truth.js';
import { originOf, originsIn, queryOf } from './view.js';
import type { ColumnOrigin, Query, Source, StatementView } from './view.js';

/** A subquery in the output of a query of one table that asks the rows of the same table before or after this one, within its group or over all. */
export interface SelfLookup {
  readonly query: Query;
  readonly source: Source;
  readonly sublink: TreeNode;
  /** The item of the output in which it stands. */
  readonly target: TreeNode;
  readonly inner: Query;
  readonly own: Source;
  /** The outer query has conditions. */
  readonly narrowed: boolean;
  /** It shows all rows of each group of which it shows one: its conditions look at the columns of the group alone. */
  readonly whole: boolean;
  /** Columns in which both rows are equal. */
  readonly groups: readonly ColumnOrigin[];
  readonly column: ColumnOrigin;
  /** How the other row's column is compared with this row's. */
  readonly operator: '<' | '<=' | '>' | '>=';
}

/** Finds them. */
export function selfLookups(view: StatementView, clauses: ReadonlySet<string>): readonly SelfLookup[] {
  return view.queries.flatMap((query) => {
    const source = query.type === 'SelectStmt' && isPlain(query.body) ? onlyTable(query) : null;
    if (!source?.table || bodyOf(source.item, 'RangeVar')?.['inh'] !== true) return [];
    const conditions = ownConditions(view, query, source);
    if (!conditions) return [];
    return list(query.body, 'targetList').flatMap((item) => {
      const target = bodyOf(item, 'ResTarget');
      if (!target) return [];
      return [...walk(target['val'])].flatMap(({ type, body }) => {
        if (type !== 'SubLink' || body['subLinkType'] !== 'EXPR_SUBLINK') return [];
        const inner = queryOf(view, bodyOf(body['subselect'], 'SelectStmt') ?? undefined);
        const found = inner?.parent === query ? readInner(inner, query, source, clauses) : null;
        if (!found || !inner) return [];
        const whole = conditions.every((one) =>
          originsIn(view, query, one)?.every(({ name }) => found.groups.some((group) => group.name === name)),
        );
        return [{ query, source, sublink: body, target, inner, narrowed: conditions.length > 0, whole, ...found }];
      });
    });
  });
}

function readInner(
  inner: Query,
  query: Query,
  source: Source,
  clauses: ReadonlySet<string>,
): Pick<SelfLookup, 'own' | 'groups' | 'column' | 'operator'> | null {
  const own = onlyTable(inner);
  if (!own?.table || !source.table || !sameRelation(own.table, source.table)) return null;
  if (bodyOf(own.item, 'RangeVar')?.['inh'] !== true) return null;
  if (Object.keys(inner.body).some((name) => !clauses.has(name))) return null;
  const groups: ColumnOrigin[] = [];
  const orders: Pick<SelfLookup, 'column' | 'operator'>[] = [];
  for (const condition of conjuncts(inner.body['whereClause'])) {
    const compared = bothWays(condition).find(({ left }) => originOf(inner, left)?.source === own);
    const outside = compared ? originOf(inner, compared.right) : null;
    const inside = compared ? originOf(inner, compared.left) : null;
    if (!compared || outside?.source !== source || outside.query !== query || inside?.name !== outside.name)
      return null;
    if (compared.operator === '=') groups.push(outside);
    else if (isOrder(compared.operator)) orders.push({ column: outside, operator: compared.operator });
    else return null;
  }
  const [order, more] = orders;
  return order && !more ? { own, groups, ...order } : null;
}

function isOrder(operator: string): operator is SelfLookup['operator'] {
  return ['<', '<=', '>', '>='].includes(operator);
}

/** What a window needs in its place: no NULL in a group's columns or in the order, and an order that a btree knows. */
export function selfLookupFacts(
  { groups, column, narrowed, whole }: SelfLookup,
  facts: Facts,
): readonly [Fact, ...Fact[]] {
  return [
    ORDERED.has(column.column?.baseType ?? '')
      ? seen(`${column.name} is of a type that < and ORDER BY put in one order`)
      : missing(`the type of ${column.name} is not known to have one order`),
    heldNotNull(column) ?? facts.notNull(column),
    ...groups.map((group) => heldNotNull(group) ?? facts.notNull(group)),
    ...(narrowed && whole ? groups.map((group) => wholeGroups(group, facts)) : []),
  ];
}

/** A condition on the group's columns takes whole groups where equal values can not be told apart, as 1.0 and 1.00 can. */
function wholeGroups(group: ColumnOrigin, facts: Facts): Fact {
  const type = group.column?.baseType ?? '';
  if (['text', 'varchar'].includes(type)) return facts.textsAsWritten();
  return ORDERED.has(type) && !['numeric', 'bpchar'].includes(type)
    ? seen(`equal values of ${group.name} can not be told apart by a condition`)
    : missing(`equal values of ${group.name} may be told apart by a condition, which then leaves part of a group`);
}

/** The statement with the window in the subquery's place, under the name that the column had. Where conditions leave out rows of a group, the window stands in a subquery beneath them. */
export function inItsPlace(view: StatementView, lookup: SelfLookup, window: TreeNode): TreeNode | null {
  const { query, source, target, sublink, whole } = lookup;
  if (whole) return replace(view.statement.tree, target, shownAs(target, sublink, window));
  const name = freshAlias(view, 'of_group');
  const used = columnsUsed(view, query, source);
  if (used === null) return null;
  const inside = {
    ...selectOf('SELECT 1'),
    targetList: [...used.map((one) => output(columnOf(source.alias, one), one)), output(window, name)],
    fromClause: [source.item],
  };
  const shown = shownAs(target, sublink, columnOf(source.alias, name));
  const body = { ...replace(query.body, target, shown), fromClause: [derived(inside, source.alias)] };
  return replace(view.statement.tree, query.body, { SelectStmt: body });
}

/** The output column with another expression in the subquery's place. */
function shownAs(target: TreeNode, sublink: TreeNode, by: TreeNode): TreeNode {
  const name = outputName({ ResTarget: target });
  const changed = replace({ ResTarget: target }, sublink, by);
  return outputName(changed) === name ? changed : { ResTarget: { ...bodyOf(changed, 'ResTarget'), name } };
}

/** The column that an expression of the subquery names, of its own table; null for anything else. */
export function ownColumn({ inner, own }: SelfLookup, value: TreeNode | undefined): ColumnOrigin | null {
  return isNode(value) ? columnOfSource(inner, own, value) : null;
}
