import { outputName } from '../../../sql/output-name.js';
import { bodyOf, field, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, conjuncts, derived, output, query as selectOf, replace, withWhere } from '../../build.js';
import { mapColumns } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { hasOneCollation, orderBy, sortedBy } from '../../pages.js';
import { hasBareStar, holdsSubquery, isPlain, mayGiveRows, wholeConstant } from '../../shapes.js';
import type { SortKey } from '../../top-rows.js';
import { originOf, originsIn, queryOf } from '../../view.js';
import type { Query, Source, StatementView } from '../../view.js';

/** One query of the union. */
interface Arm {
  readonly query: Query;
  /** Its output as the columns of the whole, in order. */
  readonly columns: readonly string[];
}

interface Site {
  readonly query: Query;
  readonly source: Source;
  readonly arms: readonly Arm[];
  readonly conditions: readonly TreeNode[];
  readonly order: readonly SortKey[];
  /** Null where LIMIT or OFFSET is no literal. */
  readonly rows: number | null;
  /** Columns of conditions and order which are not known to be of one type in all arms. */
  readonly doubtful: readonly string[];
}

export default defineRewrite<Site>({
  id: 'union/page-into-union',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT * FROM (a UNION ALL b) AS u WHERE u.kind = 1 ORDER BY u.at DESC LIMIT 20` asks a and b for the first twenty rows of that kind each, and takes the first twenty of those.',
    why: 'PostgreSQL hands the condition down, and the order only where both queries read a table as it is; LIMIT never: joins are made for all rows of both, and sorted.',
    limits:
      'UNION ALL of plain queries of as many columns, read by nothing else; conditions and order name columns that are of one type in all of them, texts of one column of one table; LIMIT and OFFSET are literals. Where the order leaves a choice among ties, the new form may choose others, as the original may from run to run.',
    sources: [
      'PostgreSQL manual, "Combining Queries (UNION, INTERSECT, EXCEPT)"',
      'PostgreSQL source, `is_simple_union_all` of prepjointree.c',
    ],
  },
  triggers: ['rows/top-n-over-many', 'rows/limit-discards', 'memory/sort-on-disk'],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: ({ rows, doubtful }) => [
    rows === null
      ? missing('LIMIT or OFFSET is no literal')
      : seen('each of the first rows is among the first of its own query, for UNION ALL keeps every row'),
    doubtful.length === 0
      ? seen('the columns of conditions and order are of one type and collation in every query')
      : missing(`${doubtful.join(', ')} may be of different types or collations in the queries`),
  ],
  rewrite: ({ query, source, arms, conditions, order, rows }, view) => {
    if (rows === null) return null;
    const [first, ...others] = arms.map((arm) => pageOf(arm, { source, conditions, order, rows }));
    if (!first) return null;
    const union = others.reduce<TreeNode>(
      (larg, rarg) => ({ op: 'SETOP_UNION', all: true, limitOption: 'LIMIT_OPTION_DEFAULT', larg, rarg }),
      first,
    );
    const { whereClause: _, ...rest } = query.body;
    const body = { ...rest, fromClause: [derived(union, source.alias)], sortClause: orderBy(order) };
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE post (id bigint PRIMARY KEY, author int REFERENCES author, at timestamptz NOT NULL, kind int);
      CREATE TABLE note (id bigint PRIMARY KEY, author int REFERENCES author, at timestamptz NOT NULL, kind int);
      CREATE INDEX ON post (kind, at); CREATE INDEX ON note (kind, at);`,
    data: `
      INSERT INTO author SELECT n, 'name ' || n FROM generate_series(1, 2000) AS n;
      INSERT INTO post SELECT n, 1 + n % 2000, timestamptz '2024-01-01' + n * interval '1 minute', n % 4 FROM generate_series(1, 20000) AS n;
      INSERT INTO note SELECT n, 1 + n % 2000, timestamptz '2024-01-01' + n * interval '1 minute', n % 4 FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement:
      'SELECT * FROM (SELECT p.id, p.at, p.kind, a.name FROM post AS p JOIN author AS a ON a.id = p.author UNION ALL SELECT n.id, n.at, n.kind, a.name FROM note AS n JOIN author AS a ON a.id = n.author) AS u WHERE u.kind = 3 ORDER BY u.at DESC, u.id LIMIT 10 OFFSET 2',
    gain: { buffers: 2 },
  },
  unsoundTwin: {
    why: 'what OFFSET leaves out may all be of one of the queries',
    to: 'SELECT * FROM ((SELECT p.id, p.at, p.kind, a.name FROM post AS p JOIN author AS a ON a.id = p.author WHERE p.kind = 3 ORDER BY p.at DESC, p.id LIMIT 10 OFFSET 2) UNION ALL (SELECT n.id, n.at, n.kind, a.name FROM note AS n JOIN author AS a ON a.id = n.author WHERE n.kind = 3 ORDER BY n.at DESC, n.id LIMIT 10 OFFSET 2)) AS u ORDER BY u.at DESC, u.id LIMIT 10',
  },
});

/** The first rows of one query, under the names of the whole. */
function pageOf(
  { query: { body }, columns }: Arm,
  { source, conditions, order, rows }: Pick<Site, 'source' | 'conditions' | 'order'> & { readonly rows: number },
): TreeNode {
  const targetList = list(body, 'targetList').map((item, i) => {
    const value = bodyOf(item, 'ResTarget')?.['val'];
    return isNode(value) ? output(value, columns[i]) : (item as TreeNode);
  });
  return {
    ...withWhere(selectOf('SELECT 1'), conditions),
    targetList: columns.map((name) => output(columnOf(source.alias, name), name)),
    fromClause: [derived({ ...body, targetList }, source.alias)],
    sortClause: orderBy(order),
    limitCount: { A_Const: { ival: { ival: rows } } },
    limitOption: 'LIMIT_OPTION_COUNT',
  };
}

function siteOf(view: StatementView, query: Query): Site | null {
  const { limitCount, limitOffset, ...rest } = query.body;
  const [source, more] = query.sources;
  const item = bodyOf(source?.item, 'RangeSubselect');
  const union = bodyOf(item?.['subquery'], 'SelectStmt');
  const limited = query.type === 'SelectStmt' && query.body['limitOption'] === 'LIMIT_OPTION_COUNT';
  if (!source || more || !item || !union || !limited || !isPlain(rest) || item['lateral'] === true) return null;
  if (list(field(item, 'alias') ?? {}, 'colnames').length > 0) return null;
  const bodies = armsOf(union);
  const queries = bodies?.flatMap((body) => queryOf(view, body) ?? []) ?? [];
  const order = sortedBy(query, source);
  if (!bodies || bodies.length < 2 || queries.length < bodies.length || !order) return null;
  const names = list(bodies[0] ?? {}, 'targetList').map(outputName);
  // A page of a page would be asked for without end.
  const whole = queries.every((arm) => isArm(view, arm, names.length)) && names.every((_, at) => isTyped(queries, at));
  if (!whole || new Set(names).size < names.length) return null;
  const conditions = conjuncts(query.body['whereClause']);
  const own = conditions.every(
    (one) => !holdsSubquery(one) && originsIn(view, query, one)?.every((origin) => origin.source === source) === true,
  );
  // Of two queries as they are another rule speaks.
  if (conditions.length === 0 && bodies.length === 2) return null;
  if (!own || names.some((name) => name === '?column?' || !source.columns?.includes(name))) return null;
  const [most, left] = [wholeConstant(limitCount), limitOffset === undefined ? 0 : wholeConstant(limitOffset)];
  const used = new Set(order.map(({ origin }) => origin.name));
  mapColumns(view, query, conditions, ({ name }) => {
    used.add(name);
    return null;
  });
  const doubtful = [...used].filter((name) => !isOfOneType(view, queries, names.indexOf(name)));
  const rows = most === null || left === null ? null : most + left;
  return {
    query,
    source,
    arms: queries.map((arm) => ({ query: arm, columns: names })),
    conditions,
    order,
    rows,
    doubtful,
  };
}

/** The queries of a UNION ALL from left to right; null where there is any other set operation, or an order of the whole. */
function armsOf(body: TreeNode): readonly TreeNode[] | null {
  if (body['op'] === undefined || body['op'] === 'SETOP_NONE') return [body];
  const [left, right] = [field(body, 'larg'), field(body, 'rarg')];
  const plain = ['sortClause', 'limitCount', 'limitOffset', 'withClause'].every((name) => body[name] === undefined);
  if (body['op'] !== 'SETOP_UNION' || body['all'] !== true || !plain || !left || !right) return null;
  const [some, others] = [armsOf(left), armsOf(right)];
  return some && others && [...some, ...others];
}

function isArm(view: StatementView, { body }: Query, columns: number): boolean {
  const targets = list(body, 'targetList');
  return (
    targets.length === columns &&
    columns > 0 &&
    isPlain(body) &&
    !hasBareStar(body) &&
    body['sortClause'] === undefined &&
    !mayGiveRows(view.catalog, targets)
  );
}

/** A literal without a type takes that of the other queries, which it no longer does in a query of its own: there it is a text. */
function isTyped(arms: readonly Query[], at: number): boolean {
  const values = arms.map((arm) => ({ arm, value: bodyOf(list(arm.body, 'targetList')[at], 'ResTarget')?.['val'] }));
  const bare = values.filter(({ value }) => {
    const literal = bodyOf(value, 'A_Const');
    return bodyOf(value, 'ParamRef') !== null || literal?.['sval'] !== undefined || literal?.['isnull'] !== undefined;
  });
  const isText = ({ arm, value }: (typeof values)[number]): boolean => originOf(arm, value)?.column?.type === 'text';
  const params = bare.some(({ value }) => bodyOf(value, 'A_Const') === null);
  return bare.length === 0 || (!params && values.every((one) => bare.includes(one) || isText(one)));
}

function isOfOneType(view: StatementView, arms: readonly Query[], at: number): boolean {
  const shown = arms.map((query) => {
    const value: TreeValue = bodyOf(list(query.body, 'targetList')[at], 'ResTarget')?.['val'];
    return { query, value };
  });
  const types = shown.map(({ query, value }) => originOf(query, value)?.column?.type);
  return at >= 0 && types[0] !== undefined && types.every((type) => type === types[0]) && hasOneCollation(view, shown);
}
