import { WizardError } from '../base/errors.js';
import { deparseExpression, deparseGuarded } from '../sql/deparse.js';
import { tryParseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { tokenize } from '../sql/tokens.js';
import { isNode, treeText, typed } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';
import { flattened } from './build.js';

/**
 * Writes a changed tree as SQL, proved by parsing it again. Where the deparser can not write the whole statement, the changed expression alone is written into the original text,
 * under the same proof. Null where neither can.
 */
export function writeBack(statement: ParsedStatement, tree: TreeNode): string | null {
  const changed = flattened(tree);
  // What rules do with LIMIT is not what WITH TIES means: a statement that says so keeps all but one expression.
  const whole = treeText(statement.tree).includes('LIMIT_OPTION_WITH_TIES')
    ? null
    : attempt(() => deparseGuarded(changed));
  return whole ?? splice(statement, changed);
}

/** How many places of the text are tried for the end and the beginning of the changed expression. */
const REACH = 24;

function splice({ sql, tree }: ParsedStatement, changed: TreeNode): string | null {
  const wanted = treeText(changed);
  for (const [before, after] of differences(flattened(tree), changed)) {
    const node = typed(after);
    const text = node ? attempt(() => deparseExpression({ [node.type]: node.body })) : null;
    const places = positions(before);
    if (text === null || places.length === 0) continue;
    const bytes = Buffer.from(sql);
    const first = bytes.subarray(0, Math.min(...places)).toString().length;
    const last = bytes.subarray(0, Math.max(...places)).toString().length;
    const tokens = tokenize(sql);
    const starts = tokens
      .filter((token) => token.start <= first)
      .slice(-REACH)
      .toReversed();
    const ends = tokens.filter((token) => token.end > last).slice(0, REACH);
    for (const start of starts) {
      for (const end of ends) {
        const spliced = `${sql.slice(0, start.start)}(${text})${sql.slice(end.end)}`;
        const parsed = tryParseStatement(spliced);
        if (parsed && treeText(flattened(parsed.tree)) === wanted) return spliced;
      }
    }
  }
  return null;
}

/** Pairs of nodes that hold every difference, the smallest first. */
function differences(before: TreeValue, after: TreeValue): readonly (readonly [TreeNode, TreeNode])[] {
  if (!isNode(before) || !isNode(after)) return [];
  const own = typed(before) && typed(after) ? [[before, after] as const] : [];
  const pairs = childPairs(before, after);
  const changed = pairs?.filter(([a, b]) => treeText(a) !== treeText(b)) ?? [];
  const [only] = changed;
  return pairs === null || changed.length !== 1 || !only ? own : [...differences(...only), ...own];
}

/** The children of two nodes side by side, lists opened; null where they are not of one form. */
function childPairs(before: TreeNode, after: TreeNode): readonly (readonly [TreeValue, TreeValue])[] | null {
  const keys = Object.keys(before);
  if (keys.length !== Object.keys(after).length || keys.some((key) => !(key in after))) return null;
  const pairs: (readonly [TreeValue, TreeValue])[] = [];
  for (const key of keys) {
    const [a, b] = [before[key], after[key]];
    if (Array.isArray(a) && Array.isArray(b)) {
      if (a.length !== b.length) return null;
      a.forEach((item: TreeValue, i) => pairs.push([item, b[i] as TreeValue]));
    } else {
      pairs.push([a, b]);
    }
  }
  return pairs;
}

function positions(value: TreeValue): readonly number[] {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).flatMap(positions);
  if (!isNode(value)) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    key === 'location' && typeof item === 'number' && item >= 0 ? [item] : positions(item),
  );
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof WizardError && thrown.code === 'sql/deparse') return null;
    throw thrown;
  }
}
