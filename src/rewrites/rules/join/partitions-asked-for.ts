import { bodyOf, isNode, list, mapTree, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, expression, output, query as selectOf, replace, withWhere } from '../../build.js';
import { freshAlias } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, seen } from '../../facts.js';
import type { Fact, Facts } from '../../facts.js';
import { onlyTable } from '../../loose-scan.js';
import { callsIn, givesRows, holdsSubquery, isPlain } from '../../shapes.js';
import { heldNotNull } from '../../truth.js';
import { isScalar, originOf, originsIn, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly inner: Query;
  readonly table: Source;
  readonly key: ColumnOrigin;
  /** Conditions of the outer query on what the subquery hands on unchanged, in the names of the table. */
  readonly asked: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'join/partitions-asked-for',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT ... FROM (SELECT t.*, count(*) OVER (PARTITION BY k) AS n FROM t) AS s WHERE s.id = 77` gets `k IN (SELECT k FROM t WHERE id = 77)` within the subquery; where k may be NULL, `k = ANY (ARRAY(SELECT k ...)) OR k IS NULL`.',
    why: 'PostgreSQL computes the window for every row of the table before it looks for the one that is asked for; a condition reaches into the subquery only where it is on a column of PARTITION BY.',
    limits:
      'The subquery reads one table, and every window is PARTITION BY a column; the condition is on columns which the subquery hands on unchanged, but for that one. Where it leaves most partitions, the original is the faster form: the trial tells.',
    sources: [
      'PostgreSQL manual, "Window Functions"',
      'PostgreSQL source, `check_and_push_window_quals` in allpaths.c',
    ],
  },
  triggers: ['subquery/window-discards'],
  match: (view) =>
    view.queries.flatMap((query) =>
      query.sources.flatMap((source): readonly Site[] => {
        const item = bodyOf(source.item, 'RangeSubselect');
        const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
        const table = inner ? onlyTable(inner) : null;
        if (
          !inner ||
          !table?.table ||
          source.nullable ||
          item?.['lateral'] === true ||
          givesRows(inner.body['targetList'])
        )
          return [];
        const { targetList: _, ...rest } = inner.body;
        if (!isPlain(rest) || inner.body['sortClause'] !== undefined) return [];
        const overs = callsIn(inner.body['targetList']).flatMap(({ body: call }) =>
          isNode(call['over']) ? [call['over']] : [],
        );
        const key = keyOf(inner, overs);
        if (!key || overs.length === 0) return [];
        const asked = conjuncts(query.body['whereClause']).flatMap((condition) => {
          const origins = originsIn(view, query, condition);
          if (!origins || origins.length === 0 || holdsSubquery(condition)) return [];
          const to = origins.every((one) => one.source === source)
            ? inTable(query, condition, { source, inner, table })
            : null;
          return to && origins.some((one) => plainOf(one, { source, inner, table })?.name !== key.name) ? [to] : [];
        });
        const done = treeText(inner.body['whereClause'] ?? null).includes('"asked"');
        return asked.length > 0 && !done ? [{ query, inner, table, key, asked }] : [];
      }),
    ),
  requires: ({ key, table }, facts) => [
    neverNull(key, facts) ??
      (isScalar(key) ? seen(`the rows in which ${key.name} is NULL, a partition as well, stay`) : facts.notNull(key)),
    seen(`every window is of the rows of one ${key.name} alone, which are all there or not at all`),
    seen(`what is asked for is handed on from ${table.alias} unchanged`),
  ],
  rewrite: ({ inner, table, key, asked }, view) => {
    const own = conjuncts(inner.body['whereClause']);
    const shape = {
      ...selectOf('SELECT 1'),
      fromClause: [table.item],
      targetList: [output(columnOf(table.alias, key.name), freshAlias(view, 'asked'))],
    };
    const partitions = withWhere(shape, [...own, ...asked]);
    const column = columnOf(table.alias, key.name);
    const sublink = bodyOf(expression('$1 IN (SELECT 1)', [column]), 'SubLink') ?? {};
    const elements = { SubLink: { subLinkType: 'ARRAY_SUBLINK', subselect: { SelectStmt: partitions } } };
    // Beside an OR no index is asked for what IN finds; for the elements of an array it is.
    const among = neverNull(key, factsOf(view.catalog))
      ? { SubLink: { ...sublink, subselect: { SelectStmt: partitions } } }
      : expression('$1 = ANY ($2) OR $1 IS NULL', [column, elements]);
    return replace(view.statement.tree, inner.body, { SelectStmt: withWhere(inner.body, [...own, among]) });
  },
  example: {
    schema: 'CREATE TABLE message (id bigint PRIMARY KEY, thread_id bigint NOT NULL, body text);',
    data: `
      INSERT INTO message SELECT n, n % 4000, repeat('b', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON message (thread_id);
      ANALYZE;`,
    statement:
      'SELECT s.id, s.n FROM (SELECT m.id, m.thread_id, count(*) OVER (PARTITION BY m.thread_id) AS n FROM message AS m) AS s WHERE s.id = 77',
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'the rows without a thread are a partition as well, which IN never finds',
    schema: 'CREATE TABLE message (id bigint PRIMARY KEY, thread_id bigint, body text);',
    to: 'SELECT s.id, s.n FROM (SELECT m.id, m.thread_id, count(*) OVER (PARTITION BY m.thread_id) AS n FROM message AS m WHERE m.thread_id IN (SELECT m.thread_id AS asked FROM message AS m WHERE m.id = 77)) AS s WHERE s.id = 77',
  },
});

/** That a column is never NULL; null where it may be. */
function neverNull(key: ColumnOrigin, facts: Facts): Fact | null {
  const fact = heldNotNull(key) ?? facts.notNull(key);
  return fact.holds ? fact : null;
}

interface Handing {
  readonly source: Source;
  readonly inner: Query;
  readonly table: Source;
}

/** The column that every window is divided by; null where there is none. */
function keyOf(inner: Query, overs: readonly TreeNode[]): ColumnOrigin | null {
  const [first, ...others] = overs.map((over) =>
    over['name'] === undefined && over['refname'] === undefined
      ? list(over, 'partitionClause').flatMap((one) => originOf(inner, one) ?? [])
      : [],
  );
  return first?.find((key) => others.every((all) => all.some((one) => one.name === key.name))) ?? null;
}

/** The column of the table that an output column of the subquery is; null where it is computed. */
function plainOf(origin: ColumnOrigin, { source, inner, table }: Handing): ColumnOrigin | null {
  const at = source.columns?.indexOf(origin.name) ?? -1;
  const targets = list(inner.body, 'targetList');
  if (targets.length !== source.columns?.length) return null;
  const value = originOf(inner, bodyOf(targets[at], 'ResTarget')?.['val']);
  return value?.source === table ? value : null;
}

/** A condition on the subquery's output as one on the table; null where it names what is computed. */
function inTable(query: Query, condition: TreeNode, handing: Handing): TreeNode | null {
  let able = true;
  const to = mapTree(condition, ({ type, body }) => {
    if (type !== 'ColumnRef') return null;
    const origin = originOf(query, { ColumnRef: body });
    const plain = origin ? plainOf(origin, handing) : null;
    able &&= plain !== null;
    return plain && columnOf(handing.table.alias, plain.name);
  }) as TreeNode;
  return able ? to : null;
}
