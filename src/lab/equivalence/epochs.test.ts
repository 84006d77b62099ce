import { beforeAll, describe, expect, it } from 'vitest';
import { loadParser, parseStatement } from '../../sql/parse.js';
import { epochColumns, epochValues } from './epochs.js';

beforeAll(loadParser);

describe('columns of which times are made', () => {
  it.each([
    ['to_timestamp(secs) > now()', [['secs', 1]]],
    ["to_timestamp(ms / 1000)::date = '2024-01-01'", [['ms', 1000]]],
    ['to_timestamp(us / 1000000.0) > now()', [['us', 1_000_000]]],
    ['to_timestamp(ms * 0.001) > now()', [['ms', 1000]]],
    ["timestamptz 'epoch' + secs * interval '1 second' > now()", [['secs', 1]]],
    ['secs / 1000 > 5', []],
    ["at > now() - interval '1 day'", []],
  ])('%s', (condition, expected) => {
    expect([...epochColumns([parseStatement(`SELECT 1 FROM t WHERE ${condition}`).tree])]).toEqual(expected);
  });

  it('are given numbers at the times of the statement and beside them', () => {
    const values = epochValues([{ kind: 'string', text: '2024-01-01' }], 1000, false);
    expect(values.slice(0, 3)).toEqual([
      "floor(extract(epoch FROM timestamptz '2024-01-01') * 1000)::bigint",
      "floor(extract(epoch FROM timestamptz '2024-01-01') * 1000)::bigint + 1",
      "floor(extract(epoch FROM timestamptz '2024-01-01') * 1000)::bigint - 1",
    ]);
    expect(epochValues([{ kind: 'string', text: 'done' }], 1, false)).toEqual([]);
    expect(epochValues([{ kind: 'interval', text: '7 days' }], 1, true)).toContain(
      "floor(extract(epoch FROM now() - interval '7 days') * 1)::bigint",
    );
  });
});
