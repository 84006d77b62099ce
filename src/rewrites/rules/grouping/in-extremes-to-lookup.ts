import { sameRelation } from '../../../model/catalog.js';
import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, expression, replace, withWhere } from '../../build.js';
import { isSelfContained } from '../../correlation.js';
import { defineRewrite } from '../../define.js';
import { factsOf, missing, seen } from '../../facts.js';
import type { Fact } from '../../facts.js';
import { onlyTable, ORDERED } from '../../loose-scan.js';
import { functionName, isPlainCall } from '../../shapes.js';
import { conditionsOf } from '../../truth.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, StatementView } from '../../view.js';

interface Site {
  readonly condition: TreeNode;
  /** NOT IN. */
  readonly isDenied: boolean;
  readonly outside: ColumnOrigin;
  readonly inner: Query;
  readonly groups: readonly ColumnOrigin[];
  /** The columns that are held equal to each group's; null where the extreme alone is asked for. */
  readonly by: readonly ColumnOrigin[] | null;
}

export default defineRewrite<Site>({
  id: 'grouping/in-extremes-to-lookup',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`FROM t AS a WHERE a.id IN (SELECT max(b.id) FROM t AS b GROUP BY b.k)`, the newest row of each k, becomes `a.id = (SELECT max(b.id) FROM t AS b WHERE b.k = a.k)`; min alike, NOT IN becomes `IS DISTINCT FROM`, and `(a.k, a.x) IN (SELECT k, max(x) ... GROUP BY k)` of any x becomes the same.',
    why: 'PostgreSQL groups the whole table before it looks at any other condition; where those leave few rows, each asks an index on k for its own group alone.',
    limits:
      'One table on both sides, and a unique key of it in max(), or every column of GROUP BY beside it; in WHERE, HAVING and ON, under no NOT but that of NOT IN. Where the other conditions leave most rows, the original is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "Subquery Expressions"', 'B. Karwin: SQL Antipatterns, "Ambiguous Groups"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    conditionsOf(view).flatMap(({ query, node }): readonly Site[] => {
      const row = rowOf(view, query, node);
      if (row) return [row];
      const denied =
        bodyOf(node, 'BoolExpr')?.['boolop'] === 'NOT_EXPR' ? list(bodyOf(node, 'BoolExpr') ?? {}, 'args')[0] : null;
      const sublink = bodyOf(denied ?? node, 'SubLink');
      const inner = queryOf(view, bodyOf(sublink?.['subselect'], 'SelectStmt') ?? undefined);
      const outside = sublink ? originOf(query, sublink['testexpr']) : null;
      const isIn = sublink?.['subLinkType'] === 'ANY_SUBLINK' && sublink['operName'] === undefined;
      const own = inner ? onlyTable(inner) : null;
      if (!isIn || !inner || !own?.table || !outside?.source.table) return [];
      if (!sameRelation(own.table, outside.source.table) || own.alias === outside.source.alias) return [];
      if ([own, outside.source].some(({ item }) => bodyOf(item, 'RangeVar')?.['inh'] !== true)) return [];
      const { body } = inner;
      const [target, more] = list(body, 'targetList');
      const call = bodyOf(bodyOf(target, 'ResTarget')?.['val'], 'FuncCall');
      const plain = call && isPlainCall(call);
      if (!call || !plain || more || !['max', 'min'].includes(functionName(call))) return [];
      if (Object.keys(body).some((name) => !CLAUSES.has(name))) return [];
      const extreme = originOf(inner, list(call, 'args')[0]);
      const groups = list(body, 'groupClause').map((one) => originOf(inner, one));
      const named = groups.flatMap((one) => (one?.source === own ? [one] : []));
      const same = extreme?.source === own && extreme.name === outside.name && named.length === groups.length;
      const where = conjuncts(body['whereClause']);
      const alone = isSelfContained(view, inner, where.filter(isNode));
      return same && alone && groups.length > 0
        ? [{ condition: node, isDenied: Boolean(denied), outside, inner, groups: named, by: null }]
        : [];
    }),
  requires: ({ outside, groups, by }, facts): readonly [Fact, ...Fact[]] => [
    by
      ? seen('each group is asked for by every column that makes it')
      : outside.source.table
        ? facts.unique(outside.source.table, [outside.name])
        : missing(`${outside.source.alias} is not a table with a key`),
    ORDERED.has(outside.column?.baseType ?? '') && outside.column?.baseType !== 'uuid'
      ? seen(`${outside.name} is of a type that max() and = agree on`)
      : missing(`the type of ${outside.name} is not known to have one order`),
    ...groups.map((group) =>
      ORDERED.has(group.column?.baseType ?? '')
        ? seen(`${group.name} is of a type that GROUP BY and = tell apart alike`)
        : missing(`the type of ${group.name} is not known to be grouped as it is compared`),
    ),
  ],
  rewrite: ({ condition, isDenied, outside, inner, groups, by }, view) => {
    const facts = factsOf(view.catalog);
    const links = groups.map((group, i) => {
      const other = by?.[i] ?? { source: outside.source, name: group.name };
      const parts = [columnOf(group.source.alias, group.name), columnOf(other.source.alias, other.name)];
      return expression(
        by || facts.notNull(group).holds ? '$1 = $2' : '($1 = $2 OR ($1 IS NULL AND $2 IS NULL))',
        parts,
      );
    });
    const { groupClause: _, ...rest } = inner.body;
    const targetList = list(rest, 'targetList').filter((one) => bodyOf(bodyOf(one, 'ResTarget')?.['val'], 'FuncCall'));
    const body = withWhere({ ...rest, targetList }, [...conjuncts(rest['whereClause']), ...links]);
    const lookup = { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: body } } };
    const column = columnOf(outside.source.alias, outside.name);
    // A group without any row that the subquery's conditions leave has no extreme, and none of its rows is in the list.
    const compared = isDenied ? '$1 IS DISTINCT FROM $2' : '$1 = $2';
    return replace(view.statement.tree, condition, expression(compared, [column, lookup]));
  },
  example: {
    schema:
      'CREATE TABLE note (id bigint PRIMARY KEY, topic int NOT NULL, author int NOT NULL, text text); CREATE INDEX ON note (topic, id); CREATE INDEX ON note (author);',
    data: `
      INSERT INTO note SELECT n, n % 3000, n % 2000, repeat('t', 60) FROM generate_series(1, 40000) AS n;
      VACUUM ANALYZE;`,
    statement:
      'SELECT n.id, n.text FROM note AS n WHERE n.author = 77 AND n.id IN (SELECT max(m.id) FROM note AS m GROUP BY m.topic)',
    gain: { buffers: 2 },
  },
  unsoundTwin: {
    why: 'the greatest value of one group may stand in a row of another that is not its greatest',
    schema: 'CREATE TABLE note (id bigint, topic int NOT NULL, author int NOT NULL, text text);',
  },
});

