import { cleanLines } from './clean.js';
import { readHeading } from './heading.js';
import { readProperty } from './property.js';
import { rawText } from './raw.js';
import type { RawObject, RawValue } from './raw.js';
import { readSummaryLine } from './summary.js';
import { rebuild } from './rebuild.js';
import type { Ordered } from './rebuild.js';
import { joinWrapped } from './wrapped.js';

type Target = Record<string, RawValue>;

/** A node being read, with the column in which its line began. */
interface Open {
  readonly raw: Target;
  readonly children: Target[];
  readonly column: number;
}

/** Reads the text form into the JSON form's top object; null where no node line is found. What is no part of a plan is passed over. */
export function readText(text: string): RawObject | null {
  const lines = cleanLines(text);
  const first = findRoot(lines);
  if (first === null) return null;
  const top: Target = {};
  const query = queryBefore(lines.slice(0, first));
  if (query !== null) top['Query Text'] = query;
  const base = columnOf(lines[first] ?? '');
  const stack: Open[] = [];
  let label: string | null = null;
  let worker: WorkerLine | null = null;
  let group: string | null = null;
  const isInner = /^\s*->/.test(lines[first] ?? '');
  const order: Ordered[] = [];
  const rest = joinWrapped(lines.slice(first)).filter((line) => line.trim() !== '');
  for (const [at, line] of rest.entries()) {
    const column = columnOf(line);
    const body = line.trim();
    const node = isNodeLine(body, stack.length === 0) ? readNode(body) : null;
    // What stands left of a node that is below another, or beside it, is no part of its plan.
    if (node && stack.length > 0 && isInner && column <= base) break;
    if (node && (stack.length === 0 || body.startsWith('->'))) {
      while (stack.length > 1 && (stack.at(-1)?.column ?? 0) >= column) stack.pop();
      const parent = stack.at(-1);
      if (parent && isHeading(body)) {
        // What stands under it is the parent's, and what it says of itself is of no node.
        stack.push({ raw: { ...parent.raw }, children: parent.children, column });
        [label, worker, group] = [body.includes('Subplan') ? body.replace('->', '').trim() : null, null, null];
        continue;
      }
      attach(node, label, stack, column);
      order.push({ raw: node, column, label });
      [label, worker, group] = [null, null, null];
      continue;
    }
    if (column <= base && stack.length > 0) {
      const next = readSummaryLine(body, top, isUnder(group, body) ? group : null);
      if (next === undefined && !isProperty(body) && !goesOn(rest.slice(at))) break;
      if (next !== undefined) {
        group = next;
        worker = null;
        continue;
      }
    }
    if (/^Trigger .*: (?:time=[\d.]+ )?calls=\d+$/.test(body)) {
      readSummaryLine(body, top, null);
      continue;
    }
    if (group !== null && column > base) {
      readSummaryLine(body, top, group);
      continue;
    }
    if (/^(?:InitPlan|SubPlan|CTE) \S+/.test(body) && !/:/.test(body)) {
      label = body;
      while (stack.length > 1 && (stack.at(-1)?.column ?? 0) >= column) stack.pop();
      continue;
    }
    worker = readLine(body, column, stack, worker);
  }
  const root = stack[0];
  if (!root) return null;
  return { ...top, Plan: root.raw, ...(rebuild(order) ? { 'Indentation Lost': true } : {}) };
}

/** Whether a line that lost its blanks is one of those under the heading. */
function isUnder(group: string | null, body: string): boolean {
  if (group === 'JIT') return /^(?:Functions|Options|Timing): /.test(body);
  return group === 'Planning' && /^(?:Buffers|Memory): /.test(body);
}

function attach(raw: Target, label: string | null, stack: Open[], column: number): void {
  const children: Target[] = [];
  raw['Plans'] = children;
  const parent = stack.at(-1);
  if (parent) {
    raw['Parent Relationship'] =
      label === null ? relationship(parent) : label.startsWith('SubPlan') ? 'SubPlan' : 'InitPlan';
    if (label !== null) raw['Subplan Name'] = label;
    parent.children.push(raw);
  }
  stack.push({ raw, children, column });
}

/** What the JSON form would say; the text form says it by place only. */
function relationship({ raw, children }: Open): string {
  const type = rawText(raw['Node Type']) ?? '';
  if (/^(?:Append|Merge Append|BitmapAnd|BitmapOr)$/.test(type)) return 'Member';
  if (type === 'Subquery Scan') return 'Subquery';
  const before = children.filter((child) => child['Subplan Name'] === undefined).length;
  return before === 0 ? 'Outer' : 'Inner';
}

/** A worker whose lines are read, with the column in which its first one began. */
interface WorkerLine {
  readonly raw: Target;
  readonly column: number;
}

