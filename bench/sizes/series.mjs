// Time series of sensors with gaps, partitioned by month, and long documents. Written when the model was finished.
import { indexSpec as spec } from '../comparison.mjs';

const SCHEMA = `
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE TABLE reading (at timestamptz NOT NULL, sensor int NOT NULL, value double precision, quality "char" NOT NULL, unit text NOT NULL, site uuid NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE reading_1 PARTITION OF reading FOR VALUES FROM ('2025-01-01Z') TO ('2025-02-01Z');
CREATE TABLE reading_2 PARTITION OF reading FOR VALUES FROM ('2025-02-01Z') TO ('2025-03-01Z');
CREATE TABLE reading_3 PARTITION OF reading FOR VALUES FROM ('2025-03-01Z') TO ('2025-04-01Z');
CREATE TABLE document (id uuid PRIMARY KEY, slug text NOT NULL, title text NOT NULL, author text NOT NULL, body text NOT NULL, abstract text, words tsvector, version int NOT NULL, kind text, lat numeric(9,6), seen interval, hash bytea NOT NULL);
`;

const DATA = `
SELECT setseed(0.71);
INSERT INTO reading SELECT t, s, CASE WHEN random() < 0.9 THEN round((sin(s + extract(epoch FROM t) / 40000) * 40)::numeric, 1) END, CASE WHEN random() < 0.96 THEN 'g' ELSE 'b' END::"char",
  (ARRAY['°C', 'hPa', '%', 'm/s'])[1 + s % 4], md5('site' || s / 15)::uuid
  FROM generate_series('2025-01-01Z'::timestamptz, '2025-03-31Z', interval '10 minutes') AS t, generate_series(1, 31) AS s WHERE random() < 0.85;
INSERT INTO document SELECT md5('d' || g)::uuid, 'doc-' || g % 50000, initcap(md5((g / 4)::text)), 'author ' || floor(exp(random() * ln(3000))), (SELECT string_agg(md5((g * n)::text), ' ') FROM generate_series(1, 20 + g % 60) AS n),
  CASE WHEN g % 3 = 0 THEN repeat('lorem ' || g % 900 || ' ', 40 + g % 90) END, to_tsvector('simple', 'w' || g % 700 || ' x' || floor(random() * 5000) || ' y' || g % 13), 1 + floor(exp(random() * 3))::int, CASE WHEN random() < 0.5 THEN (ARRAY['note', 'report', 'letter'])[1 + floor(random() * 3)] END,
  (random() * 90)::numeric(9,6), floor(random() * 400) * interval '1 hour', decode(md5((g % 30000)::text), 'hex') FROM generate_series(1, 80000) AS g;
`;

export const series = {
  name: 'time series and documents',
  fitted: false,
  analyze: ['reading', 'document'],
  async load(session) {
    await session.run(SCHEMA);
    await session.run(DATA);
  },
  indexes: {
    se_sensor_at: [
      spec('reading', ['sensor', 'at']),
      `SELECT * FROM reading WHERE sensor = 7 AND at BETWEEN '2025-02-03Z' AND '2025-02-04Z'`,
    ],
    se_at: [spec('reading', ['at']), `SELECT * FROM reading WHERE at > '2025-03-30Z'`],
    se_sensor: [spec('reading', ['sensor']), `SELECT count(*) FROM reading WHERE sensor = 7`],
    se_value: [spec('reading', ['value']), `SELECT * FROM reading WHERE value = 39.9`],
    se_bad: [
      spec('reading', ['sensor', 'at'], { where: `quality = 'b'` }),
      `SELECT * FROM reading WHERE quality = 'b' AND sensor = 3`,
    ],
    se_unit: [spec('reading', ['unit', 'quality']), `SELECT count(*) FROM reading WHERE unit = '%' AND quality = 'b'`],
    se_site: [
      spec('reading', ['site', 'sensor']),
      `SELECT count(*) FROM reading WHERE site = md5('site1')::uuid AND sensor = 20`,
    ],
    se_hour: [
      spec('reading', [`(date_trunc('hour', at AT TIME ZONE 'UTC'))`, 'sensor']),
      `SELECT * FROM reading WHERE date_trunc('hour', at AT TIME ZONE 'UTC') = '2025-02-03 04:00' AND sensor = 3`,
    ],
    se_slug: [spec('document', ['slug']), `SELECT * FROM document WHERE slug = 'doc-77'`],
    se_slug_version: [
      spec('document', ['slug', 'version DESC']),
      `SELECT * FROM document WHERE slug = 'doc-77' ORDER BY version DESC LIMIT 1`,
    ],
    se_title: [spec('document', ['title']), `SELECT * FROM document WHERE title = 'X'`],
    se_author: [spec('document', ['author']), `SELECT * FROM document WHERE author = 'author 77'`],
    se_author_kind: [
      spec('document', ['author', 'kind']),
      `SELECT * FROM document WHERE author = 'author 77' AND kind = 'note'`,
    ],
    se_abstract: [spec('document', ['abstract']), `SELECT * FROM document WHERE abstract = 'X'`],
    se_body_start: [spec('document', ['("left"(body, 40))']), `SELECT * FROM document WHERE "left"(body, 40) = 'x'`],
    se_body_hash: [spec('document', ['(md5(body))']), `SELECT * FROM document WHERE md5(body) = 'x'`],
    se_version: [spec('document', ['version', 'kind']), `SELECT * FROM document WHERE version = 15 AND kind = 'note'`],
    se_lat: [spec('document', ['lat']), `SELECT * FROM document WHERE lat > 89.9`],
    se_seen: [spec('document', ['seen']), `SELECT * FROM document WHERE seen = interval '7 hours'`],
    se_hash: [spec('document', ['hash']), `SELECT * FROM document WHERE hash = decode(md5('7'), 'hex')`],
    se_hash_hash: [
      spec('document', ['hash'], { method: 'hash' }),
      `SELECT * FROM document WHERE hash = decode(md5('7'), 'hex')`,
    ],
    se_words: [
      spec('document', ['words'], { method: 'gin' }),
      `SELECT * FROM document WHERE words @@ to_tsquery('simple', 'x77')`,
    ],
    se_title_like: [
      spec('document', ['title gin_trgm_ops'], { method: 'gin' }),
      `SELECT * FROM document WHERE title LIKE '%abcd%'`,
    ],
    se_brin: [
      spec('reading', ['at'], { method: 'brin', with: 'pages_per_range = 8' }),
      `SELECT * FROM reading WHERE at > '2025-03-31 12:00Z'`,
    ],
  },
};
