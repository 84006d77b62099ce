import { bodyOf, field, isNode, list, names, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, expression, replace, withWhere } from '../../build.js';
import { asksForAny } from '../../counts.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import type { Fact, Facts } from '../../facts.js';
import { ORDERED } from '../../loose-scan.js';
import {
  bothWays,
  callsAggregate,
  callsIn,
  functionName,
  isFixed,
  keepsOrder,
  mayGiveRows,
  wholeConstant,
} from '../../shapes.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly groups: readonly (ColumnOrigin | null)[];
  readonly condition: TreeNode;
  readonly where: TreeNode;
}

export default defineRewrite<Site>({
  id: 'grouping/having-to-where',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT k FROM t GROUP BY k HAVING max(x) > v` becomes `SELECT k FROM t WHERE x > v GROUP BY k`; `min(x) < v`, `bool_or(p)`, `count(*) FILTER (WHERE p) > 0`, `count(CASE WHEN p THEN 1 END) > 0` and `sum(CASE WHEN p THEN 1 ELSE 0 END) > 0` alike.',
    why: 'PostgreSQL groups all rows before it asks HAVING; whether a group has such a row, WHERE finds by an index.',
    limits:
      'HAVING is that one condition, with the same bound for every row, and the output has no other aggregate. The columns of GROUP BY are such that equal values are the same value.',
    sources: ['PostgreSQL manual, "The GROUP BY and HAVING Clauses"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const groups = list(body, 'groupClause');
      const [condition, more] = conjuncts(body['havingClause']);
      if (query.type !== 'SelectStmt' || groups.length === 0 || !condition || more) return [];
      if (['windowClause', 'lockingClause', 'distinctClause'].some((name) => body[name] !== undefined)) return [];
      const shown = [body['targetList'], body['sortClause']];
      if (callsAggregate(shown) || mayGiveRows(view.catalog, shown)) return [];
      const where = rowOf(query, condition);
      const origins = groups.map((group) => originOf(query, group));
      return where === null ? [] : [{ query, groups: origins, condition, where }];
    }),
  requires: ({ groups }, facts) => [
    seen('a group is shown when one of its rows fulfils the condition, whichever others it has'),
    ...groups.map((group) => sameWhenEqual(group, facts)),
  ],
  rewrite: ({ query, where }, view) => {
    const { havingClause: _, ...body } = query.body;
    const all = [...conjuncts(body['whereClause']), where];
    return replace(view.statement.tree, query.body, { SelectStmt: withWhere(body, all) });
  },
  example: {
    schema: 'CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id int NOT NULL, amount int, note text);',
    data: `
      INSERT INTO purchase SELECT n, n % 3000, n % 5000, repeat('n', 60) FROM generate_series(1, 40000) AS n;
      CREATE INDEX ON purchase (amount);
      ANALYZE;`,
    statement: 'SELECT customer_id FROM purchase GROUP BY customer_id HAVING max(amount) > 4990',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'that the smallest is above a bound is said of all rows of a group',
    statement: 'SELECT customer_id FROM purchase GROUP BY customer_id HAVING min(amount) > 2',
    to: 'SELECT customer_id FROM purchase WHERE amount > 2 GROUP BY customer_id',
  },
});

/** What one row of the group has to fulfil; null where HAVING asks for more. */
function rowOf(query: Query, condition: TreeNode): TreeNode | null {
  const truth = plainCall(condition);
  if (truth?.name === 'bool_or') return truth.argument;
  const asked = asksForAny(condition);
  if (asked?.isAny) return counted(asked.counted);
  for (const { operator, left, right } of bothWays(condition)) {
    const call = plainCall(left);
    if (!call || !isFixed(right) || callsIn(right).length > 0) continue;
    if (!keepsOrder(originOf(query, call.argument)?.column?.baseType, right)) continue;
    const isHigh = call.name === 'max' && (operator === '>' || operator === '>=');
    const isLow = call.name === 'min' && (operator === '<' || operator === '<=');
    if (isHigh || isLow) return expression(`$1 ${operator} $2`, [call.argument, right]);
  }
  return null;
}

/** The condition of a count of the rows that fulfil it. */
function counted(value: TreeNode): TreeNode | null {
  const call = bodyOf(value, 'FuncCall');
  if (!call || ['over', 'agg_distinct', 'agg_order'].some((name) => call[name] !== undefined)) return null;
  const filter = field(call, 'agg_filter');
  const name = functionName(call);
  if (filter) return name === 'count' && call['agg_star'] === true ? filter : null;
  const [argument, more] = list(call, 'args');
  const chosen = bodyOf(argument, 'CaseExpr');
  const [branch, another] = list(chosen ?? {}, 'args').map((one) => bodyOf(one, 'CaseWhen'));
  if (more || !chosen || chosen['arg'] !== undefined || another || !isNode(branch?.['expr'])) return null;
  const result = wholeConstant(branch['result']);
  const otherwise = chosen['defresult'];
  const isNothing = otherwise === undefined || bodyOf(otherwise, 'A_Const')?.['isnull'] !== undefined;
  if (name === 'count') return result !== null && isNothing ? branch['expr'] : null;
  return name === 'sum' && (result ?? 0) > 0 && (isNothing || wholeConstant(otherwise) === 0) ? branch['expr'] : null;
}

function plainCall(value: TreeValue): { readonly name: string; readonly argument: TreeNode } | null {
  const call = bodyOf(value, 'FuncCall');
  const [argument, more] = call ? list(call, 'args') : [];
  const other = ['over', 'agg_filter', 'agg_order', 'agg_distinct', 'agg_within_group'];
  if (!call || !isNode(argument) || more || other.some((name) => call[name] !== undefined)) return null;
  return names(list(call, 'funcname')).length <= 2 ? { name: functionName(call), argument } : null;
}

/** Which row of a group its key is shown of does not matter where equal values can not be told apart, as 1.0 and 1.00 can. */
function sameWhenEqual(group: ColumnOrigin | null, facts: Facts): Fact {
  const type = group?.column?.baseType ?? '';
  if (['text', 'varchar'].includes(type)) return facts.textsAsWritten();
  return (ORDERED.has(type) || type === 'bool') && !['numeric', 'bpchar'].includes(type)
    ? seen(`equal values of ${group?.name} can not be told apart`)
    : missing(
        `equal values of ${group ? group.name : treeText('an expression of GROUP BY')} may be told apart, and the group may show another of them`,
      );
}
