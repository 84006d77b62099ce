import type { Language } from './languages.js';
import { literalsOf } from './literals.js';
import type { Literal } from './literals.js';
import { normalText } from './normal-text.js';
import type { Patch } from './patch.js';

/** A place in a program that a statement comes from. */
export interface ProgramPlace {
  /** Relative to the folder that was searched, with `/`; of a tag as it says. */
  readonly file: string;
  /** From 1; null where it is not known. */
  readonly line: number | null;
  readonly how: 'tag' | 'text' | 'pieces' | 'beginning' | 'likely call';
  /** In words, without anything of the file but names of calls. */
  readonly says: string;
}

/** Where a statement comes from, and how another text gets there: null where it stands nowhere. */
export interface Attribution {
  /** The surest first. */
  readonly places: readonly ProgramPlace[];
  readonly patch: Patch | null;
}

/** Where a statement stands in a file. */
export interface TextPlace {
  /** What `needles` held for it. */
  readonly key: string;
  /** `text`: in one string; `pieces`: put together of several; `beginning`: the string is how the statement begins. */
  readonly how: 'text' | 'pieces' | 'beginning';
  /** From 1. */
  readonly line: number;
  /** Of `text` alone. */
  readonly literal: Literal | null;
}

/** Statements by their `normalText`, each with a key of its own. */
export type Needles = ReadonlyMap<string, string>;

/** Finds statements in one file. */
export function textPlaces(text: string, language: Language, needles: Needles): readonly TextPlace[] {
  const literals = literalsOf(text, language);
  const found: TextPlace[] = [];
  literals.forEach((literal, i) => {
    if (!BEGINS.test(literal.value)) return;
    const line = (): number => lineOf(text, literal.start + (/^\s*/.exec(literal.value)?.[0].length ?? 0));
    const alone = needles.get(normalText(literal.value));
    if (alone !== undefined) {
      found.push({ key: alone, how: 'text', line: line(), literal });
      return;
    }
    const joined = joinedFrom(text, literals, i).map((value) => needles.get(normalText(value)));
    const whole = joined.find((key) => key !== undefined);
    if (whole !== undefined) {
      found.push({ key: whole, how: 'pieces', line: line(), literal: null });
      return;
    }
    const begun = beginningOf(normalText(literal.value), needles);
    if (begun !== null) found.push({ key: begun, how: 'beginning', line: line(), literal: null });
  });
  return found;
}

/** The number of the line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

const BEGINS = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()*(?:select|with|insert|update|delete|merge)\b/i;

/** A statement is hardly made of more strings than this. */
const MOST_PIECES = 60;

/** What a string and those after it may give together, shortest first. */
function joinedFrom(text: string, literals: readonly Literal[], first: number): readonly string[] {
  const found: string[] = [];
  let value = literals[first]?.value ?? '';
  for (let i = first; i < literals.length && i < first + MOST_PIECES; i += 1) {
    const [own, next] = [literals[i], literals[i + 1]];
    if (!own) break;
    if (i > first) found.push(value);
    if (/^\s*(?:\+|\.)\s*[$\w(]/.test(text.slice(own.close, own.close + 40))) found.push(`${value} ?`);
    const gap = next ? gapOf(text.slice(own.close, next.open)) : null;
    if (!next || gap === null) break;
    value += `${gap}${next.value}`;
  }
  return found;
}

/** What stands between two strings that are put together: nothing, a blank of a list that is joined, or a value; null where they are not. */
function gapOf(between: string): string | null {
  if (between.length > 200) return null;
  if (/^[\s\\]*(?:[+.&]|\|\||<>|\.\.)?[\s\\]*[frbuFRBU@$]{0,2}$/.test(between)) return '';
  if (/^\s*,\s*$/.test(between)) return ' ';
  if (/^\s*\)?\s*;?\s*[\w$.>-]*\s*\.\s*(?:append|Append|WriteString|write)\s*\(\s*$/.test(between)) return '';
  if (/^\s*\)?\s*;?\s*[\w$.>-]*\s*\.\s*(?:AppendLine|push|add)\s*\(\s*$/.test(between)) return ' ';
  if (/^\s*;?\s*[\w$]+\s*(?:\+=|\.=)\s*$/.test(between)) return '';
  return /^\s*[+.]\s*[$\w.>[\]()-]{1,80}\s*[+.]\s*$/.test(between) ? ' ? ' : null;
}

/** Fewer tokens than this begin many statements. */
const LEAST_BEGINNING = 8;

function beginningOf(text: string, needles: Needles): string | null {
  if (text.split(' ').length < LEAST_BEGINNING) return null;
  const begun = [...needles].filter(([needle]) => needle.startsWith(`${text} `));
  return begun.length === 1 ? (begun[0]?.[1] ?? null) : null;
}
