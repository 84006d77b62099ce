import { z } from 'zod';
import { bodiesOf, bodyOf, list } from '../../../sql/tree.js';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import { addTime, measured, named, unknown } from '../../words.js';

export default definePattern({
  id: 'reads/select-star',
  severity: 'info',
  needs: [],
  docs: {
    what: 'Statements that ask for every column of their tables.',
    why: 'Wide values that nobody reads are unpacked (TOAST), sent and kept; an index-only scan becomes impossible, and a new column changes what the program gets.',
    limits:
      'How wide the tables are, and which columns the program reads, a log does not say. All of them are one finding, the most frequent named.',
    sources: ['PostgreSQL manual, "TOAST" and "Index-Only Scans and Covering Indexes"'],
    bad: Array.from(
      { length: 12 },
      (_, n) => `a ${n * 500} duration: 0.5 ms  statement: SELECT * FROM person WHERE id = ${n}`,
    ),
    good: Array.from(
      { length: 12 },
      (_, n) => `a ${n * 500} duration: 0.5 ms  statement: SELECT count(*) FROM person WHERE id = ${n}`,
    ),
  },
  options: z.object({ minCalls: z.number().int().min(1).default(10).describe('of all of them together') }),
  watch({ minCalls }) {
    const all: ShapeFacts[] = [];
    return {
      follow(facts) {
        if (hasStar(facts)) all.push(facts);
        return null;
      },
      findings() {
        const stars = all.map((facts) => ({ facts, ...facts.totals })).toSorted((a, b) => b.calls - a.calls);
        const [first] = stars;
        const calls = stars.reduce((sum, one) => sum + one.calls, 0);
        if (!first || calls < minCalls) return [];
        return [
          {
            title: `${stars.length === 1 ? 'A statement asks' : `${stars.length} statements ask`} for all columns, most often: ${named(first.facts)}`,
            count: calls,
            counted: 'executions',
            timeMs: stars.map((one) => one.ms).reduce(addTime, null),
            timeIs: 'in the database, of these executions',
            evidence: [
              measured('statement shapes', stars.length, 'shapes'),
              unknown('bytes of columns that are not read', 'bytes'),
            ],
            statements: stars.slice(0, SHOWN).map((one) => one.facts.text),
            change: 'Name the columns that are read, first where a table has wide ones (text, jsonb, bytea).',
            sql: null,
            line: first.line,
            shapes: stars.slice(0, SHOWN).map((one) => one.facts),
          },
        ];
      },
    };
  },
});

const SHOWN = 5;

function hasStar({ select, tables }: ShapeFacts): boolean {
  const targets = select && tables.length > 0 ? bodiesOf(list(select, 'targetList'), 'ResTarget') : [];
  return targets.some((target) => {
    const column = bodyOf(target['val'], 'ColumnRef');
    return column !== null && list(column, 'fields').some((part) => bodyOf(part, 'A_Star') !== null);
  });
}
