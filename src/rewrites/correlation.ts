import type { TreeNode } from '../sql/tree.js';
import { conjuncts } from './build.js';
import { factsOf, missing, seen } from './facts.js';
import type { Fact } from './facts.js';
import { operation, WHOLE_NUMBERS } from './shapes.js';
import { originOf, originsIn } from './view.js';
import type { Query, StatementView } from './view.js';

/** How a subquery depends on the query around it: by equality of columns, and not otherwise. */
export interface Correlation {
  readonly pairs: readonly { readonly inside: TreeNode; readonly outside: TreeNode }[];
  /** The other conditions of its WHERE, which name nothing of outside. */
  readonly rest: readonly TreeNode[];
  readonly facts: readonly Fact[];
}

/** Reads it; null where there is none, or one of another kind. `beside` are trees of the subquery which must name nothing of outside either. */
export function correlationOf(view: StatementView, inner: Query, beside: readonly TreeNode[]): Correlation | null {
  const pairs: Correlation['pairs'][number][] = [];
  const facts: Fact[] = [];
  const rest: TreeNode[] = [];
  for (const condition of conjuncts(inner.body['whereClause'])) {
    const pair = pairOf(view, inner, condition);
    if (pair) {
      pairs.push(pair);
      facts.push(...pair.facts);
    } else {
      rest.push(condition);
    }
  }
  const from = inner.sources.map((source) => source.item);
  return pairs.length > 0 && isSelfContained(view, inner, [...rest, ...beside, ...from])
    ? { pairs, rest, facts }
    : null;
}

/** Whether trees inside a query name only its own columns, or those of queries within it. */
export function isSelfContained(view: StatementView, query: Query, trees: readonly TreeNode[]): boolean {
  return trees.every((tree) => originsIn(view, query, tree)?.every((origin) => isInside(origin.query, query)) ?? false);
}

function isInside(query: Query | null, outer: Query): boolean {
  return query !== null && (query === outer || isInside(query.parent, outer));
}

function pairOf(
  view: StatementView,
  inner: Query,
  condition: TreeNode,
): (Correlation['pairs'][number] & { readonly facts: readonly Fact[] }) | null {
  const equal = operation(condition);
  if (equal?.operator !== '=') return null;
  for (const [inside, outside] of [
    [equal.left, equal.right],
    [equal.right, equal.left],
  ] as const) {
    const [own, other] = [originOf(inner, inside), originOf(inner, outside)];
    if (own?.query !== inner || !other || other.query !== inner.parent) continue;
    const [type, otherType] = [own.column?.baseType, other.column?.baseType];
    const same =
      type !== undefined && (type === otherType || (WHOLE_NUMBERS.has(type) && WHOLE_NUMBERS.has(otherType ?? '')));
    const fact = same
      ? seen(
          `${own.name} and ${other.name} are of one type, ${own.column?.type}, so that grouping and comparing call the same values equal`,
        )
      : missing(`${own.name} and ${other.name} are not known to be columns of one type`);
    const written = TEXTS.has(type ?? '') ? [factsOf(view.catalog).textsAsWritten()] : [];
    return { inside, outside, facts: [fact, ...written] };
  }
  return null;
}

const TEXTS = new Set(['text', 'varchar', 'bpchar', 'name']);
