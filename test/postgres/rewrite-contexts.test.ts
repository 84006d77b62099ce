import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifyEquivalence } from '../../src/lab/equivalence/verify.js';
import type { LabServer } from '../../src/lab/server.js';
import { catalogue } from '../../src/rewrites/catalogue.js';
import { loadParser, parseStatement } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { withSchema } from '../support/rewrite-bench.js';

const SCHEMA = `
  CREATE TABLE "User" (id int PRIMARY KEY, "Full Name" text NOT NULL, boss int REFERENCES "User", active boolean, joined timestamp NOT NULL, seen timestamptz);
  CREATE TABLE entry (id bigint PRIMARY KEY, owner int NOT NULL REFERENCES "User", parent bigint, at timestamptz NOT NULL, clock int NOT NULL, amount int, open boolean NOT NULL, note text);
  CREATE TABLE mark (entry_id bigint NOT NULL, who int NOT NULL, PRIMARY KEY (entry_id, who));
  CREATE VIEW open_entry AS SELECT e.id, e.at AS "When", e.amount, u."Full Name" AS who FROM entry e JOIN "User" u ON u.id = e.owner WHERE e.open;
  CREATE VIEW total (owner, entries, amount) AS SELECT owner, count(*), sum(amount) FROM entry GROUP BY owner;
  CREATE VIEW of_view AS SELECT t.owner, t.entries FROM total t;
  CREATE VIEW guarded WITH (security_barrier) AS SELECT id, at FROM entry WHERE open;`;

