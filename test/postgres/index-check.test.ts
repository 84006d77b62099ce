import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IndexCheck } from '../../src/kernel/ports.js';
import type { LabServer } from '../../src/lab/server.js';
import { checkIndex } from '../../src/lab/trial/index-check.js';
import { createIndexSql } from '../../src/model/action.js';
import type { IndexSpec } from '../../src/model/action.js';
import { connect } from '../../src/postgres/connect.js';
import type { Session } from '../../src/postgres/session.js';
import { anIndexSpec } from '../support/snapshot.js';
import { createIndex, labOn, serverWith, statement, workloadOf } from '../support/trial-lab.js';

/** `shifty` says that it is immutable, and is not: what an index holds of it is not what it says later. */
const SCHEMA = `
  CREATE TABLE "Odd ""t""" ("a b" int, tags int[]);
  INSERT INTO "Odd ""t""" SELECT g % 500, ARRAY[g % 7, g % 11] FROM generate_series(1, 20000) AS g;
  CREATE TABLE parts (id int, kind int) PARTITION BY RANGE (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (500);
  CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (500) TO (1000);
  INSERT INTO parts SELECT g, g % 9 FROM generate_series(0, 999) AS g;
  CREATE TABLE factor (value int);
  INSERT INTO factor VALUES (1);
  CREATE FUNCTION shifty(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 * (SELECT value FROM public.factor); END';
  CREATE ROLE plain LOGIN PASSWORD 'plain';
  CREATE TABLE post (id int PRIMARY KEY, tags int[], body text);
  INSERT INTO post SELECT g, ARRAY[g % 977, g % 1009], repeat('p', 200) FROM generate_series(1, 40000) AS g;
  VACUUM ANALYZE;`;

const TAGS = anIndexSpec('post', 'post_tags', ['"tags"'], { method: 'gin' });

let server: LabServer;

beforeAll(async () => {
  server = await serverWith('checked', SCHEMA);
});

afterAll(async () => {
  await server.stop();
});

describe('an index held against its table', () => {
  let session: Session;

  beforeAll(async () => {
    session = await connect({ ...server.connection, database: 'checked' });
  });

  afterAll(async () => {
    await session.close();
  });

  async function checked(spec: IndexSpec): Promise<IndexCheck> {
    await session.run(createIndexSql(spec, { concurrently: false }));
    return checkIndex(session, spec);
  }

  test.each([
    ['of a table with an odd name', anIndexSpec('Odd "t"', 'Odd "i"', ['"a b"'])],
    ['with rows of its partitions', anIndexSpec('parts', 'parts_kind', ['"kind"'])],
    ['of some rows', anIndexSpec('Odd "t"', 'some', ['"a b" DESC'], { where: '"a b" < 50', include: ['"tags"'] })],
  ])('agrees: %s', async (_, spec) => {
    expect(await checked(spec)).toMatchObject({ agrees: true });
    const left = await session.query(`SELECT 1 FROM pg_extension WHERE extname = 'amcheck'`);
    expect(left).toEqual([]);
  });

  test('does not agree where its expression has changed since', async () => {
    const spec = anIndexSpec('Odd "t"', 'lies', ['(shifty("a b"))']);
    expect(await checked(spec)).toMatchObject({ agrees: true });
    await session.run('UPDATE factor SET value = 3');
    expect(await checkIndex(session, spec)).toEqual({ agrees: false, note: expect.stringContaining('rows') });
  });

  test('says what it can not check', async () => {
    expect(await checked({ ...TAGS, name: 'by_tags' })).toEqual({ agrees: null, note: 'amcheck reads no gin index' });
    const other = await connect({ ...server.connection, database: 'checked', user: 'plain', password: 'plain' });
    try {
      const check = await checkIndex(other, anIndexSpec('parts', 'parts_kind', ['"kind"']));
      expect(check).toEqual({ agrees: null, note: 'amcheck could not be used (SQLSTATE 42501)' });
    } finally {
      await other.close();
    }
  });
});

describe('a statement whose LIMIT leaves open which rows it gives', () => {
  test('is equal when its rows belong to the whole result, by an index that nothing checks', async () => {
    const lab = await labOn(server, 'limited', SCHEMA.replace(/CREATE ROLE.*\n/, ''));
    try {
      await lab.baseline(
        workloadOf(statement('some posts', 'SELECT id, body FROM post WHERE tags @> ARRAY[900, 950] LIMIT 20')),
      );
      const trial = await lab.trial(createIndex(TAGS));
      if ('failure' in trial) throw new Error(trial.failure);
      expect(trial).toMatchObject({ resultsEqual: true, resultsUncompared: [], indexCheck: null });
      expect(trial.statements[0]?.planAfter).toContain('post_tags');
    } finally {
      await lab.close();
    }
  });
});
