import { quoteLiteral } from '../../base/quote.js';
import { columnPath } from '../../sql/scope.js';
import { bodyOf, list, names, walk } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';
import type { Constant } from './constants.js';

/** Names of columns of whole numbers of which statements make times, `to_timestamp(ms / 1000)` and `timestamptz 'epoch' + secs * interval '1 second'`, each with how many of them make up a second. */
export function epochColumns(trees: readonly TreeNode[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const node of trees.flatMap((tree) => [...walk(tree)])) {
    for (const part of timed(node)) {
      const perSecond = PARTS.find(([, form]) => form.test(JSON.stringify(part)))?.[0] ?? 1;
      for (const { type, body } of walk(part)) {
        const name = type === 'ColumnRef' ? columnPath(body).path.at(-1) : undefined;
        if (name !== undefined) found.set(name, perSecond);
      }
    }
  }
  return found;
}

/** What makes a time of a number: the argument of `to_timestamp`, and what is multiplied by an interval. */
function timed({ type, body }: { readonly type: string; readonly body: TreeNode }): readonly TreeValue[] {
  if (type === 'FuncCall') {
    const called = names(list(body, 'funcname')).at(-1) ?? '';
    return called === 'to_timestamp' || called === 'make_interval' ? [list(body, 'args')] : [];
  }
  const isProduct = type === 'A_Expr' && names(list(body, 'name')).at(-1) === '*';
  const sides = isProduct ? [body['lexpr'], body['rexpr']] : [];
  return sides.some((side) => bodyOf(side, 'TypeCast') && JSON.stringify(side).includes('"interval"')) ? sides : [];
}

/** How a statement writes so many parts of a second. */
const PARTS: readonly (readonly [number, RegExp])[] = [
  [1_000_000, /"(ival|fval)":"?(1000000(\.0*)?|1e6|0?\.000001)\b/],
  [1000, /"(ival|fval)":"?(1000(\.0*)?|1e3|0?\.001)\b/],
];

/** Numbers, as SQL, whose times are those of the constants, just before and just after: a second on, and a part of one. */
export function epochValues(constants: readonly Constant[], perSecond: number, now: boolean): readonly string[] {
  const intervals = constants.flatMap(({ kind, text }) =>
    kind === 'interval' ? [`interval ${quoteLiteral(text)}`] : [],
  );
  const given = constants.flatMap(({ kind, text }) => {
    const day = /^\d{4}-\d\d?$/.test(text) ? `${text}-01` : text;
    return kind === 'string' && /^\d{4}-\d\d?-\d/.test(day) ? [`timestamptz ${quoteLiteral(day)}`] : [];
  });
  const current = now
    ? ['now()', 'current_date::timestamptz', ...intervals.flatMap((one) => [`now() - ${one}`, `now() + ${one}`])]
    : [];
  const steps = [
    ...new Set(['', ' + 1', ' - 1', ` + ${perSecond}`, ` - ${perSecond}`, ' + 86400', ` + ${perSecond - 1}`]),
  ];
  return [...given, ...current].flatMap((moment) =>
    steps.map((step) => `floor(extract(epoch FROM ${moment}) * ${perSecond})::bigint${step}`),
  );
}
