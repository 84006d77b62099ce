import { defineFormat, type HandedChange } from '../define.js';
import { body, commonNotes, heading, slug } from '../parts.js';
import { leadingVersions, nextVersions } from '../versions.js';

export default defineFormat({
  id: 'node-pg-migrate',
  docs: {
    what: 'CommonJS modules `1738324800000_name.cjs`, which every kind of package can load, with `up` and `down`.',
    outsideTransaction: '`pgm.noTransaction()`; each `pgm.sql` is sent by itself.',
    sources: [
      'https://salsita.github.io/node-pg-migrate/migrations/',
      'https://salsita.github.io/node-pg-migrate/migrations/transactions',
    ],
  },
  write(changes, { files, now }) {
    const versions = nextVersions(leadingVersions(files.keys()), changes.length, { kind: 'time', digits: 13 }, now);
    return {
      files: changes.map((change, at) => ({
        path: `${versions[at]}_${slug(change.title)}.cjs`,
        content: moduleText(change),
      })),
      notes: commonNotes(changes),
    };
  },
});

function moduleText(change: HandedChange): string {
  const lines = heading(change).map((line) => line.replace(/^--/, '//'));
  const down = change.down === null ? ['// There is no way back.', 'exports.down = false;'] : direction(change, 'down');
  return `${[...lines, '', ...direction(change, 'up'), '', ...down].join('\n')}\n`;
}

function direction(change: HandedChange, which: 'up' | 'down'): readonly string[] {
  const transactional = which === 'up' ? change.transactional : change.downTransactional;
  const statements = body(change, which).filter((sql) => !sql.startsWith('-- '));
  return [
    `exports.${which} = (pgm) => {`,
    ...(transactional ? [] : ['  pgm.noTransaction();']),
    ...statements.map((sql) => `  pgm.sql(${template(sql)});`),
    '};',
  ];
}

function template(sql: string): string {
  return `\`${sql.replaceAll(/[\\`]|\$\{/g, '\\$&')}\``;
}
