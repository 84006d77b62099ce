import { isRawObject } from './raw.js';
import type { RawObject, RawValue } from './raw.js';

interface Line {
  readonly column: number;
  readonly body: string;
}

/** Reads the YAML form, as EXPLAIN writes it (blocks, `- ` items, double-quoted texts; no other YAML), into the JSON form's top object; null for anything else. */
export function readYaml(text: string): RawObject | null {
  const all = text
    .replaceAll('\r', '')
    .split('\n')
    .map((line) => line.replaceAll('\t', '        ').replace(/\s*\+?\s*$/, ''))
    .filter((line) => line.trim() !== '' && !/^\s*(?:QUERY PLAN|-{3,}|\(\d+ rows?\))\s*$/.test(line));
  const plan = all.findIndex((line) => /^\s*(?:- )?Plan:$/.test(line));
  if (plan < 0) return null;
  const query = all
    .slice(0, plan)
    .findLastIndex((line) => /^\s*(?:- )?Query (?:Text|Identifier|Parameters): /.test(line));
  const from = /^\s*- /.test(all[plan] ?? '') || query < 0 ? plan : Math.min(query, firstQuery(all, plan));
  const lines = all.slice(from).map(toLine);
  const reader = { lines, at: 0 };
  const value = block(reader, lines[0]?.column ?? 0);
  const top = Array.isArray(value) ? (value as readonly RawValue[])[0] : value;
  return isRawObject(top) ? top : null;
}

function firstQuery(lines: readonly string[], plan: number): number {
  const first = lines
    .slice(0, plan)
    .findIndex((line) => /^\s*(?:- )?Query (?:Text|Identifier|Parameters): /.test(line));
  return first < 0 ? plan : first;
}

function toLine(line: string): Line {
  const body = line.trimStart();
  return { column: line.length - body.length, body };
}

interface Reader {
  readonly lines: Line[];
  at: number;
}

function block(reader: Reader, column: number): RawValue {
  return reader.lines[reader.at]?.body.startsWith('- ') === true ? items(reader, column) : fields(reader, column);
}

function items(reader: Reader, column: number): readonly RawValue[] {
  const found: RawValue[] = [];
  for (;;) {
    const line = reader.lines[reader.at];
    if (!line || line.column !== column || !line.body.startsWith('- ')) return found;
    const inner = line.body.slice(2).trimStart();
    // The item goes on in the column in which its first key began.
    const next = column + line.body.length - inner.length;
    if (inner.startsWith('- ') || KEY.test(inner)) {
      reader.lines[reader.at] = { column: next, body: inner };
      found.push(block(reader, next));
    } else {
      reader.at += 1;
      found.push(scalar(inner));
    }
  }
}

const KEY = /^([A-Za-z][\w ./-]*):(?: (.*))?$/;

function fields(reader: Reader, column: number): RawObject {
  const found: Record<string, RawValue> = {};
  for (;;) {
    const line = reader.lines[reader.at];
    const match = line?.column === column ? KEY.exec(line.body) : null;
    if (!match) return found;
    reader.at += 1;
    const [, key = '', value] = match;
    const next = reader.lines[reader.at];
    if (value !== undefined && value.trim() !== '') found[key] = scalar(value.trim());
    else if (next && next.column > column) found[key] = block(reader, next.column);
    else found[key] = [];
  }
}

/** Texts, and lists within lists, are written as JSON writes them; all else bare. */
function scalar(text: string): RawValue {
  if (!/^["[]/.test(text)) return text;
  try {
    return JSON.parse(text) as RawValue;
  } catch {
    return text.replace(/^"|"$/g, '');
  }
}
