import { bodyOf, isNode, list } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { conjuncts } from './build.js';
import { innerItems } from './columns.js';
import { missing, seen, type Fact } from './facts.js';
import { bothWays, hasBareStar, holdsSubquery } from './shapes.js';
import { originOf, originsIn } from './view.js';
import type { ColumnOrigin, Query, Source, StatementView } from './view.js';

/** A parent with what is joined to it, and the conditions sorted by what they are about. */
export interface Sides {
  readonly parent: Source;
  readonly children: readonly Source[];
  /** FROM of the children by themselves. */
  readonly from: readonly TreeNode[];
  readonly links: readonly { readonly own: ColumnOrigin; readonly other: ColumnOrigin }[];
  readonly ofChildren: readonly TreeNode[];
  readonly ofParent: readonly TreeNode[];
  /** Whether a parent without children has a row too. */
  readonly outer: boolean;
}

/** Types of text, of which an equality may go by a collation. */
export const TEXTS: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar']);

/** Whether a query is one whose rows may be grouped before they are joined, as far as its clauses say. */
export function mayGroupEarly({ type, body }: Query): boolean {
  if (type !== 'SelectStmt' || hasBareStar(body) || OTHER.some((name) => body[name] !== undefined)) return false;
  return !holdsSubquery(body);
}

const OTHER = ['withClause', 'windowClause', 'lockingClause', 'distinctClause'];

/** What each link has to be for its groups to be those of the join. */
export function linkFacts(links: Sides['links']): readonly Fact[] {
  return links.map(({ own, other }) =>
    own.column !== null && own.column.type === other.column?.type
      ? seen(
          `${own.name} and ${other.name} are both ${own.column.type}, so that grouping and joining call the same values equal`,
        )
      : missing(`${own.name} and ${other.name} are not known to be columns of one type`),
  );
}

/** Each way to see one table of FROM as the parent of all others, which are joined to it by equality of columns: by inner joins, or all by LEFT JOIN. */
export function sidesOf(view: StatementView, query: Query): readonly Sides[] {
  return query.sources.length < 2 ? [] : [...innerSides(view, query), ...outerSides(view, query)];
}

function innerSides(view: StatementView, query: Query): readonly Sides[] {
  const inside = innerItems(query.body);
  if (!inside) return [];
  return query.sources.flatMap((parent) => {
    const children = query.sources.filter((one) => one !== parent);
    const all = [...inside.on, query.body['whereClause']].flatMap(conjuncts);
    const sorted = sortedOut(view, query, { parent, children, all });
    const from = inside.items.filter((item) => item !== parent.item);
    return sorted ? [{ parent, children, from, ...sorted, outer: false }] : [];
  });
}

function outerSides(view: StatementView, query: Query): readonly Sides[] {
  const [item, more] = list(query.body, 'fromClause');
  const joins: TreeNode[] = [];
  let left = item;
  for (let join = bodyOf(left, 'JoinExpr'); join; join = bodyOf(left, 'JoinExpr')) {
    const plain = join['jointype'] === 'JOIN_LEFT' && join['isNatural'] !== true && join['alias'] === undefined;
    if (!plain || list(join, 'usingClause').length > 0) return [];
    joins.unshift(join);
    left = join['larg'];
  }
  const parent = query.sources.find((one) => one.item === left);
  const [first, ...further] = joins;
  if (more || !parent || !first || !isNode(first['rarg'])) return [];
  const children = query.sources.filter((one) => one !== parent);
  const able = further.every((join) => isOnly(view, query, join['quals'], children) && isNode(join['quals']));
  const on = sortedOut(view, query, { parent, children, all: conjuncts(first['quals']) });
  const ofParent = conjuncts(query.body['whereClause']);
  const whole = ofParent.every((one) => isOnly(view, query, one, [parent]));
  if (!able || !on || on.ofParent.length > 0 || !whole) return [];
  const from = further.reduce<TreeNode>((larg, join) => ({ JoinExpr: { ...join, larg } }), first['rarg']);
  return [{ parent, children, from: [from], links: on.links, ofChildren: on.ofChildren, ofParent, outer: true }];
}

function sortedOut(
  view: StatementView,
  query: Query,
  {
    parent,
    children,
    all,
  }: { readonly parent: Source; readonly children: readonly Source[]; readonly all: readonly TreeNode[] },
): Pick<Sides, 'links' | 'ofChildren' | 'ofParent'> | null {
  const linked = all.map((one) => linkOf(query, one, { parent, children }));
  const links = linked.filter((one) => one !== null);
  const rest = all.filter((_, i) => linked[i] === null);
  const ofChildren = rest.filter((one) => isOnly(view, query, one, children));
  const ofParent = rest.filter((one) => !ofChildren.includes(one));
  const able = links.length > 0 && ofParent.every((one) => isOnly(view, query, one, [parent]));
  return able ? { links, ofChildren, ofParent } : null;
}

/** Whether an expression names nothing but columns of these sources. */
export function isOnly(view: StatementView, query: Query, tree: TreeValue, sources: readonly Source[]): boolean {
  return originsIn(view, query, tree)?.every(({ source }) => sources.includes(source)) === true;
}

function linkOf(
  query: Query,
  condition: TreeNode,
  { parent, children }: Pick<Sides, 'parent' | 'children'>,
): Sides['links'][number] | null {
  for (const { operator, left, right } of bothWays(condition)) {
    const [own, other] = [originOf(query, left), originOf(query, right)];
    if (operator === '=' && own?.source === parent && other && children.includes(other.source)) return { own, other };
  }
  return null;
}
