import { columnPath } from '../../../sql/scope.js';
import { bodyOf, isNode, list, typed } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, derived, disjuncts, expression, output, replace, withWhere } from '../../build.js';
import { freshAlias, innerItems, mapColumns, namedTargets, partsBeside } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { callsAggregate, holdsSubquery, isPlain } from '../../shapes.js';
import { originsIn } from '../../view.js';
import type { ColumnOrigin, Query, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly arms: readonly TreeNode[];
  /** Every other condition. */
  readonly rest: readonly TreeNode[];
  readonly items: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'union/or-to-union-all',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`WHERE p OR q`, where p and q ask different tables or a subquery, becomes two queries: `WHERE p UNION ALL ... WHERE q AND p IS NOT TRUE`. A join `ON a = x OR b = x`, and one by IS NOT DISTINCT FROM, alike.',
    why: 'Indexes on two tables can not be combined for one OR, and a join by OR compares every row with every other.',
    limits:
      'Two to four alternatives; beside an outer join only those of WHERE. The guard IS NOT TRUE keeps a row that fulfils both from coming twice. Above the union GROUP BY names every column that is shown outside an aggregate.',
    sources: [
      'PostgreSQL manual, "Combining Multiple Indexes"',
      'PostgreSQL manual, "Comparison Functions and Operators"',
    ],
  },
  triggers: ['join/join-filter-discards', 'scan/rows-discarded', 'subquery/subplan-per-row'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const from = query.type === 'SelectStmt' ? (innerItems(query.body) ?? asItIs(query)) : null;
      if (!from || from.items.length === 0 || query.body['lockingClause'] !== undefined) return [];
      const all = [...from.on, query.body['whereClause']].flatMap(conjuncts);
      return all.flatMap((condition) => {
        const arms = armsOf(condition);
        if (arms.length < 2 || arms.length > 4 || !isSpread(view, query, arms)) return [];
        return [{ query, arms, rest: all.filter((one) => one !== condition), items: from.items }];
      });
    }),
  requires: ({ query }) => [
    seen('every later alternative is asked only where no earlier one is true, so that no row comes twice'),
    isPlain(query.body) || isGroupedByShown(query.body)
      ? seen('what is shown, grouped and ordered is made of columns that both queries give')
      : missing('a column is shown that is neither grouped by nor in an aggregate'),
  ],
  rewrite: ({ query, arms, rest, items }, view) => {
    const plain = isPlain(query.body) && query.body['sortClause'] === undefined;
    const above = plain ? null : liftedFrom(view, query);
    if (!plain && above === null) return null;
    const body = { targetList: above?.columns ?? query.body['targetList'], limitOption: LIMIT, op: 'SETOP_NONE' };
    const selects = arms.map((arm, i) =>
      withWhere({ ...body, fromClause: items }, [
        ...rest,
        arm,
        ...arms.slice(0, i).map((earlier) => expression('$1 IS NOT TRUE', [earlier])),
      ]),
    );
    const union = selects.reduce((larg, rarg) => ({ limitOption: LIMIT, op: 'SETOP_UNION', all: true, larg, rarg }));
    if (above === null) return replace(view.statement.tree, query.body, { SelectStmt: union });
    const { whereClause: _, ...kept } = above.body;
    return replace(view.statement.tree, query.body, {
      SelectStmt: { ...kept, fromClause: [derived(union, above.alias)] },
    });
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, email text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customer, code text);`,
    data: `
      INSERT INTO customer SELECT n, 'c' || n FROM generate_series(1, 10000) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 10000, 'p' || n FROM generate_series(1, 30000) AS n;
      CREATE INDEX ON customer (email); CREATE INDEX ON purchase (code); CREATE INDEX ON purchase (customer_id);
      ANALYZE;`,
    statement:
      "SELECT p.id, c.email FROM purchase AS p JOIN customer AS c ON c.id = p.customer_id WHERE p.code = 'p77' OR c.email = 'c99'",
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'a row that fulfils both comes twice',
    to: "SELECT p.id, c.email FROM purchase AS p JOIN customer AS c ON c.id = p.customer_id WHERE p.code = 'p77' UNION ALL SELECT p.id, c.email FROM purchase AS p JOIN customer AS c ON c.id = p.customer_id WHERE c.email = 'c99'",
  },
});

const LIMIT = 'LIMIT_OPTION_DEFAULT';

/** FROM with its outer joins, which stays whole in each query. */
function asItIs(query: Query): { readonly items: readonly TreeNode[]; readonly on: readonly TreeNode[] } {
  return { items: list(query.body, 'fromClause').filter(isNode), on: [] };
}

/** The alternatives; those of `a IS NOT DISTINCT FROM b` are `a = b` and that both are NULL. */
function armsOf(condition: TreeNode): readonly TreeNode[] {
  const body = bodyOf(condition, 'A_Expr');
  const [left, right] = [body?.['lexpr'], body?.['rexpr']];
  if (body?.['kind'] !== 'AEXPR_NOT_DISTINCT') return disjuncts(condition);
  if (!isNode(left) || !isNode(right) || !bodyOf(left, 'ColumnRef') || !bodyOf(right, 'ColumnRef')) return [];
  return [expression('$1 = $2', [left, right]), expression('$1 IS NULL AND $2 IS NULL', [left, right])];
}

/** Whether one index scan can not serve the alternatives: they name more than one source, or a subquery. */
function isSpread(view: StatementView, query: Query, arms: readonly TreeNode[]): boolean {
  if (arms.some(holdsSubquery)) return true;
  const origins = arms.map((arm) => originsIn(view, query, arm));
  if (origins.includes(null)) return false;
  return new Set(origins.flatMap((one) => (one ?? []).map(({ source }) => source))).size > 1;
}

/** Whether GROUP BY names what is shown, so that nothing depends on a key of a table that the union hides. */
function isGroupedByShown(body: TreeNode): boolean {
  const groups = list(body, 'groupClause');
  if (groups.length === 0) return true;
  const texts = new Set(
    groups.map((one) => JSON.stringify(one, (key, value: unknown) => (key === 'location' ? 0 : value))),
  );
  return list(body, 'targetList').every((item) => {
    const value = bodyOf(item, 'ResTarget')?.['val'];
    const text = JSON.stringify(value, (key, inner: unknown) => (key === 'location' ? 0 : inner));
    return texts.has(text) || callsAggregate(value) || typed(value)?.type === 'A_Const';
  });
}

/** The query with its columns taken from one source; null where they can not be told. */
function liftedFrom(
  view: StatementView,
  query: Query,
): { readonly alias: string; readonly columns: readonly TreeNode[]; readonly body: TreeNode } | null {
  const parts = partsBeside(query.body);
  if (parts.some((part) => part !== undefined && originsIn(view, query, part) === null)) return null;
  const alias = freshAlias(view, 'either');
  const columns: { readonly origin: ColumnOrigin; readonly name: string }[] = [];
  const lift = (origin: ColumnOrigin): TreeNode | null => {
    if (origin.query !== query) return null;
    let known = columns.find((one) => one.origin.source === origin.source && one.origin.name === origin.name);
    if (!known) {
      const taken = columns.some((one) => one.name === origin.name);
      known = { origin, name: taken ? `${origin.source.alias}_${origin.name}` : origin.name };
      columns.push(known);
    }
    return columnOf(alias, known.name);
  };
  const targets = namedTargets(query.body);
  const outputs = new Set(targets.map((one) => bodyOf(one, 'ResTarget')?.['name']));
  const sorts = list(query.body, 'sortClause').map((item) => {
    const reference = bodyOf(bodyOf(item, 'SortBy')?.['node'], 'ColumnRef');
    const path = reference ? columnPath(reference).path : [];
    return path.length === 1 && outputs.has(path[0]) ? item : mapColumns(view, query, item, lift);
  });
  const named: TreeNode = { ...query.body, targetList: targets };
  const rest = Object.entries(named).map(([name, part]) =>
    ['fromClause', 'whereClause', 'sortClause', 'withClause'].includes(name)
      ? [name, part]
      : [name, mapColumns(view, query, part, lift)],
  );
  const body = { ...(Object.fromEntries(rest) as TreeNode), ...(sorts.length > 0 ? { sortClause: sorts } : {}) };
  if (new Set(columns.map(({ name }) => name)).size < columns.length) return null;
  const shown = columns.map(({ origin, name }) => output(columnOf(origin.source.alias, origin.name), name));
  return { alias, columns: shown.length > 0 ? shown : [output(expression('1'), 'one')], body };
}
