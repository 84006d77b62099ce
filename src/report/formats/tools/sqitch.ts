import { defineFormat, type HandedChange } from '../define.js';
import { body, commonNotes, heading, slug } from '../parts.js';
import { oneLine } from '../../words.js';
import { terminated } from '../../sql-text.js';

const PLAN = 'sqitch.plan';

export default defineFormat({
  id: 'sqitch',
  docs: {
    what: 'Scripts `deploy/name.sql`, `revert/name.sql` and `verify/name.sql`, and a line for each in `sqitch.plan`.',
    outsideTransaction: 'A script without BEGIN and COMMIT: Sqitch runs psql and opens none.',
    sources: ['https://manpages.ubuntu.com/manpages/mantic/man3/sqitchtutorial.3pm.html'],
  },
  write(changes, { files, now }) {
    const plan = files.get(PLAN) ?? '%syntax-version=1.0.0\n%project=database-wizard\n';
    const taken = new Set(plan.split('\n').flatMap((line) => /^[^%#\s@][^\s[]*/.exec(line)?.[0] ?? []));
    for (const path of files.keys()) taken.add(path.replace(/^(?:deploy|revert|verify)\/(.*)\.sql$/, '$1'));
    const named = changes.map((change) => ({ change, name: freeName(slug(change.title), taken) }));
    const at = `${now.toISOString().slice(0, 19)}Z`;
    const lines = named.map(
      ({ change, name }) => `${name} ${at} database-wizard <database-wizard@localhost> # ${oneLine(change.title)}`,
    );
    const before = /\n\s*$/.test(plan) ? plan : `${plan}\n`;
    const gap = files.has(PLAN) ? '' : '\n';
    return {
      files: [
        ...named.flatMap(({ change, name }) => [
          { path: `deploy/${name}.sql`, content: text([...heading(change), '', ...body(change, 'up', 'file')]) },
          {
            path: `revert/${name}.sql`,
            content: text(change.down === null ? noWayBack(change) : body(change, 'down', 'file')),
          },
          { path: `verify/${name}.sql`, content: text(verification(change)) },
        ]),
        ...(lines.length === 0 ? [] : [{ path: PLAN, content: `${before}${gap}${lines.join('\n')}\n`, appends: true }]),
      ],
      notes: commonNotes(changes),
    };
  },
});

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}

/** A name that the plan does not have: the plan knows changes by name alone. */
function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number += 1) name = `${wanted}_${number}`;
  taken.add(name);
  return name;
}

function noWayBack({ noWayBack: reason }: HandedChange): readonly string[] {
  const words = `There is no way back: ${reason ?? 'unknown'}`.replaceAll("'", "''").replaceAll(/\s+/g, ' ');
  return [`DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = '${words.replaceAll('$$', '$ $')}'; END $$;`];
}

/** An index must be there and valid; of other changes the script says that it looks at nothing. */
function verification({ up }: HandedChange): readonly string[] {
  const names = up.flatMap(
    (sql) =>
      /^\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?((?:"(?:[^"]|"")*"|\w+))\s+ON\s+(?:ONLY\s+)?(?:("(?:[^"]|"")*"|\w+)\s*\.)?/i
        .exec(sql)
        ?.slice(1, 3)
        .toReversed() ?? [],
  );
  const places: string[] = [];
  for (let at = 0; at < names.length; at += 2)
    places.push([names[at], names[at + 1]].filter((part) => part !== undefined).join('.'));
  if (places.length === 0)
    return ['-- Nothing of this change can be looked at by a statement that is known here.', 'SELECT true;'];
  return places.map((place) =>
    terminated(
      `SELECT 1 / pg_catalog.count(*) FROM pg_catalog.pg_index WHERE indisvalid AND indexrelid = '${place.replaceAll("'", "''")}'::pg_catalog.regclass`,
    ),
  );
}
