import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import { indexReportSchema } from '../../src/report/index/index-report.js';
import type { IndexReport } from '../../src/report/index/index-report.js';
import { makeWorkplace, urlOf } from '../support/cli.js';
import type { Workplace } from '../support/cli.js';
import { serverWith } from '../support/trial-lab.js';

/** A delete of a buyer passes on to sales, and on to their lines; tags are served by their primary key, and no write reaches what places are referred to by. */
const SCHEMA = `
  CREATE TABLE place (id int PRIMARY KEY);
  INSERT INTO place SELECT g FROM generate_series(1, 50) AS g;
  CREATE TABLE buyer (id int PRIMARY KEY, name text NOT NULL);
  INSERT INTO buyer SELECT g, 'buyer ' || g FROM generate_series(1, 4000) AS g;
  CREATE TABLE sale (id int PRIMARY KEY, buyer_id int NOT NULL REFERENCES buyer ON DELETE CASCADE,
    place_id int NOT NULL REFERENCES place, note text NOT NULL);
  INSERT INTO sale SELECT g, 1 + g * 7919 % 4000, 1 + g % 50, repeat('i', 60) FROM generate_series(1, 20000) AS g;
  CREATE TABLE line (id int PRIMARY KEY, sale_id int NOT NULL REFERENCES sale ON DELETE CASCADE, note text NOT NULL);
  INSERT INTO line SELECT g, 1 + g * 7919 % 20000, repeat('n', 40) FROM generate_series(1, 40000) AS g;
  CREATE TABLE tag (sale_id int REFERENCES sale ON DELETE CASCADE, label text, PRIMARY KEY (sale_id, label));
  INSERT INTO tag SELECT g, 'new' FROM generate_series(1, 20000) AS g;
  VACUUM ANALYZE;`;

const WORKLOAD = `-- name: forget a buyer
-- calls: 200
DELETE FROM buyer WHERE id = 77;
-- name: a name
-- calls: 100
SELECT name FROM buyer WHERE id = 5;
`;

let server: LabServer;
let place: Workplace;
let report: IndexReport;

beforeAll(async () => {
  place = makeWorkplace();
  server = await serverWith('shop', SCHEMA);
  writeFileSync(place.path('workload.sql'), WORKLOAD);
  const url = urlOf(server.connection, { database: 'shop' });
  const args = ['--workload', place.path('workload.sql'), '--out', place.path('out'), '--budget', '20s'];
  const run = await place.run(['index', '--json', url, ...args]);
  expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
  report = indexReportSchema.strict().parse(JSON.parse(run.stdout));
});

afterAll(async () => {
  await server?.stop();
  place?.remove();
});

test('indexes for a cascade, which no plan shows, are built, measured and kept', () => {
  const found = report.indexes.map((one) => `${one.basis} ${one.decision} ${one.title}`);
  expect(found.toSorted((a, b) => a.localeCompare(b))).toEqual([
    expect.stringMatching(/^foreign-key create .* public\.line \(sale_id\)/),
    expect.stringMatching(/^foreign-key create .* public\.sale \(buyer_id\)/),
  ]);
  for (const { estimated, measured } of report.indexes) {
    expect(estimated).toMatchObject({ gainAlone: null, gainInSet: null });
    expect(estimated.serves.map((one) => one.name)).toEqual(['forget a buyer']);
    expect((measured?.sizeBytes ?? 0) / (estimated.sizeBytes ?? 1)).toBeCloseTo(1, 1);
    // Without either, a delete reads a whole table of more than 200 pages.
    expect(measured?.worth?.buffers).toBeGreaterThan(200 * 200);
  }
  const [statement] = report.measured?.statements ?? [];
  expect(statement?.name).toBe('forget a buyer');
  expect(statement?.afterBuffers).toBeLessThan((statement?.beforeBuffers ?? 0) / 3);
});
