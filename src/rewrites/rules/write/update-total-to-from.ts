import { sameRelation } from '../../../model/catalog.js';
import { bodyOf, field, isNode, list, treeText, walk } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { valueOverNothing } from '../../arithmetic.js';
import { columnOf, conjuncts, derived, expression, output, replace, withWhere } from '../../build.js';
import { freshAlias, mapColumns } from '../../columns.js';
import { correlationOf } from '../../correlation.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import type { Lookup } from '../../lookups.js';
import { callsAggregate, isBare } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly target: Source;
  /** Of the target's primary key. */
  readonly key: readonly string[];
  readonly totals: readonly Omit<Lookup, 'isArray'>[];
}

export default defineRewrite<Site>({
  id: 'write/update-total-to-from',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`UPDATE t SET n = (SELECT count(*) FROM b WHERE b.t_id = t.id)` becomes `UPDATE t SET n = COALESCE(totals.value, 0) FROM t AS own LEFT JOIN (SELECT t_id, count(*) ... GROUP BY t_id) AS totals ON ... WHERE own.id = t.id`; sum, min, max and several columns alike.',
    why: 'The subquery runs once for every row that is written; the grouped one runs once for all.',
    limits:
      'The table has a primary key; the subqueries depend on it by equality of columns of one type alone; no RETURNING and no FROM. Where few rows are written, the subquery may be the faster form: the trial tells. Where another session changes the columns of the key or of the correlation between the reading and the writing of a row, READ COMMITTED leaves that row out.',
    sources: ['PostgreSQL manual, "UPDATE"', 'W. Kim: On optimizing an SQL-like nested query, ACM TODS 7 (3), 1982'],
  },
  triggers: ['subquery/subplan-per-row'],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: ({ target, key, totals }, facts) => [
    target.table ? facts.unique(target.table, key) : missing(`${target.alias} is not a table with a key`),
    ...totals.flatMap(({ value, correlation }) => [
      valueOverNothing(value) === undefined
        ? missing('it is not known what an aggregate gives over no rows')
        : seen('what the aggregate gives over no rows is written out: 0 for count, else NULL'),
      ...correlation.facts,
    ]),
  ],
  rewrite: ({ query, target, key, totals }, view) => {
    const own = freshAlias(view, 'own');
    const base = freshAlias(view, 'totals');
    const qualified = (tree: TreeValue): TreeValue =>
      mapColumns(view, query, tree, ({ source, name }) => (source === target ? columnOf(target.alias, name) : null));
    const groups = new Map<string, Site['totals'][number][]>();
    for (const one of totals) {
      const rows = treeText([one.inner.body['fromClause'], one.inner.body['whereClause']]);
      groups.set(rows, [...(groups.get(rows) ?? []), one]);
    }
    let targets: TreeNode = { targetList: list(query.body, 'targetList') };
    let from: TreeNode = { RangeVar: { ...field(query.body, 'relation'), alias: { aliasname: own } } };
    [...groups.values()].forEach((same, g) => {
      const alias = g === 0 ? base : `${base}_${g + 1}`;
      const [first] = same;
      if (!first) return;
      const { inner, correlation } = first;
      const select = {
        ...withWhere(inner.body, correlation.rest),
        targetList: [
          ...correlation.pairs.map(({ inside }, i) => output(inside, `key_${i + 1}`)),
          ...same.map(({ value }, i) => output(value, `value_${i + 1}`)),
        ],
        groupClause: correlation.pairs.map(({ inside }) => inside),
      };
      const links = correlation.pairs.map(({ outside }, i) =>
        expression('$1 = $2', [columnOf(alias, `key_${i + 1}`), columnOf(own, originOf(inner, outside)?.name ?? '')]),
      );
      const quals = links.length === 1 ? links[0] : { BoolExpr: { boolop: 'AND_EXPR', args: links } };
      from = { JoinExpr: { jointype: 'JOIN_LEFT', larg: from, rarg: derived(select, alias), quals } };
      same.forEach(({ sublink, value }, i) => {
        const read = columnOf(alias, `value_${i + 1}`);
        const empty = valueOverNothing(value);
        targets = replace(targets, sublink, isNode(empty) ? expression('COALESCE($1, $2)', [read, empty]) : read);
      });
    });
    const same = key.map((name) => expression('$1 = $2', [columnOf(own, name), columnOf(target.alias, name)]));
    const where = conjuncts(query.body['whereClause']).map((one) => qualified(one) as TreeNode);
    const targetList = list(targets, 'targetList').map((item) => {
      const set = bodyOf(item, 'ResTarget') ?? {};
      return { ResTarget: { ...set, val: qualified(set['val']) } };
    });
    const body = withWhere({ ...query.body, targetList, fromClause: [from] }, [...same, ...where]);
    return replace(view.statement.tree, query.body, { UpdateStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL, books int, pages bigint);
      CREATE TABLE book (id int PRIMARY KEY, author_id int REFERENCES author, pages int);
      CREATE INDEX ON book (author_id);`,
    data: `
      INSERT INTO author SELECT n, 'author ' || n FROM generate_series(1, 2000) AS n;
      INSERT INTO book SELECT n, 1 + n % 1900, n % 77 FROM generate_series(1, 10000) AS n;
      ANALYZE;`,
    statement:
      'UPDATE author SET books = (SELECT count(*) FROM book AS b WHERE b.author_id = author.id), pages = (SELECT sum(b.pages) FROM book AS b WHERE b.author_id = author.id) WHERE id > 0',
    gain: { buffers: 1.5 },
  },
  unsoundTwin: {
    why: 'an author without a book is not written, and keeps the old count',
    to: 'UPDATE author SET books = b.n, pages = b.pages FROM (SELECT author_id, count(*) AS n, sum(pages) AS pages FROM book GROUP BY author_id) AS b WHERE b.author_id = author.id AND author.id > 0',
  },
});

const AWAY = ['returningClause', 'fromClause', 'withClause'];

function siteOf(view: StatementView, query: Query): Site | null {
  const { body } = query;
  const [target, more] = query.sources;
  const table = target?.table;
  if (query.type !== 'UpdateStmt' || !table || more || AWAY.some((name) => body[name] !== undefined)) return null;
  if (field(body, 'relation')?.['inh'] !== true || JSON.stringify(body['targetList']).includes('"MultiAssignRef"'))
    return null;
  const primary = view.catalog.indexes.find((one) => one.primary && sameRelation(one.table, table));
  const key = primary?.keys.flatMap(({ column }) => column ?? []) ?? [];
  const sublinks = list(body, 'targetList').flatMap((item) =>
    [...walk(bodyOf(item, 'ResTarget')?.['val'])].flatMap(({ type, body: sublink }) =>
      type === 'SubLink' ? [sublink] : [],
    ),
  );
  const totals = sublinks.flatMap((sublink): Site['totals'] => {
    const inner = queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined);
    const [only, another] = inner ? list(inner.body, 'targetList') : [];
    const value = bodyOf(only, 'ResTarget')?.['val'];
    if (sublink['subLinkType'] !== 'EXPR_SUBLINK' || inner?.parent !== query || another || !isNode(value)) return [];
    if (!isBare(inner.body) || !callsAggregate(value)) return [];
    const correlation = correlationOf(view, inner, [value]);
    return correlation ? [{ sublink, inner, value, correlation }] : [];
  });
  return key.length > 0 && totals.length > 0 && totals.length === sublinks.length
    ? { query, target, key, totals }
    : null;
}
