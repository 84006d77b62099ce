import { WizardError } from '../../../base/errors.js';
import { defineFormat, type FormatFile, type HandedChange } from '../define.js';
import { body, commonNotes, heading, slug } from '../parts.js';
import { leadingVersions, nextVersions } from '../versions.js';

const JOURNAL = 'meta/_journal.json';

export default defineFormat({
  id: 'drizzle',
  docs: {
    what: 'Files `0000_name.sql` that `meta/_journal.json` (version 7) lists, with `--> statement-breakpoint` between statements.',
    outsideTransaction:
      'None: the migrator runs all that is pending in one transaction. Such changes are written to a folder `by-hand`, for psql, and not listed.',
    sources: [
      'https://orm.drizzle.team/docs/kit-custom-migrations',
      'https://github.com/drizzle-team/drizzle-orm/issues/860',
    ],
  },
  write(changes, { files, now }) {
    const journal = readJournal(files.get(JOURNAL));
    const names = [...files.keys()].map((path) => path.replace(/^by-hand\//, ''));
    const versions = nextVersions(leadingVersions(names), changes.length, { kind: 'sequence', width: 4 }, now);
    // Drizzle begins with 0.
    const first = versions[0] === '0001' && leadingVersions(names).length === 0 ? 1 : 0;
    const named = changes.map((change, at) => ({
      change,
      tag: `${String(Number(versions[at]) - first).padStart(4, '0')}_${slug(change.title)}`,
    }));
    const listed = named.filter(({ change }) => change.transactional);
    const last = Math.max(now.getTime(), ...journal.entries.map(({ when }) => when + 1));
    const entries = listed.map(({ tag }, at) => ({
      idx: (journal.entries.at(-1)?.idx ?? -1) + 1 + at,
      version: '7',
      when: last + at,
      tag,
      breakpoints: true,
    }));
    const content = `${JSON.stringify({ ...journal, entries: [...journal.entries, ...entries] }, null, 2)}\n`;
    return {
      files: [
        ...named.flatMap(({ change, tag }) => filesOf(change, tag)),
        ...(entries.length === 0 ? [] : [{ path: JOURNAL, content, appends: true }]),
      ],
      notes: [
        ...commonNotes(changes.filter(({ down }) => down === null)),
        ...named
          .filter(({ change }) => !change.transactional)
          .map(
            ({ tag }) =>
              `Drizzle can not run by-hand/${tag}.sql, which may not run inside a transaction: run it with psql.`,
          ),
        'Drizzle runs no way back: the .down.sql files in `by-hand` are for psql.',
      ],
    };
  },
});

function filesOf(change: HandedChange, tag: string): readonly FormatFile[] {
  const down =
    change.down === null
      ? []
      : [{ path: `by-hand/${tag}.down.sql`, content: `${body(change, 'down', 'file').join('\n')}\n` }];
  const path = change.transactional ? `${tag}.sql` : `by-hand/${tag}.sql`;
  const statements = body(change, 'up').join(change.transactional ? '\n--> statement-breakpoint\n' : '\n');
  return [{ path, content: `${[...heading(change), statements].join('\n')}\n` }, ...down];
}

interface Journal {
  readonly version: string;
  readonly dialect: string;
  readonly entries: readonly { readonly idx: number; readonly when: number }[];
}

function readJournal(text: string | undefined): Journal {
  if (text === undefined) return { version: '7', dialect: 'postgresql', entries: [] };
  try {
    const journal = JSON.parse(text) as Journal;
    if (journal.dialect === 'postgresql' && Array.isArray(journal.entries)) return journal;
  } catch {
    // The same is to be said of it.
  }
  throw new WizardError('input/invalid', `${JOURNAL} is not a journal of Drizzle for PostgreSQL`, {
    hint: 'Give the folder that drizzle.config names as `out`.',
  });
}
