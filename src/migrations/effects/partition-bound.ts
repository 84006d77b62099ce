import { quoteIdent } from '../../base/quote.js';
import { deparseExpression } from '../../sql/deparse.js';
import { bodyOf, field, list, names, textOf, treeText } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';
import { parseStatement } from '../../sql/parse.js';
import { columnKey, constraintsOf, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import type { AlterCommand } from '../operation.js';
import type { Relation } from '../relation.js';

/**
 * The condition which rows of a partition must meet, as SQL, for LIST and RANGE by one column; null where it is not known: no catalog, hash, expressions,
 * several columns, DEFAULT. A valid CHECK of it, or of more, spares ATTACH PARTITION the scan (`PartConstraintImpliedByRelConstraint`).
 */
export function partitionCondition(parent: Relation, command: AlterCommand, context: MigrationContext): string | null {
  const key = tableOf(context, parent)?.partitionKey ?? [];
  const [column, ...others] = key;
  const bound = field(field(field(command.body, 'def') ?? {}, 'PartitionCmd') ?? {}, 'bound');
  if (column === undefined || others.length > 0 || !bound || bound['is_default'] === true) return null;
  const name = quoteIdent(column);
  if (textOf(bound, 'strategy') === 'r') {
    const [low] = list(bound, 'lowerdatums');
    const [high] = list(bound, 'upperdatums');
    const parts = [side(name, '>=', low), side(name, '<', high)];
    if (parts.includes(null)) return null;
    return [`${name} IS NOT NULL`, ...parts.filter((part) => part !== '')].join(' AND ');
  }
  if (textOf(bound, 'strategy') !== 'l') return null;
  const values = list(bound, 'listdatums').map(constant);
  if (values.includes(null) || values.includes('NULL')) return null;
  return `${name} IS NOT NULL AND ${name} IN (${values.join(', ')})`;
}

/** Whether the table has a validated CHECK of exactly this condition, in the file or in the catalog. */
export function hasValidCheck(context: MigrationContext, relation: Relation, condition: string): boolean {
  const text = conditionText(condition);
  const prefix = columnKey(context, relation, '');
  for (const [key, check] of context.state.checks)
    if (key.startsWith(prefix) && check.valid && check.condition === text) return true;
  return constraintsOf(context, relation).some(
    ({ kind, validated, definition }) =>
      kind === 'check' && validated && conditionText(definition.replace(/^CHECK \(/, '(')) === text,
  );
}

/** A condition without positions, for comparison. */
export function conditionText(condition: string): string {
  try {
    const target = list(bodyOf(parseStatement(`SELECT ${condition}`).tree, 'SelectStmt') ?? {}, 'targetList')[0];
    return treeText(bodyOf(target, 'ResTarget')?.['val']);
  } catch {
    return condition;
  }
}

/** Empty for MINVALUE and MAXVALUE; null for what can not be written. */
function side(name: string, operator: string, value: TreeValue): string | null {
  const reference = bodyOf(value, 'ColumnRef');
  if (reference) return /^(?:minvalue|maxvalue)$/.test(names(list(reference, 'fields')).join('.')) ? '' : null;
  const text = constant(value);
  return text === null ? null : `${name} ${operator} ${text}`;
}

function constant(value: TreeValue): string | null {
  if (!bodyOf(value, 'A_Const') && !bodyOf(value, 'TypeCast')) return null;
  try {
    return deparseExpression(value as TreeNode);
  } catch {
    return null;
  }
}
