import { beforeAll, describe, expect, it } from 'vitest';
import { aSnapshot, aStatement, aTable } from '../../test/support/snapshot.js';
import type { FunctionInfo } from '../model/function.js';
import type { Snapshot } from '../model/snapshot.js';
import { fingerprint } from '../sql/fingerprint.js';
import { loadParser } from '../sql/parse.js';
import { openFunctions } from './inside-statements.js';

beforeAll(() => loadParser());

const FUNCTIONS = [
  aFunction('stable_one', 's', 'BEGIN RETURN (SELECT count(*) FROM orders WHERE id = who); END'),
  aFunction('volatile_one', 'v', 'BEGIN PERFORM 1 FROM orders WHERE id = who; PERFORM deeper(who); RETURN 1; END'),
  aFunction('deeper', 'v', 'BEGIN UPDATE orders SET id = id WHERE id = who; PERFORM volatile_one(who); RETURN 1; END'),
  aFunction('made', 'v', "BEGIN EXECUTE 'SELECT ' || who; RETURN 1; END"),
  aFunction('fired', 'v', 'BEGIN PERFORM 1 FROM orders WHERE id = NEW.other; RETURN NEW; END', [
    { table: { schema: 'public', name: 'orders' }, events: ['insert'] },
  ]),
  { ...aFunction('snake', 'v', ''), language: 'plpython3u', definition: null },
];

describe('functions that statements call', () => {
  it('are planned with the call where that can be run', () => {
    const { statements, skipped } = opened('SELECT stable_one($1)');
    expect(statements).toHaveLength(1);
    expect(statements[0]?.inside).toMatchObject([
      { within: 'public.stable_one', sql: 'SELECT (SELECT count(*) FROM orders WHERE id = $1)' },
    ]);
    expect(skipped).toEqual([]);
    // The values that the body holds against orders.id are the call's.
    const drawn = statements[0]?.inside?.[0]?.parameterSets;
    expect(drawn).not.toEqual([]);
    expect(statements[0]?.parameterSets).toEqual(drawn);
    expect(opened('SELECT stable_one($1::bigint) + $2').statements[0]?.parameterSets).toEqual([]);
  });

  it('give their statements, those of the functions in them too, where the call can not be run', () => {
    const { statements, skipped } = opened('SELECT volatile_one(1)', 'CALL volatile_one(2)');
    expect(statements.map(({ name, sql, kind, calls }) => [name, sql, kind, calls])).toEqual([
      ['SELECT volatile_one(1)', 'SELECT volatile_one(1)', 'select', 100],
      ['public.volatile_one#1', 'SELECT 1 FROM orders WHERE id = $1', 'select', 101],
      ['public.deeper#1', 'UPDATE orders SET id = id WHERE id = $1', 'update', 101],
    ]);
    expect(skipped.map(({ what, reason }) => `${what}: ${reason}`)).toEqual([
      'how often statements inside functions run: no counter says it; each of the 2 is taken to run once a call',
    ]);
  });

  it('are planned with a write whose trigger runs them', () => {
    const inside = (sql: string): readonly string[] =>
      (opened(sql).statements[0]?.inside ?? []).map((one) => `${one.within}: ${one.sql}`);
    const wanted = ['public.fired: SELECT 1 FROM orders WHERE id = $1'];
    expect(inside('INSERT INTO orders (id) VALUES (1)')).toEqual(wanted);
    expect(inside('UPDATE orders SET id = 2')).toEqual([]);
    expect(inside('DELETE FROM orders')).toEqual([]);
  });

  it('add nothing that the server counted itself', () => {
    const sql = 'SELECT 1 FROM orders WHERE id = $1';
    const counted = aStatement(sql, { fingerprint: fingerprint(sql), calls: 7 });
    const { statements } = openFunctions(snapshotOf([aStatement('SELECT volatile_one(1)'), counted]));
    expect(statements.map(({ name, calls }) => [name, calls])).toEqual([
      ['SELECT volatile_one(1)', 100],
      [sql, 7],
      ['public.deeper#1', 100],
    ]);
  });

  it('are told where they can not be looked into', () => {
    const { statements, skipped } = opened('SELECT made(1), snake(2), pg_catalog.now(), "nobody\'s"(3)');
    expect(statements).toHaveLength(1);
    expect(skipped.map(({ what, reason }) => `${what}: ${reason}`)).toEqual([
      'what public.snake runs: it is written in plpython3u',
      'some of what public.made runs: EXECUTE makes the text at run time',
    ]);
  });
});

function opened(sql: string, unusable?: string): ReturnType<typeof openFunctions> {
  const snapshot = snapshotOf([aStatement(sql)]);
  const left = unusable === undefined ? [] : [{ name: 'call', sql: unusable, reason: 'not planned' }];
  return openFunctions({ ...snapshot, workload: { ...snapshot.workload, unusable: left } });
}

function snapshotOf(statements: Snapshot['workload']['statements']): Snapshot {
  const snapshot = aSnapshot({ tables: [aTable('orders')] });
  return {
    ...snapshot,
    catalog: { ...snapshot.catalog, functions: FUNCTIONS },
    workload: { ...snapshot.workload, statements, unusable: [] },
  };
}

function aFunction(
  name: string,
  volatility: FunctionInfo['volatility'],
  body: string,
  firedBy: FunctionInfo['firedBy'] = [],
): FunctionInfo {
  const head = firedBy.length > 0 ? '() RETURNS trigger' : '(who bigint) RETURNS bigint';
  return {
    schema: 'public',
    name,
    argumentTypes: 'bigint',
    returnsTrigger: false,
    volatility,
    rowsQuery: null,
    firedBy,
    language: 'plpgsql',
    definition: `CREATE OR REPLACE FUNCTION public.${name}${head}\n LANGUAGE plpgsql\nAS $function$${body}$function$\n`,
  };
}
