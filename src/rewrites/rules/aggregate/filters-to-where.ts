import { bodyOf, field, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, existence, expression, replace, withWhere } from '../../build.js';
import { withNames } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';
import { callsIn, functionName, wholeConstant } from '../../shapes.js';
import { originsIn } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly filters: readonly TreeNode[];
  /** Sums with ELSE 0: over rows of which none counts they are 0. */
  readonly zeros: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'aggregate/filters-to-where',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT count(*) FILTER (WHERE p), sum(x) FILTER (WHERE q) FROM t`, and `count(CASE WHEN p THEN 1 END)`, get `WHERE p OR q` beside them.',
    why: 'PostgreSQL reads every row and asks the filters of each; an index on what they ask for is not used.',
    limits:
      'There is no GROUP BY, and every aggregate of the output has a FILTER, or is count, sum, avg, min or max of a CASE of one branch without ELSE, or a sum with `ELSE 0`. That one is 0 over rows of which none counts, and NULL over no rows: it gets COALESCE with the one or the other.',
    sources: ['PostgreSQL manual, "Aggregate Expressions"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const targets = list(body, 'targetList');
      const calls = callsIn(targets).filter(({ body: call }) => aggregated(call));
      if (query.type !== 'SelectStmt' || list(body, 'fromClause').length === 0 || calls.length === 0) return [];
      if (
        ['groupClause', 'havingClause', 'windowClause', 'distinctClause', 'lockingClause'].some(
          (name) => body[name] !== undefined,
        )
      )
        return [];
      const outside = calls.reduce<readonly TreeNode[]>(
        (items, { body: call }) => items.map((item) => replace(item, call, { A_Const: { ival: {} } })),
        targets.filter(isNode),
      );
      // A column outside of the aggregates can not stand there without GROUP BY; a call may be an aggregate that is not known.
      if (callsIn(outside).length > 0 || originsIn(view, query, outside)?.length !== 0) return [];
      const filters = calls.map(({ body: call }) => filterOf(call));
      if (!filters.every((one) => one !== null)) return [];
      const each = [...new Map(filters.map((one) => [treeText(one), one])).values()];
      const asked = conjuncts(body['whereClause']).map((one) => treeText(one));
      const [only] = each;
      const done =
        each.length === 1 && only
          ? conjuncts(only).every((one) => asked.includes(treeText(one)))
          : asked.includes(treeText(either(each)));
      return done
        ? []
        : [{ query, filters: each, zeros: calls.flatMap(({ body: call }) => (endsInZero(call) ? [call] : [])) }];
    }),
  requires: () => [
    seen('without GROUP BY there is one row of output, also over no rows'),
    seen('no aggregate takes a row that fulfils none of the conditions'),
  ],
  rewrite: ({ query, filters, zeros }, view) => {
    const { fromClause, whereClause } = query.body;
    const exists = existence(withWhere({ fromClause }, conjuncts(whereClause)), true);
    const shown = zeros.reduce<TreeNode>(
      (body, call) =>
        withNames(body, call, expression('COALESCE($1, CASE WHEN $2 THEN 0 END)', [{ FuncCall: call }, exists])),
      { targetList: query.body['targetList'] },
    );
    const body = { ...query.body, ...shown };
    return replace(view.statement.tree, query.body, {
      SelectStmt: withWhere(body, [...conjuncts(whereClause), either(filters)]),
    });
  },
  example: {
    schema: 'CREATE TABLE job (id bigint PRIMARY KEY, state text NOT NULL, amount int, payload text);',
    data: `
      INSERT INTO job SELECT n, 'state ' || n % 500, n % 77, repeat('p', 80) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON job (state);
      ANALYZE;`,
    statement:
      "SELECT count(*) FILTER (WHERE state = 'state 7') AS waiting, sum(CASE WHEN state = 'state 8' THEN amount END) AS lost FROM job",
    gain: { buffers: 2 },
  },
  unsoundTwin: {
    why: 'a sum with ELSE 0 is 0 where there are rows of which none counts, and becomes NULL',
    statement: "SELECT sum(CASE WHEN state = 'a' THEN 1 ELSE 0 END) AS n FROM job",
    to: "SELECT sum(CASE WHEN state = 'a' THEN 1 ELSE 0 END) AS n FROM job WHERE state = 'a'",
  },
});

/** Aggregates that pass over NULL (`pg_aggregate`). */
const STRICT = new Set(['count', 'sum', 'avg', 'min', 'max']);

function aggregated(call: TreeNode): boolean {
  return call['agg_filter'] !== undefined || STRICT.has(functionName(call));
}

/** What a row has to fulfil to be taken; null where it may be taken without. */
function filterOf(call: TreeNode): TreeNode | null {
  if (call['over'] !== undefined) return null;
  const filter = field(call, 'agg_filter');
  if (filter) return filter;
  const [argument, more] = list(call, 'args');
  const chosen = bodyOf(argument, 'CaseExpr');
  const [branch, another] = list(chosen ?? {}, 'args');
  if (!STRICT.has(functionName(call)) || more || !chosen || chosen['arg'] !== undefined || another) return null;
  if (chosen['defresult'] !== undefined && !isNull(chosen['defresult']) && !endsInZero(call)) return null;
  const when = bodyOf(branch, 'CaseWhen')?.['expr'];
  return isNode(when) ? when : null;
}

/** `sum(CASE ... ELSE 0 END)`. */
function endsInZero(call: TreeNode): boolean {
  const chosen = bodyOf(list(call, 'args')[0], 'CaseExpr');
  return (
    functionName(call) === 'sum' &&
    call['agg_filter'] === undefined &&
    call['agg_distinct'] === undefined &&
    wholeConstant(chosen?.['defresult']) === 0
  );
}

function isNull(value: TreeValue): boolean {
  return bodyOf(value, 'A_Const')?.['isnull'] !== undefined;
}

function either(conditions: readonly TreeNode[]): TreeNode {
  const [only, another] = conditions;
  return only && !another ? only : { BoolExpr: { boolop: 'OR_EXPR', args: conditions } };
}