/** What is found, a statement, and the rule that offers something for it among others; none where nothing may be offered. Each offer has to hold. */
const CASES: readonly (readonly [string, string, string | null])[] = [
  [
    'NOT of a comparison',
    `SELECT id FROM entry WHERE NOT (extract(epoch FROM at) <> 951782400)`,
    'sargable/epoch-to-time',
  ],
  [
    'NOT of OR',
    `SELECT id FROM "User" WHERE NOT (date(joined) <> '2000-01-02' OR boss > 2)`,
    'sargable/truncated-time-to-range',
  ],
  ['NOT of rows', `SELECT id FROM entry WHERE NOT ((owner, parent) <> (1, 2))`, null],
  [
    'a condition outside of a subquery',
    `SELECT s.name FROM (SELECT u."Full Name" AS name, u.joined AS since FROM "User" AS u WHERE u.active) AS s WHERE date(s.since) = '2000-01-02'`,
    'sargable/truncated-time-to-range',
  ],
  [
    'two columns that change their names',
    `SELECT s.a AS b FROM (SELECT owner AS a, amount + 0 AS b, amount FROM entry) AS s WHERE s.amount + 1 > 2 ORDER BY b`,
    'sargable/column-arithmetic',
  ],
  [
    'a subquery whose table is named as another',
    `SELECT e.id FROM (SELECT e.id, e.at, e.owner FROM entry AS e) AS e WHERE extract(epoch FROM e.at) > 951782400 AND EXISTS (SELECT 1 FROM mark AS m WHERE m.entry_id = e.id)`,
    'sargable/epoch-to-time',
  ],
  [
    'a name that would be another table’s',
    `SELECT s.x FROM (SELECT m.who AS x FROM mark AS m) AS s JOIN entry AS m ON m.owner = s.x WHERE s.x + 1 > 3`,
    null,
  ],
  [
    'a subquery that an outer join fills',
    `SELECT u.id FROM "User" AS u LEFT JOIN (SELECT owner, amount FROM entry WHERE open) AS s ON s.owner = u.id WHERE s.amount + 1 > 2`,
    null,
  ],
  ['a view', `SELECT id FROM open_entry WHERE extract(epoch FROM "When") > 951782400`, 'sargable/epoch-to-time'],
  [
    'a view of groups',
    `SELECT t.entries FROM "User" AS u JOIN total AS t ON t.owner = u.id WHERE u."Full Name" = 'a'`,
    'join/key-into-grouped-subquery',
  ],
  [
    'a condition on groups that is what they are grouped by',
    `SELECT extract(year FROM at), count(*) FROM entry GROUP BY extract(year FROM at) HAVING extract(year FROM at) = 2000`,
    'sargable/truncated-time-to-range',
  ],
  [
    'a condition on groups that is what they are grouped by, beside another way to be among them',
    `SELECT extract(year FROM at), count(*) FROM entry GROUP BY extract(year FROM at) HAVING extract(year FROM at) = 2000 OR count(*) > 2`,
    null,
  ],
  [
    'a condition on totals among groups',
    `SELECT extract(year FROM at), count(*) FROM entry GROUP BY ROLLUP (extract(year FROM at)) HAVING extract(year FROM at) = 2000`,
    null,
  ],
  [
    'the same by its place in the output',
    `SELECT to_char(joined, 'YYYY-MM') AS month, count(*) FROM "User" GROUP BY 1 HAVING to_char(joined, 'YYYY-MM') = '2000-01'`,
    'sargable/formatted-time-to-range',
  ],
  [
    'a sum that groups are made by',
    `SELECT amount + 1, count(*) FROM entry GROUP BY amount + 1 HAVING amount + 1 > 2`,
    'sargable/column-arithmetic',
  ],
  [
    'a condition on the column that groups are made by',
    `SELECT joined, count(*) FROM "User" GROUP BY joined HAVING to_char(joined, 'YYYY-MM') = '2000-01'`,
    'sargable/formatted-time-to-range',
  ],
  [
    'a condition on what the primary key of the groups says',
    `SELECT u.id, count(*) FROM "User" AS u JOIN entry AS e ON e.owner = u.id GROUP BY u.id HAVING date(u.joined) = '2000-01-02'`,
    'sargable/truncated-time-to-range',
  ],
  ['a group for each answer', `SELECT date(joined) = '2000-01-02', count(*) FROM "User" GROUP BY date(joined)`, null],
  [
    'an order by the answer that DISTINCT shows',
    `SELECT DISTINCT date(joined) = '2000-01-02' AS then FROM "User" ORDER BY date(joined) = '2000-01-02'`,
    'sargable/truncated-time-to-range',
  ],
  [
    'columns of a total that are NULL in it alone',
    `SELECT owner, clock FROM entry GROUP BY ROLLUP (owner, clock) HAVING owner IS NOT DISTINCT FROM clock`,
    null,
  ],
  [
    'the same where WHERE keeps NULL out',
    `SELECT amount, parent FROM entry WHERE amount > 0 AND parent > 0 GROUP BY ROLLUP (amount, parent) HAVING amount IS NOT DISTINCT FROM parent`,
    null,
  ],
  [
    'NOT IN of a column that a total makes NULL',
    `SELECT owner FROM entry GROUP BY ROLLUP (owner) HAVING owner NOT IN (SELECT who FROM mark)`,
    'subquery/not-in-to-not-exists',
  ],
  ['a view that guards its rows', `SELECT id FROM guarded WHERE extract(epoch FROM at) > 951782400`, null],
  [
    'the last of each by an outer join',
    `SELECT e.id, e.note FROM entry AS e LEFT JOIN entry AS l ON l.owner = e.owner AND l.at > e.at WHERE l.id IS NULL AND e.open`,
    'grouping/none-later-to-window',
  ],
  [
    'no partner by several tests',
    `SELECT u.id FROM "User" AS u LEFT JOIN entry AS e ON e.owner = u.id WHERE e.note IS NULL AND e.id IS NULL`,
    'join/left-join-null-to-not-exists',
  ],
  [
    'no partner by what may be NULL',
    `SELECT u.id FROM "User" AS u LEFT JOIN entry AS e ON e.owner = u.id WHERE e.note IS NULL`,
    null,
  ],
  [
    'a key that the child has too',
    `SELECT u.id, e.note FROM entry AS e JOIN "User" AS u ON u.id = e.owner WHERE u.id > 2 ORDER BY u.id`,
    'join/foreign-key-join',
  ],
  [
    'copies that are still told apart',
    `SELECT DISTINCT e.note FROM entry AS e JOIN mark AS m ON m.entry_id = e.id`,
    'distinct/distinct-to-exists',
  ],
  ['rows counted by a key', `SELECT count(DISTINCT id) FROM entry WHERE open`, 'distinct/redundant-distinct'],
  [
    'rows counted by no key',
    `SELECT count(DISTINCT owner) FROM entry WHERE open`,
    'aggregate/distinct-count-to-groups',
  ],
  [
    'totals of some rows',
    `SELECT e.id, (SELECT sum(p.amount) FROM entry AS p WHERE p.owner = e.owner AND p.at <= e.at) AS sum FROM entry AS e WHERE e.open`,
    'aggregate/running-total',
  ],
  [
    'totals in an order with NULL',
    `SELECT e.id, (SELECT count(*) FROM entry AS p WHERE p.amount >= e.amount) AS n FROM entry AS e WHERE e.amount > 0`,
    'aggregate/running-total',
  ],
  [
    'the key beyond another table',
    `SELECT x.n FROM entry AS e JOIN "User" AS u ON u.id = e.owner JOIN (SELECT owner, count(*) AS n FROM entry GROUP BY owner) AS x ON x.owner = e.owner WHERE u."Full Name" = 'a'`,
    'join/key-into-grouped-subquery',
  ],
  [
    'a maximum that is there',
    `SELECT id FROM "User" AS u WHERE (SELECT max(e.at) FROM entry AS e WHERE e.owner = u.id) IS NOT NULL`,
    'subquery/count-to-exists',
  ],
  [
    'a maximum of what may be NULL',
    `SELECT id FROM "User" AS u WHERE (SELECT max(e.note) FROM entry AS e WHERE e.owner = u.id) IS NOT NULL`,
    'subquery/count-to-exists',
  ],
  [
    'one of a literal',
    `SELECT id FROM "User" AS u WHERE 0 < (SELECT count(1) FROM entry AS e WHERE e.owner = u.id)`,
    'subquery/count-to-exists',
  ],
  [
    'what is unknown beside what is false',
    `SELECT id FROM "User" WHERE active IS NOT TRUE`,
    'sargable/truth-test-to-column',
  ],
  ['a truth with a stand-in', `SELECT id FROM "User" WHERE COALESCE(active, false)`, 'sargable/case-to-condition'],
  [
    'groups asked for by a row',
    `SELECT id FROM entry WHERE (owner, id) IN (SELECT m.who, m.entry_id FROM mark AS m GROUP BY m.who, m.entry_id HAVING count(*) > 0)`,
    'subquery/grouped-in-to-exists',
  ],
  ['EXCEPT of what may be NULL', `SELECT boss FROM "User" EXCEPT SELECT owner FROM entry`, null],
  [
    'INTERSECT of what comes twice',
    `SELECT owner FROM entry INTERSECT SELECT m.who FROM mark AS m WHERE m.who > 1 ORDER BY owner LIMIT 2`,
    'union/except-to-not-exists',
  ],
  [
    'a table and itself',
    `SELECT id FROM entry EXCEPT SELECT parent FROM entry WHERE open`,
    'union/except-to-not-exists',
  ],
  [
    'counts in a subquery',
    `SELECT sum(s.n) AS n FROM (SELECT count(*) AS n FROM entry WHERE open UNION ALL SELECT count(note) FROM entry) AS s`,
    'aggregate/union-counts-to-filter',
  ],
  [
    'an interval of days',
    `SELECT id FROM entry WHERE at + interval '3 days' <= '2000-03-27 12:00+00'`,
    'sargable/shifted-time-bounds',
  ],
  [
    'an interval of months',
    `SELECT id FROM "User" WHERE joined - interval '1 month' >= '2000-01-31'`,
    'sargable/shifted-time-bounds',
  ],
  [
    'a time of another place',
    `SELECT id FROM entry WHERE at AT TIME ZONE 'America/New_York' < '2000-03-26 02:30'`,
    'sargable/shifted-time-bounds',
  ],
  [
    'a time of UTC',
    `SELECT id FROM "User" WHERE joined AT TIME ZONE 'UTC' >= '2000-01-01 00:00+01'`,
    'sargable/shifted-time-bounds',
  ],
  [
    'seconds between',
    `SELECT id FROM entry WHERE to_timestamp(clock) BETWEEN '2000-01-01 00:00+00' AND '2000-01-02 00:00:00.5+00'`,
    'sargable/time-of-epoch',
  ],
  [
    'the newest of each that has no group',
    `SELECT e.id FROM entry AS e WHERE e.owner = 2 AND e.id IN (SELECT max(id) FROM entry GROUP BY parent)`,
    'grouping/in-extremes-to-lookup',
  ],
  [
    'totals by LATERAL',
    `SELECT u.id, s.n + 1 AS more, s.amount FROM "User" AS u CROSS JOIN LATERAL (SELECT count(*) AS n, max(e.amount) AS amount FROM entry AS e WHERE e.owner = u.id) AS s WHERE s.n < 2`,
    'aggregate/lateral-to-grouped-join',
  ],
  ['a minimum among few', `SELECT min(id) FROM entry WHERE note = 'a'`, 'order/limit-fence'],
];

describe('rules in surroundings', () => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest');
  });

  afterAll(async () => server?.stop());

  test('look through what stands around their pattern, and each offer holds', async () => {
    if (server === null) throw new Error('the bundled server can be had everywhere');
    await withSchema(server, SCHEMA, async (session, catalog) => {
      const wrong: string[] = [];
      for (const [name, sql, expected] of CASES) {
        const offers = catalogue
          .flatMap((rule) => rule.propose(parseStatement(sql), catalog))
          .filter(({ missing }) => missing.length === 0);
        const rules = offers.map(({ rule }) => rule);
        if (expected === null ? rules.length > 0 : !rules.includes(expected))
          wrong.push(`${name}: ${rules.join(' ') || 'nothing'} and not ${expected ?? 'nothing'}`);
        for (const { rule, to } of offers) {
          const claim = { before: sql, after: to, parameterSets: [] };
          const options = { databases: 100, failures: 'fewer-overflows' } as const;
          const found = await verifyEquivalence(session, catalog, claim, options);
          if (found.kind !== 'held')
            wrong.push(`${name}, ${rule}: ${to}\n${found.kind === 'refuted' ? found.counterexample : found.reason}`);
        }
      }
      expect(wrong).toEqual([]);
    });
  }, 300_000);
});
