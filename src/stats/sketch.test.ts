import { expect, test } from 'vitest';
import { seededRandom } from './random.js';
import { addToSketch, createSketch, mergeSketches, sketchError, sketchQuantile } from './sketch.js';

test('a short stream is exact', () => {
  const sketch = createSketch();
  for (const value of [5, 1, 4, 2, 3]) addToSketch(sketch, value);
  expect([0, 0.5, 0.95, 1].map((q) => sketchQuantile(sketch, q))).toEqual([1, 3, 5, 5]);
  expect(sketchError(sketch)).toBe(0);
  expect(sketchQuantile(createSketch(), 0.5)).toBeNaN();
});

test('a long stream is within its error over seven powers of ten, and so are two that are merged', () => {
  const random = seededRandom(3);
  const values = Array.from({ length: 20_000 }, () => 10 ** (random() * 7 - 3));
  const [one, two] = [createSketch(), createSketch()];
  values.forEach((value, i) => addToSketch(i % 3 === 0 ? one : two, value));
  const merged = mergeSketches([one, two]);
  const sorted = values.toSorted((a, b) => a - b);
  for (const q of [0.01, 0.5, 0.95, 0.99]) {
    const exact = sorted[Math.ceil(q * values.length) - 1] ?? 0;
    expect(Math.abs(sketchQuantile(merged, q) / exact - 1)).toBeLessThanOrEqual(sketchError(merged) + 1e-9);
  }
  expect(merged.count).toBe(20_000);
  expect(merged.buckets.size).toBeLessThan(1700);
  expect(merged.kept).toBeNull();
});

test('merging short streams stays exact', () => {
  const [one, two] = [createSketch(), createSketch()];
  addToSketch(one, 0);
  addToSketch(two, 7);
  expect(sketchQuantile(mergeSketches([one, two]), 1)).toBe(7);
  expect(sketchError(mergeSketches([one, two]))).toBe(0);
});
