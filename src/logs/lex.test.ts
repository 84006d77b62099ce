import { describe, expect, it } from 'vitest';
import { lex } from './lex.js';

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
