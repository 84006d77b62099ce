import { z } from 'zod';
import { field, list, walk } from '../../../sql/tree.js';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import { addTime, measured, named, unknown } from '../../words.js';

export default definePattern({
  id: 'reads/unbounded-result',
  severity: 'warning',
  needs: [],
  docs: {
    what: 'Statements without LIMIT whose result grows with the table.',
    why: 'What is quick on a small table takes memory and time without bound once it has grown; a list that is shown needs a page of it.',
    limits:
      'Rows are known where auto_explain logged plans with ANALYZE. Where they are not, only statements without any condition, LIMIT or aggregate are named, as information. Exports and batch jobs read everything on purpose.',
    sources: ['PostgreSQL manual, "LIMIT and OFFSET" and "auto_explain"'],
    bad: ['a 500 duration: 45.0 ms  statement: SELECT id, name FROM person ORDER BY name'],
    good: [
      'a 500 duration: 45.0 ms  statement: SELECT id, name FROM person ORDER BY name LIMIT 50',
      'a 600 duration: 45.0 ms  statement: SELECT max(id) FROM person',
      'a 700 duration: 45.0 ms  statement: SELECT id FROM line WHERE order_id = 4 ORDER BY position',
    ],
  },
  options: z.object({
    minRows: z.number().int().min(1).default(10_000).describe('of one execution, where they are known'),
  }),
  watch({ minRows }) {
    const seen = new Map<ShapeFacts, Seen>();
    return {
      follow(facts) {
        if (!isUnbounded(facts)) return null;
        let one: Seen | null = null;
        return ({ ms, rows, line }) => {
          if (!one) seen.set(facts, (one = { calls: 0, ms: null, planned: 0, rows: 0, most: 0, line }));
          one.calls += 1;
          one.ms = addTime(one.ms, ms);
          if (rows === null) return;
          one.planned += 1;
          one.rows += rows;
          one.most = Math.max(one.most, rows);
        };
      },
      findings: () =>
        [...seen].flatMap(([facts, one]) => {
          const sorted = list(facts.select ?? {}, 'sortClause').length > 0;
          if (one.planned > 0 ? one.most < minRows : field(facts.select ?? {}, 'whereClause') !== null) return [];
          return [
            {
              severity: one.planned > 0 ? ('warning' as const) : ('info' as const),
              title: `${sorted ? 'A sorted list' : 'A result'} without LIMIT: ${named(facts)}`,
              count: one.calls,
              counted: 'executions',
              timeMs: one.ms,
              timeIs: 'in the database, of these executions',
              evidence:
                one.planned > 0
                  ? [
                      measured('rows of one execution, most', one.most, 'rows'),
                      measured('rows of one execution, mean', one.rows / one.planned, 'rows'),
                    ]
                  : [unknown('rows of one execution', 'rows')],
              statements: [facts.text],
              change: sorted
                ? 'Give a page: LIMIT, and behind the first page a condition on the last row shown (not OFFSET).'
                : 'Bound it: LIMIT for a list, a cursor or COPY for an export, an aggregate where only a figure is wanted.',
              sql: null,
              line: one.line,
              shapes: [facts],
            },
          ];
        }),
    };
  },
});

interface Seen {
  calls: number;
  ms: number | null;
  /** Executions whose rows are known. */
  planned: number;
  rows: number;
  most: number;
  readonly line: number;
}

const AGGREGATES = new Set([
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'array_agg',
  'string_agg',
  'json_agg',
  'jsonb_agg',
  'bool_and',
  'bool_or',
  'every',
]);

function isUnbounded({ kind, select, tables }: ShapeFacts): boolean {
  if (kind !== 'read' || !select || tables.length === 0 || select['limitCount'] !== undefined) return false;
  if (list(select, 'groupClause').length > 0) return false;
  return !walk(select['targetList']).some(({ type, body }) => {
    if (type !== 'FuncCall' || field(body, 'over')) return false;
    const [last] = list(body, 'funcname').slice(-1);
    return AGGREGATES.has(JSON.stringify(last).replace(/^.*"sval":"|".*$/g, ''));
  });
}
