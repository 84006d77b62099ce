import { expect, test } from 'vitest';
import { untilAborted } from './interruption.js';

test('gives what the work gives, or throws what it throws', async () => {
  const { signal } = new AbortController();
  await expect(untilAborted(signal, Promise.resolve(1))).resolves.toBe(1);
  await expect(untilAborted(signal, Promise.reject(new Error('no')))).rejects.toThrow('no');
});

test('ends with the reason of the abort while the work still runs, and hands on what comes late', async () => {
  const abort = new AbortController();
  const late: number[] = [];
  let finish: (value: number) => void = () => undefined;
  const work = new Promise<number>((resolve) => (finish = resolve));
  const raced = untilAborted(abort.signal, work, (value) => late.push(value));
  abort.abort(new Error('stopped'));
  await expect(raced).rejects.toThrow('stopped');
  finish(7);
  await work;
  await Promise.resolve();
  expect(late).toEqual([7]);
});

test("after an abort nothing goes through, and a late failure is nobody's", async () => {
  const signal = AbortSignal.abort(new Error('stopped'));
  await expect(untilAborted(signal, Promise.resolve(1))).rejects.toThrow('stopped');
  await expect(untilAborted(signal, Promise.reject(new Error('late')))).rejects.toThrow('stopped');
});
