import type { ParsedStatement } from './parse.js';
import { Scope } from './scope.js';
import type { Collected, Draft } from './scope.js';
import { analyseStatement } from './selects.js';
import { walk } from './tree.js';
import type { ColumnsOf, RelationUse, StatementUses } from './use-types.js';

/**
 * Reads off a statement's tree how it uses each relation: conditions, orders, columns needed and written, and where its parameters stand.
 * Columns without an alias are found through `columnsOf`; conditions outside of a subquery on a column that it passes on are noted at the base relation. Views are relations like others.
 * A condition inside OR carries its `branch`. Utility statements give nothing.
 */
export function statementUses(statement: ParsedStatement, columnsOf: ColumnsOf): StatementUses {
  const collected: Collected = { columnsOf, drafts: [], parameters: [], mentions: mentions(statement), nextGroup: 0 };
  analyseStatement(collected, statement, new Scope(null, false));
  const parameters = collected.parameters.toSorted((a, b) => a.number - b.number);
  return { relations: collected.drafts.map(toUse), parameters };
}

function toUse(draft: Draft): RelationUse {
  return {
    id: draft.id,
    schema: draft.schema,
    name: draft.name,
    alias: draft.alias,
    level: draft.level,
    role: draft.role,
    predicates: draft.predicates,
    sorts: draft.sorts,
    needed: [...draft.needed],
    star: draft.star,
    written: [...draft.written],
    set: [...draft.set],
    deletes: draft.deletes,
  };
}

function mentions(statement: ParsedStatement): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const node of walk(statement.tree)) {
    const name = node.type === 'RangeVar' && node.body['schemaname'] === undefined ? node.body['relname'] : null;
    if (typeof name === 'string') counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
