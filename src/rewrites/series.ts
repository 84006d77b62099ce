import { bodyOf, field, list, names, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';

/** Functions whose rows are one value each. */
const SERIES = new Set(['generate_series', 'generate_subscripts', 'unnest']);

/** The one column of `generate_series(...) AS d(day)`, `unnest(...) AS t`; null for any other item, and where it has others beside it. */
export function columnOfSeries(item: TreeNode): readonly string[] | null {
  const [only, more] = list(item, 'functions');
  const [call] = list(bodyOf(only, 'List') ?? {}, 'items').map((one) => bodyOf(one, 'FuncCall'));
  const alias = field(item, 'alias');
  const name = call ? names(list(call, 'funcname')).at(-1) : undefined;
  if (more || !call || !alias || item['ordinality'] === true || !SERIES.has(name ?? '')) return null;
  if (list(call, 'args').length > 1 && name === 'unnest') return null;
  const [column, another] = names(list(alias, 'colnames'));
  const own = column ?? textOf(alias, 'aliasname');
  return own === null || another !== undefined ? null : [own];
}
