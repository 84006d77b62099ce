import type { PlanTreeNode } from './tree.js';
import type { Draft } from './view.js';

/** By which nodes a node's figures are held: its parent, or those that make it run. */
export type Holders = ReadonlyMap<Draft, readonly Draft[]>;

/**
 * A CTE and an init plan run when something first reads them, so that their time and blocks are within those of the node that does, not of the one
 * under which EXPLAIN prints them.
 */
export function holdersOf(nodes: readonly Draft[]): Holders {
  return new Map(
    nodes.map((one) => {
      const readers = one.node.relationship === 'init-plan' ? readersOf(one, nodes) : [];
      return [one, readers.length > 0 ? readers : one.parent ? [one.parent] : []];
    }),
  );
}

/**
 * What each node counts by itself of a figure that holds its children's. Of a CTE that several scans read, each scan's figure is taken for the CTE's
 * until that is used up: which of them filled it, EXPLAIN does not say.
 */
export function exclusive(holders: Holders, inclusive: (one: Draft) => number): ReadonlyMap<Draft, number> {
  const self = new Map([...holders.keys()].map((one) => [one, inclusive(one)]));
  for (const [one, held] of holders) {
    let left = inclusive(one);
    for (const [position, holder] of held.entries()) {
      const taken = position === held.length - 1 ? left : Math.min(left, inclusive(holder));
      self.set(holder, (self.get(holder) ?? 0) - taken);
      left -= taken;
    }
  }
  return new Map([...self].map(([one, figure]) => [one, Math.max(0, figure)]));
}

/** The nodes whose time holds that of a CTE or an init plan; empty where nothing says so: then it is the parent's. */
function readersOf(plan: Draft, nodes: readonly Draft[]): readonly Draft[] {
  const name = plan.node.subplanName ?? '';
  const cte = /^CTE (.*)$/s.exec(name)?.[1];
  if (cte !== undefined)
    return nodes.filter((one) => one.node.type === 'CTE Scan' && one.node.relation === cte && cteOf(one, cte) === plan);
  const mentions = mentionsOf(name);
  if (!mentions || !plan.parent) return [];
  const users = inside(plan.parent).filter((one) => one !== plan && mentions(one.node) && !isWithin(one, plan));
  // Where several mention it, the one that is reached first runs it: the deepest.
  const [deepest] = users.toSorted((a, b) => b.depth - a.depth);
  return deepest && deepest !== plan.parent ? [deepest] : [];
}

/** The CTE of that name that a scan sees: the nearest definition above it. */
function cteOf(scan: Draft, name: string): Draft | null {
  for (let at: Draft | null = scan; at !== null; at = at.parent) {
    const found = at.children.find(({ node }) => node.subplanName === `CTE ${name}`);
    if (found) return found;
  }
  return null;
}

/** Whether a node's expressions use an init plan: by `$0` up to PostgreSQL 16, by `(InitPlan 1)` since. */
function mentionsOf(name: string): ((node: PlanTreeNode) => boolean) | null {
  const old = /^InitPlan \d+ \(returns ([^)]*)\)$/.exec(name)?.[1];
  const number = /^InitPlan (\d+)$/.exec(name)?.[1];
  const parameters = old?.split(',').map((one) => one.trim().replace('$', String.raw`\$`));
  const pattern =
    parameters !== undefined
      ? new RegExp(`(?:${parameters.join('|')})(?!\\d)`)
      : number !== undefined
        ? new RegExp(`\\(InitPlan ${number}\\)`)
        : null;
  if (!pattern) return null;
  return ({ details }) => Object.values(details).some((value) => typeof value === 'string' && pattern.test(value));
}

function inside(one: Draft): readonly Draft[] {
  return [one, ...one.children.flatMap(inside)];
}

function isWithin(one: Draft, plan: Draft): boolean {
  for (let at: Draft | null = one; at !== null; at = at.parent) if (at === plan) return true;
  return false;
}
