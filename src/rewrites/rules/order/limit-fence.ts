import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { functionName, isBare, isPlainCall } from '../../shapes.js';
import { originOf, sortOriginOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  /** A sort key, or the call of min or max. */
  readonly key: TreeNode;
  readonly isCall: boolean;
  readonly origin: ColumnOrigin;
}

export default defineRewrite<Site>({
  id: 'order/limit-fence',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`WHERE ... ORDER BY id LIMIT n` becomes `ORDER BY id + 0`, which no index gives, so that the rows are found by WHERE and then sorted; `SELECT min(id) ... WHERE ...` becomes `min(id + 0)`, and max alike.',
    why: 'The planner takes the index of the order in the hope of finding n rows soon; where they lie at its far end, nearly all of it is read and thrown away.',
    limits:
      'One sort key, a whole or numeric column or a timestamp of a table; there is a WHERE. It is the better plan only as long as the rows lie like that: the trial tells.',
    sources: [
      'PostgreSQL manual, "Controlling the Planner with Explicit JOIN Clauses"',
      'PostgreSQL source, `compare_fractional_path_costs`',
    ],
  },
  triggers: ['scan/ordered-index-walk'],
  match: (view) =>
    view.queries.flatMap((query): readonly Site[] => {
      const extreme = extremeOf(query);
      if (extreme) return [extreme];
      const [item, more] = list(query.body, 'sortClause');
      const key = bodyOf(item, 'SortBy');
      const origin = key ? sortOriginOf(query, key['node']) : null;
      const grouped = query.body['groupClause'] !== undefined || query.body['distinctClause'] !== undefined;
      if (!key || more || !origin || grouped || query.body['limitCount'] === undefined) return [];
      if (query.body['whereClause'] === undefined) return [];
      return ZERO[origin.column?.baseType ?? ''] === undefined ? [] : [{ key, isCall: false, origin }];
    }),
  requires: ({ origin }) => [seen(`adding nothing to ${origin.name} (${origin.column?.type}) keeps its order`)],
  rewrite: ({ key, isCall, origin }, view) => {
    const column = columnOf(origin.source.alias, origin.name);
    const node = expression(`$1 + ${ZERO[origin.column?.baseType ?? '']}`, [column]);
    const by = isCall ? { FuncCall: { ...key, args: [node] } } : { SortBy: { ...key, node } };
    return replace(view.statement.tree, key, by);
  },
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, kind int NOT NULL, payload text);',
    data: `
      INSERT INTO job SELECT n, CASE WHEN n > 39600 THEN 1 ELSE 2 + n % 20 END, repeat('p', 80) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON job (kind);
      ANALYZE;`,
    statement: 'SELECT id, payload FROM job WHERE kind = 1 ORDER BY id LIMIT 5',
    gain: { buffers: 10 },
  },
  unsoundTwin: {
    why: 'rows that are cut off before they are looked at are others',
    statement: 'SELECT id, payload FROM job WHERE kind = 1 ORDER BY id LIMIT 2',
    to: 'SELECT id, payload FROM (SELECT id, kind, payload FROM job ORDER BY id + 0 LIMIT 2) AS j WHERE kind = 1 ORDER BY id',
  },
});

/** The one output of a query, `min(c)` or `max(c)`, that is to be found among the rows of WHERE. */
function extremeOf(query: Query): Site | null {
  const { body } = query;
  const [target, more] = list(body, 'targetList');
  const call = bodyOf(bodyOf(target, 'ResTarget')?.['val'], 'FuncCall');
  const [argument] = list(call ?? {}, 'args');
  const origin = call && ['min', 'max'].includes(functionName(call)) ? originOf(query, argument) : null;
  const type = origin?.column?.baseType ?? '';
  const alone = query.parent === null && isBare(body);
  const plain = call && isPlainCall(call) && call['agg_distinct'] === undefined;
  // A smallint and a number are an integer.
  return call &&
    plain &&
    origin &&
    alone &&
    body['whereClause'] !== undefined &&
    !more &&
    ZERO[type] !== undefined &&
    type !== 'int2'
    ? { key: call, isCall: true, origin }
    : null;
}

/** What changes nothing, by type. */
const ZERO: Readonly<Record<string, string>> = {
  int2: '0',
  int4: '0',
  int8: '0',
  numeric: '0',
  timestamp: "interval '0'",
  timestamptz: "interval '0'",
};
