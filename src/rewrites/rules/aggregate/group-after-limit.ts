import { bodyOf, isNode, list, textOf, walk } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { isArithmetic } from '../../arithmetic.js';
import { allOf, columnOf, conjuncts, derived, existence, output, replace, withWhere } from '../../build.js';
import { freshAlias, innerItems, mapColumns, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { functionName, holdsSubquery } from '../../shapes.js';
import { originOf, originsIn, sortOriginOf } from '../../view.js';
import type { Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly own: Source;
  readonly other: Source;
  readonly quals: TreeNode;
  /** A LEFT JOIN, which keeps every row of `own`. */
  readonly isLeft: boolean;
  /** Conditions on `own` alone. */
  readonly where: readonly TreeNode[];
  readonly groups: readonly string[];
  /** Sort keys with the column of `own` that each is. */
  readonly order: readonly { readonly item: TreeNode; readonly column: string }[];
}

export default defineRewrite<Site>({
  id: 'aggregate/group-after-limit',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT a.id, count(b.id) FROM a LEFT JOIN b ON ... GROUP BY a.id ORDER BY a.x LIMIT n` takes the n rows of a first, and then aggregates the rows of b for those alone; with JOIN, the first n for which `EXISTS (SELECT 1 FROM b ...)`.',
    why: 'PostgreSQL joins and groups all rows before it takes n of the groups.',
    limits:
      'Two tables; GROUP BY has a key of a and columns of a alone; ORDER BY, and beside a LEFT JOIN WHERE, name a alone. The aggregates are count(x), sum, avg, min, max, bool_and and bool_or of columns of b, which leave the row without partner out as NULL; count(*) beside JOIN alone. Where the order leaves a choice among ties, the new form may choose others.',
    sources: ['PostgreSQL manual, "LATERAL Subqueries"', 'PostgreSQL manual, "LIMIT and OFFSET"'],
  },
  triggers: ['rows/many-rows-deduplicated', 'rows/top-n-over-many'],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: ({ own, groups, isLeft }, facts) => [
    own.table ? facts.unique(own.table, groups) : missing(`${own.alias} is not a table with a key`),
    isLeft
      ? seen('the join is a LEFT JOIN: it takes no row of the left table away before LIMIT counts')
      : seen('the rows that the join takes away for want of a partner are taken away before LIMIT counts'),
  ],
  rewrite: ({ query, own, other, quals, isLeft, where, order }, view) => {
    const totals = freshAlias(view, 'totals');
    const used = new Set<string>();
    const qualified = <T extends TreeValue>(tree: T): T =>
      mapColumns(view, query, tree, ({ source, name }) => {
        if (source === own) used.add(name);
        return source === own || source === other ? columnOf(source.alias, name) : null;
      }) as T;
    const sums: TreeNode[] = [];
    const targets = namedTargets(query.body).map((item) => {
      const target = bodyOf(item, 'ResTarget') ?? {};
      const call = bodyOf(target['val'], 'FuncCall');
      if (!call) return { ResTarget: qualified(target) };
      sums.push(output(qualified({ FuncCall: call }), `total_${sums.length + 1}`));
      return output(columnOf(totals, `total_${sums.length}`), textOf(target, 'name') ?? functionName(call));
    });
    const sorted = order.map(({ item, column }) => {
      used.add(column);
      return { SortBy: { ...item, node: columnOf(own.alias, column) } };
    });
    const partners = { ...PLAIN, fromClause: [other.item], whereClause: qualified(quals) };
    const lateral = { ...partners, targetList: sums };
    const { limitCount, limitOffset, limitOption } = query.body;
    const page = withWhere(
      {
        ...PLAIN,
        targetList: [...used].map((name) => output(columnOf(own.alias, name), name)),
        fromClause: [own.item],
        sortClause: sorted,
        limitCount,
        limitOption,
        ...(limitOffset === undefined ? {} : { limitOffset }),
      },
      [...where, ...(isLeft ? [] : [existence(partners, true)])],
    );
    const body = {
      ...PLAIN,
      targetList: targets,
      fromClause: [derived(page, own.alias), derived(lateral, totals, true)],
      sortClause: sorted,
    };
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer, amount int);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 3000) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 2900, n % 77 FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON purchase (customer_id); CREATE INDEX ON customer (name);
      ANALYZE;`,
    statement:
      'SELECT c.id, c.name, count(p.id), sum(p.amount) AS amount FROM customer AS c LEFT JOIN purchase AS p ON p.customer_id = c.id GROUP BY c.id, c.name ORDER BY c.name LIMIT 5',
    gain: { buffers: 2 },
  },
  unsoundTwin: {
    why: 'an inner join takes the rows without partner away before LIMIT counts',
    statement:
      'SELECT c.id, count(p.id) FROM customer AS c JOIN purchase AS p ON p.customer_id = c.id GROUP BY c.id ORDER BY c.id LIMIT 2',
    to: 'SELECT c.id, t.count FROM (SELECT id FROM customer ORDER BY id LIMIT 2) AS c, LATERAL (SELECT count(p.id) FROM purchase AS p WHERE p.customer_id = c.id) AS t ORDER BY c.id',
  },
});

