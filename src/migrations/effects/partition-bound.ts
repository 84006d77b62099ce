import { quoteIdent } from '../../base/quote.js';
import { deparseExpression } from '../../sql/deparse.js';
import { bodyOf, field, list, names, textOf, treeText } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';
import { parseStatement } from '../../sql/parse.js';
import { columnKey, constraintsOf, keyOf, tableOf } from '../context.js';
import type { MigrationContext } from '../context.js';
import type { AlterCommand } from '../operation.js';
import type { Relation } from '../relation.js';

/**
 * The condition which rows of a partition must meet, as SQL, for LIST and RANGE by columns; null where it is not known: a parent that neither the file made nor a catalog has, hash, expressions, DEFAULT.
 * A valid CHECK of it, or of more, spares ATTACH PARTITION the scan (`PartConstraintImpliedByRelConstraint`).
 */
export function partitionCondition(parent: Relation, command: AlterCommand, context: MigrationContext): string | null {
  const made = context.state.partitionKeys.get(keyOf(context, parent));
  const key = made ?? tableOf(context, parent)?.partitionKey ?? [];
  const [column] = key;
  const bound = field(field(field(command.body, 'def') ?? {}, 'PartitionCmd') ?? {}, 'bound');
  if (column === undefined || !bound || bound['is_default'] === true) return null;
  if (textOf(bound, 'strategy') === 'r') return rangeCondition(key.map(quoteIdent), bound);
  if (textOf(bound, 'strategy') !== 'l') return null;
  const name = quoteIdent(column);
  const values = list(bound, 'listdatums').map(constant);
  if (values.includes(null)) return null;
  const given = values.filter((value) => value !== 'NULL');
  const isOne = `${name} IN (${given.join(', ')})`;
  if (given.length === values.length) return `${name} IS NOT NULL AND ${isOne}`;
  return given.length === 0 ? `${name} IS NULL` : `${name} IS NULL OR ${isOne}`;
}

/** As PostgreSQL writes it (`get_qual_for_range`): what both bounds begin with is equal; from there on, a row is compared column by column. */
function rangeCondition(columns: readonly string[], bound: TreeNode): string | null {
  const [low, high] = [list(bound, 'lowerdatums').map(boundOf), list(bound, 'upperdatums').map(boundOf)];
  // An expression of the key is not among the columns.
  if (low.length !== columns.length || high.length !== columns.length) return null;
  if ([...low, ...high].includes(null)) return null;
  const differs = columns.findIndex((_, i) => low[i] !== high[i] || UNBOUNDED.test(low[i] ?? ''));
  const same = differs < 0 ? columns.length : differs;
  const parts = [
    ...columns.map((name) => `${name} IS NOT NULL`),
    ...columns.slice(0, same).map((name, i) => `${name} = ${low[i]}`),
    beyond(columns.slice(same), low.slice(same), { last: '>=', to: 'minvalue', inside: '>=', past: '>' }),
    beyond(columns.slice(same), high.slice(same), { last: '<', to: 'maxvalue', inside: '<=', past: '<' }),
  ];
  return parts.filter((part) => part !== '').join(' AND ');
}

/** How a column is compared: the last one, one before a value that all rows are on the right side of (`to`), any other. */
interface Comparison {
  readonly last: string;
  readonly to: string;
  readonly inside: string;
  readonly past: string;
}

/** Rows on one side of a bound; empty where that is all of them. */
function beyond(columns: readonly string[], values: readonly (string | null)[], by: Comparison): string {
  const terms: string[] = [];
  for (const [i, name] of columns.entries()) {
    const [value, next] = [values[i] ?? '', values[i + 1] ?? null];
    if (UNBOUNDED.test(value)) break;
    const operator = next === null ? by.last : next === by.to ? by.inside : by.past;
    const equal = columns.slice(0, i).map((one, k) => `${one} = ${values[k]}`);
    terms.push([...equal, `${name} ${operator} ${value}`].join(' AND '));
  }
  return terms.length > 1
    ? `(${terms.map((term) => (term.includes(' AND ') ? `(${term})` : term)).join(' OR ')})`
    : (terms[0] ?? '');
}

const UNBOUNDED = /^(?:minvalue|maxvalue)$/;

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

/** `minvalue` and `maxvalue` for themselves; null for what can not be written. */
function boundOf(value: TreeValue): string | null {
  const reference = bodyOf(value, 'ColumnRef');
  if (!reference) return constant(value);
  const word = names(list(reference, 'fields')).join('.');
  return UNBOUNDED.test(word) ? word : null;
}

function constant(value: TreeValue): string | null {
  if (!bodyOf(value, 'A_Const') && !bodyOf(value, 'TypeCast')) return null;
  try {
    return deparseExpression(value as TreeNode);
  } catch {
    return null;
  }
}
