import { defineFormat } from '../define.js';
import { body, commonNotes, heading, slug } from '../parts.js';
import { leadingVersions, nextVersions } from '../versions.js';

export default defineFormat({
  id: 'flyway',
  docs: {
    what: 'Versioned migrations `V1__name.sql`, with undo migrations `U1__name.sql`, which only the paid editions run.',
    outsideTransaction:
      'A script configuration file `V1__name.sql.conf` with `executeInTransaction=false`; Flyway splits the file into statements itself.',
    sources: [
      'https://documentation.red-gate.com/fd/flyway-execute-in-transaction-setting-277578997.html',
      'https://github.com/flyway/flyway/issues/3854',
    ],
  },
  write(changes, { files, now }) {
    const names = [...files.keys()].map((path) => path.slice(path.lastIndexOf('/') + 1));
    const versions = nextVersions(
      leadingVersions(names, /^[VUB](\d+)(?:[._]\d+)*__/),
      changes.length,
      { kind: 'sequence', width: 1 },
      now,
    );
    const outside = 'executeInTransaction=false\n';
    const isOutside = changes.some((change) => !change.transactional);
    return {
      files: changes.flatMap((change, at) => {
        const name = `${versions[at]}__${slug(change.title)}.sql`;
        const up = `${[...heading(change), '', ...body(change, 'up')].join('\n')}\n`;
        const down = `${body(change, 'down').join('\n')}\n`;
        return [
          { path: `V${name}`, content: up },
          ...(change.transactional ? [] : [{ path: `V${name}.conf`, content: outside }]),
          ...(change.down === null ? [] : [{ path: `U${name}`, content: down }]),
          ...(change.down === null || change.downTransactional ? [] : [{ path: `U${name}.conf`, content: outside }]),
        ];
      }),
      notes: [
        ...commonNotes(changes),
        ...(isOutside
          ? [
              "What is built concurrently waits for Flyway's own lock unless `flyway.postgresql.transactional.lock=false` is set.",
            ]
          : []),
      ],
    };
  },
});
