import { isRawObject } from './raw.js';
import type { RawObject, RawValue } from './raw.js';

/** How many brackets of leading junk are tried before giving up: log prefixes hold a few. */
const STARTS = 50;

/** Finds the JSON form in a text and gives its first top object with a plan, or one wrapped around a bare node; null where there is none. */
export function readJson(text: string): RawObject | null {
  const clean = text.replaceAll('\r', '').replace(/[ ]*\+$/gm, '');
  let tried = 0;
  let isCut = false;
  for (const { index } of clean.matchAll(/[[{]/g)) {
    tried += 1;
    if (tried > STARTS) return null;
    const piece = balanced(clean, index);
    if (piece === null) {
      // What it holds is a part of a plan: a whole one is still wrapped, a bare node is not taken for one.
      isCut = true;
      continue;
    }
    const value = parsed(piece) ?? parsed(piece.replaceAll(/,(?=\s*[\]}])/g, '')) ?? parsed(unwrapped(piece));
    if (value === undefined && piece.includes('"Node Type"')) isCut = true;
    const found = topOf(value, !isCut);
    if (found) return found;
  }
  return null;
}

/** The object with the plan, whatever wraps it: `[{"Plan"}]`, `{"Plan"}`, a driver's `[{"QUERY PLAN": [...]}]`, or a bare node. */
function topOf(value: RawValue | undefined, bare = true): RawObject | null {
  if (Array.isArray(value)) {
    const [first] = value as readonly RawValue[];
    return first === undefined ? null : topOf(first, bare);
  }
  if (!isRawObject(value)) return null;
  if (isRawObject(value['Plan'])) return value;
  if (value['Node Type'] !== undefined) return bare ? { Plan: value } : null;
  const wrapped = value['QUERY PLAN'];
  return topOf(typeof wrapped === 'string' ? parsed(wrapped) : wrapped);
}

function parsed(text: string): RawValue | undefined {
  try {
    // An identifier has 64 bits: as a number it would lose the last ones.
    return JSON.parse(text.replaceAll(/("Query Identifier": )(-?\d+)/g, '$1"$2"')) as RawValue;
  } catch {
    return undefined;
  }
}

/** Without the ends of lines within texts, where a terminal broke what is wider than it: at its last column no blank was lost. */
function unwrapped(text: string): string {
  const lines = text.split('\n');
  const width = Math.max(...lines.map((line) => line.length));
  let isOpen = false;
  return lines
    .map((line, at) => {
      const before = at === 0 ? '' : isOpen ? ((lines[at - 1] ?? '').length < width && at > 1 ? ' ' : '') : '\n';
      for (const [sign] of line.matchAll(/\\.|"/g)) if (sign === '"') isOpen = !isOpen;
      return `${before}${line}`;
    })
    .join('');
}

/** From a bracket to the one that closes it; null where none does. */
function balanced(text: string, start: number): string | null {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const letter = text[at];
    if (quoted) {
      if (letter === '\\') at += 1;
      else if (letter === '"') quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === '[' || letter === '{') depth += 1;
    else if (letter === ']' || letter === '}') {
      depth -= 1;
      if (depth === 0) return text.slice(start, at + 1);
    }
  }
  return null;
}
