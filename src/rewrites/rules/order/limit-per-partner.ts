import { isNode, list } from '../../../sql/tree.js';
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
import { columnsUsed, innerItems, mentions, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { orderBy } from '../../pages.js';
import { bothWays, hasBareStar, isFixed, isPlain, mayGiveRows, wholeConstant } from '../../shapes.js';
import { orderOf } from '../../top-rows.js';
import type { SortKey } from '../../top-rows.js';
import { TEXTS } from '../../eager-sides.js';
import { originOf, originsIn, sortOriginOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Link {
  readonly own: ColumnOrigin;
  readonly other: ColumnOrigin;
}

interface Site {
  readonly query: Query;
  /** The table whose rows are sorted and counted. */
  readonly rows: Source;
  readonly order: readonly SortKey[];
  readonly used: readonly string[];
  /** The FROM items beside it, their own conditions, and what follows from their links: what equals one column is equal. */
  readonly partners: {
    readonly items: readonly TreeNode[];
    readonly conditions: readonly TreeNode[];
    /** Whether texts are among what equals one column. */
    readonly texts: boolean;
  };
  /** The conditions that name the rows. */
  readonly own: readonly TreeNode[];
  /** Rows to take of each partner; null where it can not be written. */
  readonly count: TreeNode | null;
}

export default defineRewrite<Site>({
  id: 'order/limit-per-partner',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT t.*, p.name FROM t JOIN p ON p.id = t.p_id JOIN following AS f ON f.p_id = t.p_id WHERE f.member = 7 ORDER BY t.at DESC LIMIT 20` takes the first twenty rows of t for each followed p by a LATERAL subquery, and then the first twenty of those.',
    why: 'An index on (p_id, at) gives the rows of one p in order, not those of several: PostgreSQL joins and sorts every row of each, or walks through all times until it has found enough.',
    limits:
      'Inner joins; ORDER BY names one table alone, which is tied to the others by equality of columns, and those hang together without it and have a condition of their own; of a single partner something is shown, else the rule for a list of values speaks. OFFSET is a literal. Where the order leaves a choice among ties, the new form may choose others, as the original may from run to run.',
    sources: ['PostgreSQL manual, "LATERAL Subqueries"', 'PostgreSQL manual, "Indexes and ORDER BY"'],
  },
  triggers: ['rows/top-n-over-many', 'scan/ordered-index-walk'],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: ({ count, partners }, facts) => [
    count === null
      ? missing('LIMIT or OFFSET is no literal, so that it is not known how many rows of each partner are needed')
      : seen('no row beyond the first of its own partner is among the first of all'),
    ...(partners.texts ? [facts.textsAsWritten()] : []),
    seen('all joins are inner ones, and each condition goes along with the rows that it names'),
  ],
  rewrite: ({ query, rows, order, used, partners, own, count }, view) => {
    if (count === null) return null;
    const first = {
      ...withWhere(selectOf('SELECT 1'), own),
      targetList: used.map((name) => output(columnOf(rows.alias, name), name)),
      fromClause: [rows.item],
      sortClause: orderBy(order),
      limitCount: count,
      limitOption: 'LIMIT_OPTION_COUNT',
    };
    const body = {
      ...withWhere(query.body, partners.conditions),
      targetList: namedTargets(query.body),
      fromClause: [...partners.items, derived(first, rows.alias, true)],
      sortClause: orderBy(order),
    };
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE channel (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE following (member int NOT NULL, channel int NOT NULL REFERENCES channel, since date, PRIMARY KEY (member, channel));
      CREATE TABLE post (id bigint PRIMARY KEY, channel int NOT NULL REFERENCES channel, at timestamptz NOT NULL, body text);
      CREATE INDEX ON post (channel, at);`,
    data: `
      INSERT INTO channel SELECT n, 'channel ' || n FROM generate_series(1, 20) AS n;
      INSERT INTO following SELECT m, c, date '2024-01-01' FROM generate_series(1, 100) AS m, generate_series(1, 20) AS c WHERE (m + c) % 7 = 0;
      INSERT INTO post SELECT n, 1 + n % 20, timestamptz '2024-01-01' + n * 7919 % 40000 * interval '1 minute', repeat('b', 60) FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement:
      'SELECT p.id, p.at, p.body, c.name FROM post AS p JOIN channel AS c ON c.id = p.channel JOIN following AS f ON f.channel = p.channel WHERE f.member = 7 ORDER BY p.at DESC, p.id LIMIT 5 OFFSET 2',
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'what OFFSET leaves out is left out of each partner, and not of all together',
    to: 'SELECT p.id, p.at, p.body, c.name FROM channel AS c, following AS f, LATERAL (SELECT p.id, p.at, p.body FROM post AS p WHERE c.id = p.channel AND f.channel = p.channel ORDER BY p.at DESC, p.id LIMIT 5 OFFSET 2) AS p WHERE f.member = 7 AND c.id = f.channel ORDER BY p.at DESC, p.id LIMIT 5',
  },
});

function siteOf(view: StatementView, query: Query): Site | null {
  const { limitCount, limitOffset, ...rest } = query.body;
  const limited = query.body['limitOption'] === 'LIMIT_OPTION_COUNT' && isNode(limitCount) && isFixed(limitCount);
  if (query.type !== 'SelectStmt' || !limited || !isPlain(rest) || hasBareStar(rest)) return null;
  if (mayGiveRows(view.catalog, rest['targetList'])) return null;
  const order = orderOf(list(rest, 'sortClause'), (key) => sortOriginOf(query, key));
  const rows = order?.[0]?.origin.source;
  const from = innerItems(rest);
  if (!order || !rows?.table || !from || order.some(({ origin }) => origin.source !== rows)) return null;
  const items = from.items.filter((item) => item !== rows.item);
  const others = query.sources.filter((source) => items.includes(source.item));
  if (items.length === from.items.length || items.length === 0 || others.length !== items.length) return null;
  if (items.some((item) => isLateral(item))) return null;
  // Of one partner that is not shown the rule for a list of values speaks.
  const shown = others.filter((source) => mentions(view, query, [rest['targetList']], source));
  if (shown.length === 0 && others.length === 1) return null;
  const all = [...from.on, rest['whereClause']].flatMap(conjuncts);
  const used = columnsUsed(view, query, rows);
  if (used === null || used.length === 0 || all.some((one) => originsIn(view, query, one) === null)) return null;
  const own = all.filter((one) => mentions(view, query, [one], rows));
  const apart = all.filter((one) => !own.includes(one));
  // Of partners that nothing chooses among there are too many.
  if (!apart.some((one) => others.filter((source) => mentions(view, query, [one], source)).length === 1)) return null;
  const links = own.flatMap((one) => linkOf(query, one, rows) ?? []);
  const implied = impliedBy(links);
  if (links.length === 0 || !hangTogether(view, query, { others, conditions: [...apart, ...implied] })) return null;
  const texts = implied.length > 0 && links.some(({ own: { column } }) => TEXTS.has(column?.baseType ?? ''));
  const [most, left] = [wholeConstant(limitCount), wholeConstant(limitOffset)];
  const both = most === null || left === null ? null : { A_Const: { ival: { ival: most + left } } };
  const count = limitOffset === undefined ? limitCount : both;
  return { query, rows, order, used, partners: { items, conditions: [...apart, ...implied], texts }, own, count };
}

function isLateral(item: TreeNode): boolean {
  return (
    Object.values(item).some((body) => isNode(body) && body['lateral'] === true) ||
    !('RangeVar' in item || 'RangeSubselect' in item)
  );
}

/** `t.p_id = p.id`, from the side of the rows. */
function linkOf(query: Query, condition: TreeNode, rows: Source): Link | null {
  for (const { operator, left, right } of bothWays(condition)) {
    const [own, other] = [originOf(query, left), originOf(query, right)];
    if (operator === '=' && own?.source === rows && other?.query === query && other.source !== rows)
      return { own, other };
  }
  return null;
}

/** Columns of different partners that equal one column of the rows, all of one type, equal each other. */
function impliedBy(links: readonly Link[]): readonly TreeNode[] {
  const seenColumns = new Map<string, Link>();
  return links.flatMap((link) => {
    const first = seenColumns.get(link.own.name);
    if (!first) {
      seenColumns.set(link.own.name, link);
      return [];
    }
    const types = [first.other, link.other, link.own].map(({ column }) => column?.type);
    if (first.other.source === link.other.source || types[0] === undefined || types.some((type) => type !== types[0]))
      return [];
    return [
      expression(
        '$1 = $2',
        [first.other, link.other].map(({ source, name }) => columnOf(source.alias, name)),
      ),
    ];
  });
}

/** Whether conditions lead from each partner to every other one, so that they are not paired each with each. */
function hangTogether(
  view: StatementView,
  query: Query,
  { others, conditions }: { readonly others: readonly Source[]; readonly conditions: readonly TreeNode[] },
): boolean {
  const reached = new Set(others.slice(0, 1));
  for (let grown = true; grown;) {
    grown = false;
    for (const condition of conditions) {
      const named = others.filter((source) => mentions(view, query, [condition], source));
      if (!named.some((source) => reached.has(source))) continue;
      for (const source of named) {
        grown ||= !reached.has(source);
        reached.add(source);
      }
    }
  }
  return reached.size === others.length;
}
