import { expect, test } from 'vitest';
import { WizardError } from '../base/errors.js';
import { inspectBody, inspectCopyOut, inspectStatement } from './guard.js';

test('names what only the catalog can judge', async () => {
  const sql = `WITH x AS (SELECT app.f(a), lower(b) FROM app."T" t) SELECT (x).g, t.h, a ~@ b, a OPERATOR(app.+) b, 'x'::app.money2 FROM x, y`;
  expect(await inspectStatement(sql)).toEqual({
    executes: true,
    functions: [
      { schema: 'app', name: 'f' },
      { schema: null, name: 'lower' },
    ],
    attributes: ['g', 'h'],
    operators: ['~@', '+'],
    types: [
      { schema: 'app', name: 'money2' },
      { schema: 'app', name: 'f' },
      { schema: null, name: 'lower' },
    ],
    relations: [
      { schema: null, name: 'x' },
      { schema: null, name: 'y' },
      { schema: 'app', name: 'T' },
    ],
    makesRows: false,
  });
});

test('EXPLAIN and SHOW execute nothing', async () => {
  expect(await inspectStatement('EXPLAIN UPDATE t SET a = nextval($1)')).toMatchObject({ executes: false });
  expect(await inspectStatement('SHOW work_mem')).toMatchObject({ executes: false });
});

test.each(['COPY t TO STDOUT', 'COPY app.t (a, b) TO STDOUT (FORMAT binary)', 'COPY (SELECT 1) TO STDOUT'])(
  '%s',
  async (sql) => {
    await expect(inspectCopyOut(sql)).resolves.toMatchObject({ executes: true });
  },
);

test.each([
  'COPY t FROM STDIN',
  `COPY t TO '/tmp/x'`,
  `COPY t TO PROGRAM 'cat'`,
  'COPY (DELETE FROM t RETURNING *) TO STDOUT',
  'COPY (SELECT pg_sleep(1)) TO STDOUT',
  'COPY (WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d) TO STDOUT',
  'SELECT 1',
])('refuses %s', async (sql) => {
  await expect(inspectCopyOut(sql)).rejects.toMatchObject({ code: 'guard/refused' });
});

test.each(['SELECT (1.0::float8).pg_sleep', 'SELECT x.pg_sleep FROM f() AS x', 'EXPLAIN SELECT (1).txid_current'])(
  'sees the call in %s',
  async (sql) => {
    await expect(inspectStatement(sql)).rejects.toMatchObject({ code: 'guard/refused' });
  },
);

test.each([
  'BEGIN PERFORM "pg_sleep"(1); END',
  String.raw`BEGIN PERFORM U&"pg\005fsleep"(1); END`,
  `BEGIN PERFORM U&"pg!005fsleep" UESCAPE '!'(1); END`,
  'BEGIN EXECUTE x; END',
])('sees what the function %s does', async (source) => {
  await expect(inspectBody(source, true)).rejects.toMatchObject({ code: 'guard/refused' });
});

test('a text in a function is not what it does', async () => {
  await expect(inspectBody(`SELECT 'pg_sleep', $1 /* EXECUTE */`, true)).resolves.toMatchObject({ executes: true });
});

test.each(['SELECT 1; SELECT 2', '', ';', 'SELEC 1', `SELECT 'unterminated`])(
  'does not let %j through',
  async (sql) => {
    await expect(inspectStatement(sql)).rejects.toBeInstanceOf(WizardError);
  },
);
