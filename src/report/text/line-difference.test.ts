import { expect, test } from 'vitest';
import { layoutOf } from '../../sql/layout.js';
import { lineDifference } from './line-difference.js';

test('a statement is laid out by its clauses, and only whitespace changes', () => {
  const sql = `SELECT a.id, left(a.name, 3), 'x  FROM  y', extract(year FROM a.at) FROM "Odd  Place" AS a LEFT JOIN b ON b.id = a.id AND b.n BETWEEN 1 AND 3 WHERE a.id IN (SELECT id FROM c WHERE d = $1 OR e = $$f  WHERE$$) ORDER BY 1 LIMIT 3`;
  expect(layoutOf(sql).join('\n')).toMatchInlineSnapshot(`
    "SELECT a.id, left(a.name, 3), 'x  FROM  y', extract(year FROM a.at)
    FROM "Odd  Place" AS a
    LEFT JOIN b ON b.id = a.id
    AND b.n BETWEEN 1 AND 3
    WHERE a.id IN (SELECT id
      FROM c
      WHERE d = $1
      OR e = $$f  WHERE$$)
    ORDER BY 1
    LIMIT 3"
  `);
  const bare = (text: string): string => text.replaceAll(/\s+/g, '');
  expect(bare(layoutOf(sql).join(''))).toBe(bare(sql));
});

test('a comment keeps the lines as they are', () => {
  expect(layoutOf('SELECT 1 -- FROM\nFROM t')).toEqual(['SELECT 1 -- FROM', 'FROM t']);
});

test('a difference shows what goes and what comes', () => {
  const before = 'SELECT id FROM a WHERE x = 1 AND id NOT IN (SELECT id FROM b)';
  const after = 'SELECT id FROM a WHERE x = 1 AND NOT EXISTS (SELECT 1 FROM b WHERE b.id = a.id)';
  expect(lineDifference(before, after).join('\n')).toMatchInlineSnapshot(`
    " SELECT id
     FROM a
     WHERE x = 1
    -AND id NOT IN (SELECT id
    -  FROM b)
    +AND NOT EXISTS (SELECT 1
    +  FROM b
    +  WHERE b.id = a.id)"
  `);
  expect(lineDifference('SELECT 1', 'SELECT 1')).toEqual([' SELECT 1']);
});
