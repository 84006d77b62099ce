import { expect, it } from 'vitest';
import type { StatementEffect } from '../model/verdict.js';
import { fasterOf } from './comparison-speed.js';

const effect = (low: number, high: number, blocks: readonly [number, number], rounds = 12): StatementEffect => ({
  fingerprint: 'first',
  name: 'first',
  beforeMs: 1,
  afterMs: 1,
  timeRatio: Math.sqrt(low * high),
  timeCiLow: low,
  timeCiHigh: high,
  beforeBuffers: blocks[0],
  afterBuffers: blocks[1],
  beforeWalBytes: 0,
  afterWalBytes: 0,
  planBefore: '',
  planAfter: '',
  rounds,
  beforeTimedOutMs: null,
  beforeSamplesMs: [],
  afterSamplesMs: [],
});

it.each([
  ['far faster', effect(0.4, 0.5, [10, 10]), 0.02, 'second'],
  ['far slower', effect(2, 2.5, [10, 10]), 0.02, 'first'],
  ['faster, as noise alone could be', effect(0.7, 0.85, [10, 10]), 0.3, 'neither'],
  ['slower, as noise alone could be', effect(1.1, 1.3, [10, 10]), 0.3, 'neither'],
  ['less than 5 % faster', effect(0.96, 0.98, [10, 10]), 0, 'neither'],
  ['a little faster with half of the blocks', effect(0.96, 0.98, [10, 5]), 0.3, 'second'],
  ['a little slower with twice the blocks', effect(1.02, 1.04, [5, 10]), 0.3, 'first'],
  ['half of the blocks and as fast', effect(0.97, 1.03, [10, 5]), 0, 'neither'],
  ['anything at all', effect(0.5, 1.9, [10, 10]), 0.02, 'unknown'],
  ['two pairs', effect(0.1, 0.1, [10, 10], 2), 0.02, 'unknown'],
] as const)('%s', (_, measured, timeLogRatio, faster) => {
  expect(fasterOf(measured, { timeLogRatio, bufferLogRatio: 0, pairs: 20 }).faster).toBe(faster);
});
