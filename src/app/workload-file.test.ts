import { beforeAll, expect, test } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { workloadFromText } from './workload-file.js';

beforeAll(() => loadParser());

test('names, calls and parameters come from the comments before a statement', () => {
  const { statements } = workloadFromText(
    `-- name: by-mail\n-- calls: 40\n-- params[rare]: 'x@y', 3\nSELECT 1 FROM t WHERE mail = $1 LIMIT $2;`,
    'w.sql',
  );
  expect(statements[0]).toMatchObject({
    name: 'by-mail',
    calls: 40,
    kind: 'select',
    parameterSets: [{ class: 'rare', values: ["'x@y'", '3'] }],
  });
});

test('a name and its calls may share a line', () => {
  const { statements } = workloadFromText(
    '-- name: by mail, rare, calls: 7\nSELECT 1;\n-- name: open, sorted\nSELECT 2;\n-- name: listed :many, calls: 3\nSELECT 3;',
    'w.sql',
  );
  expect(statements.map(({ name, calls }) => [name, calls])).toEqual([
    ['by mail, rare', 7],
    ['open, sorted', 1],
    ['listed', 3],
  ]);
});

test('what can not be used is kept with its line and its reason; transaction control is no part of a workload', () => {
  const workload = workloadFromText('BEGIN;\nSELECT 1;\nCREATE TABLE t ();\nSELEC 2;\nCOMMIT;', 'w.sql');
  expect(workload.statements.map((statement) => statement.sql)).toEqual(['SELECT 1']);
  expect(workload.unusable.map((row) => row.reason)).toEqual([
    expect.stringContaining('line 3: CreateStmt'),
    expect.stringContaining('line 4: syntax error'),
  ]);
});

test('statements that differ only in constants stay apart', () => {
  const { statements } = workloadFromText('SELECT * FROM t WHERE a = 1; SELECT * FROM t WHERE a = 2;', 'w.sql');
  expect(statements[1]?.fingerprint).toBe(`${statements[0]?.fingerprint}-2`);
});

test.each([
  ['nothing', '', /holds no statement/],
  ['only DDL', 'DROP TABLE t;', /holds no statement .*DropStmt/],
  ['a quote without an end', "SELECT 'a", /quote|ends/i],
])('%s is an error that says why', (_name, text, message) => {
  expect(() => workloadFromText(text, 'w.sql')).toThrow(
    expect.objectContaining({ code: 'input/workload', message: expect.stringMatching(message) }),
  );
});
