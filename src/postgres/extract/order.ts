import { KINDS, type SchemaObject, type SchemaPart, type SchemaStatement } from './script.js';

/** `from` can only be made after `to`; both are addresses `catalog:oid`. */
export interface Dependency {
  readonly from: string;
  readonly to: string;
  /** `attnum` of the one and of the other; 0 for the whole. */
  readonly fromColumn?: number;
  readonly toColumn?: number;
}

export interface OrderedStatements {
  readonly preData: readonly SchemaStatement[];
  readonly postData: readonly SchemaStatement[];
}

/** One object, or a part of one that is made on its own, with its statements. */
export interface OrderedObject {
  readonly object: SchemaObject;
  readonly part: SchemaPart | null;
  readonly statements: readonly string[];
}

/** Puts objects in an order in which each finds what it needs; circles are opened by making their parts later. Deterministic by names. */
export function orderObjects(objects: readonly SchemaObject[], dependencies: readonly Dependency[]): OrderedStatements {
  const { sorted, later } = sortObjects(objects, dependencies);
  return intoSections(sorted, later);
}

/** The same order, with the objects themselves. */
export function listObjects(
  objects: readonly SchemaObject[],
  dependencies: readonly Dependency[],
): readonly OrderedObject[] {
  const { sorted, later } = sortObjects(objects, dependencies);
  return sorted.map(({ object, part }) => ({
    object,
    part,
    statements: part === null ? object.sql(later) : [part.sql],
  }));
}

function sortObjects(
  objects: readonly SchemaObject[],
  dependencies: readonly Dependency[],
): { readonly sorted: readonly Node[]; readonly later: ReadonlySet<string> } {
  const later = new Set<string>();
  let graph = buildGraph(objects, dependencies, later);
  for (;;) {
    const added = partsInCircles(graph, later);
    if (added.length === 0) break;
    for (const key of added) later.add(key);
    graph = buildGraph(objects, dependencies, later);
  }
  return { sorted: sortNodes(graph), later };
}

interface Node {
  readonly key: string;
  readonly rank: number;
  readonly sortKey: string;
  readonly object: SchemaObject;
  /** Set when the node is a part that is made on its own. */
  readonly part: SchemaPart | null;
  readonly needs: Set<Node>;
}

interface Graph {
  readonly nodes: readonly Node[];
  /** Edges that start at a part which is still within its object. */
  readonly partEdges: readonly { readonly part: SchemaPart; readonly owner: Node; readonly to: Node }[];
}

/** Indexes with and without a constraint are made in the order they have in the source. */
const RANKS = new Map<string, number>(
  KINDS.map((kind) => [kind, KINDS.indexOf(kind === 'constraint' ? 'index' : kind)]),
);

function buildGraph(
  objects: readonly SchemaObject[],
  dependencies: readonly Dependency[],
  later: ReadonlySet<string>,
): Graph {
  const byAddress = new Map<string, Node>();
  const nodes: Node[] = [];
  const parts = new Map<string, { part: SchemaPart; owner: Node }>();
  const add = (object: SchemaObject, part: SchemaPart | null): Node => {
    const { key, kind, identity } = part ?? object;
    const sortKey = part === null ? (object.sortKey ?? identity) : identity;
    const node: Node = { key, rank: RANKS.get(kind) ?? 0, sortKey, object, part, needs: new Set() };
    nodes.push(node);
    byAddress.set(key, node);
    return node;
  };
  for (const object of objects) {
    const owner = add(object, null);
    for (const part of object.parts ?? []) {
      if (later.has(part.key)) add(object, part).needs.add(owner);
      else {
        byAddress.set(part.key, owner);
        parts.set(part.key, { part, owner });
      }
    }
    for (const alias of object.aliases ?? []) if (!byAddress.has(alias)) byAddress.set(alias, owner);
  }
  const partEdges: { part: SchemaPart; owner: Node; to: Node }[] = [];
  const link = (from: string, to: string): void => {
    const source = byAddress.get(from);
    const target = byAddress.get(to);
    if (source === undefined || target === undefined || source === target) return;
    source.needs.add(target);
    const inside = parts.get(from);
    if (inside !== undefined) partEdges.push({ ...inside, to: target });
  };
  for (const { from, to } of dependencies) link(from, to);
  for (const object of objects) for (const need of object.needs ?? []) link(object.key, need);
  return { nodes, partEdges };
}

/** Keys of the parts which close a circle. */
function partsInCircles(graph: Graph, later: ReadonlySet<string>): string[] {
  const circleOf = findCircles(graph.nodes);
  const found = new Set<string>();
  for (const { part, owner, to } of graph.partEdges) {
    const circle = circleOf.get(owner);
    if (circle !== undefined && circle === circleOf.get(to) && !later.has(part.key)) found.add(part.key);
  }
  return [...found];
}

