import { bodyOf, isNode, list, mapTree, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { callsIn, functionName, isFixed, mayGiveRows } from '../../shapes.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly query: Query;
  /** Columns of PARTITION BY. */
  readonly keys: readonly TreeNode[];
  readonly origins: readonly ColumnOrigin[];
  /** Whether each of them is in the output, so that no two groups look alike. */
  readonly shown: boolean;
}

export default defineRewrite<Site>({
  id: 'aggregate/distinct-window-to-group',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT DISTINCT k, count(*) OVER (PARTITION BY k) FROM t` becomes `SELECT k, count(*) FROM t GROUP BY k`.',
    why: 'A window function keeps every row, which DISTINCT then sorts or hashes; GROUP BY keeps one for each k from the beginning.',
    limits:
      'Every window is PARTITION BY the same columns, without ORDER BY or frame; of the rows themselves nothing but those columns is shown. Aggregates whose result depends on the order of rows are left alone.',
    sources: ['PostgreSQL manual, "Window Functions"', 'PostgreSQL manual, "SELECT", section "DISTINCT Clause"'],
  },
  triggers: ['rows/many-rows-deduplicated', 'subquery/window-discards', 'memory/sort-on-disk'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const distinct = list(body, 'distinctClause');
      const whole = distinct.length === 1 && Object.keys(distinct[0] as object).length === 0;
      if (query.type !== 'SelectStmt' || !whole || OTHER.some((name) => body[name] !== undefined)) return [];
      const values = list(body, 'targetList').map((item) => bodyOf(item, 'ResTarget')?.['val']);
      const sorts = list(body, 'sortClause').map((item) => bodyOf(item, 'SortBy')?.['node']);
      const calls = [...values, ...sorts].flatMap(callsIn).filter(({ body: call }) => call['over'] !== undefined);
      const [first] = calls;
      if (!first || !calls.every(({ body: call }) => isWhole(call)) || mayGiveRows(view.catalog, body['targetList']))
        return [];
      const keys = keysOf(first.body);
      const text = (list_: readonly TreeNode[]): string =>
        list_
          .map((one) => treeText(one))
          .toSorted()
          .join();
      const origins = keys.flatMap((key) => originOf(query, key) ?? []);
      if (keys.length === 0 || origins.length < keys.length) return [];
      if (!calls.every(({ body: call }) => text(keysOf(call)) === text(keys))) return [];
      const isKey = (value: TreeValue): boolean => {
        const origin = originOf(query, value);
        return origins.some((one) => one.source === origin?.source && one.name === origin.name);
      };
      const able = values.every((value) => isKey(value) || isCall(value) || isFixed(value));
      const shown = origins.every((one) =>
        values.some((value) => {
          const origin = originOf(query, value);
          return origin?.source === one.source && origin.name === one.name;
        }),
      );
      return able ? [{ query, keys, origins, shown }] : [];
    }),
  requires: ({ origins }, facts) => [
    origins.some(({ column }) => column === null)
      ? missing('a column of PARTITION BY is none of a table')
      : seen('all rows of one partition show the same, so that DISTINCT leaves one of each'),
    ...(origins.some(({ column }) => TEXTS.has(column?.baseType ?? '')) ? [facts.textsAsWritten()] : []),
    ...(origins.some(({ column }) => !EXACT.has(column?.baseType ?? ''))
      ? [missing('equal values of a column of PARTITION BY may be written in several ways')]
      : []),
  ],
  rewrite: ({ query, keys, shown }, view) => {
    const bare = (tree: TreeValue): TreeValue =>
      mapTree(tree, ({ type, body: { over, ...call } }) =>
        type === 'FuncCall' && over !== undefined ? { FuncCall: call } : null,
      );
    const { distinctClause, sortClause, ...rest } = query.body;
    const body = {
      ...rest,
      ...(shown ? {} : { distinctClause }),
      targetList: namedTargets(query.body).map(bare),
      groupClause: keys,
      ...(sortClause === undefined ? {} : { sortClause: bare(sortClause) }),
    };
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: 'CREATE TABLE visit (id bigint PRIMARY KEY, page_id int, amount int, note text);',
    data: `
      INSERT INTO visit SELECT n, n % 700, n % 100, repeat('n', 60) FROM generate_series(1, 40000) AS n;
      ANALYZE;`,
    statement:
      'SELECT DISTINCT page_id, count(*) OVER (PARTITION BY page_id) AS n, sum(amount) OVER (PARTITION BY page_id) FROM visit',
    gain: {
      rows: 2,
      why: 'the table is read once either way; what falls is how many rows are sorted and deduplicated',
    },
  },
  unsoundTwin: {
    why: 'with ORDER BY in the window each row has a count of its own',
    statement: 'SELECT DISTINCT page_id, count(*) OVER (PARTITION BY page_id ORDER BY id) AS n FROM visit',
    to: 'SELECT page_id, count(*) AS n FROM visit GROUP BY page_id',
  },
});

const OTHER = ['groupClause', 'havingClause', 'windowClause', 'lockingClause', 'withClause'];
const TEXTS = new Set(['text', 'varchar']);
/** Types whose equal values are written in one way. */
const EXACT = new Set([...TEXTS, 'int2', 'int4', 'int8', 'bool', 'uuid', 'date', 'timestamp', 'timestamptz']);
/** Aggregates that do not depend on the order of rows. */
const UNORDERED = new Set(['count', 'sum', 'avg', 'min', 'max', 'bool_and', 'bool_or', 'every']);

function keysOf(call: TreeNode): readonly TreeNode[] {
  return list((call['over'] ?? {}) as TreeNode, 'partitionClause').filter(isNode);
}

/** An aggregate over a whole partition. FRAMEOPTION_DEFAULTS of PostgreSQL's parsenodes.h is 1058. */
function isWhole(call: TreeNode): boolean {
  const over = (call['over'] ?? {}) as TreeNode;
  const plain = ['orderClause', 'name', 'refname'].every((name) => over[name] === undefined);
  return plain && over['frameOptions'] === 1058 && UNORDERED.has(functionName(call));
}

function isCall(value: TreeValue): boolean {
  return bodyOf(value, 'FuncCall')?.['over'] !== undefined;
}
