import { columnPath } from '../../sql/scope.js';
import { bodyOf, field, isNode, list, names, typed, walk } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';
import type { Random } from '../../stats/random.js';
import { pick } from './draw.js';
import type { GeneratedRow } from './generate.js';

/** Names of columns that statements calculate with, or cast to a number: `a + 1`, `-a`, `abs(a)`, `a::int`. */
export function calculatedColumns(trees: readonly TreeNode[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of trees.flatMap((tree) => [...walk(tree)])) {
    for (const operand of operandsOf(node)) {
      const name = columnPath(bodyOf(operand, 'ColumnRef') ?? {}).path.at(-1);
      if (name !== undefined) found.add(name);
    }
  }
  return found;
}

/** The least and the greatest number of a type; empty for one without ends. */
export function extremesOf(baseType: string): readonly string[] {
  return EXTREMES[baseType] ?? [];
}

/** The rows with one value at the end of its type; as they are where nothing is calculated with. */
export function withExtreme(rows: readonly GeneratedRow[], random: Random): readonly GeneratedRow[] {
  const places = rows.flatMap(({ table, repeat }, row) =>
    repeat === undefined
      ? table.columns.flatMap((column) => (column.extremes.length > 0 ? [{ row, column }] : []))
      : [],
  );
  const place = pick(random, places);
  const value = place ? pick(random, place.column.extremes) : undefined;
  if (!place || value === undefined) return rows;
  return rows.map((row, at) =>
    at === place.row ? { ...row, values: new Map([...row.values, [place.column.name, value]]) } : row,
  );
}

const CALCULATING = new Set(['+', '-', '*']);
const NUMBERS = new Set(['int2', 'int4', 'int8']);

function operandsOf({ type, body }: { readonly type: string; readonly body: TreeNode }): readonly TreeValue[] {
  if (type === 'A_Expr' && CALCULATING.has(names(list(body, 'name')).at(-1) ?? ''))
    return [body['lexpr'], body['rexpr']].flatMap((side) => (isNode(side) ? [bare(side)] : []));
  if (type === 'FuncCall' && names(list(body, 'funcname')).at(-1) === 'abs') return list(body, 'args');
  const target = type === 'TypeCast' ? names(list(field(body, 'typeName') ?? {}, 'names')).at(-1) : undefined;
  return target !== undefined && NUMBERS.has(target) ? [body['arg']] : [];
}

/** What a cast is of. */
function bare(value: TreeNode): TreeValue {
  const node = typed(value);
  return node?.type === 'TypeCast' ? node.body['arg'] : value;
}

/** Ends of the whole numbers (manual, "Numeric Types"); of numeric a number that no integer holds. */
const EXTREMES: Readonly<Record<string, readonly string[]>> = {
  int2: ['32767', '-32768'],
  int4: ['2147483647', '-2147483648'],
  int8: ['9223372036854775807', '-9223372036854775808', '2147483648'],
  numeric: ['3000000000'],
};
