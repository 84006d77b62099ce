import { bodyOf, list, names } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { decimalConstant, decimalText } from '../../decimals.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { bothWays, isConstant, stringConstant, wholeConstant } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly form: string;
  readonly parts: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'sargable/nullif-to-condition',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`NULLIF(c, d) = v` becomes `c = v AND c <> d` (`c = v` alone where v is another literal than d); `<`, `<=`, `>`, `>=` and `<>` alike. `NULLIF(c, d) IS NULL` becomes `c IS NULL OR c = d`, and `IS NOT NULL` becomes `c <> d`.',
    why: 'An index on `c` can not serve a condition on NULLIF of it, and the planner can not estimate it.',
    limits:
      'In WHERE, HAVING and ON, where NULL is as good as false. d is a literal, and not NULL; the column is of a common type, and a whole number where d is one.',
    sources: ['PostgreSQL manual, "Conditional Expressions", section "NULLIF"'],
  },
  triggers: ['scan/rows-discarded', 'join/join-filter-discards'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }): readonly Site[] => {
      const test = bodyOf(node, 'NullTest');
      const tested = test ? nullIf(query, test['arg']) : null;
      if (test && tested) {
        const form = test['nulltesttype'] === 'IS_NULL' ? '$1 IS NULL OR $1 = $2' : '$1 <> $2';
        return [{ condition: node, ...tested, form, parts: [tested.column, tested.unless] }];
      }
      return bothWays(node).flatMap(({ operator, left, right }) => {
        const found = isConstant(right) ? nullIf(query, left) : null;
        if (!found) return [];
        const { column, unless } = found;
        const apart = operator === '=' && valueOf(right) !== null && valueOf(right) !== valueOf(unless);
        const form = apart ? '$1 = $3' : `$1 ${operator} $3 AND $1 <> $2`;
        return [{ condition: node, ...found, form, parts: [column, unless, right] }];
      });
    }),
  requires: ({ origin }) => [
    seen('the condition stands where NULL is as good as false'),
    seen(`${origin.name} is ${origin.column?.type}, with which the literal is compared as it is`),
  ],
  rewrite: ({ condition, form, parts }, view) => replace(view.statement.tree, condition, expression(form, parts)),
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, code text, payload text);',
    data: `
      INSERT INTO job SELECT n, 'code ' || n % 500, repeat('p', 80) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON job (code);
      ANALYZE;`,
    statement: "SELECT id, payload FROM job WHERE NULLIF(code, '') = 'code 7'",
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'the value that becomes NULL is itself among those that are asked for',
    statement: "SELECT id, payload FROM job WHERE NULLIF(code, 'b') >= 'a'",
    to: "SELECT id, payload FROM job WHERE code >= 'a'",
  },
});

const TEXTS = new Set(['text', 'varchar']);
const NUMBERS = new Set(['int2', 'int4', 'int8', 'numeric']);

function nullIf(
  query: Query,
  value: TreeValue,
): { readonly column: TreeNode; readonly origin: ColumnOrigin; readonly unless: TreeNode } | null {
  const call = bodyOf(value, 'A_Expr');
  const column = call?.['lexpr'];
  const unless = call?.['rexpr'];
  if (call?.['kind'] !== 'AEXPR_NULLIF' || names(list(call, 'name')).at(-1) !== '=') return null;
  const origin = originOf(query, column);
  const type = origin?.column?.baseType ?? '';
  const fits =
    (TEXTS.has(type) && bodyOf(unless, 'A_Const') && stringConstant(unless) !== null) ||
    (NUMBERS.has(type) && wholeConstant(unless) !== null);
  return origin && fits ? { column: column as TreeNode, origin, unless: unless as TreeNode } : null;
}

/** A literal as one text for equal values; null for what may equal another. */
function valueOf(value: TreeNode): string | null {
  if (!bodyOf(value, 'A_Const')) return null;
  const decimal = decimalConstant(value);
  return decimal ? `number ${decimalText(decimal)}` : stringConstant(value);
}
