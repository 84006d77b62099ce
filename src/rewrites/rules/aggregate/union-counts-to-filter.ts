import { outputName } from '../../../sql/output-name.js';
import { bodyOf, field, isNode, list, treeText, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, output, query as selectOf, replace } from '../../build.js';
import { freshAlias } from '../../columns.js';
import { isSelfContained } from '../../correlation.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { callsAggregate, callsIn, holdsSubquery, isBare, mayGiveRows } from '../../shapes.js';
import { queryOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly union: TreeNode;
  readonly arms: readonly [Query, ...Query[]];
}

export default defineRewrite<Site>({
  id: 'aggregate/union-counts-to-filter',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: "`SELECT 'open', count(*) FROM t WHERE p UNION ALL SELECT 'done', count(*) FROM t WHERE q` takes each count from one scan, with `count(*) FILTER (WHERE p)`, `count(*) FILTER (WHERE q)` in a CTE.",
    why: 'Each query of the UNION reads the table by itself; one scan answers all of them.',
    limits:
      'UNION ALL of queries with the same FROM, each of which shows constants and aggregates alone, and has no clause but WHERE. Where an index answers each by itself, the original is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "Aggregate Expressions"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    [...walk(view.statement.tree)].flatMap(({ type, body }): readonly Site[] => {
      if (type !== 'SelectStmt' || body['withClause'] !== undefined) return [];
      const bodies = leavesOf(body);
      const arms = bodies.flatMap((one) => queryOf(view, one) ?? []);
      const [first, ...others] = arms;
      if (!first || others.length === 0 || arms.length !== bodies.length) return [];
      const same = others.every((one) => treeText(one.body['fromClause']) === treeText(first.body['fromClause']));
      const plain = arms.every((one) => isTotals(one.body) && !mayGiveRows(view.catalog, one.body['targetList']));
      return same && plain ? [{ union: body, arms: [first, ...others] }] : [];
    }),
  requires: ({ arms }, _, view) => [
    arms.every((one) =>
      isSelfContained(view, one, Object.values(one.body).filter((part) => typeof part === 'object') as TreeNode[]),
    )
      ? seen('each query aggregates rows of the same tables to one row, and names nothing else')
      : missing('a query of the UNION names columns of a query around it'),
  ],
  rewrite: ({ union, arms }, view) => {
    const name = freshAlias(view, 'totals');
    const calls: TreeNode[] = [];
    const read = (arm: Query): TreeNode => {
      const where = arm.body['whereClause'];
      const filter = where === undefined ? {} : { agg_filter: where };
      const targetList = list(arm.body, 'targetList').map((item) => {
        const target = bodyOf(item, 'ResTarget') ?? {};
        const found = callsIn(target['val']);
        if (found.length === 0) return item;
        const val = found.reduce((value, { body }) => {
          calls.push({ FuncCall: { ...body, ...filter } });
          return replace(value, body, columnOf(name, `value_${calls.length}`));
        }, target['val'] as TreeNode);
        return { ResTarget: { ...target, name: outputName(item), val } };
      });
      return { ...selectOf(`SELECT 1 FROM ${name}`), targetList };
    };
    const written = arms.reduce((tree, arm) => replace(tree, arm.body, read(arm)), { SelectStmt: union } as TreeNode);
    const totals = {
      ...selectOf('SELECT 1'),
      targetList: calls.map((call, i) => output(call, `value_${i + 1}`)),
      fromClause: arms[0].body['fromClause'] ?? [],
    };
    const [cte] = list(field(selectOf(`WITH ${name} AS MATERIALIZED (SELECT 1) SELECT 1`), 'withClause') ?? {}, 'ctes');
    const own = bodyOf(cte, 'CommonTableExpr');
    const whole = bodyOf(written, 'SelectStmt');
    if (!own || !whole || !isNode(cte)) return null;
    const withClause = { ctes: [{ CommonTableExpr: { ...own, ctequery: { SelectStmt: totals } } }] };
    return replace(view.statement.tree, union, { SelectStmt: { ...whole, withClause } });
  },
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, state text NOT NULL, seconds int);',
    data: `
      INSERT INTO job SELECT n, 's' || n % 4, n % 100 FROM generate_series(1, 30000) AS n;
      ANALYZE;`,
    statement:
      "SELECT 'one' AS what, count(*) FROM job WHERE state = 's1' UNION ALL SELECT 'two', count(*) FROM job WHERE state = 's2' UNION ALL SELECT 'long', max(seconds) FROM job WHERE state = 's3'",
    gain: { buffers: 2.5 },
  },
  unsoundTwin: {
    why: 'a group for each state has no row for a state that is not there',
    to: "SELECT CASE state WHEN 's1' THEN 'one' WHEN 's2' THEN 'two' ELSE 'long' END AS what, CASE WHEN state = 's3' THEN max(seconds) ELSE count(*) END AS count FROM job WHERE state IN ('s1', 's2', 's3') GROUP BY state",
  },
});

/** The queries that UNION ALL puts together. */
function leavesOf(body: TreeNode): readonly TreeNode[] {
  const sides = [field(body, 'larg'), field(body, 'rarg')].filter((one) => one !== null);
  return body['op'] === 'SETOP_UNION' && body['all'] === true ? sides.flatMap(leavesOf) : [body];
}

/** Constants and aggregates of all rows, at least one of these, and no clause but WHERE. */
function isTotals(body: TreeNode): boolean {
  const calls = callsIn(body['targetList']);
  const plain = calls.every(
    ({ body: call }) =>
      callsAggregate({ FuncCall: call }) &&
      ['over', 'agg_filter'].every((name) => call[name] === undefined) &&
      callsIn(call['args']).length === 0,
  );
  return (
    isBare(body) &&
    list(body, 'fromClause').length > 0 &&
    calls.length > 0 &&
    plain &&
    !holdsSubquery(body['targetList'])
  );
}
