import { quoteIdent } from '../../../base/quote.js';
import { deparseExpression, deparseGuarded } from '../../../sql/deparse.js';
import { bodiesOf, bodyOf, field, list, names, textOf, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { inBatches, PACE } from '../../backfill.js';
import { tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { volatilityOf } from '../../effects/defaults.js';
import { inverseOf } from '../../inverse.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'data/update-whole-table',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`UPDATE` without WHERE.',
    why: 'Every row stays locked until the last one is done, the table doubles in size, and standbys have to take all of its WAL at once.',
    limits:
      'Batches are made where doing a row twice comes to the same: no set column is read, nothing is volatile, no FROM, no subquery, no RETURNING. Others see the batches one by one. Not for partitioned tables.',
    sources: ['PostgreSQL manual, "Routine Vacuuming", section "Recovering Disk Space"'],
  },
  match({ type, relation, body }) {
    if (type !== 'UpdateStmt' || !relation || field(body, 'whereClause')) return null;
    return {
      subject: relation,
      says: `UPDATE of all of ${shown(relation)} keeps every row locked until the last one is done`,
    };
  },
  safe(operation, context) {
    const { type, relation, body } = operation;
    if (type !== 'UpdateStmt' || !relation || !isRepeatable(body) || tableOf(context, relation)?.kind === 'p')
      return null;
    const back = inverseOf(operation, context);
    return {
      differs: `rows of ${shown(relation)} change in batches: others see some done and some not`,
      up: [
        {
          sql: [
            inBatches({ relation, statement: deparseGuarded({ UpdateStmt: body }), where: undone(body), quiet: false }),
          ],
          down: 'sql' in back ? back.sql : null,
          commits: true,
          note: `In batches. May be run again: it does the same again. ${PACE}`,
        },
      ],
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'UPDATE book SET pages = id + 1;',
  },
});

/** Rows that do not have their values yet. */
function undone(body: TreeNode): string {
  return bodiesOf(list(body, 'targetList'), 'ResTarget')
    .map(
      (target) =>
        `${quoteIdent(textOf(target, 'name') ?? '')} IS DISTINCT FROM (${deparseExpression(target['val'] as TreeNode)})`,
    )
    .join(' OR ');
}

function isRepeatable(body: TreeNode): boolean {
  if (['fromClause', 'returningList'].some((name) => list(body, name).length > 0) || field(body, 'withClause'))
    return false;
  if (field(body, 'returningClause') || bodyOf(body['relation'], 'alias')) return false;
  const targets = bodiesOf(list(body, 'targetList'), 'ResTarget');
  const set = new Set(targets.map((target) => textOf(target, 'name') ?? ''));
  return targets.every((target) => {
    if (volatilityOf(target['val'], null) !== 'not' || list(target, 'indirection').length > 0) return false;
    return [...walk(target['val'])].every(({ type, body: node }) => {
      if (type === 'SubLink' || type === 'SetToDefault' || type === 'MultiAssignRef') return false;
      return type !== 'ColumnRef' || !set.has(names(list(node, 'fields')).at(-1) ?? '');
    });
  });
}
