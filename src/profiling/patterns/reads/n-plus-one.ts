import { z } from 'zod';
import { groupBy } from '../../../base/group.js';

import { definePattern } from '../../define.js';
import { bareValue, valueAt } from '../../step.js';
import type { Lookup, ShapeFacts } from '../../facts.js';
import { keysForm } from '../../keys-form.js';
import type { Step } from '../../step.js';
import type { Unit } from '../../units.js';
import { addTime, measured, named } from '../../words.js';

const LOOKUPS = [1, 2, 3, 4, 5, 6];

export default definePattern({
  id: 'reads/n-plus-one',
  severity: 'warning',
  needs: ['sessions'],
  docs: {
    what: 'One statement for each row of another: the same lookup again and again, with other values, within one request, transaction, or run of a session without a pause.',
    why: 'Each lookup pays a round trip, a parse and a plan; one statement for all keys pays them once.',
    limits:
      'A request is told by a tag (traceparent, request_id) in a comment; without one, and outside of transactions, executions of a session less than 100 ms apart are taken together: as a connection of a pool serves many requests ' +
      'like that, the lookup must come in a regular turn there, behind another read. Whether the rows could be loaded ' +
      'at once the log does not say: what happens between the lookups is not seen. A join is proposed by the names of tables and columns, and says so.',
    sources: ['PostgreSQL manual, "Pipeline Mode"', 'sqlcommenter specification, "traceparent"'],
    bad: [
      'a 0 duration: 0.5 ms  statement: BEGIN',
      'a 2 duration: 1.0 ms  statement: SELECT id, customer_id FROM orders WHERE day = 7',
      ...LOOKUPS.map((n) => `a ${2 + n} duration: 0.3 ms  statement: SELECT * FROM items WHERE order_id = ${n}`),
      'a 20 duration: 0.2 ms  statement: COMMIT',
    ],
    good: [
      'a 2 duration: 1.0 ms  statement: SELECT id, customer_id FROM orders WHERE day = 7',
      'a 4 duration: 1.0 ms  statement: SELECT * FROM items WHERE order_id IN (1, 2, 3, 4, 5, 6)',
      ...LOOKUPS.map((n) => `a ${n * 5000} duration: 0.3 ms  statement: SELECT * FROM items WHERE order_id = ${n}`),
    ],
  },
  options: z.object({
    minRepeats: z.number().int().min(2).default(5).describe('of one lookup in one unit'),
    minDistinct: z.number().min(0).max(1).default(0.6).describe('share of different values among them'),
    minShare: z.number().min(0).max(1).default(0.25).describe('of all executions, where only runs show it'),
  }),
  watch({ minRepeats, minDistinct, minShare }) {
    const seen = new Map<ShapeFacts, Seen>();
    return {
      unit(unit) {
        if (unit.steps.length < minRepeats) return;
        for (const one of repeated(unit, minRepeats, minDistinct))
          if (unit.kind !== 'run' || isLoop(unit, one, minRepeats, seen.has(one.facts))) note(seen, one, unit);
      },
      findings: () =>
        [...seen].flatMap(([facts, one]) => {
          if (one.kind === 'run' && one.executions < minShare * facts.totals.calls) return [];
          const { lookup, value } = one.key;
          const parent = one.parents.toSorted((a, b) => b[1] - a[1])[0]?.[0] ?? null;
          const joined = parent ? joinByName(parent, facts, lookup) : null;
          const form = keysForm(facts, lookup, value);
          return [
            {
              title: `Run once for each row, up to ${one.most} times in one ${one.kind}: ${named(facts)}`,
              count: one.executions,
              counted: 'executions',
              timeMs: one.ms,
              timeIs: 'in the database, of these executions',
              evidence: [
                measured(`${one.kind}s with it`, one.units, one.kind + 's'),
                measured(`executions in one ${one.kind}, most`, one.most, 'executions'),
                measured(`executions in one ${one.kind}, mean`, one.executions / one.units, 'executions'),
              ],
              statements: [facts.text, ...(parent ? [parent.text] : [])],
              change:
                `Collect the keys and load their rows with one statement, the key among its columns to tell whose each row is.${form?.note ? ` ${form.note}` : ''}` +
                (joined === null
                  ? ''
                  : ` Or join in a statement before, by what the names suggest (estimated): ${joined}`),
              sql: form?.sql ?? null,
              line: one.line,
              shapes: [facts, ...(parent ? [parent] : [])],
            },
          ];
        }),
    };
  },
});

interface Seen {
  kind: Unit['kind'];
  units: number;
  executions: number;
  most: number;
  ms: number | null;
  readonly parents: [ShapeFacts, number][];
  readonly line: number;
  readonly key: Key;
}

/** The condition whose value differs from lookup to lookup, and one of its values. */
interface Key {
  readonly lookup: Lookup;
  readonly value: string;
}

