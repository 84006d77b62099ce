import type { Catalog } from '../model/catalog.js';
import type { ParsedStatement } from '../sql/parse.js';
import { list } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { allOf, conjuncts, withWhere } from './build.js';
import { factsOf } from './facts.js';
import { repeated, withBody } from './repeated.js';
import { callsAggregate, hasGroupingSets, holdsSubquery } from './shapes.js';
import { originsIn, viewOf } from './view.js';
import type { Query, StatementView } from './view.js';

/** More queries than this keep their HAVING. */
const MOST = 4;

/**
 * The statement with the conditions of HAVING that ask for no aggregate in WHERE, as PostgreSQL itself plans them (`subquery_planner` of planner.c), for rules whose new form names what is not grouped
 * by: `GROUP BY date(at) HAVING date(at) >= '2024-03-01'`. Null where there is none.
 */
export function groupsAsked(statement: ParsedStatement, catalog: Catalog): ParsedStatement | null {
  return repeated(statement, MOST, (current) => {
    const view = viewOf(current, catalog);
    for (const query of view.queries) {
      const parsed = withBody(current, query, asked(view, query));
      if (parsed) return parsed;
    }
    return null;
  });
}

function asked(view: StatementView, query: Query): TreeNode | null {
  const { body } = query;
  if (list(body, 'groupClause').length === 0 || hasGroupingSets(body)) return null;
  const all = conjuncts(body['havingClause']);
  const moved = all.filter((one) => isOfGroup(view, query, one));
  if (moved.length === 0) return null;
  const { havingClause: _, ...rest } = body;
  const kept = allOf(all.filter((one) => !moved.includes(one)));
  const where = withWhere(rest, [...conjuncts(body['whereClause']), ...moved]);
  return kept ? { ...where, havingClause: kept } : where;
}

/** Whether a condition is the same for all rows of a group: it names columns whose equal values are one value, and no aggregate. */
function isOfGroup(view: StatementView, query: Query, condition: TreeNode): boolean {
  if (callsAggregate(condition) || holdsSubquery(condition)) return false;
  const origins = originsIn(view, query, condition);
  const texts = factsOf(view.catalog).textsAsWritten().holds;
  const known = origins?.every(({ column }) => {
    const type = column?.baseType ?? '';
    return EXACT.has(type) || (texts && (type === 'text' || type === 'varchar'));
  });
  return known === true && (origins?.length ?? 0) > 0;
}

/** Types of which equal values are the same value. */
const EXACT = new Set(['int2', 'int4', 'int8', 'bool', 'date', 'timestamp', 'timestamptz', 'uuid']);
