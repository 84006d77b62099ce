import { inputsOf } from '../whole.js';
import { rawText } from './raw.js';
import type { RawValue } from './raw.js';

type Target = Record<string, RawValue>;

/** A node with the column in which its line began, in the order of the lines. */
export interface Ordered {
  readonly raw: Target;
  readonly column: number;
  /** Of a subplan, an init plan or a CTE: `SubPlan 1`. */
  readonly label: string | null;
}

interface Open {
  readonly raw: Target;
  /** How many inputs it still takes. */
  left: number;
}

/**
 * Puts a tree together that lost the blanks at the beginnings of its lines: each node is followed by all that it reads from, and of most it is known how
 * many inputs that is. Writes `Plans` anew and gives true where there is just one tree that it can be, and that is not the one that the columns make.
 */
export function rebuild(order: readonly Ordered[]): boolean {
  const [root, ...below] = order;
  if (!root || below.length < 2 || new Set(below.map(({ column }) => column)).size > 1) return false;
  const inputs = inputsByArity(order);
  if (!inputs || [...inputs].every(([raw, own]) => same(raw['Plans'], own))) return false;
  for (const [raw, own] of inputs) {
    raw['Plans'] = own;
    const read = own.filter((child) => child['Subplan Name'] === undefined);
    for (const [at, child] of read.entries()) child['Parent Relationship'] = relationship(raw, at);
  }
  return true;
}

/** The inputs of each node, subplans among them; null where the nodes do not say. */
function inputsByArity(order: readonly Ordered[]): ReadonlyMap<Target, Target[]> | null {
  const found = new Map(order.map(({ raw }) => [raw, [] as Target[]]));
  let open: Open[] = [];
  for (const [at, { raw, label }] of order.entries()) {
    const type = rawText(raw['Node Type']) ?? '';
    if (label === null)
      while (open.length > 0 && (open.at(-1)?.left === 0 || endsCombination(open.at(-1), type))) open.pop();
    else open = [...runnersOf(label, open, order.slice(0, at))];
    const parent = open.at(-1);
    if (at > 0 && !parent) return null;
    if (parent) {
      found.get(parent.raw)?.push(raw);
      if (label === null) parent.left -= 1;
    }
    const left = at === 0 && type === 'Result' ? 1 : arity(type, at === order.length - 1);
    if (left === null) return null;
    // Of one that takes any number it must be sure that nothing above it still waits.
    if (left === Number.POSITIVE_INFINITY && !isCombination(type) && open.some((one) => one.left > 0)) return null;
    open.push({ raw, left });
  }
  const isWhole = open.every(
    ({ raw, left }) => left === 0 || (left === Number.POSITIVE_INFINITY && (found.get(raw)?.length ?? 0) > 1),
  );
  return isWhole ? found : null;
}

/** Nodes that give their rows as they are, and so run no subplan. */
const AS_THEY_ARE =
  /^(?:Hash|Materialize|Memoize|Sort|Incremental Sort|Unique|SetOp|LockRows|Limit|ModifyTable|Append|Merge Append|Recursive Union|Bitmap\w* .*|BitmapAnd|BitmapOr)$/;

/** What is open where a labelled plan begins, the node that it hangs on last; empty where that is not sure. */
function runnersOf(label: string, open: readonly Open[], before: readonly Ordered[]): readonly Open[] {
  // An init plan stands right below the line of its node; behind another subplan it may be of either.
  if (!label.startsWith('SubPlan')) return before.some((one) => one.label !== null) ? [] : open;
  const waiting = open.findLastIndex(({ left }) => left > 0);
  const able = open
    .map(({ raw }, at) => ({ raw, at }))
    .filter(({ raw, at }) => at > waiting && !AS_THEY_ARE.test(rawText(raw['Node Type']) ?? ''));
  const number = new RegExp(`${label}(?!\\d)`);
  const naming = able.filter(({ raw }) =>
    Object.values(raw).some((value) => typeof value === 'string' && number.test(value)),
  );
  const [one, ...others] = naming.length > 0 ? naming : able;
  return one && others.length === 0 ? open.slice(0, one.at + 1) : [];
}

function arity(type: string, isLast: boolean): number | null {
  if (type === 'Subquery Scan' || type === 'ModifyTable') return 1;
  if (/^(?:Append|Merge Append)$/.test(type) || isCombination(type)) return Number.POSITIVE_INFINITY;
  if (/^(?:Result|Foreign Scan)$/.test(type)) return isLast ? 0 : null;
  const [least, most] = inputsOf(type);
  return least === most ? least : null;
}

/** Bitmaps are made of bitmaps alone. */
function isCombination(type: string): boolean {
  return type === 'BitmapAnd' || type === 'BitmapOr';
}

function endsCombination(open: Open | undefined, type: string): boolean {
  return open !== undefined && isCombination(rawText(open.raw['Node Type']) ?? '') && !type.startsWith('Bitmap');
}

function relationship(parent: Target, at: number): string {
  const type = rawText(parent['Node Type']) ?? '';
  if (/^(?:Append|Merge Append|BitmapAnd|BitmapOr)$/.test(type)) return 'Member';
  if (type === 'Subquery Scan') return 'Subquery';
  return at === 0 ? 'Outer' : 'Inner';
}

function same(before: RawValue | undefined, after: readonly Target[]): boolean {
  const list = (before ?? []) as readonly RawValue[];
  return list.length === after.length && list.every((one, at) => one === after[at]);
}
