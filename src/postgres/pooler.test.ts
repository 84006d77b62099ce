import { expect, test } from 'vitest';
import { parseOptions } from './pooler.js';

test.each([
  [null, []],
  ['', []],
  ['-c search_path=app', [['search_path', 'app']]],
  [
    '-csearch_path=app -c work_mem=1MB',
    [
      ['search_path', 'app'],
      ['work_mem', '1MB'],
    ],
  ],
  ['--statement-timeout=5s', [['statement_timeout', '5s']]],
  ['-c search_path=a\\,\\ b', [['search_path', 'a, b']]],
  ['-c app.x=1 -c', [['app.x', '1']]],
  ['-c empty=', [['empty', '']]],
  ['-E -d 5', []],
])('options %j', (options, expected) => {
  expect(parseOptions(options)).toEqual(expected);
});
