import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer } from '../support/majors.js';
import { wrongOffers } from '../support/rewrite-bench.js';

const SCHEMA = `
  CREATE TABLE ward (id int PRIMARY KEY, name text NOT NULL, beds int);
  CREATE TABLE patient (id bigint PRIMARY KEY, ward_id int REFERENCES ward, born date, left_at timestamp, seen timestamptz NOT NULL, score numeric(6, 2), attrs jsonb NOT NULL, tags text[]);
  CREATE TABLE visit (id bigint PRIMARY KEY, patient_id bigint NOT NULL REFERENCES patient, at timestamptz NOT NULL, day date NOT NULL, kind text NOT NULL, cost int);
  CREATE INDEX ON visit (patient_id, at, id);
  CREATE INDEX ON visit (kind, day);`;

/** Statements as ORMs, reporting tools and people write them, and the rules that offer something for each. */
const CASES: readonly (readonly [string, string])[] = [
  // EF Core: a count with a cast, the latest row under two subqueries right of a LEFT JOIN.
  [
    'SELECT p.id FROM patient AS p WHERE (SELECT count(*)::int FROM visit AS v WHERE v.patient_id = p.id) > 0',
    'aggregate/correlated-to-grouped-join subquery/count-to-exists',
  ],
  [
    'SELECT p.id FROM patient AS p WHERE (SELECT count(*)::int FROM visit AS v WHERE v.patient_id = p.id) >= 2',
    'aggregate/correlated-to-grouped-join subquery/count-above-to-exists',
  ],
  [
    'SELECT p.id, t0.kind FROM patient AS p LEFT JOIN (SELECT t.kind, t.patient_id FROM (SELECT v.kind, v.patient_id, row_number() OVER (PARTITION BY v.patient_id ORDER BY v.at, v.id) AS n FROM visit AS v) AS t WHERE t.n <= 1) AS t0 ON p.id = t0.patient_id WHERE p.ward_id = 1',
    'grouping/row-number-to-lateral join/key-into-grouped-subquery',
  ],
  // Rails: a LEFT JOIN whose other side is asked for.
  [
    "SELECT DISTINCT p.id FROM patient AS p LEFT JOIN visit AS v ON v.patient_id = p.id WHERE v.kind = 'a'",
    'distinct/distinct-to-exists join/foreign-key-join',
  ],
  // Django: NOT IN of a column that may be NULL outside, and an empty list.
  ['SELECT id FROM patient WHERE ward_id NOT IN (SELECT id FROM ward WHERE beds > 2)', 'subquery/not-in-to-not-exists'],
  ['SELECT id FROM patient WHERE (ward_id NOT IN (SELECT id FROM ward)) IS NULL', ''],
  // Arithmetic about a subquery; strict functions about an aggregate, and functions within one.
  [
    'SELECT v.id FROM visit AS v WHERE v.cost > 2 * (SELECT avg(x.cost) FROM visit AS x WHERE x.patient_id = v.patient_id)',
    'aggregate/correlated-to-grouped-join',
  ],
  [
    'SELECT p.id, (SELECT round(avg(abs(v.cost)), 1) FROM visit AS v WHERE v.patient_id = p.id) FROM patient AS p',
    'aggregate/totals-to-grouped-join',
  ],
  [
    "SELECT p.id, (SELECT json_agg(json_build_object('k', v.kind) ORDER BY v.id)::text FROM visit AS v WHERE v.patient_id = p.id) AS all_ FROM patient AS p",
    'aggregate/totals-to-grouped-join',
  ],
  [
    'SELECT p.id, ARRAY(SELECT v.kind FROM visit AS v WHERE v.patient_id = p.id ORDER BY v.id) FROM patient AS p',
    'aggregate/totals-to-grouped-join',
  ],
  [
    'SELECT p.id, (SELECT round(coalesce(avg(v.cost), 0), 1) FROM visit AS v WHERE v.patient_id = p.id) FROM patient AS p',
    '',
  ],
  // Totals of a self-join: each row is among its own, or the join keeps it.
  [
    'SELECT a.id, sum(b.cost) FROM visit AS a JOIN visit AS b ON b.patient_id = a.patient_id AND b.id <= a.id GROUP BY a.id',
    'aggregate/running-total',
  ],
  [
    'SELECT a.id, count(b.id) FROM visit AS a LEFT JOIN visit AS b ON b.patient_id = a.patient_id AND b.id < a.id GROUP BY a.id',
    'aggregate/running-total',
  ],
  [
    'SELECT a.id, sum(b.cost) FROM visit AS a JOIN visit AS b ON b.patient_id = a.patient_id AND b.id < a.id GROUP BY a.id',
    '',
  ],
  [
    'SELECT a.id, count(b.id) FROM visit AS a LEFT JOIN visit AS b ON b.id < a.id WHERE b.patient_id = a.patient_id GROUP BY a.id',
    '',
  ],
  ['SELECT v.id, (SELECT sum(x.cost) FROM visit AS x WHERE x.at < v.at) FROM visit AS v', 'aggregate/running-total'],
  // The first row of a group as an element of an array, or as a window's first value.
  [
    'SELECT patient_id, (array_agg(kind ORDER BY at, id))[1] FROM visit GROUP BY patient_id',
    'grouping/distinct-on-to-lateral',
  ],
  ['SELECT patient_id, (array_agg(kind ORDER BY at))[1] FROM visit GROUP BY patient_id', ''],
  [
    'SELECT DISTINCT patient_id, first_value(kind) OVER (PARTITION BY patient_id ORDER BY at, id) FROM visit',
    'grouping/distinct-on-to-lateral',
  ],
  ['SELECT DISTINCT first_value(kind) OVER (PARTITION BY patient_id ORDER BY at, id) FROM visit', ''],
  [
    'SELECT p.id FROM patient AS p WHERE p.id IN (SELECT (array_agg(v.patient_id ORDER BY v.id))[1] FROM visit AS v WHERE v.patient_id = p.ward_id)',
    '',
  ],
  ['SELECT DISTINCT kind, day FROM visit', 'grouping/keys-to-loose-scan'],
  [
    'SELECT DISTINCT ON (patient_id, at) id, kind FROM visit ORDER BY at, patient_id, id DESC',
    'grouping/keys-to-loose-scan',
  ],
  // Documents.
  ["SELECT id FROM patient WHERE attrs['a'] = '\"b\"'", 'sargable/jsonb-text-to-containment'],
  ["SELECT id FROM patient WHERE attrs ->> 'a' = '7'", 'sargable/jsonb-text-to-containment'],
  ["SELECT id FROM patient WHERE attrs ->> 'a' = '10.0.7.5'", 'sargable/jsonb-text-to-containment'],
  ["SELECT id FROM patient WHERE attrs['1'] = '\"b\"'", ''],
  ["SELECT id FROM patient WHERE jsonb_path_match(attrs, '$.a.b >= 2')", 'sargable/jsonpath-to-operator'],
  // Times.
  [
    "SELECT id FROM patient WHERE extract(epoch FROM timestamptz '2000-01-02 00:00+00' - seen) BETWEEN 0 AND 3600",
    'sargable/elapsed-to-time',
  ],
  [
    "SELECT id FROM patient WHERE date_trunc('month', left_at)::date = '2000-03-01'",
    'sargable/truncated-time-to-range',
  ],
  [
    'SELECT id FROM patient WHERE extract(year FROM born) * 100 + extract(month FROM born) = 200012',
    'sargable/truncated-time-to-range',
  ],
  ['SELECT id FROM patient WHERE extract(year FROM born) * 100 + extract(month FROM born) >= 200012', ''],
  ["SELECT id FROM patient WHERE born + interval '30 days' < '2000-03-01'", 'sargable/column-arithmetic'],
  ["SELECT id FROM patient WHERE date '2000-03-01' - born <= 2", 'sargable/column-arithmetic'],
  ["SELECT id FROM patient WHERE date_part('year', age(seen)) = 3", 'sargable/age-to-bounds'],
  ["SELECT id FROM patient WHERE substring(seen::text, 1, 10) = '2000-03-01'", 'sargable/time-text-to-range'],
  ["SELECT id FROM patient WHERE born::text LIKE '2000%'", ''],
  ["SELECT id FROM patient WHERE COALESCE(left_at, born) >= '2000-03-01 12:00'", 'sargable/coalesce-to-or'],
  ['SELECT p.id, w.name FROM patient AS p JOIN ward AS w ON COALESCE(p.ward_id, 3) = w.id', 'sargable/coalesce-to-or'],
  // Pages and orders.
  [
    "SELECT id FROM visit WHERE day <= '2000-03-01' AND (day < '2000-03-01' OR id < 5) AND cost > 0",
    'sargable/row-comparison',
  ],
  [
    "SELECT id FROM visit WHERE NOT (day > '2000-03-01' OR (day = '2000-03-01' AND id >= 5))",
    'sargable/row-comparison',
  ],
  ["SELECT id FROM visit WHERE day <= '2000-03-01' AND (day < '2000-03-02' OR id < 5)", ''],
  ['SELECT id FROM patient ORDER BY score IS NULL, score DESC, id LIMIT 3', 'order/expression-to-column'],
  [
    'SELECT id FROM patient ORDER BY CASE WHEN born IS NULL THEN 0 ELSE 1 END, born DESC, id LIMIT 3',
    'order/expression-to-column',
  ],
  ['SELECT id FROM patient ORDER BY left_at::date DESC, left_at DESC, id LIMIT 3', 'order/expression-to-column'],
  ['SELECT id FROM patient ORDER BY seen::date, seen, id LIMIT 3', ''],
  ['SELECT id FROM patient ORDER BY -score, id LIMIT 3', ''],
  ['SELECT id FROM visit ORDER BY -cost, id LIMIT 3', 'order/expression-to-column'],
  [
    'SELECT id FROM visit WHERE patient_id IN (SELECT id FROM patient WHERE ward_id = 1) ORDER BY at DESC, id LIMIT 3',
    'order/limit-per-value',
  ],
  [
    "SELECT w.id, min(p.seen) FROM ward AS w LEFT JOIN patient AS p ON p.ward_id = w.id AND p.born > '2000-01-01' GROUP BY w.id ORDER BY min(p.seen)",
    'aggregate/group-before-join grouping/joined-extreme-to-lookup',
  ],
];

describe('the forms that ORMs, reporting tools and people give to what rules look for', () => {
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
