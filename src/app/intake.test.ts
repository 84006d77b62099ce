import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { intakeFiles } from './intake.js';

const folder = mkdtempSync(join(tmpdir(), 'intake-'));
beforeAll(() => loadParser());
afterAll(() => rmSync(folder, { recursive: true }));

function take(files: Record<string, string | Buffer>, prefix: string | null = null) {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const paths = Object.keys(files).map((name) => join(folder, name));
  return intakeFiles({ files: paths, prefix, difference: false, signal: new AbortController().signal });
}

const LOG = `2026-11-25 03:00:01.000 UTC [1] LOG:  duration: 3.000 ms  statement: SELECT a FROM "Größe" WHERE b = 5\n`;

test('gzip is unpacked, and several files are one workload', async () => {
  const { workload, files } = await take({ 'a.log.gz': gzipSync(LOG.repeat(3000)), 'b.log': LOG });
  expect(files.map((file) => file.records)).toEqual([3000, 1]);
  expect(workload.statements).toEqual([
    expect.objectContaining({ calls: 3001, sql: 'SELECT a FROM "Größe" WHERE b = 5' }),
  ]);
});

test('rotated files are read in the order of their times, whatever order they are given in', async () => {
  const { workload, files } = await take({
    'new.log': '2026-11-25 03:00:02.000 UTC [1] LOG:  duration: 8.000 ms\n',
    'old.log': '2026-11-25 03:00:01.000 UTC [1] LOG:  statement: SELECT 1 FROM t\n',
  });
  expect(files.map(({ name }) => name.split('/').at(-1))).toEqual(['old.log', 'new.log']);
  expect(workload.statements).toMatchObject([{ calls: 1 }]);
});

test('gzip files that were put one behind the other are one', async () => {
  const { files } = await take({ 'a.log.gz': Buffer.concat([gzipSync(LOG), gzipSync(LOG.repeat(2))]) });
  expect(files.map((file) => file.records)).toEqual([3]);
});

test('a log in another language is told to be one', async () => {
  const german = LOG.replace('duration', 'Dauer').replace('statement', 'Anweisung');
  await expect(take({ 'g.log': german })).rejects.toMatchObject({
    code: 'input/workload',
    message: expect.stringMatching(/is in German/),
    hint: expect.stringMatching(/lc_messages/),
  });
});

test('a file of SQL is what it always was', async () => {
  const { workload, files } = await take({ 'w.sql': "-- name: by-b\n-- params: 'x'\nSELECT a FROM t WHERE b = $1;" });
  expect(files[0]?.said).toBe('SQL statements');
  expect(workload).toMatchObject({
    source: 'file',
    statements: [{ name: 'by-b', parameterSets: [{ values: ["'x'"] }] }],
  });
});

test.each([
  ['a file that is not there', '/nowhere/w.sql', /can not be read/],
  ['a folder', folder, /can not be read/],
])('%s is bad input', async (_name, path, message) => {
  const request = { files: [path], prefix: null, difference: false, signal: new AbortController().signal };
  await expect(intakeFiles(request)).rejects.toMatchObject({
    code: 'input/workload',
    message: expect.stringMatching(message),
    hint: expect.any(String),
  });
});

test.each([
  [
    'a log without statements',
    `2026-11-25 03:00:01.000 UTC [1] LOG:  checkpoint starting: time\n`,
    /taken for server log \(stderr\)/,
  ],
  ['an empty file', '', /holds no statement/],
  ['gzip that is cut off', gzipSync(LOG.repeat(3000)).subarray(0, 60), /can not be read/],
])('%s is bad input that says what it was taken for', async (_name, content, message) => {
  await expect(take({ x: content })).rejects.toMatchObject({
    code: 'input/workload',
    message: expect.stringMatching(message),
  });
});
