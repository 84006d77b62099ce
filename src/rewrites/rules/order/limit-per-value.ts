import { bodyOf, isNode, list } from '../../../sql/tree.js';
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
import { isSelfContained } from '../../correlation.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { onlyTable, ownConditions } from '../../loose-scan.js';
import { orderBy, shownColumns, sortedBy } from '../../pages.js';
import type { SortKey } from '../../top-rows.js';
import { isFixed, isPlain, listed, wholeConstant, WHOLE_NUMBERS } from '../../shapes.js';
import { originOf, queryOf } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly order: readonly SortKey[];
  readonly column: ColumnOrigin;
  readonly condition: TreeNode;
  readonly values: readonly TreeNode[];
  /** What gives the values; null where they are listed. */
  readonly inside: Query | null;
  /** Rows to take of each value; null where it can not be written. */
  readonly count: TreeNode | null;
  readonly targets: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'order/limit-per-value',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`WHERE k IN (1, 2, 3) ORDER BY at DESC LIMIT 10` takes the first ten rows of each k by a LATERAL subquery, and then the first ten of those; `k IN (SELECT ...)` alike, and the join with a table that holds each k once, as `JOIN membership AS m ON m.room = t.room WHERE m.member = 7`.',
    why: 'An index on (k, at) gives the rows of one k in order, not those of several: PostgreSQL reads and sorts every row of each.',
    limits:
      'One table with conditions on it alone; the list holds literals or parameters, two to a hundred, or is a subquery that names nothing outside, of a column of the same type or of another whole number; the order is by columns; OFFSET is a literal. Where the order leaves a choice among ties, the new form may choose others, as the original may from run to run.',
    sources: ['PostgreSQL manual, "LATERAL Subqueries"', 'PostgreSQL manual, "Indexes and ORDER BY"'],
  },
  triggers: ['rows/top-n-over-many', 'scan/ordered-index-walk'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
      const { limitCount, limitOffset, ...rest } = body;
      const conditions = source ? (ownConditions(view, query, source) ?? askingConditions(view, query, source)) : null;
      const order = source ? sortedBy(query, source) : null;
      const targets = source ? shownColumns(view, query, source) : null;
      if (!source || !conditions || !targets || !isPlain(rest) || body['limitOption'] !== 'LIMIT_OPTION_COUNT')
        return [];
      if (!order || !isFixed(limitCount) || !isNode(limitCount)) return [];
      return conditions.flatMap((condition) => {
        const sought = asked(view, query, condition);
        const among = sought ?? listed(condition, 'AEXPR_IN');
        const column = among ? originOf(query, among.left) : null;
        const inside = sought?.select ?? null;
        if (!among || !column || !(inside ? isAlike(column, inside) : isListable(column, among.items))) return [];
        const [most, from] = [wholeConstant(limitCount), wholeConstant(limitOffset)];
        const both = most === null || from === null ? null : { A_Const: { ival: { ival: most + from } } };
        const count = limitOffset === undefined ? limitCount : both;
        return [{ query, order, column, condition, values: among.items, inside, count, targets }];
      });
    }),
  requires: ({ count, column }, facts) => [
    count === null
      ? missing('LIMIT or OFFSET is no literal, so that it is not known how many rows of each value are needed')
      : seen('no row beyond the first of its own value is among the first of all'),
    seen('each value of the list is taken once (DISTINCT)'),
    ...(TEXTS.has(column.column?.baseType ?? '') ? [facts.textsAsWritten()] : []),
  ],
  rewrite: ({ query, order, column, condition, values, inside, count, targets }, view) => {
    if (count === null) return null;
    const [listedAs, { source, name }] = [freshAlias(view, 'listed'), column];
    const items = values.map((_, i) => `$${i + 1}`).join(', ');
    const type = column.column?.baseType ?? '';
    const each = inside
      ? distinctOf(inside)
      : selectOf(`SELECT DISTINCT value FROM unnest(ARRAY[${items}]::${type}[]) AS each (value)`, values);
    const { limitOffset: _, ...shape } = query.body;
    const equal = expression('$1 = $2', [columnOf(source.alias, name), columnOf(listedAs, 'value')]);
    const rest = conjuncts(query.body['whereClause']).filter((one) => one !== condition);
    const all = source.columns?.map((one) => output(columnOf(source.alias, one), one)) ?? [];
    const sortClause = orderBy(order);
    const first = { ...withWhere(shape, [equal, ...rest]), targetList: all, sortClause, limitCount: count };
    const { whereClause: __, ...outer } = query.body;
    const fromClause = [derived(each, listedAs), derived(first, source.alias, true)];
    return replace(view.statement.tree, query.body, {
      SelectStmt: { ...outer, targetList: targets, sortClause, fromClause },
    });
  },
  example: {
    schema: `
      CREATE TABLE message (id bigint PRIMARY KEY, room int NOT NULL, at timestamptz NOT NULL, body text);
      CREATE INDEX ON message (room, at);`,
    data: `
      INSERT INTO message SELECT n, n % 10, timestamptz '2024-01-01' + n * 7919 % 40000 * interval '1 minute', repeat('b', 60) FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement: 'SELECT * FROM message WHERE room IN (3, 4, 5) ORDER BY at DESC, id LIMIT 5 OFFSET 2',
    gain: { buffers: 5 },
  },
  unsoundTwin: {
    why: 'what OFFSET leaves out is left out of each value, and not of all together',
    to: 'SELECT message.id, message.room, message.at, message.body FROM (SELECT DISTINCT value FROM unnest(ARRAY[3, 4, 5]::int4[]) AS each (value)) AS listed, LATERAL (SELECT * FROM message WHERE message.room = listed.value ORDER BY at DESC, id LIMIT 5 OFFSET 2) AS message ORDER BY at DESC, id LIMIT 5',
  },
});

/** The conditions of WHERE, of which one asks a subquery for the values of a column, and the others name the table alone. */
function askingConditions(view: StatementView, query: Query, source: Source): readonly TreeNode[] | null {
  const all = conjuncts(query.body['whereClause']);
  const asking = all.filter((one) => asked(view, query, one));
  const rest = {
    ...query,
    body: withWhere(
      query.body,
      all.filter((one) => !asking.includes(one)),
    ),
  };
  return asking.length === 1 && ownConditions(view, rest, source) ? all : null;
}

/** `k IN (SELECT x FROM ...)` of a subquery that names nothing outside. */
function asked(
  view: StatementView,
  query: Query,
  condition: TreeNode,
): { readonly left: TreeNode; readonly items: readonly TreeNode[]; readonly select: Query } | null {
  const sublink = bodyOf(condition, 'SubLink');
  const select = sublink ? queryOf(view, bodyOf(sublink['subselect'], 'SelectStmt') ?? undefined) : undefined;
  const isIn = sublink?.['subLinkType'] === 'ANY_SUBLINK' && sublink['operName'] === undefined;
  if (!isIn || select?.parent !== query || !isNode(sublink['testexpr']) || !isPlain(select.body)) return null;
  const alone = isSelfContained(view, select, [{ SelectStmt: select.body }]);
  return alone && list(select.body, 'targetList').length === 1
    ? { left: sublink['testexpr'], items: [], select }
    : null;
}

function shownColumn(select: Query): ColumnOrigin | null {
  return originOf(select, bodyOf(list(select.body, 'targetList')[0], 'ResTarget')?.['val']);
}

/** Of one type, or both whole numbers, which are compared as they are and found in the same indexes. */
function isAlike({ column }: ColumnOrigin, select: Query): boolean {
  const shown = shownColumn(select)?.column;
  if (column === null || !shown) return false;
  return shown.type === column.type || (WHOLE_NUMBERS.has(shown.baseType) && WHOLE_NUMBERS.has(column.baseType));
}

/** The different values of a subquery, each once. */
function distinctOf({ body }: Query): TreeNode {
  const { sortClause: _, ...rest } = body;
  const [target] = list(body, 'targetList');
  const value = bodyOf(target, 'ResTarget')?.['val'];
  return { ...rest, distinctClause: [{}], targetList: isNode(value) ? [output(value, 'value')] : [] };
}

/** The type of the column is also that of the list: a literal of it, or what a parameter is taken for. */
function isListable({ column }: ColumnOrigin, items: readonly TreeNode[]): boolean {
  const whole = ['int4', 'int8'].includes(column?.baseType ?? '');
  const text = TEXTS.has(column?.baseType ?? '') || ['uuid', 'date'].includes(column?.baseType ?? '');
  return (
    items.length >= 2 &&
    items.length <= MOST &&
    items.every((item) => {
      const plain = bodyOf(item, 'A_Const');
      if (bodyOf(item, 'ParamRef')) return whole || text;
      return whole ? wholeConstant(item) !== null : text && plain?.['sval'] !== undefined;
    })
  );
}

const TEXTS = new Set(['text', 'varchar']);

/** As many descents of an index: beyond it the list is rather a join. */
const MOST = 100;