/** Nodes in strongly connected components of two or more, each with its component's number (Tarjan, without recursion). */
function findCircles(nodes: readonly Node[]): Map<Node, number> {
  const index = new Map<Node, number>();
  const low = new Map<Node, number>();
  const circles = new Map<Node, number>();
  const stack: Node[] = [];
  const onStack = new Set<Node>();
  let counter = 0;
  for (const root of nodes) {
    if (index.has(root)) continue;
    const work: { node: Node; rest: Iterator<Node> }[] = [];
    const enter = (node: Node): void => {
      index.set(node, counter);
      low.set(node, counter);
      counter += 1;
      stack.push(node);
      onStack.add(node);
      work.push({ node, rest: node.needs.values() });
    };
    enter(root);
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { node, rest } = top;
      const next = rest.next();
      if (next.done !== true) {
        if (!index.has(next.value)) enter(next.value);
        else if (onStack.has(next.value)) low.set(node, Math.min(low.get(node) ?? 0, index.get(next.value) ?? 0));
        continue;
      }
      work.pop();
      const parent = work.at(-1)?.node;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent) ?? 0, low.get(node) ?? 0));
      if (low.get(node) !== index.get(node)) continue;
      const members = stack.splice(stack.lastIndexOf(node));
      for (const member of members) {
        onStack.delete(member);
        if (members.length > 1) circles.set(member, index.get(node) ?? 0);
      }
    }
  }
  return circles;
}

/** Lowest rank and name first among those whose needs are met; a circle that could not be opened is entered at its lowest node. */
function sortNodes(graph: Graph): Node[] {
  const waiting = new Map<Node, number>();
  const dependents = new Map<Node, Node[]>();
  for (const node of graph.nodes) {
    waiting.set(node, node.needs.size);
    for (const need of node.needs) {
      const list = dependents.get(need);
      if (list === undefined) dependents.set(need, [node]);
      else list.push(node);
    }
  }
  const ready = new Heap();
  const sorted: Node[] = [];
  const done = new Set<Node>();
  const remaining = graph.nodes.toSorted(compareNodes);
  for (const node of remaining) if (node.needs.size === 0) ready.push(node);
  let nextForced = 0;
  while (sorted.length < graph.nodes.length) {
    let node = ready.pop();
    while (node === undefined || done.has(node)) {
      node = node === undefined ? remaining[nextForced++] : ready.pop();
    }
    done.add(node);
    sorted.push(node);
    for (const dependent of dependents.get(node) ?? []) {
      const left = (waiting.get(dependent) ?? 0) - 1;
      waiting.set(dependent, left);
      if (left === 0) ready.push(dependent);
    }
  }
  return sorted;
}

/** A table, and so all it needs, comes before the data; what needs something of after the data comes after it too. */
function intoSections(sorted: readonly Node[], later: ReadonlySet<string>): OrderedStatements {
  const before = new Set<Node>();
  for (const node of sorted.toReversed()) {
    if (node.object.kind === 'table' && node.part === null) before.add(node);
    if (before.has(node)) for (const need of node.needs) before.add(need);
  }
  const after = new Set<Node>();
  const preData: SchemaStatement[] = [];
  const postData: SchemaStatement[] = [];
  for (const node of sorted) {
    const isAfter =
      !before.has(node) && (node.object.section === 'post' || [...node.needs].some((need) => after.has(need)));
    if (isAfter) after.add(node);
    (isAfter ? postData : preData).push(...statementsOf(node, later));
  }
  return { preData, postData };
}

function statementsOf({ object, part }: Node, later: ReadonlySet<string>): SchemaStatement[] {
  if (part !== null) return [{ kind: part.kind, identity: part.identity, sql: part.sql }];
  const { kind, identity, on, inLab } = object;
  return object.sql(later).map((sql, at) => ({
    kind,
    identity,
    sql,
    ...(on === undefined ? {} : { on }),
    ...(inLab === undefined || at > 0 ? {} : { inLab }),
  }));
}

function compareNodes(a: Node, b: Node): number {
  if (a.rank !== b.rank) return a.rank - b.rank;
  return a.sortKey < b.sortKey ? -1 : a.sortKey > b.sortKey ? 1 : 0;
}

/** A binary heap of nodes, the first in order on top. */
class Heap {
  readonly #items: Node[] = [];

  push(node: Node): void {
    const items = this.#items;
    let at = items.push(node) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = items[up];
      if (parent === undefined || compareNodes(parent, node) <= 0) break;
      items[at] = parent;
      at = up;
    }
    items[at] = node;
  }

  pop(): Node | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (first === undefined || last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const left = items[down];
      if (left === undefined) break;
      const right = items[down + 1];
      let child = left;
      if (right !== undefined && compareNodes(right, left) < 0) {
        child = right;
        down += 1;
      }
      if (compareNodes(last, child) <= 0) break;
      items[at] = child;
      at = down;
    }
    items[at] = last;
    return first;
  }
}
