import { beforeAll, expect, test } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { detectFormat } from './detect.js';
import { Intake } from './intake.js';

beforeAll(() => loadParser());

/** What was taken for a log of which program, its statements with their values and places, and lines that were passed over. */
function read(lines: readonly string[]): unknown {
  const text = `${lines.join('\n')}\n`;
  const format = detectFormat(text, null);
  if (format.kind !== 'orm') throw new Error(`taken for ${format.kind}`);
  const intake = new Intake();
  const reader = intake.open('f', format);
  reader.push(text);
  reader.end();
  const { workload, files } = intake.end();
  const statements = workload.statements.map(({ sql, calls, totalMs, parameterSets, observed }) => [
    sql.replaceAll(/\s+/g, ' '),
    calls,
    totalMs,
    parameterSets[0]?.values ?? null,
    observed?.sources[0]?.name ?? null,
  ]);
  return [format.format.name, statements, files[0]?.unread.flatMap((one) => one.lines)];
}

test('Rails behind a logger: places, calls without a name, and what its own cache answered', () => {
  const before = 'D, [2026-11-25T10:00:00.130000 #42] DEBUG -- : [6f2d] ';
  const load = 'SELECT "items".* FROM "items" WHERE "items"."order_id" = $1  [["order_id", 2]]';
  expect(
    read([
      `${before}  Item Load (0.5ms)  ${load}`,
      `${before}  ↳ app/views/orders/_order.html.erb:3`,
      `${before}  CACHE Item Load (0.0ms)  ${load}`,
      `${before}  CACHE (0.0ms)  ${load}`,
      `${before}   (1.5ms)  SELECT SUM("items"."price") FROM "items"`,
    ]),
  ).toEqual([
    'Rails (Active Record)',
    [
      ['SELECT SUM("items"."price") FROM "items"', 1, 1.5, null, null],
      [
        'SELECT "items".* FROM "items" WHERE "items"."order_id" = $1',
        1,
        0.5,
        ['2'],
        'app/views/orders/_order.html.erb:3',
      ],
    ],
    [],
  ]);
});

test('Hibernate with its statements formatted', () => {
  expect(
    read([
      'Hibernate: ',
      '    select',
      '        i.id ',
      '    from',
      '        items i ',
      'Started in 2 s',
      'Hibernate: ',
    ]),
  ).toEqual(['Hibernate', [['select i.id from items i', 1, null, null, null]], [6]]);
});

test('Ecto: the statement on the line behind its times, its values at the end', () => {
  expect(
    read([
      '10:00:00.123 [debug] QUERY OK source="users" db=1.5ms decode=0.1ms queue=0.3ms idle=1000.2ms',
      'SELECT u0."id" FROM "users" AS u0 WHERE (u0."id" = $1) AND (u0."name" = $2) [5, "it\'s"]',
      '↳ Shop.Users.get!/1, at: lib/shop/users.ex:12',
      '10:00:00.140 [debug] QUERY OK db=0.1ms',
      'begin []',
      '10:00:00.142 [debug] QUERY ERROR source="orders" db=0.0ms',
      'SELECT o0."nope" FROM "orders" AS o0 []',
    ]),
  ).toEqual([
    'Ecto',
    [
      [
        'SELECT u0."id" FROM "users" AS u0 WHERE (u0."id" = $1) AND (u0."name" = $2)',
        1,
        1.5,
        ['5', "'it''s'"],
        'lib/shop/users.ex:12',
      ],
    ],
    [6, 7],
  ]);
});
