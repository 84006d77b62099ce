import { describe, expect, it } from 'vitest';
import { whereCutOff } from '../whole.js';
import { readPlan } from './read-plan.js';

describe('a plan that lost its indentation', () => {
  it.each([
    ['Nested Loop', ['Append', 'Seq Scan on a', 'Seq Scan on b', 'Seq Scan on c'], null],
    ['Limit', ['Result', 'Seq Scan on a'], null],
    ['Result', ['Append', 'Seq Scan on a', 'Seq Scan on b'], 'Result(Append(Seq Scan Seq Scan))'],
    ['Limit', ['Sort', 'Append', 'Seq Scan on a', 'Seq Scan on b'], 'Limit(Sort(Append(Seq Scan Seq Scan)))'],
    [
      'Nested Loop',
      [
        'Bitmap Heap Scan on a',
        'BitmapOr',
        'Bitmap Index Scan on i',
        'Bitmap Index Scan on j',
        'Hash Join',
        'Seq Scan on b',
        'Hash',
        'Seq Scan on c',
      ],
      'Nested Loop(Bitmap Heap Scan(BitmapOr(Bitmap Index Scan Bitmap Index Scan)) Hash Join(Seq Scan Hash(Seq Scan)))',
    ],
  ])('of %s and %j without blanks is rebuilt only where there is one way', (root, below, shape) => {
    const figures = '(cost=0.00..1.00 rows=1 width=4)';
    const { tree } = readPlan([`${root} ${figures}`, ...below.map((name) => `-> ${name} ${figures}`)].join('\n'));
    const draw = ({ type, children }: typeof tree.root): string =>
      children.length === 0 ? type : `${type}(${children.map(draw).join(' ')})`;
    expect(tree.isRebuilt).toBe(shape !== null);
    if (shape === null) expect(whereCutOff(tree)).toContain('the blanks at the beginnings of lines are lost');
    else expect(draw(tree.root)).toBe(shape);
  });

  const FIGURES = '(cost=0.00..1.00 rows=1 width=4)';
  const bare = (lines: readonly string[]): string =>
    lines.map((line) => (/:|Plan \d/.test(line) ? line : `${line} ${FIGURES}`)).join('\n');

  it.each([
    [
      'a subplan of the one node that can run it',
      ['Limit', '-> Index Scan using i on t', 'SubPlan 1', '-> Aggregate', '-> Seq Scan on u'],
      'Limit(Index Scan(SubPlan 1 Aggregate(Seq Scan)))',
    ],
    [
      'a subplan of the node that names it',
      [
        'Hash Join',
        'Join Filter: (SubPlan 1)',
        '-> Seq Scan on t',
        '-> Hash',
        '-> Seq Scan on u',
        'SubPlan 1',
        '-> Seq Scan on v',
      ],
      'Hash Join(Seq Scan Hash(Seq Scan) SubPlan 1 Seq Scan)',
    ],
    [
      'a subplan that two could run',
      ['Hash Join', '-> Seq Scan on t', '-> Hash', '-> Seq Scan on u', 'SubPlan 1', '-> Seq Scan on v'],
      null,
    ],
    [
      'an init plan',
      ['Aggregate', 'InitPlan 1 (returns $0)', '-> Limit', '-> Seq Scan on v', '-> Seq Scan on t'],
      'Aggregate(InitPlan 1 (returns $0) Limit(Seq Scan) Seq Scan)',
    ],
    [
      'two init plans',
      [
        'Aggregate',
        'InitPlan 1 (returns $0)',
        '-> Seq Scan on v',
        'InitPlan 2 (returns $1)',
        '-> Seq Scan on w',
        '-> Seq Scan on t',
      ],
      null,
    ],
  ])('without blanks with %s', (_, lines, shape) => {
    const { tree } = readPlan(bare(lines));
    const draw = ({ type, children, subplanName }: typeof tree.root): string =>
      `${subplanName === null ? '' : `${subplanName} `}${type}${children.length === 0 ? '' : `(${children.map(draw).join(' ')})`}`;
    if (shape === null) expect(tree.isRebuilt).toBe(false);
    else expect(draw(tree.root)).toBe(shape);
  });
});
