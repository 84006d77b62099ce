import { bodyOf, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { allOf, conjuncts, disjuncts, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { bothWays, isFixed } from '../../shapes.js';
import type { Operation } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly operator: string;
  readonly pairs: readonly Operation[];
  readonly origins: readonly ColumnOrigin[];
  /** What else the condition asks for. */
  readonly rest: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'sargable/row-comparison',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`a > x OR (a = x AND b > y)`, the next page after (x, y), becomes `(a, b) > (x, y)`; three columns and more, `<`, `<=` and `>=` alike, and `a >= x AND (a > x OR b > y)`.',
    why: 'An index on (a, b) is entered at (x, y) by the row comparison; by the OR it is read from its beginning.',
    limits:
      'All comparisons point in one direction, as one index order does. The columns are of one table and of types that a btree orders.',
    sources: [
      'PostgreSQL manual, "Row and Array Comparisons"',
      'M. Winand: SQL Performance Explained, "Paging Through Results"',
    ],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) => {
      const isEither = bodyOf(node, 'BoolExpr')?.['boolop'] === 'OR_EXPR';
      const bound = isEither ? null : boundOf(conjuncts(node));
      const steps = isEither ? stepsOf(disjuncts(node).map(conjuncts)) : (bound?.steps ?? null);
      const [last] = steps?.slice(-1) ?? [];
      if (!steps || !last || steps.length < 2) return [];
      const origins = steps.flatMap(({ left }) => originOf(query, left) ?? []);
      const one = origins.length === steps.length && origins.every(({ source }) => source === origins[0]?.source);
      return one ? [{ condition: node, operator: last.operator, pairs: steps, origins, rest: bound?.rest ?? [] }] : [];
    }),
  requires: ({ origins }) => {
    const other = origins.find(({ column }) => !TYPES.has(column?.baseType ?? ''));
    return [
      other
        ? missing(`${other.name} is not known to be of a type that a btree orders`)
        : seen('the columns are of types whose row comparison goes by the same order, column by column'),
      seen('where a column is NULL, both forms are NULL or true alike'),
    ];
  },
  rewrite: ({ condition, operator, pairs, rest }, view) => {
    const places = pairs.map((_, i) => `$${i + 1}`).join(', ');
    const others = pairs.map((_, i) => `$${pairs.length + i + 1}`).join(', ');
    const parts = [...pairs.map(({ left }) => left), ...pairs.map(({ right }) => right)];
    const row = expression(`(${places}) ${operator} (${others})`, parts);
    return replace(view.statement.tree, condition, allOf([row, ...rest]) ?? row);
  },
  example: {
    schema: 'CREATE TABLE post (id bigint PRIMARY KEY, at timestamptz NOT NULL, title text);',
    data: `
      INSERT INTO post SELECT n, timestamptz '2024-01-01' + n / 3 * interval '1 minute', repeat('t', 60) FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON post (at, id);
      VACUUM ANALYZE post;`,
    statement:
      "SELECT id, at, title FROM post WHERE at > '2024-01-14 09:00' OR (at = '2024-01-14 09:00' AND id > 57600) ORDER BY at, id LIMIT 20",
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'the second column goes the other way',
    statement: "SELECT id, at FROM post WHERE at > '2024-01-14' OR (at = '2024-01-14' AND id < 3)",
    to: "SELECT id, at FROM post WHERE (at, id) > ('2024-01-14', 3)",
  },
});

const TYPES = new Set([
  'int2',
  'int4',
  'int8',
  'numeric',
  'text',
  'varchar',
  'date',
  'timestamp',
  'timestamptz',
  'uuid',
]);

/** The comparisons, first column first; null where the arms of the OR are not such a staircase. */
function stepsOf(arms: readonly (readonly TreeNode[])[]): readonly Operation[] | null {
  const head = arms.find((arm) => arm.length === 1)?.[0];
  const step = head ? comparison(head) : undefined;
  if (!step || !/^[<>]=?$/.test(step.operator)) return null;
  if (arms.length === 1) return [step];
  if (step.operator.length === 2) return null;
  const inner = arms
    .filter((arm) => arm[0] !== head)
    .map((arm) => {
      const rest = arm.filter((one) => !isEqual(one, step));
      return rest.length === arm.length - 1 ? rest : [];
    });
  if (inner.some((arm) => arm.length === 0)) return null;
  const opened = inner.flatMap((arm) => (arm.length === 1 && arm[0] ? disjuncts(arm[0]).map(conjuncts) : [arm]));
  const further = stepsOf(opened);
  return further?.every(({ operator }) => operator[0] === step.operator) ? [step, ...further] : null;
}

/** `a <= x AND (a < x OR b < y)`, and `a <> x` in its place: the two steps, and the other conditions. */
function boundOf(
  all: readonly TreeNode[],
): { readonly steps: readonly Operation[]; readonly rest: readonly TreeNode[] } | null {
  for (const first of all) {
    const step = comparison(first);
    if (!step || !['<=', '>='].includes(step.operator)) continue;
    for (const either of all) {
      const arms = disjuncts(either).map(comparison);
      const [one, other] = arms[0] && isSide(arms[0], step) ? arms : arms.toReversed();
      if (arms.length !== 2 || !one || !other || !isSide(one, step) || other.operator[0] !== step.operator[0]) continue;
      if (!/^[<>]=?$/.test(other.operator)) continue;
      return { steps: [step, other], rest: all.filter((condition) => condition !== first && condition !== either) };
    }
  }
  return null;
}

/** Whether a comparison says that the column of a step is not at its bound. */
function isSide(one: Operation, step: Operation): boolean {
  return (
    ['<>', step.operator[0]].includes(one.operator) &&
    treeText([one.left, one.right]) === treeText([step.left, step.right])
  );
}

/** With the column on the left and what is the same for every row on the right. */
function comparison(condition: TreeNode): Operation | undefined {
  return bothWays(condition).find(({ left, right }) => bodyOf(left, 'ColumnRef') && isFixed(right));
}

function isEqual(condition: TreeNode, step: Operation): boolean {
  const found = comparison(condition);
  return (
    found?.operator === '=' &&
    treeText(found.left) === treeText(step.left) &&
    treeText(found.right) === treeText(step.right)
  );
}
