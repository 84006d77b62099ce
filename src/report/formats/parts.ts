import { createHash } from 'node:crypto';
import { comment, terminated } from '../sql-text.js';
import { mayRunInTransaction } from '../migrations.js';
import type { FormatFolder, HandedChange } from './define.js';

/** What a statement that does nothing reads, where a tool wants one. */
const NOTHING = 'SELECT 1';

/**
 * Changes for a tool that sends a file in one go: what may not run inside a transaction stands alone, one statement a part, each with the
 * statement that takes it back.
 */
export function inParts(changes: readonly HandedChange[]): readonly HandedChange[] {
  return changes.flatMap((change) => {
    if (change.transactional && change.downTransactional) return [change];
    const down = change.down ?? [];
    const count = Math.max(change.up.length, change.downTransactional ? 1 : down.length);
    if (count === 1) return [change];
    return Array.from({ length: count }, (_, at) => {
      const up = change.up[at] ?? NOTHING;
      const whole = at === 0 ? down : [];
      const single = down[count - 1 - at] ?? NOTHING;
      const back = change.downTransactional && down.length !== count ? whole : [single];
      return {
        ...change,
        title: count === 1 ? change.title : `${change.title} part ${at + 1}`,
        up: [up],
        down: change.down === null ? null : back,
        transactional: mayRunInTransaction(up),
        downTransactional: back.every(mayRunInTransaction),
      };
    });
  });
}

/** Lower-case words of a title, as file names are made of: letters, digits and `_`. */
export function slug(title: string): string {
  const words = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 60)
    .replace(/^_+|_+$/g, '');
  return words || 'change';
}

/** Comments above the statements: the evidence, and the line by which a later run knows the change again. */
export function heading(change: HandedChange): readonly string[] {
  return [
    ...comment('', change.title),
    ...change.words.flatMap((line) => comment('', line)),
    ...(change.noWayBack === null ? [] : comment('', `No way back: ${change.noWayBack}`)),
    `-- ${marker(change)}`,
  ];
}

/** Names the statements, whatever the file is called. */
export function marker({ prologue, up }: Pick<HandedChange, 'prologue' | 'up'>): string {
  return `database-wizard ${createHash('sha256')
    .update(JSON.stringify([prologue, up]))
    .digest('hex')
    .slice(0, 16)}`;
}

/** Those that no file of the folder holds. */
export function notYetIn(folder: FormatFolder, changes: readonly HandedChange[]): readonly HandedChange[] {
  const texts = [...folder.files.values()];
  return changes.filter((change) => {
    const parts = inParts([change]);
    return (
      !parts.every((part) => texts.some((text) => text.includes(marker(part)))) &&
      !texts.some((text) => text.includes(marker(change)))
    );
  });
}

/** The statements of one direction, terminated. `outer` is who opens the transaction: the tool, or the file. */
export function body(
  change: HandedChange,
  direction: 'up' | 'down',
  outer: 'tool' | 'file' = 'tool',
): readonly string[] {
  const statements = direction === 'up' ? change.up : (change.down ?? []);
  const transactional = direction === 'up' ? change.transactional : change.downTransactional;
  if (statements.length === 0) return [`-- Nothing to run.`];
  if (!transactional) return statements.map(terminated);
  const inside = [
    `SET LOCAL lock_timeout = '${change.lockTimeoutMs}ms';`,
    ...change.prologue.map((sql) => terminated(sql.replace(/^SET\s+(?!LOCAL\b|SESSION\b)/i, 'SET LOCAL '))),
    ...statements.map(terminated),
  ];
  // A tool notes in the same transaction that the file was run, in a table that it looks for on the search path.
  const restored = change.prologue.flatMap((sql) => {
    const name = /^SET\s+(?:LOCAL\s+|SESSION\s+)?([a-z_.]+)\b/i.exec(sql)?.[1];
    return name === undefined ? [] : [`SET LOCAL ${name} TO DEFAULT;`];
  });
  return outer === 'tool' ? [...inside, ...restored] : ['BEGIN;', ...inside, 'COMMIT;'];
}

/** Sentences on what a part loses that stands alone, or has no way back. */
export function commonNotes(parts: readonly HandedChange[]): readonly string[] {
  return parts.flatMap((part) => [
    ...(part.transactional || part.prologue.length === 0
      ? []
      : [
          `"${part.title}" runs alone, and so without ${part.prologue.join('; ')}: set that for the role or the connection first.`,
        ]),
    ...(part.down === null ? [`"${part.title}" has no way back: ${part.noWayBack ?? 'unknown'}.`] : []),
  ]);
}
