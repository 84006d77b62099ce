import { defineFormat } from '../define.js';
import { body, heading, slug } from '../parts.js';
import { leadingVersions, nextVersions } from '../versions.js';

export default defineFormat({
  id: 'plain',
  docs: {
    what: 'Pairs of files for psql: `0001_name.up.sql` and `0001_name.down.sql`, each with its own transaction.',
    outsideTransaction: 'A file without BEGIN and COMMIT; it may hold more than one statement.',
    sources: ['PostgreSQL manual, "psql"'],
  },
  write(changes, { files, now }) {
    const versions = nextVersions(leadingVersions(files.keys()), changes.length, { kind: 'sequence', width: 4 }, now);
    return {
      files: changes.flatMap((change, at) => {
        const base = `${versions[at]}_${slug(change.title)}`;
        const text = (lines: readonly string[]): string => `${lines.join('\n')}\n`;
        return [
          { path: `${base}.up.sql`, content: text([...heading(change), '', ...body(change, 'up', 'file')]) },
          ...(change.down === null
            ? []
            : [
                {
                  path: `${base}.down.sql`,
                  content: text([`-- Takes back ${base}.up.sql`, '', ...body(change, 'down', 'file')]),
                },
              ]),
        ];
      }),
      notes: [],
    };
  },
});
