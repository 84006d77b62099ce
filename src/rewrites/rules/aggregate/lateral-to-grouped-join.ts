import { outputName } from '../../../sql/output-name.js';
import { bodyOf, isNode, list, textOf, walk } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { valueOverNothing } from '../../arithmetic.js';
import { columnOf, derived, expression, output, replace, withWhere } from '../../build.js';
import { freshAlias, mapColumns } from '../../columns.js';
import { correlationOf } from '../../correlation.js';
import type { Correlation } from '../../correlation.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import type { Fact } from '../../facts.js';
import { callsAggregate, hasBareStar, isAlways, isBare } from '../../shapes.js';
import { originsIn, queryOf } from '../../view.js';
import type { Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly inner: Query;
  /** The join right of which it stands. */
  readonly join: TreeNode;
  readonly correlation: Correlation;
  readonly values: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'aggregate/lateral-to-grouped-join',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`FROM a LEFT JOIN LATERAL (SELECT count(*) AS n FROM b WHERE b.a_id = a.id) AS s ON true` becomes a LEFT JOIN with the counts of all `a_id` at once, and COALESCE for those that have none; CROSS JOIN LATERAL alike.',
    why: 'A LATERAL subquery runs once for each row; the grouped one runs once.',
    limits:
      'The subquery shows aggregates of all its rows alone, each under a name of its own, and depends on what is around it by equality of columns of one type; it stands right of a join without condition. Where few rows are asked for, LATERAL is the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "LATERAL Subqueries"'],
  },
  triggers: [],
  match: (view) =>
    view.queries.flatMap((query) => {
      if (query.type !== 'SelectStmt' || hasBareStar(query.body)) return [];
      return query.sources.flatMap((source): readonly Site[] => {
        const item = bodyOf(source.item, 'RangeSubselect');
        const inner = item ? queryOf(view, bodyOf(item['subquery'], 'SelectStmt') ?? undefined) : undefined;
        const join = joinOf(query.body, source.item);
        if (item?.['lateral'] !== true || !inner || !join) return [];
        if (!isBare(inner.body)) return [];
        const values = list(inner.body, 'targetList').flatMap((one) => {
          const value = bodyOf(one, 'ResTarget')?.['val'];
          return isNode(value) && callsAggregate(value) ? [value] : [];
        });
        const shown = list(inner.body, 'targetList').length;
        const correlation = correlationOf(view, inner, values);
        const isNamed = source.columns?.length === shown && new Set(source.columns).size === shown;
        const parts = Object.values(query.body).filter((part) => typeof part === 'object');
        if (!correlation || values.length !== shown || !isNamed || originsIn(view, query, parts) === null) return [];
        return [{ query, source, inner, join, correlation, values }];
      });
    }),
  requires: ({ correlation, values }): readonly [Fact, ...Fact[]] => [
    values.some((value) => valueOverNothing(value) === undefined)
      ? missing('it is not known what an aggregate of the subquery gives over no rows')
      : seen('what each aggregate gives over no rows is written out: 0 for count, else NULL'),
    ...correlation.facts,
  ],
  rewrite: ({ query, source, inner, join, correlation, values }, view) => {
    const names = source.columns ?? [];
    const key = freshAlias(view, 'key');
    const keys = correlation.pairs.map(({ inside }, i) => output(inside, `${key}_${i + 1}`));
    const select = {
      ...withWhere(inner.body, correlation.rest),
      targetList: [...keys, ...values.map((value, i) => output(value, names[i]))],
      groupClause: correlation.pairs.map(({ inside }) => inside),
    };
    const links = correlation.pairs.map(({ outside }, i) =>
      expression('$1 = $2', [columnOf(source.alias, `${key}_${i + 1}`), outside]),
    );
    const [first, ...others] = links;
    if (!first) return null;
    const quals = others.length === 0 ? first : { BoolExpr: { boolop: 'AND_EXPR', args: links } };
    const grouped = { ...join, jointype: 'JOIN_LEFT', rarg: derived(select, source.alias), quals };
    const changed = mapColumns(view, query, { ...query.body, fromClause: [] }, (origin) => {
      const value = origin.source === source ? values[names.indexOf(origin.name)] : undefined;
      const empty = value === undefined ? null : valueOverNothing(value);
      return isNode(empty) ? expression('COALESCE($1, $2)', [columnOf(source.alias, origin.name), empty]) : null;
    }) as TreeNode;
    const targetList = list(changed, 'targetList').map((item, i) => named(item, list(query.body, 'targetList')[i]));
    const fromClause = list(query.body, 'fromClause').map((item) =>
      isNode(item) ? replace(item, join, { JoinExpr: grouped }) : item,
    );
    const used = [...walk(fromClause)].some(
      ({ type, body }) => type === 'JoinExpr' && body !== grouped && namesOf(body['quals'], source.alias),
    );
    return used
      ? null
      : replace(view.statement.tree, query.body, { SelectStmt: { ...changed, targetList, fromClause } });
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer, amount int);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 3000) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 2900, n % 77 FROM generate_series(1, 30000) AS n;
      CREATE INDEX ON purchase (customer_id);
      ANALYZE;`,
    statement:
      'SELECT c.name, s.n, s.amount FROM customer AS c LEFT JOIN LATERAL (SELECT count(*) AS n, sum(p.amount) AS amount FROM purchase AS p WHERE p.customer_id = c.id) AS s ON true',
    gain: { buffers: 50 },
  },
  unsoundTwin: {
    why: 'over no rows count gives 0, and a row that is not there NULL',
    to: 'SELECT c.name, s.n, s.amount FROM customer AS c LEFT JOIN (SELECT p.customer_id AS key_1, count(*) AS n, sum(p.amount) AS amount FROM purchase AS p GROUP BY p.customer_id) AS s ON s.key_1 = c.id',
  },
});

/** The join without condition, inner or left, right of which an item stands; null where there is none. */
function joinOf(body: TreeNode, item: TreeNode): TreeNode | null {
  for (const node of walk(list(body, 'fromClause'))) {
    if (node.type !== 'JoinExpr' || node.body['rarg'] !== item) continue;
    const type = node.body['jointype'];
    const plain = (type === 'JOIN_LEFT' || type === 'JOIN_INNER') && node.body['alias'] === undefined;
    return plain && isAlways(node.body['quals']) ? node.body : null;
  }
  return null;
}

/** Whether a condition names a source by its alias, or may. */
function namesOf(quals: TreeValue, alias: string): boolean {
  return [...walk(quals)].some(({ type, body }) => {
    const [first, second] = type === 'ColumnRef' ? list(body, 'fields') : [];
    return first !== undefined && (second === undefined || textOf(bodyOf(first, 'String') ?? {}, 'sval') === alias);
  });
}

/** An output column under the name that it had. */
function named(item: TreeValue, before: TreeValue): TreeValue {
  const target = bodyOf(item, 'ResTarget') ?? {};
  const name = outputName(before ?? item);
  return target['name'] !== undefined || outputName({ ResTarget: target }) === name
    ? item
    : { ResTarget: { name, ...target } };
}
