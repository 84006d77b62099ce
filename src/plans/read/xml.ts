import { isRawObject } from './raw.js';
import type { RawObject, RawValue } from './raw.js';

/** An element with what it holds. EXPLAIN writes neither attributes (but the namespace) nor mixed content. */
interface Element {
  readonly name: string;
  readonly children: Element[];
  text: string;
}

/** Reads the XML form into the JSON form's top object; null where there is no whole `<Query>` or `<explain>` with a plan. */
export function readXml(text: string): RawObject | null {
  const start = text.search(/<explain\b|<Query>|<Plan>/);
  if (start < 0) return null;
  const root = parse(text.slice(start).replace(/\s*\+$/gm, ''));
  if (!root) return null;
  const query = find(root, (element) => element.children.some((child) => child.name === 'Plan'));
  const value = query ? valueOf(query) : null;
  return isRawObject(value ?? undefined) ? (value as RawObject) : null;
}

function parse(text: string): Element | null {
  const stack: Element[] = [{ name: '', children: [], text: '' }];
  for (const [, closing, name, selfClosing, plain] of text.matchAll(/<(\/?)([\w.-]+)[^>]*?(\/?)>|([^<]+)/g)) {
    const open = stack.at(-1);
    if (!open) return null;
    if (plain !== undefined) open.text += plain;
    else if (closing === '/') {
      if (stack.length < 2 || open.name !== name) return null;
      stack.pop();
      if (stack.length === 1) break;
    } else {
      const element: Element = { name: name ?? '', children: [], text: '' };
      open.children.push(element);
      if (selfClosing !== '/') stack.push(element);
    }
  }
  return stack.length === 1 ? (stack[0] ?? null) : null;
}

function find(element: Element, wanted: (element: Element) => boolean): Element | null {
  if (wanted(element)) return element;
  for (const child of element.children) {
    const found = find(child, wanted);
    if (found) return found;
  }
  return null;
}

/** Elements that hold a list, by the names of what they list. */
const LISTS = new Set(['Plans', 'Workers', 'Triggers', 'Item', 'Grouping-Sets', 'Group-Keys', 'Hash-Keys']);

function valueOf(element: Element): RawValue {
  const { children, name } = element;
  if (children.length === 0) return element.text.trim() === '' ? [] : unescaped(element.text);
  if (LISTS.has(name) || children.every((child) => child.name === 'Item')) return children.map(valueOf);
  return Object.fromEntries(
    children.map((child, position) => [keyOf(child.name, name, children.slice(0, position)), valueOf(child)]),
  );
}

/** Of an incremental sort the XML form names only what kind of thing it is: the first groups are the full ones, the first space is memory. */
const IN_ORDER: Readonly<Record<string, readonly [string, string]>> = {
  'Incremental-Sort-Groups': ['Full-sort Groups', 'Pre-sorted Groups'],
  'Sort-Space': ['Sort Space Memory', 'Sort Space Disk'],
};

/** Letters that a tag can not hold became `-`. */
function keyOf(tag: string, parent: string, before: readonly Element[]): string {
  if (parent === 'Settings') return tag;
  const named = IN_ORDER[tag]?.[before.some((element) => element.name === tag) ? 1 : 0];
  if (named !== undefined) return named;
  return tag === 'One-Time-Filter' ? 'One-Time Filter' : tag.replace(/\bI-O-/, 'I/O-').replaceAll('-', ' ');
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
    },
  );
}
