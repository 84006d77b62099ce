import type { PlanTreeNode } from './tree.js';

/** A node as EXPLAIN names it: `Parallel Hash Left Join`, `Index Scan Backward by i on orders o`, `Custom Scan (Citus Adaptive)`. */
export function labelOf(node: PlanTreeNode): string {
  const on = node.relation === null ? '' : ` on ${placeOf(node)}`;
  const by = node.index === null ? '' : node.type === 'Bitmap Index Scan' ? ` on ${node.index}` : ` by ${node.index}`;
  const parts = [
    node.asyncCapable && 'Async',
    node.parallelAware && 'Parallel',
    node.partialMode,
    kindOf(node),
    node.backward && 'Backward',
  ];
  return `${parts.filter((part) => typeof part === 'string').join(' ')}${by}${on}`;
}

function placeOf({ relation, alias, schema }: PlanTreeNode): string {
  const name = schema === null ? String(relation) : `${schema}.${String(relation)}`;
  return alias === null || alias === relation ? name : `${name} ${alias}`;
}

function kindOf({ type, strategy, joinType, operation, details }: PlanTreeNode): string {
  const provider = details['Custom Plan Provider'];
  if (type === 'Custom Scan' && provider !== undefined) return `${type} (${String(provider)})`;
  if (type === 'Aggregate' && strategy !== null && strategy !== 'Plain')
    return { Sorted: 'GroupAggregate', Hashed: 'HashAggregate', Mixed: 'MixedAggregate' }[strategy] ?? type;
  if (type === 'ModifyTable') return operation ?? type;
  if (type === 'SetOp') return `${strategy === 'Hashed' ? 'Hash' : ''}SetOp ${operation ?? ''}`.trim();
  if (joinType === null || joinType === 'Inner') return type;
  return type === 'Nested Loop' ? `Nested Loop ${joinType} Join` : type.replace(/ Join$/, ` ${joinType} Join`);
}
