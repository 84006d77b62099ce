import { beforeAll, describe, expect, test } from 'vitest';
import { aColumn, aColumnStatistic, aSnapshot, aStatement, aTable } from '../../../test/support/snapshot.js';
import type { ColumnStatistics } from '../../model/statistics.js';
import { loadParser } from '../../sql/parse.js';
import { tableUses } from './candidates.js';
import { reasonedCandidates } from './reasoned.js';
import type { ClassLimits } from './reasoned.js';

const TIME = { baseType: 'timestamptz', typeCategory: 'D' };
const TEXT = { baseType: 'text', typeCategory: 'S' };
const columns = [
  aColumn('id'),
  aColumn('patient'),
  aColumn('site'),
  aColumn('at', TIME),
  aColumn('flag', TEXT),
  aColumn('reviewed', TIME),
  aColumn('state', TEXT),
  aColumn('during', { baseType: 'tstzrange', typeCategory: 'R' }),
];
const tables = [
  aTable('patient', { columns: [aColumn('id'), aColumn('name', TEXT)], pages: 100 }),
  aTable('visit', { columns, pages: 5000 }),
];
const STATES = { distinct: 4, commonValues: ['done', 'open'], commonFrequencies: [0.88, 0.07] };
const STATISTICS = [
  statistic('patient', { distinct: 10_000 }),
  statistic('site', { distinct: 20 }),
  statistic('state', STATES),
  statistic('flag', { nullFraction: 0.95 }),
  statistic('reviewed', { nullFraction: 0.3 }),
];

beforeAll(loadParser);

describe('few rows beside a join', () => {
  const JOINED = 'FROM visit v JOIN patient p ON p.id = v.patient';
  test.each<[string, string, readonly string[]]>([
    [
      'are sorted without the column of the join',
      `SELECT p.name ${JOINED} WHERE v.site = $1 AND v.state = 'open' ORDER BY v.at LIMIT 20`,
      ['"site", "patient", "at"', '"site", "at"', '"at"', '"site", "patient"', '"site"'],
    ],
    [
      'are found by a range without it',
      `SELECT p.name ${JOINED} WHERE v.state = 'open' AND v.at > $1`,
      ['"patient", "at"', '"at"', '"patient"'],
    ],
    [
      'have a column that is both compared and joined once',
      `SELECT p.name ${JOINED} JOIN visit w ON w.at = v.at WHERE v.patient = $1 AND v.state = 'open'`,
      ['"patient", "at"', '"patient"'],
    ],
    ['are found by a column alone', `SELECT p.name ${JOINED} WHERE v.flag = $1`, ['"flag", "patient"', '"flag"']],
  ])('%s', (_, sql, wanted) => {
    expect(partial(sql, STATISTICS).map(({ keys }) => keys)).toEqual(wanted);
  });
});

describe('several conditions that few rows meet', () => {
  const rarelyOpen = [
    ...STATISTICS.filter((one) => one.column !== 'reviewed'),
    statistic('reviewed', { nullFraction: 0.1 }),
  ];
  test.each<[string, string, readonly ColumnStatistics[], readonly string[]]>([
    [
      'a flag beside what is nearly always NULL',
      'flag IS NOT NULL AND reviewed IS NULL',
      STATISTICS,
      ['"flag" IS NOT NULL', '"flag" IS NOT NULL AND reviewed IS NULL'],
    ],
    [
      'two, each alone and both',
      `state = 'open' AND reviewed IS NULL`,
      rarelyOpen,
      [`state = 'open'`, 'reviewed IS NULL', `state = 'open' AND reviewed IS NULL`],
    ],
    ['one, asked twice', `flag > 'a' AND flag IS NOT NULL`, STATISTICS, ['"flag" IS NOT NULL']],
  ])('%s', (_, conditions, statistics, wanted) => {
    const found = partial(`SELECT * FROM visit WHERE ${conditions} ORDER BY at`, statistics);
    expect([...new Set(found.map(({ where }) => where))]).toEqual(wanted);
    expect(found.map(({ keys }) => keys)).toContain('"at"');
  });

  test('have for a key, where no other is asked for, a column that is not NULL in all of them', () => {
    const found = partial(`SELECT * FROM visit WHERE state = 'open' AND reviewed IS NULL`, STATISTICS);
    expect(found.map(({ keys, where }) => `(${keys}) ${where}`)).toEqual([
      `("reviewed") state = 'open'`,
      `("state") state = 'open' AND reviewed IS NULL`,
    ]);
  });
});

describe('expressions on few rows alone', () => {
  test.each<[string, string, readonly string[]]>([
    [
      'a range, with all conditions',
      `SELECT * FROM visit WHERE lower(during) < $1 AND state = 'open' AND reviewed IS NULL`,
      [`("reviewed", (lower(during))) state = 'open'`, `((lower(during))) state = 'open' AND reviewed IS NULL`],
    ],
    [
      'an equality behind another',
      `SELECT * FROM visit WHERE lower(flag) = $1 AND site = $2 AND state = 'open'`,
      [`((lower(flag))) state = 'open'`, `("site", (lower(flag))) state = 'open'`],
    ],
    [
      'an order',
      `SELECT * FROM visit WHERE state = 'open' ORDER BY state, lower(flag) LIMIT 5`,
      [`((lower(flag))) state = 'open'`],
    ],
    ['beside a parameter', `SELECT * FROM visit WHERE lower(flag) = $1 AND state = $2`, []],
    ['beside a common state', `SELECT * FROM visit WHERE lower(flag) = $1 AND state = 'done'`, []],
    ['that PostgreSQL takes for no index', `SELECT * FROM visit WHERE at::date = $1 AND state = 'open'`, []],
  ])('%s', (_, sql, wanted) => {
    const onExpressions = partial(sql, STATISTICS).filter(({ keys }) => keys.includes('('));
    expect(onExpressions.map(({ keys, where }) => `(${keys}) ${where}`)).toEqual(wanted);
  });

  test('are not wanted where one of the two classes is not', () => {
    const sql = `SELECT * FROM visit WHERE lower(flag) = $1 AND state = 'open'`;
    const count = (limits: ClassLimits): number =>
      partial(sql, STATISTICS, limits).filter(({ keys }) => keys.includes('(')).length;
    expect([count({}), count({ partial: false }), count({ expression: false })]).toEqual([1, 0, 0]);
  });
});

function partial(
  sql: string,
  statistics: readonly ColumnStatistics[],
  limits: ClassLimits = {},
): readonly { readonly keys: string; readonly where: string | null }[] {
  const snapshot = aSnapshot({ tables, statements: [aStatement(sql)], statistics: { columns: statistics } });
  return reasonedCandidates(snapshot, tableUses(snapshot, { minRows: 0, minPages: 0 }), limits)
    .filter(({ spec }) => spec.where !== null && spec.include.length === 0)
    .map(({ spec }) => ({ keys: spec.keys.join(', '), where: spec.where }));
}

function statistic(column: string, more: Partial<ColumnStatistics>): ColumnStatistics {
  return aColumnStatistic('visit', column, more);
}
