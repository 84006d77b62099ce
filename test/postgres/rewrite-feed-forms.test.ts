import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { wrongOffers } from '../support/rewrite-bench.js';

const SCHEMA = `
  CREATE TABLE channel (id int PRIMARY KEY, name text NOT NULL, owner int, kind text);
  CREATE TABLE post (id int PRIMARY KEY, channel_id int NOT NULL REFERENCES channel, author_id int, at timestamp NOT NULL, seen timestamptz, score int, shown boolean, price numeric(8, 2), ratio float8);
  CREATE INDEX ON post (channel_id, at DESC);
  CREATE TABLE note (id int PRIMARY KEY, channel_id int REFERENCES channel, at timestamp NOT NULL, score int, size bigint);
  CREATE TABLE follow (member_id int NOT NULL, channel_id int NOT NULL REFERENCES channel, since date NOT NULL, PRIMARY KEY (member_id, channel_id));`;

/** A statement and the rules that offer something for it, sorted. Each offer has to hold. */
const CASES: readonly (readonly [string, string])[] = [
  // A feed that shows where its rows come from.
  [
    'SELECT p.*, c.name FROM post p JOIN channel c ON c.id = p.channel_id JOIN follow f ON f.channel_id = c.id WHERE f.member_id = 1 ORDER BY p.at DESC LIMIT 3',
    'order/limit-fence order/limit-per-partner',
  ],
  [
    'SELECT p.id, c.name, f.since FROM follow f, channel c, post p WHERE f.member_id = $1 AND p.channel_id = f.channel_id AND c.id = p.channel_id AND p.score > 1 ORDER BY p.at DESC, p.id LIMIT $2',
    'order/limit-per-partner',
  ],
  [
    'SELECT p.id, c.name FROM post p JOIN channel c ON c.id = p.channel_id WHERE c.owner = 2 AND p.score > c.owner ORDER BY p.at LIMIT 2 OFFSET 1',
    'order/limit-fence order/limit-per-partner',
  ],
  // Each followed channel with each of an owner: nothing ties the two.
  [
    'SELECT p.id, c.name FROM post p JOIN channel c ON c.owner = p.author_id JOIN follow f ON f.channel_id = p.channel_id ORDER BY p.at LIMIT 2',
    '',
  ],
  // Weeks, days of a year, names of months.
  ["SELECT id FROM post WHERE to_char(at, 'IYYY-IW') = '2020-53'", 'sargable/formatted-time-to-range'],
  [
    "SELECT id FROM post WHERE to_char(at, 'IYYY-\"W\"IW') BETWEEN '2019-W52' AND '2020-W01'",
    'sargable/formatted-time-to-range',
  ],
  ["SELECT id FROM post WHERE to_char(seen, 'IYYY-IW-ID') = '2021-01-1'", 'sargable/formatted-time-to-range'],
  ["SELECT id FROM post WHERE to_char(at, 'IYYY') < '2021'", 'sargable/formatted-time-to-range'],
  ["SELECT id FROM post WHERE to_char(at, 'Mon YYYY') = 'Feb 2000'", 'sargable/formatted-time-to-range'],
  ["SELECT id FROM post WHERE to_char(at, 'DD-MON-YYYY') = '29-FEB-2000'", 'sargable/formatted-time-to-range'],
  ["SELECT id FROM post WHERE to_char(at, 'YYYY-WW') = '2000-53'", 'sargable/formatted-time-to-range'],
  ["SELECT id FROM post WHERE to_char(at, 'YYYYDDD') >= '2000060'", 'sargable/formatted-time-to-range'],
  ["SELECT id FROM post WHERE to_char(at, 'Mon YYYY') < 'Feb 2000'", ''],
  ["SELECT id FROM post WHERE to_char(at, 'YYYY-IW') = '2000-01'", ''],
  ["SELECT id FROM post WHERE to_char(at, 'IYYY-MM') = '2000-01'", ''],
  ["SELECT id FROM post WHERE to_char(at, 'IYYY-IW') = '2021-53'", ''],
  ["SELECT id FROM post WHERE to_char(at, 'IDDD') = '010'", ''],
  // A page of a union.
  [
    'SELECT u.id, u.at FROM (SELECT p.id, p.at, p.score FROM post p JOIN channel c ON c.id = p.channel_id UNION ALL SELECT id, at, score FROM note) u WHERE u.score > 1 ORDER BY u.at DESC, u.id LIMIT 3 OFFSET 1',
    'join/foreign-key-join union/page-into-union',
  ],
  [
    "SELECT * FROM (SELECT id, at, 'post' AS kind FROM post UNION ALL SELECT id, at, 'note' FROM note UNION ALL SELECT id, at, 'more' FROM note WHERE score = 1) u ORDER BY at LIMIT 2",
    'union/page-into-union',
  ],
  [
    'SELECT * FROM (SELECT id, score FROM post UNION ALL SELECT id, size FROM note) u ORDER BY score LIMIT 2',
    'union/limit-into-union',
  ],
  [
    'SELECT * FROM (SELECT id, score FROM post UNION ALL SELECT id, NULL FROM note) u ORDER BY id LIMIT 2',
    'union/limit-into-union',
  ],
  [
    'SELECT * FROM (SELECT id, at FROM post UNION SELECT id, at FROM note) u ORDER BY at LIMIT 2',
    'union/limit-into-union',
  ],
  // Groups whose last row is old.
  [
    "SELECT channel_id, count(*) FROM post GROUP BY channel_id HAVING max(at) < '2000-02-01'",
    'grouping/having-extreme-to-loose-scan',
  ],
  [
    "SELECT channel_id, max(score) FROM post WHERE score > 0 GROUP BY channel_id HAVING bool_and(at <= '2000-02-01') AND count(*) > 1 ORDER BY 1",
    'grouping/having-extreme-to-loose-scan',
  ],
  [
    'SELECT channel_id, count(*) FROM post GROUP BY channel_id HAVING min(score) >= 2',
    'grouping/having-extreme-to-loose-scan',
  ],
  [
    'SELECT channel_id FROM post GROUP BY channel_id HAVING NOT bool_or(score > 2)',
    'grouping/having-extreme-to-loose-scan',
  ],
  [
    'SELECT channel_id FROM post GROUP BY channel_id HAVING NOT bool_or(score < 2)',
    'grouping/having-extreme-to-loose-scan',
  ],
  ['SELECT channel_id FROM post GROUP BY channel_id HAVING every(shown)', 'grouping/having-extreme-to-loose-scan'],
  [
    'SELECT channel_id FROM post GROUP BY channel_id HAVING NOT bool_or(shown)',
    'grouping/having-extreme-to-loose-scan',
  ],
  ['SELECT author_id FROM post GROUP BY author_id HAVING max(score) < 2', ''],
  // A CASE of conditions.
  [
    'SELECT id FROM post WHERE CASE WHEN score > 1 THEN author_id = 1 WHEN shown THEN true ELSE channel_id = 2 END',
    'sargable/case-of-conditions',
  ],
  [
    "SELECT id FROM channel WHERE CASE kind WHEN 'a' THEN owner = 1 WHEN 'b' THEN owner IS NULL END",
    'sargable/case-of-conditions',
  ],
  [
    'SELECT id FROM post WHERE CASE WHEN author_id IS NULL THEN score BETWEEN 1 AND 2 ELSE score IN (1, 3) END = true',
    'sargable/case-of-conditions',
  ],
  ['SELECT id FROM post WHERE CASE WHEN score <> 0 THEN 6 / score > 2 ELSE false END', ''],
  // What is not distinct.
  ['SELECT id FROM post WHERE NOT (score IS DISTINCT FROM 2)', 'sargable/not-distinct-to-equality'],
  [
    'SELECT p.id FROM post p JOIN channel c ON NOT (c.id IS DISTINCT FROM p.author_id)',
    'join/not-distinct-to-equality union/or-to-union-all',
  ],
  [
    'SELECT p.id, c.name FROM post p LEFT JOIN channel c ON c.id IS NOT DISTINCT FROM p.author_id',
    'join/not-distinct-to-equality',
  ],
  ['SELECT p.id FROM post p JOIN note n ON n.score IS NOT DISTINCT FROM p.score', 'union/or-to-union-all'],
  // Counts of different values.
  [
    'SELECT author_id, count(DISTINCT channel_id) AS n FROM post GROUP BY author_id ORDER BY n DESC, author_id LIMIT 2',
    'aggregate/distinct-count-to-groups',
  ],
  ['SELECT count(DISTINCT score) FROM post WHERE shown', 'aggregate/distinct-count-to-groups'],
  ['SELECT count(DISTINCT score), max(at), sum(score) FROM post', 'aggregate/distinct-count-to-groups'],
  [
    'SELECT c.name, count(DISTINCT p.author_id), count(*), avg(p.score) FROM channel c JOIN post p ON p.channel_id = c.id GROUP BY c.name HAVING count(DISTINCT p.author_id) > 1',
    'aggregate/distinct-count-to-groups',
  ],
  ['SELECT count(DISTINCT score), count(*) FROM post', ''],
  ['SELECT count(DISTINCT score), count(DISTINCT author_id) FROM post', ''],
  ['SELECT price, count(DISTINCT score) FROM post GROUP BY price', ''],
  ['SELECT author_id, count(DISTINCT score), sum(ratio) FROM post GROUP BY author_id', ''],
  // Another row with another value.
  [
    'SELECT DISTINCT a.author_id FROM post a JOIN post b ON a.author_id = b.author_id AND a.channel_id <> b.channel_id',
    'distinct/distinct-to-exists grouping/differing-pair-to-bounds',
  ],
  [
    'SELECT b.author_id FROM post a, post b WHERE a.author_id = b.author_id AND a.id < b.id AND a.score = 1 AND b.score = 1 GROUP BY b.author_id',
    'distinct/distinct-to-exists grouping/differing-pair-to-bounds',
  ],
];

describe('forms of feeds, pages, weeks and groups in which rules find their patterns', () => {
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
