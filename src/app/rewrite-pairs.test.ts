import { beforeAll, describe, expect, test } from 'vitest';
import { engine, nameOf } from '../../test/support/fake-planner.js';
import type { FakePlan } from '../../test/support/fake-planner.js';
import { aColumn, aSnapshot, aStatement, aTable, anIndexSpec } from '../../test/support/snapshot.js';
import { createIndexAction, rewriteAction } from '../advisors/actions.js';
import { assertSingleChange } from '../kernel/guards.js';
import type { IndexSpec } from '../model/action.js';
import { fingerprintOf } from '../sql/fingerprint.js';
import { loadParser, parseStatement } from '../sql/parse.js';
import { cheapestPair, pairAction } from './rewrite-pairs.js';
import type { Pair } from './rewrite-pairs.js';

beforeAll(loadParser);

const t = aTable('t', { columns: ['a', 'b', 'c'].map((name) => aColumn(name)) });
const ORIGINAL = 'SELECT * FROM t WHERE a + b = 1';
/** Asks for an index on a, on b, or for two. */
const TEXT = 'SELECT * FROM t WHERE a = 1 UNION ALL SELECT * FROM t WHERE b = 1';
const OTHER = 'SELECT * FROM t WHERE c = 1';
const RECURSIVE = 'WITH RECURSIVE s AS (SELECT * FROM t WHERE a = 1) SELECT * FROM s';

const keyOf = (sql: string): string => fingerprintOf(parseStatement(sql));

interface Case {
  readonly original: readonly FakePlan[];
  readonly texts: Readonly<Record<string, readonly FakePlan[]>>;
  /** What the planner of the target thinks of each text. */
  readonly cost?: number | null;
  readonly indexes?: readonly IndexSpec[];
}

async function pairOf({ original, texts, cost = null, indexes = [] }: Case): Promise<Pair | null> {
  const statement = aStatement(ORIGINAL, { fingerprint: keyOf(ORIGINAL) });
  const snapshot = aSnapshot({ tables: [t], statements: [statement] });
  const plans = Object.entries(texts).map(([sql, ways]) => [keyOf(sql), ways] as const);
  const planned: string[] = [];
  const whatIf = engine({
    plans: Object.fromEntries([...plans, [keyOf(ORIGINAL), original]]),
    sizes: { a: 0.1, b: 0.1, c: 0.1 },
  });
  const rewrites = Object.keys(texts).map((to) => ({
    rewrite: { id: 'family/rule', what: 'x', proposal: { rule: 'family/rule', proof: ['p'], missing: [], to } },
    cost,
  }));
  return cheapestPair(
    snapshot,
    statement,
    { indexes, texts: rewrites },
    {
      // What was not told to the engine before has no cost there.
      whatIf: {
        ...whatIf,
        cost: async (fingerprints, change) => {
          expect(planned).toEqual(expect.arrayContaining([...fingerprints]));
          return whatIf.cost(fingerprints, change);
        },
      },
      plan: (statements) => planned.splice(0, Infinity, ...statements.map(({ fingerprint }) => fingerprint)),
    },
  );
}

const names = (pair: Pair | null): readonly string[] | null =>
  pair && pair.indexes.map(({ index }) => (index ? nameOf(index) : ''));

const dear: readonly FakePlan[] = [[[], 1000]];
const onA: readonly FakePlan[] = [
  [[], 900],
  [['a'], 10],
];

describe('a pair', () => {
  test('is the cheapest text with its index, and says what neither reaches', async () => {
    const pair = await pairOf({
      original: dear,
      texts: {
        [TEXT]: onA,
        [OTHER]: [
          [[], 950],
          [['c'], 100],
        ],
      },
    });
    expect(names(pair)).toEqual(['a']);
    expect(pair).toMatchObject({
      rewrite: { proposal: { to: TEXT } },
      cost: { before: 1000, after: 10 },
      evidence: [
        { value: 1000, provenance: 'estimated' },
        { value: 900, provenance: 'estimated' },
      ],
    });
  });

  test('has all indexes that each win something, and no other', async () => {
    const both: readonly FakePlan[] = [
      [[], 900],
      [['a'], 450],
      [['b'], 460],
      [['a', 'b'], 10],
    ];
    expect(names(await pairOf({ original: dear, texts: { [TEXT]: both } }))?.toSorted()).toEqual(['a', 'b']);
    const little: readonly FakePlan[] = [
      [[], 900],
      [['a'], 100],
      [['b'], 300],
      [['a', 'b'], 85],
    ];
    expect(names(await pairOf({ original: dear, texts: { [TEXT]: little } }))).toEqual(['a']);
  });

  test.each<[string, Case]>([
    [
      'a new index on the original is as good',
      { original: [...dear, [['c'], 15]], texts: { [TEXT]: onA }, indexes: [anIndexSpec('t', 'i', ['"c"'])] },
    ],
    ['the same index is as good without the text', { original: [...dear, [['a'], 15]], texts: { [TEXT]: onA } }],
    [
      'the text is as good without the index',
      {
        original: dear,
        texts: {
          [TEXT]: [
            [[], 15],
            [['a'], 10],
          ],
        },
      },
    ],
    ['the planner of the target thinks a text as good', { original: dear, texts: { [TEXT]: onA }, cost: 15 }],
    ['another text is as good', { original: dear, texts: { [TEXT]: onA, [OTHER]: [[[], 15]] } }],
    [
      'it is not half as dear',
      {
        original: dear,
        texts: {
          [TEXT]: [
            [[], 1000],
            [['a'], 520],
          ],
        },
      },
    ],
    [
      'all but a hundredth is won without the text',
      {
        original: [...dear, [['a'], 9]],
        texts: {
          [TEXT]: [
            [[], 900],
            [['a'], 1],
          ],
        },
      },
    ],
    ['the text is a recursion, of which the cost tells nothing', { original: dear, texts: { [RECURSIVE]: onA } }],
    [
      'a new index on an expression of the original may be better than its cost says',
      { original: dear, texts: { [TEXT]: onA }, indexes: [anIndexSpec('t', 'i', ['(a + b)'])] },
    ],
    ['the original can not be planned', { original: [], texts: { [TEXT]: onA } }],
    ['no index helps', { original: dear, texts: { [TEXT]: [[[], 900]] } }],
  ])('is none where %s', async (_, given) => {
    expect(await pairOf(given)).toBeNull();
  });
});

test('what a lab tries as one is refused by the kernel, which tries one change at a time', () => {
  const statement = aStatement(ORIGINAL);
  const rewrite = rewriteAction(statement, 'family/rule', { to: TEXT, proof: ['p'] }, { title: 'x', tables: [] });
  const indexes = ['a', 'b'].map((name) =>
    createIndexAction(anIndexSpec('t', `t_${name}`, [`"${name}"`]), aSnapshot({ tables: [t] }).catalog),
  );
  const pair = pairAction(rewrite, indexes);
  expect(pair.up).toEqual(indexes.flatMap(({ up }) => up));
  expect(pair.down).toEqual([indexes[1]?.down[0], indexes[0]?.down[0]]);
  expect(() => assertSingleChange(rewrite)).not.toThrow();
  expect(() => assertSingleChange(pair)).toThrow(expect.objectContaining({ code: 'kernel/forbidden' }) as Error);
});
