import type { Schema } from '../../model/schema.js';
import { affectedBy, sidesOf } from './affected.js';
import { operationsFor, type Operation } from './operations.js';
import type { DifferenceStatement, Unwritten } from './statement.js';
import { withTextsOf } from './view-text.js';
import { changesBetween, type SchemaChange } from './words.js';

/** What differs between two schemas, and the statements from each to the other. */
export interface SchemaDifference {
  readonly changes: readonly SchemaChange[];
  /** From the first to the second. */
  readonly up: Script;
  /** And back. */
  readonly down: Script;
}

/** Statements in the order in which they run. */
export interface Script {
  /** Each commits before the next: labels of an enum can not be used in the transaction that adds them. */
  readonly before: readonly DifferenceStatement[];
  /** In one transaction. */
  readonly statements: readonly DifferenceStatement[];
  readonly unwritten: readonly Unwritten[];
}

/** Compares two schemas. Equal ones give no changes and empty scripts. Needs `loadParser()`. */
export function differenceOf(first: Schema, second: Schema): SchemaDifference {
  const isNamed = [first, second].map(({ serverVersion }) => serverVersion >= NAMED_NOT_NULL);
  const [a, other] = isNamed[0] === isNamed[1] ? [first, second] : [withoutNames(first), withoutNames(second)];
  const b = major(a) === major(other) ? other : withTextsOf(a, other);
  return { changes: changesBetween(sidesOf(a, b)), up: scriptOf(a, b), down: scriptOf(b, a) };
}

/** NOT NULL is a constraint with a name from 18 on: an older server neither has one nor takes one. */
const NAMED_NOT_NULL = 180_000;

function major({ serverVersion }: Schema): number {
  return Math.floor(serverVersion / 10_000);
}

function withoutNames(schema: Schema): Schema {
  const entries = schema.entries.map((entry) => {
    if (entry.facts?.type !== 'table') return entry;
    const columns = entry.facts.columns.map((column) =>
      column.notNullName?.endsWith(' NOT VALID') === true ? column : { ...column, notNullName: null },
    );
    return { ...entry, facts: { ...entry.facts, columns } };
  });
  return { ...schema, entries };
}

function scriptOf(a: Schema, b: Schema): Script {
  const sides = sidesOf(a, b);
  const { operations, before, unwritten } = operationsFor(sides, affectedBy(sides));
  return { before, statements: inOrder([...operations.values()]).flatMap(({ statements }) => statements), unwritten };
}

/** Lowest rank first among those that wait for nothing; a circle is entered at its lowest. */
function inOrder(operations: readonly Operation[]): readonly Operation[] {
  const waiting = new Map(operations.map((operation) => [operation.key, new Set(operation.after)]));
  const left = new Set(operations.toSorted((x, y) => x.rank - y.rank));
  const sorted: Operation[] = [];
  const followers = new Map<string, string[]>();
  for (const { key, after } of operations)
    for (const first of after) followers.set(first, [...(followers.get(first) ?? []), key]);
  while (left.size > 0) {
    let next: Operation | undefined;
    for (const operation of left) {
      if (waiting.get(operation.key)?.size !== 0) continue;
      next = operation;
      break;
    }
    const [lowest] = left;
    const chosen = next ?? lowest;
    if (chosen === undefined) break;
    left.delete(chosen);
    sorted.push(chosen);
    for (const key of followers.get(chosen.key) ?? []) waiting.get(key)?.delete(chosen.key);
  }
  return sorted;
}
