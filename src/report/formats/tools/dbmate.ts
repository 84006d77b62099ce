import { defineFormat, type HandedChange } from '../define.js';
import { body, commonNotes, heading, inParts, slug } from '../parts.js';
import { leadingVersions, nextVersions } from '../versions.js';

export default defineFormat({
  id: 'dbmate',
  docs: {
    what: 'One file for both ways, `20260131120000_name.sql`, with `-- migrate:up` and `-- migrate:down`.',
    outsideTransaction:
      '`transaction:false` behind the marker; dbmate sends a section in one go, so that one holds a single statement.',
    sources: ['https://github.com/amacneil/dbmate#migration-options'],
  },
  write(changes, { files, now }) {
    const parts = inParts(changes);
    const versions = nextVersions(leadingVersions(files.keys()), parts.length, { kind: 'time', digits: 14 }, now);
    return {
      files: parts.map((part, at) => ({
        path: `${versions[at]}_${slug(part.title)}.sql`,
        content: `${[
          section('up', part.transactional),
          ...heading(part),
          ...body(part, 'up'),
          '',
          section('down', part.downTransactional),
          ...(part.down === null ? [`-- There is no way back.`] : body(part, 'down')),
        ].join('\n')}\n`,
      })),
      notes: commonNotes(parts),
    };
  },
});

function section(direction: 'up' | 'down', transactional: HandedChange['transactional']): string {
  return `-- migrate:${direction}${transactional ? '' : ' transaction:false'}`;
}
