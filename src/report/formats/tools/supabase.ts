import { defineFormat } from '../define.js';
import { body, commonNotes, heading, inParts, slug } from '../parts.js';
import { leadingVersions, nextVersions } from '../versions.js';

export default defineFormat({
  id: 'supabase',
  docs: {
    what: 'Files `20260131120000_name.sql` by the time in UTC. Supabase runs no way back: `.down.sql` stands in a folder `down` for psql.',
    outsideTransaction:
      'A single statement in a migration; the command line runs those that may not run inside a transaction by themselves from 2.109.0 on.',
    sources: [
      'https://supabase.com/docs/guides/getting-started/ai-prompts/database-create-migration',
      'https://github.com/supabase/cli/issues/5139',
      'https://github.com/supabase/cli/pull/6276',
    ],
  },
  write(changes, { files, now }) {
    const parts = inParts(changes);
    const versions = nextVersions(leadingVersions(files.keys()), parts.length, { kind: 'time', digits: 14 }, now);
    return {
      files: parts.flatMap((part, at) => {
        const base = `${versions[at]}_${slug(part.title)}`;
        return [
          { path: `${base}.sql`, content: `${[...heading(part), '', ...body(part, 'up')].join('\n')}\n` },
          ...(part.down === null
            ? []
            : [{ path: `down/${base}.down.sql`, content: `${body(part, 'down', 'file').join('\n')}\n` }]),
        ];
      }),
      notes: [
        ...commonNotes(parts),
        'Supabase runs no way back: the files in `down` are for psql.',
        ...(parts.some(({ transactional }) => !transactional)
          ? ['What may not run inside a transaction needs the Supabase command line 2.109.0 or newer.']
          : []),
      ],
    };
  },
});
