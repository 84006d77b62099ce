import { placeOf } from '../../../model/catalog.js';
import { bodyOf, isNode, list, mapTree, treeText } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import {
  columnOf,
  conjuncts,
  derived,
  expression,
  output,
  query as selectOf,
  replace,
  withWhere,
} from '../../build.js';
import { freshAlias } from '../../columns.js';
import { correlationOf } from '../../correlation.js';
import type { Correlation } from '../../correlation.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { onlyTable } from '../../loose-scan.js';
import { bothWays, hasBareStar, holdsSubquery, isPlain } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

/** `EXISTS (SELECT FROM t WHERE t.k = k AND t.s <> s AND ...)`, or NOT of it. */
interface Other {
  readonly condition: TreeNode;
  readonly negated: boolean;
  readonly inner: Query;
  readonly own: Source;
  readonly inside: ColumnOrigin;
  readonly outside: ColumnOrigin;
  readonly value: TreeNode;
  readonly correlation: Correlation;
}

interface Site {
  readonly query: Query;
  readonly others: readonly [Other, ...Other[]];
}

export default defineRewrite<Site>({
  id: 'subquery/exists-other-to-bounds',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`EXISTS (SELECT FROM t WHERE t.k = a.k AND t.s <> a.s)`, whether there is another s of the same k, becomes a join with `min(s), max(s) ... GROUP BY k` and `min <> a.s OR max <> a.s`; several such subqueries of one table, NOT EXISTS among them, share the join.',
    why: 'Each subquery goes through the rows of k by itself, once for each row outside; one grouped scan answers all of them.',
    limits:
      'The subquery reads one table, by equality of columns and one `<>`; its other conditions become those of the aggregates. The outer query has no `*`. Where few rows are left outside and an index finds theirs, the original is the faster form: the trial tells.',
    sources: [
      'PostgreSQL manual, "Aggregate Expressions"',
      'M. Elhemali and others: Execution Strategies for SQL Subqueries, SIGMOD 2007',
    ],
  },
  triggers: [],
  match: (view) =>
    view.queries.flatMap((query) => {
      if (query.type !== 'SelectStmt' || hasBareStar(query.body) || query.body['lockingClause'] !== undefined)
        return [];
      const found = conjuncts(query.body['whereClause']).flatMap((condition) => otherOf(view, query, condition) ?? []);
      const groups = new Map<string, Other[]>();
      for (const one of found) groups.set(rowsOf(one), [...(groups.get(rowsOf(one)) ?? []), one]);
      return [...groups.values()].flatMap(([first, ...more]) => (first ? [{ query, others: [first, ...more] }] : []));
    }),
  requires: ({ others: [first, ...more] }, facts) => [
    [first, ...more].every(
      ({ inside, outside }) => isBound(inside) && inside.column?.baseType === outside.column?.baseType,
    )
      ? seen(`where all ${first.inside.name} of a group are one value, it is both their min and their max`)
      : missing(`${first.inside.name} is not known to be of a type that min and max order as <> compares`),
    ...(TEXTS.has(first.inside.column?.baseType ?? '') ? [facts.textsAsWritten()] : []),
    ...first.correlation.facts,
    first.own.table
      ? seen(
          `NULL in ${placeOf(first.own.table)}.${first.inside.name} is neither different from a value nor a min or max`,
        )
      : missing('the subquery does not read a table'),
  ],
  rewrite: ({ query, others }, view) => {
    const [{ own, correlation, inside, inner }] = others;
    const name = freshAlias(view, 'bounds');
    const value = columnOf(own.alias, inside.name);
    const keys = correlation.pairs.map((pair, i) => output(pair.inside, `key_${i + 1}`));
    const single = others.length === 1;
    const bounds = others.flatMap((other, i) =>
      ['min', 'max'].map((bound) => {
        const rest = other.correlation.rest.map((one) => renamed(other, own.alias, one));
        const filter = single ? [] : rest;
        const where = filter.length === 0 ? '' : ` FILTER (WHERE ${filter.map((_, at) => `$${at + 2}`).join(' AND ')})`;
        return output(expression(`${bound}($1)${where}`, [value, ...filter]), `${bound}_${i + 1}`);
      }),
    );
    const shape = { ...selectOf('SELECT 1 FROM _1', [own.item]), targetList: [...keys, ...bounds] };
    const grouped = {
      ...withWhere(shape, single ? correlation.rest : []),
      groupClause: correlation.pairs.map((pair) => pair.inside),
    };
    if (inner.sources.length !== 1) return null;
    const links = correlation.pairs.map((pair, i) =>
      expression('$1 = $2', [columnOf(name, `key_${i + 1}`), pair.outside]),
    );
    const larg = list(query.body, 'fromClause')
      .filter(isNode)
      .reduce((left, right) => ({ JoinExpr: { jointype: 'JOIN_INNER', larg: left, rarg: right } }));
    const quals = links.length === 1 ? links[0] : { BoolExpr: { boolop: 'AND_EXPR', args: links } };
    const join = { JoinExpr: { jointype: 'JOIN_LEFT', larg, rarg: derived(grouped, name), quals } };
    const conditions = conjuncts(query.body['whereClause']).map((condition) => {
      const at = others.findIndex((other) => other.condition === condition);
      const other = others[at];
      if (!other) return condition;
      const differs = `$1 <> $3 OR $2 <> $3`;
      return expression(other.negated ? `(${differs}) IS NOT TRUE` : differs, [
        columnOf(name, `min_${at + 1}`),
        columnOf(name, `max_${at + 1}`),
        other.value,
      ]);
    });
    const body = withWhere({ ...query.body, fromClause: [join] }, conditions);
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE delivery (order_id int NOT NULL, line int NOT NULL, supplier int NOT NULL, late boolean, note text, PRIMARY KEY (order_id, line));`,
    data: `
      INSERT INTO delivery SELECT n / 4, n % 4, n * 7919 % 13, n % 5 = 0, repeat('n', 40) FROM generate_series(0, 20000) AS n;
      ANALYZE;`,
    statement:
      'SELECT d.order_id, d.supplier FROM delivery AS d WHERE d.late AND EXISTS (SELECT 1 FROM delivery AS e WHERE e.order_id = d.order_id AND e.supplier <> d.supplier) AND NOT EXISTS (SELECT 1 FROM delivery AS f WHERE f.order_id = d.order_id AND f.supplier <> d.supplier AND f.late)',
    gain: { buffers: 1.3 },
  },
  unsoundTwin: {
    why: 'of the values of a group the least may be this one, and another larger',
    to: 'SELECT d.order_id, d.supplier FROM delivery AS d LEFT JOIN (SELECT e.order_id AS key_1, min(e.supplier) AS min_1, min(e.supplier) FILTER (WHERE e.late) AS min_2 FROM delivery AS e GROUP BY e.order_id) AS bounds ON bounds.key_1 = d.order_id WHERE d.late AND bounds.min_1 <> d.supplier AND (bounds.min_2 <> d.supplier) IS NOT TRUE',
  },
});

const TEXTS = new Set(['text', 'varchar']);
const BOUNDS = new Set(['int2', 'int4', 'int8', 'numeric', 'date', 'timestamp', 'timestamptz', ...TEXTS]);

function isBound({ column }: ColumnOrigin): boolean {
  return BOUNDS.has(column?.baseType ?? '');
}

function otherOf(view: StatementView, query: Query, condition: TreeNode): Other | null {
  const not = bodyOf(condition, 'BoolExpr');
  const negated = not?.['boolop'] === 'NOT_EXPR';
  const sublink = bodyOf(negated ? list(not, 'args')[0] : condition, 'SubLink');
  const inner = queryOf(view, bodyOf(sublink?.['subselect'], 'SelectStmt') ?? undefined);
  const own = inner ? onlyTable(inner) : null;
  if (sublink?.['subLinkType'] !== 'EXISTS_SUBLINK' || inner?.parent !== query || !own) return null;
  if (holdsSubquery(inner.body) || !isPlain(inner.body) || bodyOf(own.item, 'RangeVar')?.['inh'] !== true) return null;
  const all = conjuncts(inner.body['whereClause']);
  for (const one of all) {
    for (const { operator, left, right } of bothWays(one)) {
      const [inside, outside] = [originOf(inner, left), originOf(inner, right)];
      if (operator !== '<>' || inside?.source !== own || outside?.query !== query) continue;
      const others = withWhere(
        inner.body,
        all.filter((each) => each !== one),
      );
      const correlation = correlationOf(view, { ...inner, body: others }, []);
      return correlation && { condition, negated, inner, own, inside, outside, value: right, correlation };
    }
  }
  return null;
}

/** Subqueries of which this is one and the same ask the same groups for other values than the same one. */
function rowsOf({ own, inside, outside, correlation }: Other): string {
  const pairs = correlation.pairs.map((pair) => [columnIn(pair.inside), treeText(pair.outside)]);
  return JSON.stringify([own.table?.oid, inside.name, outside.source.alias, outside.name, pairs]);
}

function columnIn(reference: TreeNode): string {
  return treeText(list(bodyOf(reference, 'ColumnRef') ?? {}, 'fields').at(-1));
}

/** A condition of one subquery as another one of the same table names it. Its columns are qualified by the alias, or are the table's alone. */
function renamed({ inner, own }: Other, alias: string, condition: TreeNode): TreeNode {
  return mapTree(condition, ({ type, body }) => {
    const origin = type === 'ColumnRef' ? originOf(inner, { ColumnRef: body }) : null;
    return origin?.source === own ? columnOf(alias, origin.name) : null;
  }) as TreeNode;
}
