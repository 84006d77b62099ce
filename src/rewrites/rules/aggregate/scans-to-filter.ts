import { bodyOf, list, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { namedTargets } from '../../columns.js';
import { isSelfContained } from '../../correlation.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { callsAggregate, callsIn, isBare } from '../../shapes.js';
import { queryOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly inner: readonly [Query, ...Query[]];
}

export default defineRewrite<Site>({
  id: 'aggregate/scans-to-filter',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT (SELECT count(*) FROM t WHERE p), (SELECT count(*) FROM t WHERE q)` becomes `SELECT count(*) FILTER (WHERE p), count(*) FILTER (WHERE q) FROM t`.',
    why: 'Each subquery reads the table by itself; one scan answers all of them.',
    limits:
      'The outer query has no FROM, and shows such subqueries alone, each one plain aggregate of the same FROM. Where an index answers each by itself, the original is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "Aggregate Expressions"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const targets = list(query.body, 'targetList');
      const other = Object.keys(query.body).some((name) => !['targetList', 'limitOption', 'op'].includes(name));
      if (query.type !== 'SelectStmt' || other || targets.length < 2) return [];
      const inner = targets.flatMap((item) => {
        const sublink = bodyOf(bodyOf(item, 'ResTarget')?.['val'], 'SubLink');
        const found = sublink ? queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined) : undefined;
        return found && sublink?.['subLinkType'] === 'EXPR_SUBLINK' && isOneAggregate(found.body) ? [found] : [];
      });
      const [first, ...rest] = inner;
      const same = rest.every(({ body }) => treeText(body['fromClause']) === treeText(first?.body['fromClause']));
      return first && same && inner.length === targets.length ? [{ query, inner: [first, ...rest] }] : [];
    }),
  requires: ({ inner }, _, view) => [
    inner.every((one) =>
      isSelfContained(view, one, Object.values(one.body).filter((v) => typeof v === 'object') as TreeNode[]),
    )
      ? seen('each subquery aggregates rows of the same tables, and names nothing else')
      : missing('a subquery names columns of a query around it'),
  ],
  rewrite: ({ query, inner: [first, ...others] }, view) => {
    const targets = [first, ...others].map(({ body }, i) => {
      const [own] = namedTargets(body);
      const target = bodyOf(own, 'ResTarget') ?? {};
      const call = bodyOf(target['val'], 'FuncCall') ?? {};
      const filter = body['whereClause'] === undefined ? {} : { agg_filter: body['whereClause'] };
      const name = bodyOf(list(query.body, 'targetList')[i], 'ResTarget')?.['name'] ?? target['name'];
      return { ResTarget: { ...(name === undefined ? {} : { name }), val: { FuncCall: { ...call, ...filter } } } };
    });
    const { whereClause: _, ...body } = first.body;
    return replace(view.statement.tree, query.body, { SelectStmt: { ...body, targetList: targets } });
  },
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, state text NOT NULL, seconds int);',
    data: `
      INSERT INTO job SELECT n, 's' || n % 4, n % 100 FROM generate_series(1, 30000) AS n;
      ANALYZE;`,
    statement:
      "SELECT (SELECT count(*) FROM job WHERE state = 's1') AS one, (SELECT count(*) FROM job WHERE state = 's2') AS two, (SELECT max(seconds) FROM job WHERE state = 's3')",
    gain: { buffers: 2.5 },
  },
  unsoundTwin: {
    why: 'a condition on all rows leaves rows of the other aggregates out',
    to: "SELECT count(*) AS one, count(*) FILTER (WHERE state = 's2') AS two, max(seconds) FILTER (WHERE state = 's3') FROM job WHERE state = 's1'",
  },
});

/** An aggregate of the rows of FROM and WHERE, with no clause of its own. */
function isOneAggregate(body: TreeNode): boolean {
  const [target, more] = list(body, 'targetList');
  const call = bodyOf(bodyOf(target, 'ResTarget')?.['val'], 'FuncCall');
  const clauses = isBare(body);
  const plain = call && call['over'] === undefined && call['agg_filter'] === undefined;
  return clauses && plain === true && !more && callsAggregate({ FuncCall: call }) && callsIn(call['args']).length === 0;
}
