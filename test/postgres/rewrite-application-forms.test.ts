import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { wrongOffers } from '../support/rewrite-bench.js';

const SCHEMA = `
  CREATE TABLE member (id int PRIMARY KEY, name text NOT NULL, email varchar NOT NULL, admin bool, born timestamp UNIQUE);
  CREATE INDEX ON member (lower(email));
  CREATE TABLE topic (id bigint PRIMARY KEY, member_id int REFERENCES member, title text NOT NULL, bumped timestamptz NOT NULL, views int);
  CREATE INDEX ON topic (member_id, bumped);
  CREATE TABLE post (id int PRIMARY KEY, topic_id int NOT NULL, member_id int, likes int NOT NULL, at timestamptz NOT NULL, hidden bool NOT NULL);
  CREATE INDEX ON post (topic_id, id);
  CREATE TABLE reading (member_id int NOT NULL, topic_id bigint NOT NULL, level int, PRIMARY KEY (member_id, topic_id));`;

/** Statements of the kinds that applications had before their authors made them fast, and the rules that offer something for each. */
const CASES: readonly (readonly [string, string])[] = [
  // A value that is looked up and asked about.
  [
    'SELECT t.id FROM topic AS t WHERE (SELECT r.level FROM reading AS r WHERE r.topic_id = t.id AND r.member_id = 2) IS NOT NULL',
    'subquery/lookup-condition-to-exists',
  ],
  [
    'SELECT t.id FROM topic AS t WHERE (SELECT r.level FROM reading AS r WHERE r.topic_id = t.id AND r.member_id = 2 LIMIT 1) IS NULL ORDER BY t.bumped LIMIT 3',
    'order/limit-fence subquery/lookup-condition-to-exists',
  ],
  ['SELECT t.id FROM topic AS t WHERE (SELECT r.level FROM reading AS r WHERE r.topic_id = t.id LIMIT 1) IS NULL', ''],
  [
    'SELECT t.id FROM topic AS t WHERE (SELECT p.id FROM post AS p WHERE p.topic_id = t.id ORDER BY p.at LIMIT 1) IS NULL',
    'order/limit-fence subquery/lookup-condition-to-exists',
  ],
  [
    'SELECT t.id FROM topic AS t WHERE (SELECT p.id FROM post AS p WHERE p.topic_id = t.id ORDER BY p.at LIMIT 1) < 5',
    'order/limit-fence',
  ],
  [
    "SELECT t.id FROM topic AS t WHERE 'ann' = (SELECT m.name FROM member AS m WHERE m.id = t.member_id) OR t.views > 3",
    'subquery/lookup-condition-to-exists union/or-to-union-all',
  ],
  [
    'SELECT t.id FROM topic AS t WHERE (SELECT m.id FROM member AS m JOIN reading AS r ON r.member_id = m.id WHERE m.id = 1 AND r.topic_id = t.id) NOT IN (t.member_id, 3)',
    '',
  ],
  [
    'SELECT t.id FROM topic AS t WHERE (SELECT r.level FROM member AS m JOIN reading AS r ON r.member_id = m.id WHERE m.id = 1 AND r.topic_id = t.id) NOT IN (2, 3)',
    'subquery/lookup-condition-to-exists',
  ],
  [
    'SELECT p.id FROM post AS p WHERE (SELECT views FROM topic AS t WHERE t.id = p.topic_id) > likes',
    'subquery/lookup-condition-to-exists',
  ],
  ["SELECT t.id FROM topic AS t WHERE (SELECT m.name FROM member AS m WHERE m.born = t.bumped) = 'a'", ''],
  ["SELECT t.id FROM topic AS t WHERE NOT ((SELECT m.name FROM member AS m WHERE m.id = t.member_id) = 'a')", ''],
  // LIMIT of what a key holds to one row.
  [
    'SELECT t.id, (SELECT m.name FROM member AS m WHERE m.id = t.member_id ORDER BY m.name LIMIT 1) FROM topic AS t',
    'subquery/lookup-to-left-join',
  ],
  [
    'SELECT p.id, x.title FROM post AS p LEFT JOIN LATERAL (SELECT t.title FROM topic AS t WHERE t.id = p.topic_id LIMIT 50 OFFSET 0) AS x ON true',
    'order/needless-limit',
  ],
  [
    'SELECT p.id, x.at FROM post AS p JOIN LATERAL (SELECT q.at FROM post AS q WHERE q.topic_id = p.topic_id LIMIT 50) AS x ON true',
    '',
  ],
  // Lists under other names.
  [
    'SELECT id FROM topic WHERE NOT (id = ANY (SELECT topic_id FROM reading WHERE level > 1))',
    'subquery/not-in-to-not-exists',
  ],
  ['SELECT id FROM topic WHERE id = ANY (ARRAY(SELECT topic_id FROM post WHERE likes > 2))', 'subquery/array-to-in'],
  [
    'SELECT id FROM topic WHERE member_id <> ALL (ARRAY(SELECT member_id FROM post WHERE likes > 2))',
    'subquery/array-to-in',
  ],
  [
    'SELECT id FROM topic WHERE member_id IN (SELECT topic_id FROM reading WHERE member_id = 2) ORDER BY bumped DESC, id LIMIT 3',
    'order/limit-per-value',
  ],
  // Conditions that programs begin with.
  [
    'SELECT DISTINCT t.id, t.title FROM topic AS t LEFT JOIN reading AS r ON r.topic_id = t.id WHERE (1 = 0 OR r.member_id = 2) AND 1 = 1',
    'distinct/distinct-to-exists',
  ],
  [
    'SELECT DISTINCT t.id FROM topic AS t LEFT JOIN post AS p ON p.topic_id = t.id WHERE p.likes > 3 OR p.hidden',
    'distinct/distinct-to-exists',
  ],
  [
    'SELECT DISTINCT t.id FROM topic AS t LEFT JOIN post AS p ON p.topic_id = t.id WHERE p.likes NOT IN (1, 2) AND (true AND NOT p.hidden)',
    'distinct/distinct-to-exists',
  ],
  [
    'SELECT DISTINCT t.id FROM topic AS t LEFT JOIN post AS p ON p.topic_id = t.id WHERE p.hidden IS NOT TRUE',
    'sargable/truth-test-to-column',
  ],
  [
    'SELECT count(DISTINCT t.id) FROM topic AS t LEFT JOIN reading AS r ON r.topic_id = t.id LEFT JOIN member AS m ON m.id = r.member_id',
    'aggregate/distinct-count-to-groups join/unused-left-join',
  ],
  [
    'SELECT DISTINCT t.id, t.title FROM topic AS t LEFT JOIN post AS p ON p.topic_id = t.id LEFT JOIN reading AS r ON r.topic_id = t.id WHERE (p.likes > 3 OR r.level = 2 OR t.views IS NULL) AND t.member_id = 1',
    'distinct/outer-joins-to-exists union/or-to-union-all',
  ],
  [
    "SELECT count(DISTINCT t.id) FROM topic AS t LEFT JOIN reading AS r ON r.topic_id = t.id LEFT JOIN member AS m ON m.id = r.member_id WHERE m.name = 'a' OR t.views = 1",
    'aggregate/distinct-count-to-groups distinct/outer-joins-to-exists union/or-to-union-all',
  ],
  [
    'SELECT DISTINCT t.title FROM topic AS t LEFT JOIN post AS p ON p.topic_id = t.id LEFT JOIN reading AS r ON r.topic_id = t.id AND r.level > p.likes WHERE p.likes = 2 OR r.level = 3',
    'distinct/outer-joins-to-exists union/or-to-union-all',
  ],
  [
    'SELECT DISTINCT t.id FROM topic AS t LEFT JOIN post AS p ON p.topic_id = t.id LEFT JOIN reading AS r ON r.topic_id = t.id WHERE p.likes > 3 OR r.level IS NULL',
    'union/or-to-union-all',
  ],
  // The row with the greatest value of its group.
  [
    'SELECT DISTINCT topic_id, last_value(likes) OVER (PARTITION BY topic_id ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM post',
    'grouping/distinct-on-to-lateral',
  ],
  [
    'SELECT DISTINCT topic_id, last_value(likes) OVER (PARTITION BY topic_id ORDER BY at DESC NULLS LAST, id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM post',
    'grouping/distinct-on-to-lateral order/nulls-order',
  ],
  ['SELECT DISTINCT topic_id, last_value(likes) OVER (PARTITION BY topic_id ORDER BY id) FROM post', ''],
  [
    'SELECT DISTINCT topic_id, first_value(likes) OVER (PARTITION BY topic_id ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) FROM post',
    '',
  ],
  [
    'SELECT x.* FROM (SELECT p.*, max(p.id) OVER (PARTITION BY p.topic_id) AS newest FROM post AS p) AS x WHERE x.id = x.newest',
    'grouping/row-number-to-lateral',
  ],
  [
    'SELECT id, first FROM (SELECT id, at, min(at) OVER (PARTITION BY topic_id) AS first FROM post) AS x WHERE at = first AND id > 1',
    'grouping/row-number-to-lateral join/partitions-asked-for',
  ],
  [
    'SELECT id FROM (SELECT id, member_id, max(member_id) OVER (PARTITION BY topic_id) AS most FROM post) AS x WHERE member_id = most',
    '',
  ],
  [
    'SELECT DISTINCT ON (t.id) t.id, t.title, p.at FROM topic AS t JOIN post AS p ON p.topic_id = t.id ORDER BY t.id, p.at DESC',
    'grouping/distinct-on-join-to-lateral',
  ],
  [
    'SELECT DISTINCT ON (t.id) t.id, p.at, p.likes FROM topic AS t JOIN post AS p ON p.topic_id = t.id ORDER BY t.id, p.at DESC',
    '',
  ],
  // Orders by what is counted elsewhere.
  [
    'SELECT t.id FROM topic AS t ORDER BY (SELECT COALESCE(sum(p.likes), 0) FROM post AS p WHERE p.topic_id = t.id AND NOT p.hidden) DESC, t.id LIMIT 3',
    'aggregate/totals-to-grouped-join',
  ],
  [
    'SELECT p.id FROM post AS p ORDER BY (SELECT m.name FROM member AS m WHERE m.id = p.member_id), p.id LIMIT 3',
    'subquery/lookup-to-left-join',
  ],
  // Texts without regard to case.
  ["SELECT id FROM member WHERE email ILIKE 'Ann@example.org'", 'sargable/ilike-to-lower'],
  ["SELECT id FROM member WHERE email ILIKE 'ann%'", ''],
  ["SELECT id FROM member WHERE name ILIKE 'ann'", ''],
];

describe('the forms that statements of applications had before they were made fast', () => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer('newest');
  });

  afterAll(async () => server?.stop());

  test('are found, and each offer holds', async () => {
    if (server === null) throw new Error('the bundled server can be had everywhere');
    expect(await wrongOffers(server, SCHEMA, CASES, 60)).toEqual([]);
  }, 300_000);
});
