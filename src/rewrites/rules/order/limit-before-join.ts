import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, conjuncts, derived, output, query as selectOf, replace, withWhere } from '../../build.js';
import { columnsUsed, mentions } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import type { Fact, Facts } from '../../facts.js';
import { bothWays, hasBareStar, isFixed, isPlain, mayGiveRows } from '../../shapes.js';
import { orderOf } from '../../top-rows.js';
import { originOf, originsIn, sortOriginOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

/** A table that is looked up for each row of another, by a key of its own. */
interface Parent {
  readonly source: Source;
  readonly isLeft: boolean;
  readonly links: readonly { readonly own: ColumnOrigin; readonly other: ColumnOrigin }[];
}

interface Site {
  readonly query: Query;
  /** The table whose rows are sorted and counted. */
  readonly rows: Source;
  readonly order: readonly TreeNode[];
  readonly parents: readonly Parent[];
  /** Conditions on the rows alone. */
  readonly own: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'order/limit-before-join',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT ... FROM t JOIN p ON p.id = t.p_id ORDER BY t.at LIMIT 20 OFFSET 5000` takes the twenty rows of t first, and joins those alone with p; LEFT JOIN alike.',
    why: 'PostgreSQL joins before it sorts and counts: every row of t that OFFSET leaves out, or that the sort throws away, looks for its p.',
    limits:
      'ORDER BY and WHERE name one table alone; every other one is joined to it, or to another such, by a key of its own: by LEFT JOIN, or by a validated foreign key whose columns are NOT NULL, so that the join takes no row away and makes none twice. Where the order leaves a choice among ties, the new form may choose others, as the original may from run to run.',
    sources: ['PostgreSQL manual, "LIMIT and OFFSET"', 'M. Winand: SQL Performance Explained, "Partial Results"'],
  },
  triggers: ['rows/top-n-over-many', 'rows/limit-discards', 'memory/sort-on-disk'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const { limitCount, limitOffset, ...rest } = body;
      const limited = body['limitOption'] === 'LIMIT_OPTION_COUNT' && isNode(limitCount) && isFixed(limitCount);
      if (query.type !== 'SelectStmt' || !limited || !isPlain(rest) || hasBareStar(body)) return [];
      if (mayGiveRows(view.catalog, body['targetList'])) return [];
      if (query.sources.length < 2 || (limitOffset !== undefined && !isFixed(limitOffset))) return [];
      const order = orderOf(list(body, 'sortClause'), (key) => sortOriginOf(query, key));
      const rows = order?.[0]?.origin.source;
      if (!order || !rows?.table || rows.nullable || order.some(({ origin }) => origin.source !== rows)) return [];
      const found = parentsOf(view, query, rows);
      return found ? [{ query, rows, order: order.map(({ item }) => item), ...found }] : [];
    }),
  requires: ({ parents }, facts) => [
    seen('the order and the conditions name one table alone'),
    ...parents.flatMap((parent) => factsOfParent(parent, facts)),
  ],
  rewrite: ({ query, rows, order, own }, view) => {
    const used = columnsUsed(view, query, rows);
    if (used === null) return null;
    const { limitCount, limitOffset, ...rest } = query.body;
    const sortClause = order.map((item) => ({ SortBy: item }));
    const first = {
      ...withWhere(selectOf('SELECT 1'), own),
      targetList: used.map((name) => output(columnOf(rows.alias, name), name)),
      fromClause: [rows.item],
      sortClause,
      limitCount,
      ...(limitOffset === undefined ? {} : { limitOffset }),
      limitOption: 'LIMIT_OPTION_COUNT',
    };
    const others = conjuncts(rest['whereClause']).filter((one) => !own.includes(one));
    const whole = { ...withWhere(rest, others), limitOption: 'LIMIT_OPTION_DEFAULT' };
    const body = replace({ SelectStmt: whole }, rows.item, derived(first, rows.alias));
    return replace(view.statement.tree, query.body, body);
  },
  example: {
    schema: `
      CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE book (id int PRIMARY KEY, author_id int NOT NULL REFERENCES author, title text NOT NULL, year int NOT NULL);`,
    data: `
      INSERT INTO author SELECT n, repeat('n', 200) || n FROM generate_series(1, 20000) AS n;
      INSERT INTO book SELECT n, 1 + n % 20000, 'title ' || n, 1900 + n % 120 FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON book (year, id);
      VACUUM ANALYZE;`,
    statement:
      'SELECT b.title, a.name FROM book AS b JOIN author AS a ON a.id = b.author_id ORDER BY b.year, b.id LIMIT 10 OFFSET 20000',
    gain: { rows: 1.5, why: 'the tables are small and in memory; what falls is how many rows look for their parent' },
  },
  unsoundTwin: {
    why: 'a row without a parent is left out by the join, and takes the place of another once the rows are counted before',
    schema: `
      CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE book (id int PRIMARY KEY, author_id int REFERENCES author, title text NOT NULL, year int NOT NULL);`,
    statement:
      'SELECT b.title, a.name FROM book AS b JOIN author AS a ON a.id = b.author_id ORDER BY b.year, b.id LIMIT 2',
  },
});

interface Joined {
  readonly item: TreeNode;
  readonly isLeft: boolean;
  readonly quals: readonly TreeNode[];
}

/** The items of FROM from left to right; null where one is joined otherwise than by an inner join, or a LEFT JOIN to what is left of it. */
function joinedItems(body: TreeNode): readonly Joined[] | null {
  const visit = (item: TreeValue): readonly Joined[] | null => {
    const join = bodyOf(item, 'JoinExpr');
    if (!isNode(item)) return null;
    if (!join) return [{ item, isLeft: false, quals: [] }];
    const { jointype, larg, rarg } = join;
    const plain = join['isNatural'] !== true && join['alias'] === undefined && list(join, 'usingClause').length === 0;
    const left = plain && (jointype === 'JOIN_INNER' || jointype === 'JOIN_LEFT') ? visit(larg) : null;
    if (!left || !isNode(rarg) || bodyOf(rarg, 'JoinExpr')) return null;
    return [...left, { item: rarg, isLeft: jointype === 'JOIN_LEFT', quals: conjuncts(join['quals']) }];
  };
  const items = list(body, 'fromClause').map(visit);
  return items.some((one) => one === null) ? null : items.flatMap((one) => one ?? []);
}

function parentsOf(view: StatementView, query: Query, rows: Source): Pick<Site, 'parents' | 'own'> | null {
  const joined = joinedItems(query.body);
  if (!joined) return null;
  const where = conjuncts(query.body['whereClause']);
  const inner = [...where, ...joined.flatMap(({ isLeft, quals }) => (isLeft ? [] : quals))];
  const isOf = (one: TreeNode): boolean => originsIn(view, query, one)?.every(({ source }) => source === rows) === true;
  const own = where.filter(isOf);
  const spent = new Set<TreeNode>(own);
  const parents: Parent[] = [];
  for (const { item, isLeft, quals } of joined) {
    const source = query.sources.find((one) => one.item === item);
    if (source === rows) continue;
    if (!source?.table) return null;
    const linking = (isLeft ? quals : inner).flatMap((one) => {
      const link = linkOf(query, one, source);
      const before =
        link &&
        (isLeft ||
          link.other.source === rows ||
          parents.some((parent) => !parent.isLeft && parent.source === link.other.source));
      return link && before ? [{ one, link }] : [];
    });
    for (const { one } of linking) spent.add(one);
    parents.push({ source, isLeft, links: linking.map(({ link }) => link) });
  }
  // Any further condition would take rows away after they are counted.
  const left = parents.filter(({ isLeft }) => isLeft);
  if (inner.some((one) => !spent.has(one)) || left.some(({ source }) => mentions(view, query, inner, source)))
    return null;
  return parents.every(({ links }) => links.length > 0) ? { parents, own } : null;
}

/** `p.id = t.p_id`, from the side of p. */
function linkOf(query: Query, condition: TreeNode, source: Source): Parent['links'][number] | null {
  for (const { operator, left, right } of bothWays(condition)) {
    const [own, other] = [originOf(query, left), originOf(query, right)];
    if (operator === '=' && own?.source === source && other?.query === query && other.source !== source)
      return { own, other };
  }
  return null;
}

function factsOfParent({ source, isLeft, links }: Parent, facts: Facts): readonly Fact[] {
  const { table } = source;
  if (!table) return [missing(`${source.alias} is not a table with a key`)];
  const keys = links.map(({ own }) => own.name);
  if (isLeft) return [facts.unique(table, keys, true)];
  const [child] = links.map(({ other }) => other.source);
  if (!child?.table || links.some(({ other }) => other.source !== child))
    return [missing(`${source.alias} is joined with several tables`)];
  const columns = links.map(({ other }) => other.name);
  return [
    facts.unique(table, keys, true),
    facts.foreignKey(child.table, columns, table, keys),
    ...links.map(({ other }) => facts.notNull(other)),
  ];
}
