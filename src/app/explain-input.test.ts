import { beforeAll, describe, expect, it } from 'vitest';
import { WizardError } from '../base/errors.js';
import { loadParser } from '../sql/parse.js';
import { classify, isConnectionString } from './explain-input.js';

beforeAll(() => loadParser());

const fault = (text: string): { code: string; message: string; hint: string | undefined } => {
  try {
    classify(text, 'argument');
  } catch (thrown) {
    if (thrown instanceof WizardError) return { code: thrown.code, message: thrown.message, hint: thrown.hint };
  }
  throw new Error('it was taken');
};

describe('what was given', () => {
  it.each([
    ['SELECT 1', 'SELECT 1'],
    ['-- how many\nselect count(*) from t;\n', '-- how many\nselect count(*) from t'],
    ['EXPLAIN (ANALYZE, BUFFERS) SELECT 1;', 'SELECT 1'],
    ['explain analyze verbose select 1', 'select 1'],
    ['WITH x AS (SELECT 1) SELECT * FROM x', 'WITH x AS (SELECT 1) SELECT * FROM x'],
    ['DELETE FROM t WHERE id = $1', 'DELETE FROM t WHERE id = $1'],
    ['TABLE t', 'TABLE t'],
  ])('%j is a query', (text, sql) => expect(classify(text, 'argument')).toMatchObject({ what: 'query', sql }));

  it('is a query with its plan in a comment', () => {
    const sql = "SELECT * FROM t WHERE note = '--'";
    const text = `${sql};\n--  QUERY PLAN\n--  Sort  (cost=1.00..2.00 rows=1 width=4)\n--    ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)\n`;
    const given = classify(text, 'x');
    if (given.what !== 'query') throw new Error('taken for a plan');
    expect(given.commented?.tree).toMatchObject({ query: sql, root: { type: 'Sort' } });
    expect(classify(sql, 'x')).toMatchObject({ commented: null });
  });

  it('is a plan, in whatever form', () => {
    const text = 'Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)';
    expect(classify(`\ufeff${text}`, 'x')).toMatchObject({ what: 'plan', form: 'text', origin: 'x' });
  });

  it('may be several plans, of which one that was cut off is told', () => {
    const whole = (table: string): string =>
      `Sort  (cost=1.00..2.00 rows=1 width=4)\n  ->  Seq Scan on ${table}  (cost=0.00..1.00 rows=1 width=4)\n`;
    const text = `${whole('a')}\n${whole('b')}\nSort  (cost=1.00..2.00 rows=1 width=4)\n`;
    const given = classify(text, 'argument');
    if (given.what !== 'plan') throw new Error('taken for a query');
    expect([given.tree, ...given.further].map(({ root }) => root.children[0]?.relation)).toEqual(['a', 'b']);
    expect(given.cut).toBe(1);
  });

  it.each([
    ['', 'input/invalid', /is empty/],
    [' \n ', 'input/invalid', /is empty/],
    ['good morning', 'input/invalid', /Neither a plan of PostgreSQL nor a statement/],
    ['SELECT 1; SELECT 2', 'input/invalid', /several statements/],
    ["SELECT *\nFROM t WHERE a = 'my secret' AND FROM", 'sql/parse', /line 2, column \d+\): FROM t WHERE a = \?/],
    ["SELECT 'open", 'sql/parse', /unterminated/],
    ['CREATE TABLE t (a int)', 'input/invalid', /has no plan/],
    [
      '[{"Plan": {"Node Type": "Sort", "Plans": [{"Node Type": "Seq Scan", "Relation Name": "t"',
      'input/invalid',
      /ends before it is whole/,
    ],
    [
      '<explain xmlns="http://www.postgresql.org/2009/explain"><Query><Plan><Node-Type>Sort</Node-Type>',
      'input/invalid',
      /ends before it is whole/,
    ],
    ['Sort  (cost=1.00..2.00 rows=1 width=4)', 'input/invalid', /not whole: node 1 \(Sort\)/],
    ['{"query_block": {}}', 'input/invalid', /plan of MySQL/],
    ['-> Limit: 10 row(s)  (cost=1.2 rows=3)\n    -> Sort: t.a  (cost=1.2 rows=3)', 'input/invalid', /plan of MySQL/],
    ['XN Limit  (cost=1.00..2.00 rows=1 width=4)', 'input/invalid', /plan of Amazon Redshift/],
    [
      'Gather Motion 3:1  (slice1; segments: 3)  (cost=1.00..2.00 rows=1 width=4)\n  ->  Seq Scan on t  (cost=0.00..1.00 rows=1 width=4)',
      'input/invalid',
      /plan of Greenplum/,
    ],
    [
      'Hash  (cost=1.00..2.00 rows=1 width=4)\n  Extra Text: (seg0)   Hash chain length 2',
      'input/invalid',
      /plan of Greenplum/,
    ],
    [
      'Limit  (cost=0.00..1.00 rows=1 width=4)\n->  Result  (cost=0.00..1.00 rows=1 width=4)\n->  Seq Scan on c  (cost=0.00..1.00 rows=1 width=4)',
      'input/invalid',
      /blanks at the beginnings/,
    ],
    ['Table Scan on t  (cost=0.00..1.00 rows=1 width=4)', 'input/invalid', /plan of Greenplum/],
    [
      'Sort (cost=1.00..2.00 rows=1 width=4) Sort Key: a -> Seq Scan on t (cost=0.00..1.00 rows=1 width=4)',
      'input/invalid',
      /stands in one line/,
    ],
  ])('%j is refused with a hint', (text, code, message) => {
    const found = fault(text);
    expect(found.code).toBe(code);
    expect(found.message).toMatch(message);
    expect(found.message).not.toMatch(/secret/);
    expect(found.hint ?? '').not.toBe('');
  });
});

it.each([
  ['postgres://u:p@h/db', true],
  ['postgresql:///db', true],
  ['host=h dbname=d', true],
  ['SELECT 1', false],
  ['plan.json', false],
])('%j is a connection string: %s', (text, is) => expect(isConnectionString(text)).toBe(is));
