import { defineFormat } from '../define.js';
import { body, commonNotes, heading, inParts, slug } from '../parts.js';
import { leadingVersions, nextVersions } from '../versions.js';

export default defineFormat({
  id: 'golang-migrate',
  docs: {
    what: 'Pairs of files `000001_name.up.sql` and `000001_name.down.sql`, each sent in one go.',
    outsideTransaction: 'A single statement in a file: the server then opens no transaction around it.',
    sources: [
      'https://github.com/golang-migrate/migrate/blob/master/MIGRATIONS.md',
      'https://github.com/golang-migrate/migrate/blob/master/database/postgres/README.md',
    ],
  },
  write(changes, { files, now }) {
    const parts = inParts(changes);
    const versions = nextVersions(leadingVersions(files.keys()), parts.length, { kind: 'sequence', width: 6 }, now);
    return {
      files: parts.flatMap((part, at) => {
        const base = `${versions[at]}_${slug(part.title)}`;
        const up = [...heading(part), '', ...body(part, 'up', 'file')];
        return [
          { path: `${base}.up.sql`, content: `${up.join('\n')}\n` },
          ...(part.down === null
            ? []
            : [{ path: `${base}.down.sql`, content: `${body(part, 'down', 'file').join('\n')}\n` }]),
        ];
      }),
      notes: commonNotes(parts),
    };
  },
});
