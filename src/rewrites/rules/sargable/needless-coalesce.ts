import { bodyOf, field, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { isNow, isToday } from '../../intervals.js';
import { joinConditions } from '../../truth.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly coalesce: TreeNode;
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
}

export default defineRewrite<Site>({
  id: 'sargable/needless-coalesce',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`COALESCE(c, x)` in a condition or in ORDER BY, where c is NOT NULL, becomes `c`.',
    why: 'An index on `c` serves neither a condition on COALESCE of it nor an order by it, and before version 19 the planner does not see that the column is never NULL.',
    limits:
      'The other values are literals of the kind of the column, columns of its type, or now() and current_date, so that the expression has the type of the column. The output and GROUP BY are left as they are.',
    sources: ['PostgreSQL manual, "Conditional Expressions", section "COALESCE"'],
  },
  triggers: [
    'scan/rows-discarded',
    'rows/top-n-over-many',
    'memory/sort-on-disk',
    'join/join-filter-discards',
    'join/inner-sequential-scan',
  ],
  match: (view) =>
    view.queries.flatMap((query) =>
      [query.body['whereClause'], query.body['sortClause'], ...joinConditions(query.body)]
        .flatMap(coalescesIn)
        .flatMap((coalesce): readonly Site[] => {
          const [column, ...others] = list(coalesce, 'args');
          const origin = originOf(query, column);
          if (!origin?.column || !isNode(column) || !others.every((one) => isOfType(query, origin, one))) return [];
          return [{ coalesce, column, origin }];
        }),
    ),
  requires: ({ origin }, facts) => [facts.notNull(origin)],
  rewrite: ({ coalesce, origin }, view) =>
    replace(view.statement.tree, coalesce, {
      ColumnRef: { fields: [{ String: { sval: origin.source.alias } }, { String: { sval: origin.name } }] },
    }),
  example: {
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, at timestamptz NOT NULL, title text);',
    data: `
      INSERT INTO article SELECT n, timestamptz '2024-01-01' + n * interval '1 minute', repeat('t', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON article (at);
      ANALYZE;`,
    statement: 'SELECT id, title FROM article ORDER BY COALESCE(at, now()) DESC LIMIT 10',
    gain: { buffers: 20 },
  },
  unsoundTwin: {
    why: 'a row without a time counts as one of now',
    schema: 'CREATE TABLE article (id bigint PRIMARY KEY, at timestamptz, title text);',
    statement: "SELECT id, title FROM article WHERE COALESCE(at, '2024-01-01') > '2023-01-01'",
  },
});

/** The bodies of COALESCE in an expression, not counting nested queries. */
function coalescesIn(value: TreeValue): readonly TreeNode[] {
  if (Array.isArray(value)) return (value as readonly TreeValue[]).flatMap(coalescesIn);
  if (!isNode(value) || 'SelectStmt' in value) return [];
  const own = bodyOf(value, 'CoalesceExpr');
  return own ? [own] : Object.values(value).flatMap(coalescesIn);
}

const TIMES = new Set(['date', 'timestamp', 'timestamptz']);
const TEXTS = new Set(['text', 'varchar']);

/** Whether a value in COALESCE leaves the expression of the column's type. */
function isOfType(query: Query, { column }: ColumnOrigin, value: TreeValue): boolean {
  const type = column?.baseType ?? '';
  const constant = bodyOf(value, 'A_Const');
  if (constant) {
    if (constant['isnull'] === true || field(constant, 'sval')) return TIMES.has(type) || TEXTS.has(type);
    if (field(constant, 'boolval')) return type === 'bool';
    return field(constant, 'ival') ? ['int4', 'int8', 'numeric'].includes(type) : type === 'numeric';
  }
  if (isNode(value) && isNow(value)) return type === 'timestamptz';
  if (isNode(value) && isToday(value)) return type === 'date';
  return originOf(query, value)?.column?.type === column?.type;
}
