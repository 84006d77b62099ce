// A social graph: both ends of an edge zipf, one table clustered by its source and one in random order, places that determine each other.
import { indexSpec as spec } from '../comparison.mjs';

const SCHEMA = `
CREATE TABLE member (id int PRIMARY KEY, handle varchar(30) NOT NULL, town text NOT NULL, region text NOT NULL, land char(2) NOT NULL, born date, joined timestamp NOT NULL,
  bio text, karma real NOT NULL, score numeric NOT NULL, invited_by int, gone timestamptz);
CREATE TABLE follows (src int NOT NULL, dst int NOT NULL, kind smallint NOT NULL, since timestamptz NOT NULL, muted bool NOT NULL);
CREATE TABLE reaction (member_id int NOT NULL, post_id bigint NOT NULL, emoji text NOT NULL, at timestamptz NOT NULL);
`;

const DATA = `
SELECT setseed(0.41);
INSERT INTO member SELECT g, 'member_' || g, 'town ' || p, 'region ' || p / 25, chr(65 + p / 25 / 10) || 'X', CASE WHEN random() < 0.5 THEN '1960-01-01'::date + floor(random() * 15000)::int END,
  '2018-01-01'::timestamp + g * interval '20 minutes', CASE WHEN random() < 0.3 THEN repeat(md5(g::text), 1 + floor(random() * 40)::int) END, floor(exp(random() * ln(5000))), round((random() * random() * 900)::numeric, 1),
  CASE WHEN random() < 0.6 THEN floor(exp(random() * ln(g + 1))) END, CASE WHEN random() < 0.03 THEN '2024-01-01'::timestamptz + random() * interval '300 days' END
  FROM (SELECT g, floor(exp(random() * ln(2500)))::int AS p FROM generate_series(1, 120000) AS g) AS m;
INSERT INTO follows SELECT s, 1 + floor(exp(random() * ln(120000)))::int, (random() * random() * 5)::int, '2018-01-01'::timestamptz + random() * interval '2000 days', random() < 0.02
  FROM generate_series(1, 120000) AS s, generate_series(1, floor(1 + 400.0 / (1 + s % 4001))::int) AS n;
INSERT INTO reaction SELECT 1 + floor(exp(random() * ln(120000)))::int, floor(p), chr(128512 + floor(exp(random() * ln(60)))::int), '2022-01-01'::timestamptz + p * interval '5 minutes' + random() * interval '10 days'
  FROM (SELECT random() * random() * 150000 AS p FROM generate_series(1, 300000)) AS r;
`;

export const graph = {
  name: 'social graph',
  fitted: false,
  analyze: ['member', 'follows', 'reaction'],
  async load(session) {
    await session.run(SCHEMA);
    await session.run(DATA);
  },
  indexes: {
    gr_src: [spec('follows', ['src']), `SELECT * FROM follows WHERE src = 4002`],
    gr_dst: [spec('follows', ['dst']), `SELECT * FROM follows WHERE dst = 4002`],
    gr_dst_src: [spec('follows', ['dst', 'src']), `SELECT src FROM follows WHERE dst = 17 ORDER BY src`],
    gr_src_kind: [spec('follows', ['src', 'kind']), `SELECT * FROM follows WHERE src = 77 AND kind = 3`],
    gr_dst_kind: [spec('follows', ['dst', 'kind', 'muted']), `SELECT * FROM follows WHERE dst = 77 AND kind = 3`],
    gr_kind: [spec('follows', ['kind']), `SELECT * FROM follows WHERE kind = 5`],
    gr_kind_muted: [spec('follows', ['muted', 'kind']), `SELECT * FROM follows WHERE muted AND kind = 3`],
    gr_since: [spec('follows', ['since']), `SELECT * FROM follows WHERE since < '2018-01-05'`],
    gr_muted: [spec('follows', ['src'], { where: 'muted' }), `SELECT * FROM follows WHERE muted AND src < 500`],
    gr_covering: [spec('follows', ['src'], { include: ['dst'] }), `SELECT dst FROM follows WHERE src = 4002`],
    gr_town: [spec('member', ['town']), `SELECT * FROM member WHERE town = 'town 444'`],
    gr_place: [
      spec('member', ['land', 'region', 'town']),
      `SELECT * FROM member WHERE land = 'AX' AND region = 'region 4' AND town = 'town 111'`,
    ],
    gr_region_town: [
      spec('member', ['region', 'town']),
      `SELECT * FROM member WHERE region = 'region 4' AND town = 'town 111'`,
    ],
    gr_handle: [spec('member', ['handle'], { unique: true }), `SELECT * FROM member WHERE handle = 'member_77'`],
    gr_handle_lower: [spec('member', ['(lower(handle))']), `SELECT * FROM member WHERE lower(handle) = 'member_77'`],
    gr_born: [spec('member', ['born']), `SELECT * FROM member WHERE born = '1970-05-05'`],
    gr_joined: [spec('member', ['joined']), `SELECT * FROM member WHERE joined < '2018-01-04'`],
    gr_bio: [spec('member', ['bio']), `SELECT * FROM member WHERE bio = 'x'`],
    gr_karma: [spec('member', ['karma']), `SELECT * FROM member WHERE karma = 1200`],
    gr_score: [spec('member', ['score']), `SELECT * FROM member WHERE score > 850`],
    gr_invited: [spec('member', ['invited_by']), `SELECT * FROM member WHERE invited_by = 5000`],
    gr_invited_joined: [
      spec('member', ['invited_by', 'joined']),
      `SELECT * FROM member WHERE invited_by = 50 ORDER BY joined LIMIT 3`,
    ],
    gr_living: [
      spec('member', ['land', 'born'], { where: 'gone IS NULL' }),
      `SELECT * FROM member WHERE gone IS NULL AND land = 'CX' AND born = '1970-05-05'`,
    ],
    gr_gone: [spec('member', ['gone']), `SELECT * FROM member WHERE gone > '2024-10-20'`],
    gr_year: [
      spec('member', ['(extract(year FROM born))']),
      `SELECT * FROM member WHERE extract(year FROM born) = 1975`,
    ],
    gr_post: [spec('reaction', ['post_id']), `SELECT * FROM reaction WHERE post_id = 14000`],
    gr_post_emoji: [
      spec('reaction', ['post_id', 'emoji']),
      `SELECT count(*) FROM reaction WHERE post_id = 14 AND emoji = 'x'`,
    ],
    gr_emoji: [spec('reaction', ['emoji']), `SELECT * FROM reaction WHERE emoji = chr(128550)`],
    gr_who: [spec('reaction', ['member_id', 'post_id']), `SELECT * FROM reaction WHERE member_id = 70 AND post_id = 3`],
    gr_hash_dst: [spec('follows', ['dst'], { method: 'hash' }), `SELECT * FROM follows WHERE dst = 4002`],
    gr_brin_src: [
      spec('follows', ['src'], { method: 'brin', with: 'pages_per_range = 4' }),
      `SELECT * FROM follows WHERE src = 4002`,
    ],
  },
};
