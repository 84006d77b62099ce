import { expect, it } from 'vitest';
import { JsonDocuments } from './json-documents.js';

/** What comes out of a text, fed whole and in pieces of each of some sizes: objects by their `n`, and the lines of what is broken. */
function read(text: string): readonly (readonly [string, number])[] {
  const runs = [text.length, 1, 2, 7, 64].map((size) => {
    const seen: (readonly [string, number])[] = [];
    const documents = new JsonDocuments({
      take: (value, line) => void seen.push([JSON.stringify(value['n']), line]),
      broken: (line) => void seen.push(['broken', line]),
    });
    for (let at = 0; at < text.length; at += size) documents.push(text.slice(at, at + size));
    documents.end();
    return seen;
  });
  for (const other of runs) expect(other).toEqual(runs[0]);
  return runs[0] ?? [];
}

it.each([
  ['in the middle of a string', '{"n":1}\n{"n":2,"text":"cut o\n{"n":3}\n{"n":4}\n', ['1', 'broken', '3', '4']],
  ['after a comma', '{"n":1}\n{"n":2,\n{"n":3}\n{"n":4}\n', ['1', 'broken', '3', '4']],
  ['after a colon', '{"n":1}\n{"n":2,"a":\n{"n":3}\n', ['1', 'broken', '3']],
  ['inside an object', '{"n":1}\n{"n":2,"a":{"b":1\n{"n":3}\n', ['1', 'broken', '3']],
  ['in the first line, inside a string', '{"n":1,"text":"cut o\n{"n":2}\n{"n":3}\n', ['broken', '2', '3']],
])('a line that breaks off %s costs itself alone', (_, text, expected) => {
  expect(read(text).map(([what]) => what)).toEqual(expected);
});

it('a quote between objects hides nothing', () => {
  expect(read('{"n":1}\nnot json " at all\n{"n":2}\n')).toEqual([
    ['1', 1],
    ['2', 3],
  ]);
});

it('objects may go over several lines, where the first one does', () => {
  expect(read('{\n  "n": 1,\n  "a": { "b":\n{} }\n}\n{\n"n": 2 }\n')).toEqual([
    ['1', 1],
    ['2', 6],
  ]);
  expect(read('{"events":[\n{"n":1},\n{"n":\n2}]}')).toEqual([
    ['1', 2],
    ['2', 3],
  ]);
});
