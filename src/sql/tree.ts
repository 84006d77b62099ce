/** Any value inside a parse tree. */
export type TreeValue = string | number | boolean | null | undefined | TreeNode | readonly TreeValue[];

/** A node of a parse tree as libpg-query gives it: PostgreSQL's own field names, absent where they hold the default. */
export interface TreeNode {
  readonly [field: string]: TreeValue;
}

/** A node with its type told apart, e.g. `{ type: 'ColumnRef', body: { fields: [...] } }`. */
export interface TypedNode {
  readonly type: string;
  readonly body: TreeNode;
}

/** Whether a value is a node: an object, not a list. */
export function isNode(value: TreeValue): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Splits a wrapper such as `{ ColumnRef: {...} }` into type and body; null when the value is not one. */
export function typed(value: TreeValue): TypedNode | null {
  if (!isNode(value)) return null;
  const keys = Object.keys(value);
  const type = keys[0];
  if (keys.length !== 1 || type === undefined || !beginsWithCapital(type)) return null;
  const body = value[type];
  return isNode(body) ? { type, body } : null;
}

function beginsWithCapital(name: string): boolean {
  const code = name.charCodeAt(0);
  return code >= 65 && code <= 90;
}

/** The body of a wrapper when it has that type; null otherwise. */
export function bodyOf(value: TreeValue, type: string): TreeNode | null {
  if (!isNode(value)) return null;
  const body = value[type];
  return isNode(body) ? body : null;
}

/** The bodies of those items of a list that have that type. */
export function bodiesOf(values: readonly TreeValue[], type: string): readonly TreeNode[] {
  return values.map((value) => bodyOf(value, type)).filter((body) => body !== null);
}

/** A field that holds one node; null when absent. */
export function field(node: TreeNode, name: string): TreeNode | null {
  const value = node[name];
  return isNode(value) ? value : null;
}

/** A field that holds a list; empty when absent. */
export function list(node: TreeNode, name: string): readonly TreeValue[] {
  const value = node[name];
  return Array.isArray(value) ? (value as readonly TreeValue[]) : [];
}

/** A text field; null when absent. */
export function textOf(node: TreeNode, name: string): string | null {
  const value = node[name];
  return typeof value === 'string' ? value : null;
}

/** A number field; null when absent, and libpg-query leaves zeroes out. */
export function numberOf(node: TreeNode, name: string): number | null {
  const value = node[name];
  return typeof value === 'number' ? value : null;
}

/** The texts of a list of `String` nodes, e.g. a qualified name; other nodes are left out. */
export function names(values: readonly TreeValue[]): readonly string[] {
  return values.flatMap((value) => {
    const body = bodyOf(value, 'String');
    return body ? [textOf(body, 'sval') ?? ''] : [];
  });
}

/** The column that a value refers to, its table left aside; null for anything but a reference, and for `*`. */
export function columnName(value: TreeValue): string | null {
  const reference = bodyOf(value, 'ColumnRef');
  const last = reference ? bodyOf(list(reference, 'fields').at(-1), 'String') : null;
  return last ? textOf(last, 'sval') : null;
}

/** Every typed node below a value, itself included, parents first. */
export function walk(value: TreeValue): readonly TypedNode[] {
  const nodes: TypedNode[] = [];
  collect(value, nodes);
  return nodes;
}

function collect(value: TreeValue, into: TypedNode[]): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly TreeValue[]) collect(item, into);
    return;
  }
  if (!isNode(value)) return;
  const node = typed(value);
  if (node) into.push(node);
  for (const item of Object.values(node ? node.body : value))
    if (typeof item === 'object' && item !== null) collect(item, into);
}

/** Names of the common table expressions among nodes, wherever they hold. */
export function commonTables(nodes: readonly TypedNode[]): ReadonlySet<string> {
  return new Set(
    nodes.flatMap(({ type, body }) => (type === 'CommonTableExpr' ? (textOf(body, 'ctename') ?? []) : [])),
  );
}

/** The node as text without positions in the source, fields in one order: equal for trees that mean the same. */
export function treeText(value: TreeValue): string {
  return JSON.stringify(value, (key, item: TreeValue) => {
    if (POSITION_FIELDS.has(key)) return undefined;
    return isNode(item) ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1))) : item;
  });
}

/** A copy in which `change` replaced every wrapper it returned something for. */
export function mapTree(value: TreeValue, change: (node: TypedNode) => TreeNode | null): TreeValue {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).map((item) => mapTree(item, change));
  if (!isNode(value)) return value;
  const node = typed(value);
  const changed = node ? change(node) : null;
  if (changed) return changed;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTree(item, change)]));
}

/** Fields which hold positions in the source text (`nodes/parsenodes.h`): they differ between texts that mean the same. */
const POSITION_FIELDS = new Set([
  'location',
  'stmt_len',
  'stmt_location',
  'rexpr_list_start',
  'rexpr_list_end',
  'list_start',
  'list_end',
  'version',
]);
