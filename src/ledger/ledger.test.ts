import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLedger } from './ledger.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledger-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('what was appended is there in the next run, in order', async () => {
  const first = openLedger<{ n: number }>(folder);
  await first.append({ n: 1 });
  await first.append({ n: 2 });
  first.close();
  const second = openLedger<{ n: number }>(folder);
  expect(second.entries()).toEqual([{ n: 1 }, { n: 2 }]);
  second.close();
});

test('a half-written last line is cut off and the rest is kept', async () => {
  const first = openLedger<{ n: number }>(folder);
  await first.append({ n: 1 });
  first.close();
  appendFileSync(join(folder, 'entries.jsonl'), '{"n":2');
  const second = openLedger<{ n: number }>(folder);
  expect(second.repairedBytes).toBe(6);
  await second.append({ n: 3 });
  second.close();
  expect(readFileSync(join(folder, 'entries.jsonl'), 'utf8')).toBe('{"n":1}\n{"n":3}\n');
});

test('an unreadable line in the middle is an error that names it, and loses nothing', () => {
  writeFileSync(join(folder, 'entries.jsonl'), '{"n":1}\nnonsense\n{"n":3}\n');
  expect(() => openLedger(folder)).toThrow(/Line 2 .*not JSON/);
  expect(readFileSync(join(folder, 'entries.jsonl'), 'utf8')).toContain('nonsense');
});

test('a folder held by a living process is refused', () => {
  const first = openLedger(folder);
  expect(() => openLedger(folder)).toThrow(/works in this output folder/);
  first.close();
  openLedger(folder).close();
});

test('the lock of a process that is gone is taken over', () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  writeFileSync(join(folder, 'lock'), `${gone}\n1\n`);
  openLedger(folder).close();
});

test('the lock of an earlier process whose number was given to another is taken over', () => {
  writeFileSync(join(folder, 'lock'), `${process.ppid}\n1\n`);
  openLedger(folder).close();
});
