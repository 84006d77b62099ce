import type { ParsedStatement } from './parse.js';
import { bodyOf, isNode, numberOf, typed } from './tree.js';
import type { TreeValue } from './tree.js';

/**
 * Where constants begin that a parameter could stand for, as offsets into the JavaScript string. Not among them: the modifiers of types (`numeric(10, 2)`), and numbers which
 * name a column of the result (`ORDER BY 1`).
 */
export function constantStarts(statement: ParsedStatement): ReadonlySet<number> {
  const bytes: number[] = [];
  collect(statement.tree, bytes);
  return new Set(bytes.map(textOffsets(statement.sql)));
}

/** Makes of an offset in bytes, as the parser gives it, one into the JavaScript string. */
export function textOffsets(sql: string): (byte: number) => number {
  const buffer = Buffer.from(sql);
  return buffer.length === sql.length ? (byte) => byte : (byte) => buffer.subarray(0, byte).toString().length;
}

function collect(value: TreeValue, into: number[]): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly TreeValue[]) collect(item, into);
    return;
  }
  if (!isNode(value)) return;
  const node = typed(value);
  if (node?.type === 'A_Const') {
    into.push(numberOf(node.body, 'location') ?? 0);
    return;
  }
  for (const [name, item] of Object.entries(node ? node.body : value)) {
    if (name === 'typmods') continue;
    collect(RESULT_COLUMNS.has(name) ? withoutNumbers(item) : item, into);
  }
}

/** Lists in which a bare number names a column. */
const RESULT_COLUMNS = new Set(['sortClause', 'groupClause', 'distinctClause']);

function withoutNumbers(list: TreeValue): TreeValue {
  if (!Array.isArray(list)) return list;
  return (list as readonly TreeValue[]).filter((item) => {
    const sorted = bodyOf(item, 'SortBy');
    return bodyOf(sorted ? sorted['node'] : item, 'A_Const') === null;
  });
}
