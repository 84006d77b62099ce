import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { wrongOffers } from '../support/rewrite-bench.js';

const SCHEMA = `
  CREATE TABLE channel (id int PRIMARY KEY, name text NOT NULL, kind text);
  CREATE TABLE post (id int PRIMARY KEY, channel_id int NOT NULL REFERENCES channel, author_id int, at timestamp NOT NULL, score int, price numeric(8, 2));
  CREATE INDEX ON post (channel_id, at DESC);
  CREATE INDEX ON post (author_id);
  CREATE TABLE follow (member_id int NOT NULL, channel_id int NOT NULL REFERENCES channel, since date NOT NULL, PRIMARY KEY (member_id, channel_id));
  CREATE TABLE reply (id int PRIMARY KEY, post_id int NOT NULL REFERENCES post, stars int);`;

/** A statement and the rules that offer something for it, sorted. Each offer has to hold. */
const CASES: readonly (readonly [string, string])[] = [
  // Ranks: all rows of the last one are taken.
  [
    'SELECT r.id FROM (SELECT id, rank() OVER (PARTITION BY channel_id ORDER BY at DESC) AS n FROM post) AS r WHERE r.n = 1',
    'grouping/row-number-to-lateral',
  ],
  [
    'WITH r AS (SELECT id, rank() OVER (PARTITION BY channel_id ORDER BY score, at) AS n FROM post) SELECT id FROM r WHERE n <= 2',
    'grouping/row-number-to-lateral',
  ],
  [
    'SELECT r.id FROM (SELECT id, dense_rank() OVER (PARTITION BY channel_id ORDER BY score) AS n FROM post) AS r WHERE r.n < 2',
    'grouping/row-number-to-lateral',
  ],
  [
    'SELECT r.id FROM (SELECT id, dense_rank() OVER (PARTITION BY channel_id ORDER BY score) AS n FROM post) AS r WHERE r.n <= 2',
    '',
  ],
  [
    'SELECT r.id FROM (SELECT id, row_number() OVER (PARTITION BY author_id ORDER BY id) AS n FROM post WHERE author_id IS NOT NULL) AS r WHERE r.n = 1',
    'grouping/row-number-to-lateral',
  ],
  [
    'SELECT r.id FROM (SELECT id, rank() OVER (PARTITION BY author_id ORDER BY id) AS n FROM post) AS r WHERE r.n = 1',
    '',
  ],
  // A table of the same name in a subquery.
  [
    'SELECT * FROM post WHERE id IN (SELECT max(id) FROM post GROUP BY channel_id) AND score = 3',
    'grouping/extreme-to-loose-scan grouping/in-extremes-to-lookup',
  ],
  [
    'DELETE FROM post WHERE id NOT IN (SELECT max(id) FROM post WHERE score > 1 GROUP BY channel_id, author_id)',
    'grouping/in-extremes-to-lookup',
  ],
  // A feed.
  [
    'SELECT p.* FROM post AS p JOIN follow AS f ON f.channel_id = p.channel_id WHERE f.member_id = 1 ORDER BY p.at DESC, p.id LIMIT 3',
    'order/limit-per-value',
  ],
  [
    'SELECT "post"."id" FROM "post" INNER JOIN "follow" ON "follow"."channel_id" = "post"."channel_id" WHERE "follow"."member_id" = $1 ORDER BY "post"."at" DESC LIMIT $2 OFFSET 1',
    'order/limit-fence',
  ],
  [
    "SELECT p.id FROM post AS p JOIN follow AS f ON f.channel_id = p.channel_id WHERE f.since > '2000-01-01' ORDER BY p.at DESC LIMIT 3",
    'order/limit-fence',
  ],
  // Parts of a time.
  ["SELECT id FROM post WHERE to_char(at, 'YYYY\"-Q\"Q') = '2000-Q2'", 'sargable/formatted-time-to-range'],
  [
    'SELECT id FROM post WHERE extract(year FROM at) = 2000 AND extract(month FROM at) IN (2, 4)',
    'sargable/truncated-time-to-range',
  ],
  [
    "SELECT id FROM post WHERE score = 1 OR (extract(year FROM at) = 2000 AND extract(month FROM at) = 2 AND date_part('day', at) >= 28)",
    'sargable/time-parts-to-range sargable/truncated-time-to-range',
  ],
  [
    'SELECT id FROM post WHERE extract(isoyear FROM at) = 2020 AND extract(week FROM at) = 53',
    'sargable/time-parts-to-range',
  ],
  [
    "SELECT id FROM post WHERE date_part('year', at) = 2021 AND date_part('week', at) BETWEEN 20 AND 21",
    'sargable/time-parts-to-range sargable/truncated-time-to-range',
  ],
  [
    'SELECT id FROM post WHERE extract(year FROM at) = 2021 AND extract(week FROM at) = 53',
    'sargable/truncated-time-to-range',
  ],
  [
    "SELECT id FROM post WHERE concat(extract(year FROM at), '-', lpad(extract(month FROM at)::text, 2, '0'), '-', lpad(extract(day FROM at)::text, 2, '0')) = '2000-02-29'",
    'sargable/time-parts-to-range',
  ],
  ["SELECT id FROM post WHERE extract(year FROM at)::text || extract(month FROM at)::text = '20001'", ''],
  // A chain of LEFT JOINs that is counted.
  [
    'SELECT c.id, c.name FROM channel AS c LEFT JOIN post AS p ON p.channel_id = c.id LEFT JOIN reply AS r ON r.post_id = p.id GROUP BY c.id HAVING count(r.id) = 0',
    'aggregate/group-before-join grouping/having-count-to-exists',
  ],
  [
    'SELECT c.id FROM channel AS c LEFT JOIN post AS p ON p.channel_id = c.id LEFT JOIN follow AS f ON f.channel_id = c.id AND f.member_id <> p.id GROUP BY c.id HAVING count(f.member_id) = 0',
    '',
  ],
  // The column of the child stands for the parent's key.
  [
    'SELECT DISTINCT p.channel_id, c.name FROM post AS p JOIN channel AS c ON c.id = p.channel_id ORDER BY channel_id',
    'distinct/distinct-to-exists',
  ],
  [
    'SELECT p.channel_id, c.name, max(p.at) FROM post AS p JOIN channel AS c ON c.id = p.channel_id GROUP BY p.channel_id, c.name ORDER BY 1',
    'aggregate/group-before-join aggregate/group-partly-before-join',
  ],
  // Output columns by their place, and by their name.
  [
    "SELECT date_trunc('month', p.at) AS month, c.kind, sum(p.price), avg(p.score) FROM post AS p JOIN channel AS c ON c.id = p.channel_id GROUP BY 1, 2 ORDER BY 1, 2",
    'aggregate/group-partly-before-join',
  ],
  [
    'SELECT c.kind AS k, count(*) FROM post AS p JOIN channel AS c ON c.id = p.channel_id GROUP BY k ORDER BY 2, 1',
    'aggregate/group-partly-before-join',
  ],
  [
    'SELECT c.kind, sum(p.price + p.score) AS n, count(p.score) FROM post AS p, channel AS c WHERE c.id = p.channel_id AND p.score > 1 GROUP BY c.kind HAVING count(*) > 1 ORDER BY n DESC, kind LIMIT 3',
    'aggregate/group-partly-before-join',
  ],
  [
    'SELECT c.kind, count(DISTINCT p.score) FROM post AS p JOIN channel AS c ON c.id = p.channel_id GROUP BY c.kind',
    'aggregate/distinct-count-to-groups',
  ],
  // Lookups of other rows of the same table.
  [
    'SELECT c.id, (SELECT count(*) FROM post AS p WHERE p.channel_id = c.id AND p.score > 1) AS a, (SELECT COALESCE(sum(p.score), 0) FROM post AS p WHERE p.channel_id = c.id AND p.score < 1), (SELECT avg(p.price) FROM post AS p WHERE p.channel_id = c.id) FROM channel AS c',
    'aggregate/totals-to-grouped-join',
  ],
  // The newest row by a join with the extremes.
  [
    'SELECT c.name, p.score FROM channel AS c JOIN post AS p ON p.channel_id = c.id JOIN (SELECT max(id) AS last FROM post GROUP BY channel_id) AS m ON m.last = p.id WHERE c.kind = $1',
    'grouping/extreme-join-to-lookup grouping/extreme-to-loose-scan',
  ],
  [
    'SELECT p.id, m.at FROM post AS p JOIN (SELECT author_id, max(at) AS at FROM post WHERE score > 0 GROUP BY author_id) AS m ON m.author_id = p.author_id AND m.at = p.at',
    'grouping/extreme-join-to-lookup grouping/extreme-to-loose-scan join/key-into-grouped-subquery',
  ],
  // What nothing is used of.
  [
    'SELECT count(*) FROM (SELECT p.id, c.name FROM post AS p LEFT JOIN channel AS c ON c.id = p.channel_id WHERE p.score > 1 ORDER BY p.at DESC) AS s',
    'join/unused-left-join order/needless-order',
  ],
  ['SELECT count(*) FROM post AS p LEFT JOIN reply AS r ON r.post_id = p.id', ''],
  // The newest row of each group, asked for by the group and the extreme.
  [
    'SELECT id FROM post WHERE (channel_id, at) IN (SELECT channel_id, max(at) FROM post GROUP BY channel_id) AND score = 2',
    'grouping/extreme-to-loose-scan grouping/in-extremes-to-lookup',
  ],
  [
    'SELECT id FROM post AS p WHERE (p.author_id, p.score) NOT IN (SELECT author_id, min(score) FROM post GROUP BY author_id)',
    '',
  ],
  // The first rows before their parents.
  [
    'SELECT p.id, c.name, r.stars FROM post AS p JOIN channel AS c ON c.id = p.channel_id LEFT JOIN reply AS r ON r.id = p.score WHERE p.score < 3 ORDER BY p.at DESC, p.id LIMIT 3 OFFSET 1',
    'order/limit-before-join',
  ],
  [
    'SELECT r.id, c.name FROM reply AS r, post AS p, channel AS c WHERE c.id = p.channel_id AND p.id = r.post_id ORDER BY r.stars LIMIT 2',
    'order/limit-before-join order/limit-fence',
  ],
  [
    "SELECT p.id, c.name FROM post AS p JOIN channel AS c ON c.id = p.channel_id WHERE c.kind = 'a' ORDER BY p.at DESC LIMIT 3",
    'order/limit-fence order/limit-per-partner',
  ],
  [
    'SELECT p.id, f.since FROM post AS p LEFT JOIN follow AS f ON f.channel_id = p.channel_id ORDER BY p.at LIMIT 3',
    '',
  ],
  // Two tables beside one.
  [
    'SELECT p.id, count(DISTINCT r.id) AS n, count(DISTINCT f.id) AS m FROM post AS p LEFT JOIN reply AS r ON r.post_id = p.id LEFT JOIN reply AS f ON f.post_id = p.id AND f.stars > 3 WHERE p.score = 1 GROUP BY p.id ORDER BY n DESC, p.id LIMIT 2',
    'aggregate/fan-outs-apart aggregate/fan-outs-to-lookups',
  ],
];

describe('further forms in which rules find their patterns', () => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest');
  });

  afterAll(async () => server?.stop());

  test('are offered where they should be, nowhere else, and each offer holds', async () => {
    if (server === null) throw new Error('the bundled server can be had everywhere');
    expect(await wrongOffers(server, SCHEMA, CASES)).toEqual([]);
  }, 300_000);
});
