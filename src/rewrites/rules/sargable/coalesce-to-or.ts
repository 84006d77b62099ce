import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, castOf, isConstant, stringConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly operator: string;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly instead: TreeNode;
  /** A date in place of a timestamp. */
  readonly isDay: boolean;
  readonly value: TreeNode;
}

export default defineRewrite<Site>({
  id: 'sargable/coalesce-to-or',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`COALESCE(c, d) = v`, where v is a constant or a column of another table and d a constant or a column, becomes `c = v OR (c IS NULL AND d = v)`; `<`, `<=`, `>`, `>=` and `<>` alike.',
    why: 'An index on `c` can not serve a condition on COALESCE of it. `d = v` is computed while planning, and where it is false only `c = v` is left.',
    limits:
      'In WHERE, HAVING and ON, where NULL is as good as false. The column is of a common type, so that a literal d can be given it; a column d is of the same, or a date for a timestamp.',
    sources: ['PostgreSQL manual, "Conditional Expressions", section "COALESCE"'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards', 'join/inner-sequential-scan'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }) =>
      bothWays(node).flatMap(({ operator, left, right }) => {
        const args = list(bodyOf(left, 'CoalesceExpr') ?? {}, 'args');
        const [column, instead, more] = args as readonly (TreeNode | undefined)[];
        const origin = originOf(query, column);
        if (!column || !instead || more || !origin || !TYPES.has(origin.column?.baseType ?? '')) return [];
        const other = originOf(query, instead)?.column?.type;
        const against = originOf(query, right);
        // A join by it asks an index on the column for the other table's value.
        const isValue =
          isConstant(right) || (against?.column?.type === origin.column?.type && against?.source !== origin.source);
        const isDay =
          origin.column?.baseType === 'timestamp' &&
          originOf(query, instead)?.column?.baseType === 'date' &&
          (stringConstant(right) !== null || castOf(right)?.type === 'timestamp');
        return (isConstant(instead) || other === origin.column?.type || isDay) && isValue
          ? [{ condition: node, operator, column, origin, instead, isDay, value: right }]
          : [];
      }),
    ),
  requires: ({ origin }) => [
    seen('the condition stands where NULL is as good as false'),
    seen(`${origin.name} is ${origin.column?.type}, which a literal in its place becomes too`),
  ],
  rewrite: ({ condition, operator, column, origin, instead, isDay, value }, view) => {
    const untyped = stringConstant(instead) !== null || bodyOf(instead, 'ParamRef') !== null;
    const given = untyped ? expression(`$1::${origin.column?.baseType}`, [instead]) : instead;
    const against = isDay && !castOf(value) ? '$2::timestamp' : '$2';
    const to = expression(`$1 ${operator} $2 OR ($1 IS NULL AND $3 ${operator} ${against})`, [column, value, given]);
    return replace(view.statement.tree, condition, to);
  },
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, queue int, payload text);',
    data: `
      INSERT INTO job SELECT n, nullif(n % 500, 0), repeat('p', 80) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON job (queue);
      ANALYZE;`,
    statement: 'SELECT id, payload FROM job WHERE COALESCE(queue, 0) = 7',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'the value that stands for NULL fulfils the condition as well',
    statement: 'SELECT id, payload FROM job WHERE COALESCE(queue, 0) = 0',
    to: 'SELECT id, payload FROM job WHERE queue = 0',
  },
});

const TYPES = new Set([
  'int2',
  'int4',
  'int8',
  'numeric',
  'float8',
  'text',
  'varchar',
  'bool',
  'date',
  'timestamp',
  'timestamptz',
  'uuid',
]);
