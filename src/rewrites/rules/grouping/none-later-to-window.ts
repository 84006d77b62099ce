import { sameRelation } from '../../../model/catalog.js';
import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { conjuncts, expression } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { withWindow } from '../../group-window.js';
import { onlyTable, ORDERED } from '../../loose-scan.js';
import { bothWays, isPlain } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly condition: TreeNode;
  readonly groups: readonly ColumnOrigin[];
  readonly column: TreeNode;
  readonly origin: ColumnOrigin;
  readonly isLatest: boolean;
}

export default defineRewrite<Site>({
  id: 'grouping/none-later-to-window',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`FROM t AS a WHERE NOT EXISTS (SELECT 1 FROM t AS b WHERE b.g = a.g AND b.at > a.at)`, the latest row of each g, becomes a window function over one scan: `at = max(at) OVER (PARTITION BY g)`; the first row with `<` and min.',
    why: 'For every row PostgreSQL looks for one after it in its group, and a hash or merge join compares every two rows of a group; the window reads each once.',
    limits:
      'One table on both sides, equality of the same columns and one comparison; neither g nor at can be NULL. Where an index finds a later row at once, the original may be as fast: the trial tells.',
    sources: ['PostgreSQL manual, "Window Functions"', 'B. Karwin: SQL Antipatterns, "Ambiguous Groups"'],
  },
  triggers: [],
  match: (view) =>
    view.queries.flatMap((query) => {
      const source = query.type === 'SelectStmt' && isPlain(query.body) ? onlyTable(query) : null;
      const star = JSON.stringify(query.body['targetList'] ?? []).includes('"A_Star"');
      if (!source?.table || star || bodyOf(source.item, 'RangeVar')?.['inh'] !== true) return [];
      return conjuncts(query.body['whereClause']).flatMap((condition) => {
        const not = bodyOf(condition, 'BoolExpr');
        const sublink = not?.['boolop'] === 'NOT_EXPR' ? bodyOf(list(not, 'args')[0], 'SubLink') : null;
        const inner = queryOf(view, bodyOf(sublink?.['subselect'], 'SelectStmt') ?? undefined);
        if (sublink?.['subLinkType'] !== 'EXISTS_SUBLINK' || inner?.parent !== query || !isPlain(inner.body)) return [];
        const found = laterRow(inner, query, source);
        return found ? [{ query, source, condition, ...found }] : [];
      });
    }),
  requires: ({ groups, origin }, facts) => [
    ORDERED.has(origin.column?.baseType ?? '') && origin.column?.baseType !== 'uuid'
      ? seen(`${origin.name} is of a type that < and max() put in one order`)
      : missing(`the type of ${origin.name} is not known to have one order`),
    facts.notNull(origin),
    ...groups.map((group) => facts.notNull(group)),
  ],
  rewrite: ({ query, source, condition, groups, column, isLatest }, view) => {
    const call = bodyOf(expression(`${isLatest ? 'max' : 'min'}($1)`, [column]), 'FuncCall') ?? {};
    return withWindow(view, { query, source, keys: groups.map(({ name }) => name) }, call, (extreme, all) =>
      all.map((one) => (one === condition ? expression('$1 = $2', [column, extreme]) : one)),
    );
  },
  example: {
    schema: 'CREATE TABLE reading (id bigint PRIMARY KEY, sensor int NOT NULL, at timestamptz NOT NULL, value int);',
    data: `
      INSERT INTO reading SELECT n, n % 10, timestamptz '2024-01-01' - n * interval '1 minute', n % 77 FROM generate_series(1, 2000) AS n;
      ANALYZE;`,
    statement:
      'SELECT r.id, r.value FROM reading AS r WHERE NOT EXISTS (SELECT 1 FROM reading AS l WHERE l.sensor = r.sensor AND l.at > r.at)',
    gain: { rows: 10, why: 'the join compares pairs of rows that are in memory; each row is read once' },
  },
  unsoundTwin: {
    why: 'rows without a group have no others like them for =, and are a partition together',
    schema: 'CREATE TABLE reading (id bigint PRIMARY KEY, sensor int, at timestamptz NOT NULL, value int);',
  },
});

/** Reads `b.g = a.g AND b.at > a.at`. */
function laterRow(
  inner: Query,
  query: Query,
  source: Source,
): Pick<Site, 'groups' | 'column' | 'origin' | 'isLatest'> | null {
  const own = onlyTable(inner);
  if (!own?.table || !source.table || !sameRelation(own.table, source.table)) return null;
  if (bodyOf(own.item, 'RangeVar')?.['inh'] !== true) return null;
  const groups: ColumnOrigin[] = [];
  const later: Pick<Site, 'column' | 'origin' | 'isLatest'>[] = [];
  for (const condition of conjuncts(inner.body['whereClause'])) {
    const compared = bothWays(condition).find(({ left }) => originOf(inner, left)?.source === own);
    const outside = compared ? originOf(inner, compared.right) : null;
    const inside = compared ? originOf(inner, compared.left) : null;
    if (!compared || outside?.query !== query || outside.source !== source || inside?.name !== outside.name)
      return null;
    if (compared.operator === '=') groups.push(outside);
    else if (['<', '>'].includes(compared.operator) && isNode(compared.right))
      later.push({ column: compared.right, origin: outside, isLatest: compared.operator === '>' });
    else return null;
  }
  const [one, more] = later;
  return one && !more && groups.length > 0 ? { groups, ...one } : null;
}
