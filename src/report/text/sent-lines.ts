import { hintParts } from '../../model/action.js';
import type { Rewrite } from '../../model/action.js';
import { layoutOf } from '../../sql/layout.js';
import { lineDifference } from './line-difference.js';

type Sent = Pick<Rewrite, 'from' | 'to' | 'hint'>;

/** What the application sends after the change, laid out. */
export function sentLines({ to, hint }: Sent): readonly string[] {
  if (!hint) return layoutOf(to);
  const { before, after } = hintParts(hint);
  return [...before, ...ended(layoutOf(to), after.length > 0), ...after];
}

/** The same as the lines of a difference: each begins with `-`, `+` or a space. */
export function changedLines({ from, to, hint }: Sent): readonly string[] {
  if (!hint) return lineDifference(from, to);
  const { before, after } = hintParts(hint);
  const same = ended(layoutOf(to), after.length > 0);
  return [...before.map((line) => `+${line}`), ...same.map((line) => ` ${line}`), ...after.map((line) => `+${line}`)];
}

/** What the facts beside a changed text are. */
export function proofTitle({ rule, hint }: Pick<Rewrite, 'rule' | 'hint'>): string {
  return hint ? 'what the hint rests on' : `why both mean the same (${rule})`;
}

function ended(lines: readonly string[], semicolon: boolean): readonly string[] {
  return lines.map((line, position) => (semicolon && position === lines.length - 1 ? `${line};` : line));
}
