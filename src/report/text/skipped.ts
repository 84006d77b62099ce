import { groupBy } from '../../base/group.js';
import { oneLine } from '../words.js';

/** What was left out and why, a sentence each: `a: reason. To see it: remedy`. Many things left out for one reason are told in one, the first three by name. */
export function skippedSentences(
  rows: readonly { readonly what: string; readonly reason: string; readonly remedy: string | null }[],
): readonly string[] {
  const why = ({ reason, remedy }: (typeof rows)[number]): string =>
    oneLine(remedy === null ? reason : `${reason}. To see it: ${remedy}`);
  return [...groupBy(rows, why)].flatMap(([reason, own]) => {
    const names = own.map(({ what }) => oneLine(what));
    if (names.length < FEW) return names.map((what) => `${what}: ${reason}`);
    return [
      `${names.slice(0, FEW).join(', ')}${names.length > FEW ? ` and ${names.length - FEW} more` : ''}: ${reason}`,
    ];
  });
}

/** Names that are read, and not passed over. */
const FEW = 3;
