import { describe, expect, it } from 'vitest';
import { seededRandom } from '../stats/random.js';
import { keyOf } from './key.js';
import { lex } from './lex.js';
import { Scanner } from './scan.js';
import { Stretch, stretchOf } from './stretch.js';

describe('lex', () => {
  it.each([
    ['select -1, a -1, a - 1, (2)-3, x[1]-2 + .5, a.5', 'select ?, a -?, a - ?, (?)-?, x[?]-? + ?, a.?'],
    ['select /* c */ -1', 'select ?'],
    ["e'a\\'b' E'x' b'01' x'ff' n'q' u&'d' U&'d' case'x' orders_12 a$1", '? ? ? ? ? ? ? case? orders_12 a$1'],
    ["'it''s' \"q''1\"\"2\" $$b 'x' 1$$ $t$ $$ $t$ $1 $12", '? "q\'\'1""2" ? ? $1 $12'],
    ['Ünï5 0x1F 1_000 1.5e-3 5$$b$$ 0b12 $1$$c$$', 'Ünï5 ? ? ? ?? ?? $1?'],
    ['  a\n\t b  -- c 1\n c /* 2 /* 3 */ 4 */ d  ', 'a b c d'],
    ['IN (1)', 'IN (?)'],
    ['IN (1,2, 3 ,4,  5\n,6)', 'IN (?)'],
    ['VALUES (1, 2), (3, 4),(5,6)', 'VALUES (?)'],
    ['IN (?, ?)', 'IN (?)'],
    ["a = 'not ended 1", 'a = ?'],
    ['a /* not ended 1', 'a'],
  ])('%s', (text, key) => {
    expect(lex(text).key).toBe(key);
  });

  it('says where constants and comments stand', () => {
    const text = "SELECT -5 /*a='b'*/ , E'x' -- end";
    const { literals, comments } = lex(text);
    expect(literals.map(({ start, end }) => text.slice(start, end))).toEqual(['-5', "E'x'"]);
    expect(comments.map((one) => [text.slice(one.start, one.end), one.text])).toEqual([
      ["/*a='b'*/", "a='b'"],
      ['-- end', 'end'],
    ]);
  });
});

describe('a scanner that goes from text to text', () => {
  const bits = [
    "'x'",
    "'",
    '"n"',
    '$1',
    '$t$',
    '--',
    '/*',
    '*/',
    '-',
    '.',
    '12',
    '1.5',
    'e',
    "e'",
    'ab',
    ' ',
    '\n',
    '?',
  ];
  bits.push('(', ')', ',', ', ', '),(', 'select', 'Ünï', '\\', '=');

  it('finds what one finds that sees a text alone, and hashes texts of one key alike', () => {
    const random = seededRandom(11);
    const scanner = new Scanner();
    const keys = new Map<number, string>();
    const wrong: string[] = [];
    for (let i = 0; i < 4000; i += 1) {
      const text = Array.from({ length: 1 + random() * 9 }, () => bits[Math.floor(random() * bits.length)]).join('');
      const { key, literals, comments } = lex(text);
      // What stands around it in its buffer is no part of it.
      const bytes = Buffer.from(`'${text}'--e5`);
      scanner.scan(new Stretch(bytes, 1, bytes.length - 5));
      const found = [keyOf(scanner), scanner.literalsEnd / 2, scanner.commentsEnd / 2];
      if (found.join() !== [key, literals.length, comments.length].join()) wrong.push(text);
      const hash = scanner.hash();
      if ((keys.get(hash) ?? key) !== key) wrong.push(text);
      keys.set(hash, key);
    }
    expect(wrong).toEqual([]);
    expect(keys.size).toBeGreaterThan(1500);
  });

  it.each([
    ['SELECT 1', "SELECT E'x'", true],
    ['SELECT 1 /* a */ + b', 'SELECT -1.5 /* another\none */ + b', true],
    ['a IN (1, 2, 3)', 'a IN (1)', true],
    ['a IN (1,2)', "a IN (1,-2,'c')", true],
    ['a IN (1, 2) /* c */', 'a IN (1, 2)', false],
    ['SELECT 1, b', 'SELECT 1, c', false],
    ['SELECT 12345678', 'SELECT 12345678 ', false],
    ['ab1 = 1', 'ab2 = 1', false],
    ['f(1, a, 2)', 'f(1, 2, a)', false],
    ['1abcd', 'abcd1', false],
    ['abc', 'abc\0', false],
  ])('hashes %j and %j alike: %s', (one, other, isSame) => {
    const hashOf = (text: string): number => {
      const scanner = new Scanner();
      // Not at the same place of a buffer.
      const bytes = Buffer.from(`${'.'.repeat(text.length % 7)}${text}\0`);
      scanner.scan(new Stretch(bytes, text.length % 7, bytes.length - 1));
      return scanner.hash();
    };
    expect(hashOf(one) === hashOf(other)).toBe(isSame);
  });

  it('grows for a long text, and is not held up by the one after it', () => {
    const scanner = new Scanner();
    const values = Array.from({ length: 20_000 }, (_, i) => `(${i}, 'v')`).join(', ');
    scanner.scan(stretchOf(`INSERT INTO t VALUES ${values}`));
    expect([keyOf(scanner), scanner.literalsEnd]).toEqual(['INSERT INTO t VALUES (?)', 80_000]);
    scanner.scan(stretchOf('SELECT 1 -- c'));
    expect([keyOf(scanner), scanner.literalsEnd, scanner.commentText(0)]).toEqual(['SELECT ?', 2, 'c']);
  });
});
