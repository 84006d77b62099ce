import { beforeAll, describe, expect, it } from 'vitest';
import type { ColumnFacts, Schema, SchemaEntry, TableFacts } from '../../model/schema.js';
import { loadParser } from '../../sql/parse.js';
import { differenceOf } from './difference.js';
import { narrows, needsCast } from './retype.js';

const aColumn = (name: string, over: Partial<ColumnFacts> = {}): ColumnFacts => ({
  name,
  type: 'integer',
  collation: null,
  notNull: false,
  notNullName: null,
  default: null,
  generated: '',
  identity: null,
  settings: [],
  local: true,
  inherited: false,
  ...over,
});

const aTable = (columns: readonly ColumnFacts[], over: Partial<TableFacts> = {}): SchemaEntry => ({
  kind: 'table',
  identity: '"public"."order"',
  statements: ['CREATE TABLE "public"."order" (...)'],
  owner: null,
  pieceOf: null,
  needs: [],
  facts: {
    type: 'table',
    unlogged: false,
    isPartition: false,
    partitionKey: null,
    parents: [],
    ofType: null,
    accessMethod: null,
    options: [],
    columns,
    checks: [],
    ...over,
  },
});

const anEntry = (kind: string, identity: string, ...statements: readonly string[]): SchemaEntry => ({
  kind,
  identity,
  statements,
  owner: null,
  pieceOf: null,
  needs: [],
  facts: null,
});

const aSchema = (...entries: readonly SchemaEntry[]): Schema => ({ serverVersion: 180000, entries, skipped: [] });
const sqlOf = (a: Schema, b: Schema): readonly string[] => differenceOf(a, b).up.statements.map(({ sql }) => sql);

beforeAll(() => loadParser());

describe('differenceOf', () => {
  it('takes names of NOT NULL for a difference only where both servers have them', () => {
    const a = aSchema(aTable([aColumn('a', { notNull: true, notNullName: 'parent_a_not_null' })]));
    const b = aSchema(aTable([aColumn('a', { notNull: true })]));
    expect(sqlOf(a, b)).toHaveLength(1);
    expect(differenceOf(a, { ...b, serverVersion: 150018 }).changes).toEqual([]);
    expect(sqlOf({ ...b, serverVersion: 150018 }, a)).toEqual([]);
  });

  it('says nothing of equal schemas, and of two empty ones', () => {
    const schema = aSchema(aTable([aColumn('a')]));
    const nothing = { before: [], statements: [], unwritten: [] };
    for (const one of [schema, aSchema()]) {
      const { changes, up, down } = differenceOf(one, one);
      expect([changes, up, down]).toEqual([[], nothing, nothing]);
    }
  });

  it('lists what no statement does', () => {
    const a = aSchema(aTable([aColumn('a'), aColumn('b')]), anEntry('role', '"reader"', 'DO ...'));
    const b = aSchema(aTable([aColumn('b'), aColumn('a')], { partitionKey: 'RANGE (a)' }));
    expect(differenceOf(a, b).up).toEqual({
      before: [],
      statements: [],
      unwritten: [
        { what: 'role reader', reason: expect.stringContaining('whole server') },
        { what: 'partition key of public.order: none -> RANGE (a)', reason: expect.stringContaining('copy the rows') },
        { what: 'order of the columns of public.order: they will stand as a, b', reason: expect.any(String) },
      ],
    });
  });

  it('marks what is destroyed, and a possible rename, which it does not guess', () => {
    const a = aSchema(aTable([aColumn('a'), aColumn('old')]));
    const { changes, up } = differenceOf(a, aSchema(aTable([aColumn('a'), aColumn('new')])));
    expect(changes.map(({ change, name, possibleRename }) => [change, name, possibleRename])).toEqual([
      ['gone', 'public.order.old', 'new'],
      ['new', 'public.order.new', 'old'],
    ]);
    expect(up.statements.map(({ sql, loses }) => [sql, loses])).toEqual([
      ['ALTER TABLE "public"."order" DROP COLUMN "old"', 'the values of column old of public.order'],
      ['ALTER TABLE "public"."order" ADD COLUMN "new" integer', null],
    ]);
    const two = differenceOf(a, aSchema(aTable([aColumn('a'), aColumn('new'), aColumn('newer')])));
    expect(two.changes.find(({ change }) => change === 'gone')?.possibleRename).toBe(null);
  });

  const aView = (query: string): Schema =>
    aSchema(anEntry('view', '"public"."v"', `CREATE VIEW "public"."v" ("id", "n") AS ${query}`));

  it.each([
    [
      'SELECT "T".id, "T".n FROM "T" WHERE ("T".n > 1) ORDER BY "T".n',
      'SELECT id, n FROM "T" WHERE (n > 1) ORDER BY n',
      0,
    ],
    ['SELECT o.id, count(*) AS n FROM "T" o GROUP BY o.id', 'SELECT id, count(*) AS n FROM "T" o GROUP BY id', 0],
    [
      'SELECT t.id, (SELECT max(u.n) FROM u WHERE u.id = t.id) AS n FROM t',
      'SELECT id, (SELECT max(u.n) FROM u WHERE u.id = t.id) AS n FROM t',
      0,
    ],
    ['SELECT t.id, t.n FROM t WHERE t.n > 1', 'SELECT id, n FROM t WHERE n > 2', 1],
    ['SELECT t.id, - t.n AS n FROM t ORDER BY t.n', 'SELECT id, - n AS n FROM t ORDER BY n', 1],
    ['SELECT t.id, u.n FROM t, u', 'SELECT id, n FROM t, u', 1],
    ['SELECT t.id, (SELECT u.n FROM u) AS n FROM t', 'SELECT id, (SELECT n FROM u) AS n FROM t', 1],
  ])('servers before 16 and after: %s, %s: %i changes', (was, is, changes) => {
    const now = { ...aView(is), serverVersion: 180004 };
    const { up, ...found } = differenceOf({ ...aView(was), serverVersion: 150018 }, now);
    expect([found.changes.length, up.statements.length > 0]).toEqual([changes, changes > 0]);
  });

  it('drops before it makes what has the same name', () => {
    const view = anEntry('view', '"public"."order"', 'CREATE VIEW "public"."order" AS SELECT 1');
    expect(sqlOf(aSchema(aTable([])), aSchema(view))).toEqual([
      'DROP TABLE "public"."order"',
      'CREATE VIEW "public"."order" AS SELECT 1',
    ]);
  });

  it.each([
    ['integer', 'bigint', false, false],
    ['bigint', 'integer', false, true],
    ['text', 'character varying(20)', false, false],
    ['text', 'integer', true, true],
    ['numeric(12,2)', 'numeric(10,1)', false, true],
    ['timestamp without time zone', 'date', false, true],
    ['text', 'jsonb', true, true],
  ])('%s to %s: cast %s, narrows %s', (from, to, cast, narrow) => {
    expect([needsCast(from, to), narrows(from, to)]).toEqual([cast, narrow]);
  });
});