interface Repeated {
  readonly key: Key;
  readonly facts: ShapeFacts;
  readonly count: number;
  readonly ms: number | null;
  readonly parent: ShapeFacts | null;
  readonly line: number;
}

function repeated({ steps, beyond }: Unit, minRepeats: number, minDistinct: number): readonly Repeated[] {
  const groups = groupBy(steps, (step) => step.facts);
  return [...groups].flatMap(([facts, own]) => {
    const [first] = own;
    if (!first || facts.kind !== 'read' || facts.lookups.length === 0 || own.length < minRepeats) return [];
    const values = new Set(own.map((step) => step.values?.text() ?? null));
    // Without values the log can not tell a loop over rows from the same read repeated.
    if (values.has(null) || values.size < own.length * minDistinct) return [];
    const more = beyond.get(facts);
    const key = keyOf(facts, own);
    if (!key) return [];
    const earlier = steps.slice(0, steps.indexOf(first)).filter((step) => step.facts.kind === 'read');
    const before = earlier.findLast((step) => joinByName(step.facts, facts, key.lookup) !== null) ?? earlier.at(-1);
    return [
      {
        key,
        facts,
        count: own.length + (more?.count ?? 0),
        ms: addTime(own.map((step) => step.ms).reduce<number | null>(addTime, null), more?.ms ?? null),
        parent: before?.facts ?? null,
        line: first.line,
      },
    ];
  });
}

/** Whether a run holds a loop, and not one request after another on the connection of a pool: the lookup comes again after as many statements each time, and a read stands before that is no part of the turn. */
function isLoop({ steps, goesOn }: Unit, { facts }: Repeated, minRepeats: number, isKnown: boolean): boolean {
  const places = steps.flatMap((step, at) => (step.facts === facts ? [at] : []));
  let [first, turn, turns] = [places[0] ?? 0, 0, 1];
  for (let i = 1; i < places.length; i += 1) {
    const [at, before] = [places[i] ?? 0, places[i - 1] ?? 0];
    if (at - before !== turn) [first, turn, turns] = [before, at - before, 1];
    turns += 1;
    if (turns < minRepeats || turn > LONGEST_TURN) continue;
    const inTurn = new Set(steps.slice(first, first + turn).map((step) => step.facts));
    const isBefore = steps.slice(0, first).some((step) => step.facts.kind === 'read' && !inTurn.has(step.facts));
    if (isBefore || (goesOn && isKnown)) return true;
  }
  return false;
}

/** Statements that a program runs for each row. */
const LONGEST_TURN = 4;

function note(seen: Map<ShapeFacts, Seen>, { key, facts, count, ms, parent, line }: Repeated, { kind }: Unit): void {
  const one = seen.get(facts) ?? { kind, units: 0, executions: 0, most: 0, ms: null, parents: [], line, key };
  one.units += 1;
  one.executions += count;
  one.most = Math.max(one.most, count);
  one.ms = addTime(one.ms, ms);
  const known = one.parents.find(([facts_]) => facts_ === parent);
  if (known) known[1] += 1;
  else if (parent && one.parents.length < 8) one.parents.push([parent, 1]);
  seen.set(facts, one);
}

/** The lookup with most values; null where the log does not show its values one by one. */
function keyOf({ lookups }: ShapeFacts, own: readonly Step[]): Key | null {
  const varied = (lookup: Lookup): number => new Set(own.flatMap((step) => valueAt(step, lookup.place) ?? [])).size;
  const [lookup] = lookups.length === 1 ? lookups : lookups.toSorted((a, b) => varied(b) - varied(a));
  for (const step of lookup ? own : []) {
    const value = lookup ? valueAt(step, lookup.place) : null;
    if (lookup && value !== null) return { lookup, value: bareValue(value) };
  }
  return null;
}

/** `items.order_id` after a read of `orders`, or `customers.id` after one that names a `customer_id`. Null for all else, as of a lookup that joins itself or wants the first rows only. */
function joinByName(parent: ShapeFacts, child: ShapeFacts, { column }: Lookup): string | null {
  const [from, to] = [parent.tables[0], child.tables[0]];
  if (
    from === undefined ||
    to === undefined ||
    from === to ||
    child.tables.length > 1 ||
    child.select?.['limitCount'] !== undefined
  )
    return null;
  const one = (table: string): string => (table.split('.').at(-1) ?? '').replace(/(?<=[^s])s$/, '');
  if (column === `${one(from)}_id`) return `${from} JOIN ${to} ON ${to}.${column} = ${from}.id`;
  const key = `${one(to)}_id`;
  return column === 'id' && parent.columns.has(key) ? `${from} JOIN ${to} ON ${to}.id = ${from}.${key}` : null;
}
