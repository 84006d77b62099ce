import { sameRelation } from '../../../model/catalog.js';
import { bodyOf, isNode, list, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { outputName } from '../../../sql/output-name.js';
import { columnOf, conjuncts, expression, output, query as selectOf, replace, withWhere } from '../../build.js';
import { freshAlias, innerItems, mapColumns, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, missing, seen } from '../../facts.js';
import type { Fact, Facts } from '../../facts.js';
import { onlyTable, ORDERED, ownConditions } from '../../loose-scan.js';
import { bothWays, functionName, hasBareStar, isPlainCall, operation } from '../../shapes.js';
import { originOf, originsIn, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

/** `(SELECT g, max(x) AS y FROM t GROUP BY g) AS s`. */
interface Extremes {
  readonly inner: Query;
  readonly own: Source;
  readonly groups: readonly ColumnOrigin[];
  readonly call: TreeNode;
  readonly extreme: ColumnOrigin;
  /** Output names: of each column of t that is grouped by, and of the extreme. */
  readonly columnOf: ReadonlyMap<string, string>;
  readonly shownAs: string;
}

interface Site {
  readonly query: Query;
  /** The subquery in FROM. */
  readonly joined: Source;
  /** The same table beside it. */
  readonly rows: Source;
  readonly extremes: Extremes;
  /** It is joined by every column that it is grouped by. */
  readonly byGroup: boolean;
  /** What joins both by the extreme. */
  readonly link: TreeNode;
  readonly all: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'grouping/extreme-join-to-lookup',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`FROM t JOIN (SELECT g, max(x) AS x FROM t GROUP BY g) AS s ON s.g = t.g AND s.x = t.x`, the newest rows of each g, becomes `t.x = (SELECT max(m.x) FROM t AS m WHERE m.g = t.g)`; by `s.x = t.x` alone, where x is a key, and min, alike.',
    why: 'PostgreSQL groups the whole table before it looks at any other condition; where those leave few rows, each asks an index on (g, x) for its own group alone.',
    limits:
      'Inner joins; the subquery reads one table with conditions on it alone, and gives the columns that it is grouped by and one extreme of a type with one order. Where a table beside is joined by g as well, its column is asked for. Where the other conditions leave most rows, the original is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "Aggregate Functions"', 'B. Karwin: SQL Antipatterns, "Ambiguous Groups"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const flat = query.type === 'SelectStmt' && !hasBareStar(query.body) ? innerItems(query.body) : null;
      if (!flat || originsIn(view, query, query.body) === null || isStarred(query)) return [];
      const all = [...flat.on, query.body['whereClause']].flatMap(conjuncts);
      return query.sources.flatMap((joined) => {
        const extremes = extremesOf(view, query, joined);
        if (!extremes) return [];
        return query.sources.flatMap((rows): readonly Site[] => {
          if (!rows.table || !extremes.own.table || !sameRelation(rows.table, extremes.own.table)) return [];
          if (bodyOf(rows.item, 'RangeVar')?.['inh'] !== true) return [];
          const linked = (name: string, column: string): TreeNode | undefined =>
            all.find((one) =>
              bothWays(one).some(({ operator, left, right }) => {
                const [a, b] = [originOf(query, left), originOf(query, right)];
                return (
                  operator === '=' && a?.source === joined && a.name === name && b?.source === rows && b.name === column
                );
              }),
            );
          const link = linked(extremes.shownAs, extremes.extreme.name);
          const byGroup = extremes.groups.every(({ name }) => linked(extremes.columnOf.get(name) ?? '', name));
          return link ? [{ query, joined, rows, extremes, byGroup, link, all }] : [];
        });
      });
    }),
  requires: ({ rows, extremes, byGroup }, facts): readonly [Fact, ...Fact[]] => {
    const { extreme, groups } = extremes;
    const columns = [extreme, ...groups];
    return [
      byGroup
        ? seen('each row is joined with its own group')
        : rows.table
          ? facts.unique(rows.table, [extreme.name])
          : missing(`${rows.alias} is not a table with a key`),
      columns.every(({ column }) => PLAIN.has(column?.baseType ?? ''))
        ? seen(`${columns.map(({ name }) => name).join(' and ')} are of types of which equal values are the same value`)
        : missing('equal values of the columns that are joined by may not be the same value'),
    ];
  },
  rewrite: ({ query, joined, rows, extremes, byGroup, link, all }, view) => {
    const { inner, own, groups, call, extreme } = extremes;
    const alias = freshAlias(view, `${own.alias}_of_group`);
    const renamed = (tree: TreeNode): TreeNode =>
      mapColumns(view, inner, tree, (origin) =>
        origin.source === own ? columnOf(alias, origin.name) : null,
      ) as TreeNode;
    const facts = factsOf(view.catalog);
    const links = groups.map((group) => {
      const parts = [columnOf(alias, group.name), equalTo(query, rows, group.name, all)];
      const never = byGroup || facts.notNull(group).holds;
      return expression(never ? '$1 = $2' : '($1 = $2 OR ($1 IS NULL AND $2 IS NULL))', parts);
    });
    const select = {
      ...withWhere(selectOf('SELECT 1'), [...conjuncts(inner.body['whereClause']).map(renamed), ...links]),
      targetList: [output(renamed({ FuncCall: call }))],
      fromClause: [{ RangeVar: { ...bodyOf(own.item, 'RangeVar'), alias: { aliasname: alias } } }],
    };
    const lookup = { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: select } } };
    const shown = new Map([
      [extremes.shownAs, extreme.name],
      ...[...extremes.columnOf].map(([name, as]) => [as, name] as const),
    ]);
    const read = <T extends TreeNode | readonly TreeNode[]>(tree: T): T =>
      mapColumns(view, query, tree, (origin) =>
        origin.source === joined ? columnOf(rows.alias, shown.get(origin.name) ?? '') : null,
      ) as T;
    const rest = all
      .filter((one) => one !== link)
      .map((one) => read(one))
      .filter((one) => !isSelf(query, one, facts));
    const condition = expression('$1 = $2', [columnOf(rows.alias, extreme.name), lookup]);
    const items = innerItems(query.body)?.items.filter((item) => item !== joined.item) ?? [];
    const parts = Object.entries(query.body).filter(([name, part]) => BESIDE.has(name) && part !== undefined);
    const body = {
      ...withWhere(query.body, [...rest, condition]),
      ...Object.fromEntries(parts.map(([name, part]) => [name, read(part as TreeNode)])),
      targetList: namedTargets(query.body).map((item) => read(item)),
      fromClause: items,
    };
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema:
      'CREATE TABLE reading (id bigint PRIMARY KEY, sensor int NOT NULL, at timestamptz NOT NULL, room int NOT NULL, value int); CREATE INDEX ON reading (sensor, at); CREATE INDEX ON reading (room);',
    data: `
      INSERT INTO reading SELECT n, n % 500, timestamptz '2024-01-01' + n * interval '1 minute', n % 3000, n % 77 FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement:
      'SELECT r.sensor, r.value, m.at FROM reading AS r JOIN (SELECT sensor, max(at) AS at FROM reading GROUP BY sensor) AS m ON m.sensor = r.sensor AND m.at = r.at WHERE r.room = 7',
    gain: { buffers: 3 },
  },
  unsoundTwin: {
    why: 'the greatest value of one group may stand in a row of another, and the join has a row for each such group',
    statement:
      'SELECT r.sensor, r.value, m.at FROM reading AS r JOIN (SELECT sensor, max(at) AS at FROM reading GROUP BY sensor) AS m ON m.at = r.at WHERE r.room = 7',
  },
});

/** Types of which equal values are the same value. */
const PLAIN = new Set([...ORDERED].filter((one) => !['numeric', 'text', 'varchar', 'bpchar'].includes(one)));
const BESIDE = new Set(['groupClause', 'havingClause', 'sortClause', 'distinctClause', 'windowClause']);
const CLAUSES = new Set(['targetList', 'fromClause', 'whereClause', 'groupClause', 'limitOption', 'op']);

function isStarred({ body }: Query): boolean {
  return list(body, 'targetList').some((item) => [...walk(item)].some(({ type }) => type === 'A_Star'));
}

function extremesOf(view: StatementView, query: Query, joined: Source): Extremes | null {
  const item = bodyOf(joined.item, 'RangeSubselect');
  const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
  const own = inner ? onlyTable(inner) : null;
  if (!item || item['lateral'] === true || !inner || !own || joined.nullable) return null;
  if (Object.keys(inner.body).some((name) => !CLAUSES.has(name)) || !ownConditions(view, inner, own)) return null;
  if (bodyOf(own.item, 'RangeVar')?.['inh'] !== true) return null;
  const groups = list(inner.body, 'groupClause').flatMap((one) => originOf(inner, one) ?? []);
  const targets = list(inner.body, 'targetList');
  const names = joined.columns ?? [];
  if (groups.length === 0 || groups.length < list(inner.body, 'groupClause').length || names.length !== targets.length)
    return null;
  const shown = new Map<string, string>();
  const extremes: { readonly call: TreeNode; readonly extreme: ColumnOrigin; readonly shownAs: string }[] = [];
  for (const [at, target] of targets.entries()) {
    const value = bodyOf(target, 'ResTarget')?.['val'];
    const name = names[at] ?? outputName(target);
    const call = bodyOf(value, 'FuncCall');
    const origin = originOf(inner, value);
    const extreme =
      call && isPlainCall(call) && ['max', 'min'].includes(functionName(call))
        ? originOf(inner, list(call, 'args')[0])
        : null;
    if (origin && groups.some((group) => group.name === origin.name)) shown.set(origin.name, name);
    else if (call && extreme && call['agg_distinct'] === undefined) extremes.push({ call, extreme, shownAs: name });
    else return null;
  }
  const [only, more] = extremes;
  return only && !more ? { inner, own, groups, columnOf: shown, ...only } : null;
}

/** Whether a condition holds a column equal to itself, which is never NULL. */
function isSelf(query: Query, condition: TreeNode, facts: Facts): boolean {
  const equal = operation(condition);
  const [a, b] = equal?.operator === '=' ? [originOf(query, equal.left), originOf(query, equal.right)] : [];
  return Boolean(a && a.source === b?.source && a.name === b.name && facts.notNull(a).holds);
}

/** The column itself, or one of another table that a condition holds equal to it: what is known of that one narrows the groups before any row is read. */
function equalTo(query: Query, rows: Source, name: string, all: readonly TreeNode[]): TreeNode {
  for (const condition of all) {
    for (const { operator, left, right } of bothWays(condition)) {
      const [a, b] = [originOf(query, left), originOf(query, right)];
      const same = operator === '=' && a?.source === rows && a.name === name && b?.query === query;
      if (same && b.source !== rows && b.source.table && isNode(right) && a.column?.type === b.column?.type)
        return columnOf(b.source.alias, b.name);
    }
  }
  return columnOf(rows.alias, name);
}