const CLAUSES = new Set(['targetList', 'fromClause', 'whereClause', 'groupClause', 'limitOption', 'op']);

/** `(a.k, a.x) IN (SELECT k, max(x) FROM t GROUP BY k)`, of columns of the same types. */
function rowOf(view: StatementView, query: Query, node: TreeNode): Site | null {
  const sublink = bodyOf(node, 'SubLink');
  const inner = queryOf(view, bodyOf(sublink?.['subselect'], 'SelectStmt') ?? undefined);
  const asked = list(bodyOf(sublink?.['testexpr'], 'RowExpr') ?? {}, 'args').map((one) => originOf(query, one));
  const own = inner ? onlyTable(inner) : null;
  const isIn = sublink?.['subLinkType'] === 'ANY_SUBLINK' && sublink['operName'] === undefined;
  if (!isIn || !inner || !own || Object.keys(inner.body).some((name) => !CLAUSES.has(name))) return null;
  if (query.sources.some(({ alias }) => alias === own.alias)) return null;
  const groups = list(inner.body, 'groupClause').flatMap((one) => originOf(inner, one) ?? []);
  const targets = list(inner.body, 'targetList').map((item) => bodyOf(item, 'ResTarget')?.['val']);
  const alone = isSelfContained(view, inner, conjuncts(inner.body['whereClause']));
  if (!alone || targets.length !== asked.length || groups.length !== asked.length - 1 || groups.length === 0)
    return null;
  let outside: ColumnOrigin | null = null;
  const by = new Map<string, ColumnOrigin>();
  for (const [at, value] of targets.entries()) {
    const call = bodyOf(value, 'FuncCall');
    const extreme =
      call && isPlainCall(call) && ['max', 'min'].includes(functionName(call)) ? list(call, 'args')[0] : null;
    const [found, given] = [originOf(inner, extreme ?? value), asked[at]];
    if (found?.source !== own || !given || given.column?.type !== found.column?.type) return null;
    if (extreme) outside = given;
    else by.set(found.name, given);
  }
  const links = groups.flatMap(({ name }) => by.get(name) ?? []);
  return outside && links.length === groups.length
    ? { condition: node, isDenied: false, outside, inner, groups, by: links }
    : null;
}
