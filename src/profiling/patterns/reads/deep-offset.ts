import { z } from 'zod';
import { keysetForm } from '../../change.js';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import { bareValue, valueAt } from '../../step.js';
import { addTime, measured, named } from '../../words.js';

const PAGES = [0, 20, 40, 5000, 9000, 20_000];

export default definePattern({
  id: 'reads/deep-offset',
  severity: 'warning',
  needs: ['values'],
  docs: {
    what: 'Pages far down a list, reached by OFFSET.',
    why: 'The rows before the page are computed and thrown away: the cost grows with the page, and rows move between pages meanwhile.',
    limits:
      'Where the log holds both, the times of deep pages and of the first ones are compared, of different executions. The form without OFFSET can not jump to a page by its number, and needs an order that ends in a unique column, of columns without NULLs.',
    sources: ['PostgreSQL manual, "LIMIT and OFFSET"'],
    bad: PAGES.map(
      (n) =>
        `a ${n} duration: ${1 + n / 100}.0 ms  statement: SELECT id, name FROM person ORDER BY name, id LIMIT 20 OFFSET ${n}`,
    ),
    good: [0, 20, 40, 60].map(
      (n) => `a ${n} duration: 1.0 ms  statement: SELECT id, name FROM person ORDER BY name, id LIMIT 20 OFFSET ${n}`,
    ),
  },
  options: z.object({
    minOffset: z.number().int().min(1).default(1000).describe('rows passed over'),
    shallow: z.number().int().min(0).default(100).describe('pages up to this offset are the first ones'),
    minTimes: z.number().int().min(1).default(3),
  }),
  watch({ minOffset, shallow, minTimes }) {
    const seen = new Map<ShapeFacts, Seen>();
    return {
      follow(facts) {
        const place = facts.offset;
        if (!place) return null;
        return (step) => {
          const { ms, line } = step;
          const value = valueAt(step, place);
          const offset = value === null ? Number.NaN : Number(bareValue(value));
          if (!Number.isFinite(offset)) return;
          const one = seen.get(facts) ?? { deep: 0, deepMs: null, first: 0, firstMs: null, most: 0, passed: 0, line };
          if (offset >= minOffset) {
            one.deep += 1;
            one.passed += offset;
            one.deepMs = addTime(one.deepMs, ms);
            one.most = Math.max(one.most, offset);
          } else if (offset <= shallow) {
            one.first += 1;
            one.firstMs = addTime(one.firstMs, ms);
          }
          seen.set(facts, one);
        };
      },
      findings: () =>
        [...seen].flatMap(([facts, one]) => {
          if (one.deep < minTimes) return [];
          const sql = keysetForm(facts);
          return [
            {
              title: `Pages as deep as row ${one.most} by OFFSET: ${named(facts)}`,
              count: one.deep,
              counted: 'executions',
              timeMs: one.deepMs,
              timeIs: 'in the database, of the deep pages',
              evidence: [
                measured('rows passed over, mean', one.passed / one.deep, 'rows'),
                ...(one.deepMs === null ? [] : [measured('time of a deep page, mean', one.deepMs / one.deep, 'ms')]),
                ...(one.firstMs === null
                  ? []
                  : [measured('time of a first page, mean', one.firstMs / one.first, 'ms')]),
              ],
              statements: [facts.text],
              change:
                'Ask for what comes after the last row shown, by its values of the columns of the order, which must end in a unique one.',
              sql,
              line: one.line,
              shapes: [facts],
            },
          ];
        }),
    };
  },
});

interface Seen {
  deep: number;
  deepMs: number | null;
  first: number;
  firstMs: number | null;
  most: number;
  /** Sum of the deep offsets. */
  passed: number;
  readonly line: number;
}