const PLAIN = { limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' };
const OTHER = ['havingClause', 'distinctClause', 'windowClause', 'withClause', 'lockingClause'];
const STRICT = new Set(['count', 'sum', 'avg', 'min', 'max', 'bool_and', 'bool_or']);

function siteOf(view: StatementView, query: Query): Site | null {
  const { body } = query;
  const able = query.type === 'SelectStmt' && body['limitOption'] === 'LIMIT_OPTION_COUNT';
  if (!able || body['limitCount'] === undefined || OTHER.some((name) => body[name] !== undefined)) return null;
  const groups = list(body, 'groupClause').map((one) => originOf(query, one));
  const own = groups[0]?.source;
  const names = groups.flatMap((origin) => (origin?.source === own ? (origin?.name ?? []) : []));
  if (!own || names.length === 0 || names.length !== groups.length) return null;
  const isOwn = (tree: TreeValue): boolean =>
    originsIn(view, query, tree)?.every(({ source }) => source === own) === true;
  const joined = leftJoin(query, own) ?? innerJoin(query, own, isOwn);
  if (!joined || !joined.where.every(isOwn) || originsIn(view, query, joined.quals) === null) return null;
  if ([joined.quals, ...joined.where].some(holdsSubquery)) return null;
  const { other, isLeft } = joined;
  if (
    !list(body, 'targetList').every((item) =>
      isShown(query, bodyOf(item, 'ResTarget')?.['val'], { own, other, isLeft }),
    )
  )
    return null;
  const order = list(body, 'sortClause').map((one) => orderedBy(query, own, bodyOf(one, 'SortBy') ?? {}));
  const keys = order.filter((one) => one !== null);
  return keys.length > 0 && keys.length === order.length ? { ...joined, query, own, groups: names, order: keys } : null;
}

type Joined = Pick<Site, 'other' | 'quals' | 'isLeft' | 'where'>;

/** `own LEFT JOIN other ON quals WHERE where`, of two tables. */
function leftJoin({ body, sources }: Query, own: Source): Joined | null {
  const [item, more] = list(body, 'fromClause');
  const join = bodyOf(item, 'JoinExpr');
  const other = sources.find((one) => one.item === join?.['rarg']);
  const quals = join?.['quals'];
  const plain = join?.['jointype'] === 'JOIN_LEFT' && !more && join['alias'] === undefined && own.item === join['larg'];
  return plain && own.table && other?.table && isNode(quals)
    ? { other, quals, isLeft: true, where: conjuncts(body['whereClause']) }
    : null;
}

/** `own JOIN other`, of two tables, in whatever order they are written and their conditions stand. */
function innerJoin({ body, sources }: Query, own: Source, isOwn: (tree: TreeValue) => boolean): Joined | null {
  const from = innerItems(body);
  const other = sources.find((one) => one !== own);
  if (from?.items.length !== 2 || sources.length !== 2 || !own.table || !other?.table) return null;
  const all = [...from.on, body['whereClause']].flatMap(conjuncts);
  const quals = allOf(all.filter((one) => !isOwn(one)));
  return quals ? { other, quals, isLeft: false, where: all.filter(isOwn) } : null;
}

/** A column of the table that is grouped by, or a strict aggregate of columns of the other one, whose rows count(*) may count where none is without a partner. */
function isShown(
  query: Query,
  value: TreeValue,
  { own, other, isLeft }: { readonly own: Source; readonly other: Source; readonly isLeft: boolean },
): boolean {
  const origin = originOf(query, value);
  if (origin) return origin.source === own;
  const call = bodyOf(value, 'FuncCall');
  if (!call || !STRICT.has(functionName(call)) || call['over'] !== undefined) return false;
  if (['agg_filter', 'agg_order'].some((name) => call[name] !== undefined)) return false;
  if (call['agg_star'] !== undefined) return !isLeft;
  const [argument, more] = list(call, 'args');
  const nodes = [...walk(argument)];
  const columns = nodes.filter(({ type }) => type === 'ColumnRef');
  const isColumn = (one: TreeValue): boolean => originOf(query, one)?.source === other;
  return (
    !more && columns.length > 0 && !nodes.some(({ type }) => type === 'FuncCall') && isArithmetic(argument, isColumn)
  );
}

/** The column of the left table that a sort key is, by itself or by the name of an output column. */
function orderedBy(query: Query, own: Source, item: TreeNode): Site['order'][number] | null {
  const origin = sortOriginOf(query, item['node']);
  return origin?.source === own ? { item, column: origin.name } : null;
}
