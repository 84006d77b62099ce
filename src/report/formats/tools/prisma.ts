import { defineFormat } from '../define.js';
import { body, commonNotes, heading, inParts, slug } from '../parts.js';
import { leadingVersions, nextVersions } from '../versions.js';

/** The file that `prisma migrate` wants beside its folders. */
const LOCK = 'migration_lock.toml';

export default defineFormat({
  id: 'prisma',
  docs: {
    what: 'Folders `20260131120000_name/migration.sql`. Prisma runs no way back: `down.sql` beside it is for `prisma db execute`.',
    outsideTransaction:
      'A single statement in a migration: Prisma sends the file in one go and opens no transaction itself.',
    sources: [
      'https://www.prisma.io/docs/orm/prisma-migrate/workflows/generating-down-migrations',
      'https://github.com/prisma/prisma/issues/14456',
    ],
  },
  write(changes, { files, now }) {
    const parts = inParts(changes);
    const versions = nextVersions(leadingVersions(files.keys()), parts.length, { kind: 'time', digits: 14 }, now);
    const lock = { path: LOCK, content: '# Read by `prisma migrate`.\nprovider = "postgresql"\n' };
    return {
      files: [
        ...parts.flatMap((part, at) => {
          const base = `${versions[at]}_${slug(part.title)}`;
          const up = [...heading(part), '-- Prisma runs no way back: see down.sql', '', ...body(part, 'up', 'file')];
          return [
            { path: `${base}/migration.sql`, content: `${up.join('\n')}\n` },
            ...(part.down === null
              ? []
              : [{ path: `${base}/down.sql`, content: `${body(part, 'down', 'file').join('\n')}\n` }]),
          ];
        }),
        ...(files.has(LOCK) || parts.length === 0 ? [] : [lock]),
      ],
      notes: [
        ...commonNotes(parts),
        'Prisma runs no way back: `prisma db execute --file <folder>/down.sql`, then `prisma migrate resolve --rolled-back <folder>`.',
      ],
    };
  },
});
