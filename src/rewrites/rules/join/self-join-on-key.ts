import { sameRelation } from '../../../model/catalog.js';
import { bodyOf } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, conjuncts, replace, withWhere } from '../../build.js';
import { innerItems, mapColumns, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing } from '../../facts.js';
import { bothWays } from '../../shapes.js';
import { originOf, originsIn } from '../../view.js';
import type { Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly kept: Source;
  readonly dropped: Source;
  readonly key: string;
  readonly rest: readonly TreeNode[];
  readonly items: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'join/self-join-on-key',
  minMajor: 14,
  maxMajor: 17,
  docs: {
    what: 'An inner join of a table with itself on a key, `FROM t AS a JOIN t AS b ON b.id = a.id`, becomes `FROM t AS a`.',
    why: 'Both are the same row, which is read and joined twice. From 18 on the planner sees it by itself.',
    limits:
      'Inner joins alone; the key is one column, unique and NOT NULL; `*` without a table would show fewer columns.',
    sources: ['PostgreSQL 18 release notes, "Optimizer"'],
  },
  triggers: [],
  match: (view) =>
    view.queries.flatMap((query) => {
      const from = query.type === 'SelectStmt' ? innerItems(query.body) : null;
      if (!from || query.body['lockingClause'] !== undefined) return [];
      const all = [...from.on, query.body['whereClause']].flatMap(conjuncts);
      const trees = Object.entries(query.body).flatMap(([name, part]) => (name === 'fromClause' ? [] : [part]));
      const known = [...trees, ...all].every(
        (tree) => typeof tree !== 'object' || originsIn(view, query, tree as TreeValue) !== null,
      );
      if (!known || from.items.some((item) => !bodyOf(item, 'RangeVar'))) return [];
      const [found] = all.flatMap((condition) =>
        bothWays(condition).flatMap(({ operator, left, right }) => {
          const [a, b] = [originOf(query, left), originOf(query, right)];
          if (operator !== '=' || !a?.source.table || !b?.source.table || a.name !== b.name || a.source === b.source)
            return [];
          const [first, second] = [a, b].toSorted(
            (x, y) => from.items.indexOf(x.source.item) - from.items.indexOf(y.source.item),
          );
          const whole = [a, b].every(({ source }) => bodyOf(source.item, 'RangeVar')?.['inh'] === true);
          if (!first || !second || !whole || !sameRelation(a.source.table, b.source.table)) return [];
          const rest = all.filter((one) => one !== condition);
          const items = from.items.filter((item) => item !== second.source.item);
          return [{ query, kept: first.source, dropped: second.source, key: a.name, rest, items }];
        }),
      );
      return found ? [found] : [];
    }),
  requires: ({ kept, key }, facts) => [
    kept.table ? facts.unique(kept.table, [key]) : missing('it is not a table with a key'),
  ],
  rewrite: ({ query, kept, dropped, rest, items }, view) => {
    const moved = <T extends TreeValue>(tree: T): T =>
      mapColumns(view, query, tree, (origin) =>
        origin.source === dropped ? columnOf(kept.alias, origin.name) : null,
      ) as T;
    const named: TreeNode = { ...query.body, targetList: namedTargets(query.body) };
    const parts = Object.entries(named).map(([name, part]) => [
      name,
      ['fromClause', 'whereClause', 'withClause'].includes(name) ? part : moved(part),
    ]);
    const body = withWhere({ ...(Object.fromEntries(parts) as TreeNode), fromClause: items }, rest.map(moved));
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, queue int, payload text);',
    data: `
      INSERT INTO job SELECT n, n % 20, repeat('p', 80) FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement: 'SELECT a.payload, b.queue FROM job AS a JOIN job AS b ON b.id = a.id WHERE a.queue < 10',
    gain: { buffers: 1.5 },
  },
  unsoundTwin: {
    why: 'the column is no key: every row of that value is joined',
    statement: 'SELECT a.payload, b.id FROM job AS a JOIN job AS b ON b.queue = a.queue',
  },
});
