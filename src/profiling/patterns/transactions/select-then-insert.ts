import { z } from 'zod';
import { lex } from '../../../logs/lex.js';
import { conflictForm } from '../../change.js';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import { bareValue, valueAt } from '../../step.js';
import type { Step } from '../../step.js';
import { addTime, measured, named } from '../../words.js';

const mails = ['a', 'b', 'c'];

export default definePattern({
  id: 'transactions/select-then-insert',
  severity: 'warning',
  needs: ['sessions', 'values'],
  docs: {
    what: 'A row is looked up by a key, and inserted with that key when it was not there.',
    why: 'Two sessions that do so at once both find nothing: with a unique index one of them fails, without one the row is there twice.',
    limits:
      'The values are compared as the log writes them. Whether the first statement found a row is not in a log; an INSERT of the same key soon after says that it did not. SELECT ... FOR UPDATE does not help and is counted likewise.',
    sources: ['PostgreSQL manual, "INSERT", ON CONFLICT, and "Transaction Isolation"'],
    bad: mails.flatMap((mail, i) => [
      `a ${i * 1000} duration: 0.5 ms  statement: SELECT id FROM person WHERE mail = '${mail}'`,
      `a ${i * 1000 + 5} duration: 0.5 ms  statement: INSERT INTO person (mail, name) VALUES ('${mail}', 'x')`,
    ]),
    good: mails.flatMap((mail, i) => [
      `a ${i * 1000} duration: 0.5 ms  statement: SELECT id FROM person WHERE mail = '${mail}'`,
      `a ${i * 1000 + 5} duration: 0.5 ms  statement: INSERT INTO visit (mail, page) VALUES ('${mail}', 'x')`,
      `a ${i * 1000 + 9} duration: 0.5 ms  statement: INSERT INTO person (mail, name) VALUES ('${mail}', 'x') ON CONFLICT (mail) DO NOTHING`,
    ]),
  },
  options: z.object({
    minTimes: z.number().int().min(1).default(3),
    within: z.number().int().min(1).default(10).describe('statements of the same unit that may lie between'),
  }),
  watch({ minTimes, within }) {
    const seen = new Map<ShapeFacts, Map<ShapeFacts, Seen>>();
    const duplicates = new Map<string, number>();
    return {
      event({ kind, sql }) {
        if (kind !== 'duplicate-key' || sql === null || duplicates.size >= MAX_KEYS) return;
        const { key } = lex(sql);
        duplicates.set(key, (duplicates.get(key) ?? 0) + 1);
      },
      unit({ steps }) {
        for (let i = 1; i < steps.length; i += 1) {
          const step = steps[i] as Step;
          const { facts } = step;
          if (facts.inserted.length === 0 || facts.conflictHandled) continue;
          const found = lookupBefore(steps, i, Math.max(0, i - within));
          if (!found) continue;
          const own = seen.get(facts) ?? new Map<ShapeFacts, Seen>();
          const one = own.get(found.step.facts) ?? {
            times: 0,
            ms: null,
            columns: found.columns,
            line: found.step.line,
          };
          one.times += 1;
          one.ms = addTime(one.ms, found.step.ms);
          own.set(found.step.facts, one);
          seen.set(facts, own);
        }
      },
      findings: () =>
        [...seen].flatMap(([insert, lookups]) =>
          [...lookups].flatMap(([lookup, one]) => {
            if (one.times < minTimes) return [];
            const errors = duplicates.get(insert.shape.key) ?? 0;
            return [
              {
                title: `Looked up and then inserted, with a race between: ${named(insert)}`,
                count: one.times,
                counted: 'pairs',
                timeMs: one.ms,
                timeIs: 'of the lookups',
                evidence: [measured('duplicate key errors of the INSERT in the log', errors, 'errors')],
                statements: [insert.text, lookup.text],
                change: `Insert at once and leave it to the unique index (there must be one over ${one.columns.join(', ')}): ON CONFLICT DO NOTHING, or DO UPDATE where the row is wanted back.`,
                sql: conflictForm(insert, one.columns),
                line: one.line,
                shapes: [insert, lookup],
              },
            ];
          }),
        ),
    };
  },
});

interface Seen {
  times: number;
  ms: number | null;
  readonly columns: readonly string[];
  readonly line: number;
}

const MAX_KEYS = 1000;

/** The last lookup in the inserted table by values that the new row has, and by which columns; among the steps from `first` up to the one that inserts. */
function lookupBefore(
  steps: readonly Step[],
  inserting: number,
  first: number,
): { readonly step: Step; readonly columns: readonly string[] } | null {
  const insert = steps[inserting] as Step;
  let i = inserting - 1;
  while (i >= first && !looksUp(steps[i] as Step, insert.facts.target)) i -= 1;
  if (i < first) return null;
  const step = steps[i] as Step;
  const all = step.facts.equalities.every(({ column, place }) => {
    const into = insert.facts.inserted.find((one) => one.column === column);
    const [asked, given] = [valueAt(step, place), into ? valueAt(insert, into.place) : null];
    return asked !== null && given !== null && bareValue(asked) === bareValue(given);
  });
  return all ? { step, columns: step.facts.equalities.map(({ column }) => column) } : null;
}

function looksUp({ facts }: Step, table: string | null): boolean {
  return facts.kind === 'read' && facts.equalities.length > 0 && facts.tables[0] === table;
}