function readLine(body: string, column: number, stack: readonly Open[], worker: WorkerLine | null): WorkerLine | null {
  const node = stack.at(-1);
  if (!node) return null;
  const match = /^Worker (\d+): {1,2}(.*)$/.exec(body);
  if (match) {
    const raw = workerOf(node.raw, match[1] ?? '0');
    if (!readFigures(match[2] ?? '', raw)) readProperty(match[2] ?? '', raw);
    return { raw, column };
  }
  const into = worker && column > worker.column ? worker : null;
  readProperty(body, into?.raw ?? node.raw);
  return into;
}

function workerOf(raw: Target, number: string): Target {
  const workers = (raw['Workers'] ??= []) as unknown as Target[];
  const known = workers.find((one) => one['Worker Number'] === number);
  if (known) return known;
  const made: Target = { 'Worker Number': number };
  workers.push(made);
  return made;
}

const FIGURES = /\s*\((?:cost=|actual |never executed)/;

/** Where Citus says whose plan follows: one of another server, or one that runs before. */
function isHeading(body: string): boolean {
  return /^->\s+(?:Task|Distributed Subplan \S+)$/.test(body);
}

/** Only lines with figures are nodes for sure; with `COSTS OFF` those after an arrow are, and the first that reads like one. */
function isNodeLine(body: string, isFirst: boolean): boolean {
  return body.startsWith('->') || (isFirst && (FIGURES.test(body) || readHeading(body) !== null));
}

function readNode(body: string): Target | null {
  const text = body.replace(/^->\s*/, '');
  const at = FIGURES.exec(text)?.index ?? text.length;
  const name = text.slice(0, at).trim();
  // Who shortens a plan by hand puts a property in brackets behind a node.
  const raw = readHeading(name) ?? readHeading(name.replace(/ \([^()]*\)$/, ''));
  // An extension's node, or one of a newer server: its name is all there is to know.
  const known: Target = raw ?? { 'Node Type': name };
  if (!readFigures(text.slice(at), known) && text.endsWith(')')) known['Figures As Written'] = text.slice(at).trim();
  return known;
}

/** `(cost=0.00..1.00 rows=1 width=4) (actual time=0.01..0.02 rows=1 loops=1)`; false where there is neither. */
function readFigures(text: string, raw: Target): boolean {
  const cost = /cost=([\d.]+)\.\.([\d.]+) rows=(\d+) width=(\d+)/.exec(text);
  if (cost) {
    Object.assign(raw, {
      'Startup Cost': cost[1],
      'Total Cost': cost[2],
      'Plan Rows': cost[3],
      'Plan Width': cost[4],
    });
  }
  const actual = /actual (?:time=([\d.]+)\.\.([\d.]+) )?rows=([\d.]+) loops=(\d+)/.exec(text);
  if (actual) {
    if (actual[1] !== undefined)
      Object.assign(raw, { 'Actual Startup Time': actual[1], 'Actual Total Time': actual[2] });
    Object.assign(raw, { 'Actual Rows': actual[3], 'Actual Loops': actual[4] });
  }
  if (text.includes('(never executed)')) raw['Actual Loops'] = 0;
  return cost !== null || actual !== null || text.includes('(never executed)');
}

function columnOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Whether the next node is one below the root: then a line that says nothing of a plan is none of its end. */
function goesOn(rest: readonly string[]): boolean {
  return /^\s*->/.test(rest.find((line) => FIGURES.test(line)) ?? '');
}

function isProperty(body: string): boolean {
  // What psql's \\timing writes is no part of the plan.
  return /^(?!Time: )[A-Z][\w /()-]*:/.test(body);
}

/** The first line with figures, or the one above it that its name began in; where there are none, the first that reads like a node and is no word of a statement. */
function findRoot(lines: readonly string[]): number | null {
  const sure = lines.findIndex((line) => /\((?:cost=\d|actual (?:time|rows)=|never executed\))/.test(line));
  if (sure >= 0) {
    if (!/^\s*->/.test(lines[sure] ?? '')) return sure;
    const above = lines.slice(0, sure).findLastIndex((line) => line.trim() !== '' && readHeading(line) !== null);
    return above < 0 ? sure : above;
  }
  const arrow = lines.findIndex((line) => /^\s*->\s/.test(line));
  const likely = lines.findIndex((line) => readHeading(line) !== null);
  if (likely < 0) return null;
  return arrow >= 0 && likely > arrow ? null : likely;
}

/** The statement that auto_explain logs before the plan. */
function queryBefore(lines: readonly string[]): string | null {
  const start = lines.findIndex((line) => /^\s*Query Text: /.test(line));
  if (start < 0) return null;
  const rest = lines.slice(start).filter((line) => !/^\s*Query Parameters: /.test(line));
  return rest.map((line, position) => (position === 0 ? line.replace(/^\s*Query Text: /, '') : line.trim())).join('\n');
}
