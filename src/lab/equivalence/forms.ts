import { deparseGuarded } from '../../sql/deparse.js';
import type { ParsedStatement } from '../../sql/parse.js';
import { columnPath } from '../../sql/scope.js';
import { bodyOf, field, list, numberOf, treeText, typed } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';

/** A statement in the form in which its result is read: one row `k` (sort keys as text), `v` (the row as text) per row. */
export interface ComparedForm {
  readonly sql: string;
  /** Whether ORDER BY at the top says which order is right. */
  readonly ordered: boolean;
  /** How many sort keys it has. */
  readonly keys: number;
  /** The output columns that they are, from 1; null where one of them is none. */
  readonly positions: readonly number[] | null;
}

/** The form of a SELECT with so many output columns, named so, each read as `readings` says. Sort keys beyond `mostKeys` only break ties of the others. Throws `sql/deparse` where a sort key has to be added and the statement can not be written back. */
export function comparedForm(
  statement: ParsedStatement,
  columns: readonly string[],
  how: {
    readonly readings?: readonly (((column: string) => string) | null)[];
    readonly mostKeys?: number;
    /** Output columns whose values say in which order rows are, in place of its own keys. */
    readonly positions?: readonly number[] | null;
  } = {},
): ComparedForm {
  const own = sortKeys(statement.body, columns).slice(
    0,
    Math.min(how.mostKeys ?? Number.POSITIVE_INFINITY, distinctKeys(statement.body)),
  );
  const keys = own.length > 0 && how.positions ? how.positions.map((position) => ({ position })) : own;
  const added = keys.flatMap((one) => ('expression' in one ? [one.expression] : []));
  const tree: TreeNode =
    added.length === 0
      ? statement.tree
      : {
          SelectStmt: {
            ...statement.body,
            targetList: [
              ...list(statement.body, 'targetList'),
              ...added.map((val, i) => ({ ResTarget: { name: `wizard_k${i}`, val } })),
            ],
          },
        };
  const text = added.length === 0 ? statement.sql.replace(/;\s*$/, '') : deparseGuarded(tree);
  const names = [...columns.map((_, i) => `c${i + 1}`), ...added.map((_, i) => `k${i + 1}`)];
  const read = (position: number): string => {
    const column = `t.c${position}`;
    return how.readings?.[position - 1]?.(column) ?? column;
  };
  let extra = 0;
  const keyNames = keys.map((one) => ('position' in one ? read(one.position) : `t.k${(extra += 1)}`));
  const values = columns.map((_, i) => read(i + 1));
  const alias = names.length === 0 ? 't' : `t(${names.join(', ')})`;
  return {
    sql: `SELECT ROW(${keyNames.join(', ')})::text AS k, ROW(${values.join(', ')})::text AS v FROM (${text}\n) AS ${alias}`,
    ordered: keys.length > 0,
    keys: keys.length,
    positions: keys.every((one) => 'position' in one)
      ? keys.flatMap((one) => ('position' in one ? one.position : []))
      : null,
  };
}

/** The statement without LIMIT and OFFSET: every row that could be among its result. Null where it has none, or WITH TIES, which leaves no choice. */
export function withoutLimit(statement: ParsedStatement): string | null {
  const { limitCount, limitOffset, ...rest } = statement.body;
  if (limitCount === undefined && limitOffset === undefined) return null;
  if (rest['limitOption'] === 'LIMIT_OPTION_WITH_TIES') return null;
  return deparseGuarded({ SelectStmt: { ...rest, limitOption: 'LIMIT_OPTION_DEFAULT' } });
}

/** With DISTINCT ON no two rows are alike in its keys: those of ORDER BY after them say which row it is, not where it stands. */
function distinctKeys(body: TreeNode): number {
  const on = list(body, 'distinctClause').filter((one) => typed(one) !== null);
  return on.length > 0 ? on.length : Number.POSITIVE_INFINITY;
}

type SortKey = { readonly position: number } | { readonly expression: TreeNode };

function sortKeys(body: TreeNode, columns: readonly string[]): readonly SortKey[] {
  return list(body, 'sortClause').map((item) => {
    const node = bodyOf(item, 'SortBy')?.['node'];
    return { ...positionOf(node, body, columns) };
  });
}

function positionOf(node: TreeValue, body: TreeNode, columns: readonly string[]): SortKey {
  const constant = bodyOf(node, 'A_Const');
  const ordinal = constant ? field(constant, 'ival') : null;
  if (ordinal) return { position: numberOf(ordinal, 'ival') ?? 1 };
  const reference = bodyOf(node, 'ColumnRef');
  const path = reference ? columnPath(reference).path : [];
  const named = path.length === 1 ? columns.indexOf(path[0] ?? '') : -1;
  if (named >= 0) return { position: named + 1 };
  const targets = list(body, 'targetList');
  const star = targets.some((item) => treeText(item).includes('"A_Star"'));
  const same = star ? -1 : targets.findIndex((item) => treeText(bodyOf(item, 'ResTarget')?.['val']) === treeText(node));
  return same >= 0 ? { position: same + 1 } : { expression: node as TreeNode };
}
