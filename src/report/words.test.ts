import { describe, expect, it } from 'vitest';
import {
  changeWords,
  effectSentence,
  effectWords,
  evidenceValue,
  formatRatio,
  isRefuted,
  meanWords,
  oneLine,
  predictionSentence,
  quantileWords,
  statementChange,
  timeWords,
  totalWords,
} from './words.js';

describe('words for figures', () => {
  it.each([
    [0.0004, '2,500x less', '2,500x faster'],
    [0.5, '2.0x less', '2.0x faster'],
    [0.98, 'same', 'same'],
    [1.2, '1.20x more', '1.20x slower'],
    [106, '106x more', '106x slower'],
    [0, 'all gone', 'all gone'],
    [null, 'unknown', 'unknown'],
    [Number.NaN, 'unknown', 'unknown'],
    [-1, 'unknown', 'unknown'],
  ])('%s reads %s, of times %s', (ratio, change, time) => {
    expect([changeWords(ratio), timeWords(ratio)]).toEqual([change, time]);
  });

  it.each([
    [12_345.6, '12,346'],
    [6.7, '6.70'],
    [0.25, '0.25'],
    [0.00412, '0.0041'],
    [0.0000123, '1.2e-5'],
    [0, '0'],
    [null, 'unknown'],
  ])('ratio %s reads %s', (ratio, text) => expect(formatRatio(ratio)).toBe(text));

  it('labels what was measured and what was only estimated', () => {
    const effect = { metric: 'buffers', before: 1000, after: 10, ratio: 0.01, ciLow: null, ciHigh: null };
    expect(effectSentence(effect)).toBe('buffers touched 1,000 -> 10, ratio 0.01 (interval unknown), measured');
    expect(effectSentence(null)).toBe('effect unknown: nothing was measured');
    expect(effectWords({ ...effect, metric: 'storageBytes', before: 0, after: 2048 })).toBe('+2.00 kB');
    const foreseen = {
      workloadRatio: 0.9,
      statementRatio: null,
      storageBytes: -1024,
      basis: 'what-if',
      provenance: 'estimated',
    };
    expect(predictionSentence(foreseen)).toBe('workload time ratio 0.90, storage -1.00 kB (estimated: what-if)');
    expect(predictionSentence({ ...foreseen, workloadRatio: null, storageBytes: null })).toBe('unknown: what-if');
  });

  it.each([
    [{ value: 8192, unit: 'bytes' }, '8.00 kB'],
    [{ value: 0.25, unit: 'fraction' }, '25.0 %'],
    [{ value: 12, unit: 'ms' }, '12.0 ms'],
    [{ value: 1200, unit: 'rows' }, '1,200 rows'],
    [{ value: 'btree', unit: '' }, 'btree'],
    [{ value: null, unit: 'rows' }, 'unknown'],
  ])('evidence %j reads %s', (fact, text) => expect(evidenceValue(fact)).toBe(text));
});

describe('isRefuted', () => {
  it('needs a foreseen gain and a measurement that shows none', () => {
    expect(refuted('reject', 'regressed', 0.01)).toBe(true);
    expect(refuted('reject', 'neutral', 0.5)).toBe(true);
    expect(refuted('reject', 'unverifiable', 0.01)).toBe(false);
    expect(refuted('reject', 'regressed', null)).toBe(false);
    expect(refuted('reject', 'neutral', 0.99)).toBe(false);
    expect(refuted('accept', 'improved', 0.01)).toBe(false);
  });
});

it('oneLine takes out what a terminal or a reader would obey', () => {
  expect(oneLine('a\u001b[31mb\nc\u202ed\u0000')).toBe('a [31mb c d');
});

function refuted(decision: string, verdict: string, statementRatio: number | null): boolean {
  return isRefuted({ decision, verdict, hypothesis: { prediction: { statementRatio, workloadRatio: null } } });
}

describe('words for times that were cut off', () => {
  const done = { meanMs: 20, timedOutMs: null };
  const cutOff = { meanMs: 12_000, timedOutMs: 12_000 };

  it('says that they are lower bounds', () => {
    expect([meanWords(done), meanWords(cutOff), meanWords(undefined)]).toEqual(['20.0 ms', '> 12.0 s', 'unknown']);
    expect(totalWords({ totalMs: 12_020, perStatement: [done, cutOff] })).toBe('> 12.0 s');
    expect(totalWords({ totalMs: 20, perStatement: [done] })).toBe('20.0 ms');
    expect(quantileWords({ perStatement: [done, cutOff] }, 20)).toBe('20.0 ms');
    expect(quantileWords({ perStatement: [done, cutOff] }, 12_000)).toBe('> 12.0 s');
  });

  it('knows of the change what can be known', () => {
    expect(statementChange(cutOff, done).words).toBe('> 600x faster');
    expect(statementChange(done, { ...done, meanMs: 10 }).words).toBe('2.0x faster');
    expect(statementChange(cutOff, cutOff)).toEqual({ ratio: null, words: 'unknown' });
    expect(statementChange(done, undefined)).toEqual({ ratio: null, words: 'unknown' });
  });
});
