import { parsedShape } from '../logs/shape.js';
import { withoutConstants } from '../logs/lex.js';
import { columnPath } from '../sql/scope.js';
import { textOffsets } from '../sql/constants.js';
import { isTransactionControl, statementKind, writes } from '../sql/kind.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodiesOf, bodyOf, columnName, commonTables, field, list, names, numberOf, textOf, walk } from '../sql/tree.js';
import type { TreeNode, TreeValue, TypedNode } from '../sql/tree.js';
import { NO_TOTALS } from './totals.js';
import type { ShapeTotals, ToldShape } from './totals.js';

/** Where a value of a statement is found in its executions: a parameter's number, or a constant's place among those of the text. */
export type ValuePlace =
  | { readonly kind: 'parameter'; readonly number: number }
  | { readonly kind: 'literal'; readonly at: number };

/** A column that takes a value: compared by `=`, or inserted. */
export interface ValuedColumn {
  readonly column: string;
  readonly place: ValuePlace;
}

/** A condition `column = value` that holds for all rows of a query. */
export interface Lookup extends ValuedColumn {
  /** The column as it is written: `['t', 'id']`. */
  readonly path: readonly string[];
}

/** What a profile has to know of a statement shape, read off its tree once. */
export interface ShapeFacts {
  /** Tells shapes apart in one profile. */
  readonly id: number;
  readonly shape: ToldShape;
  /** Noughts until the log has ended. */
  totals: ShapeTotals;
  /** Constants replaced, comments left out. */
  readonly text: string;
  readonly parsed: ParsedStatement | null;
  readonly kind: 'begin' | 'end' | 'read' | 'write' | 'other';
  /** Whether the text has `$1`. */
  readonly numbered: boolean;
  /** Tables, in the order of the text, as they are named there. */
  readonly tables: readonly string[];
  /** Columns that it names anywhere. */
  readonly columns: ReadonlySet<string>;
  /** What a modification changes. */
  readonly target: string | null;
  /** Whether it takes row locks: a modification, or SELECT ... FOR. */
  readonly locks: boolean;
  /** Of the outermost query. */
  readonly lookups: readonly Lookup[];
  /** The lookups where there is no more than one table. */
  readonly equalities: readonly Lookup[];
  /** Columns of the only row that an INSERT adds. */
  readonly inserted: readonly ValuedColumn[];
  readonly conflictHandled: boolean;
  /** The outermost SELECT, where it is one without set operation. */
  readonly select: TreeNode | null;
  readonly offset: ValuePlace | null;
}

/** Needs `loadParser()`. A text that can not be parsed has `kind` `other`. */
export function shapeFacts(shape: ToldShape, id: number): ShapeFacts {
  const found = parsedShape(shape);
  const parsed = 'reason' in found ? null : found;
  const type = parsed?.type ?? null;
  const body = parsed?.body ?? {};
  const relation = field(body, 'relation');
  const kind = parsed ? kindOf(parsed) : 'other';
  const nodes = parsed ? walk(parsed.tree) : [];
  const tables = parsed ? tablesOf(parsed, nodes) : [];
  const offset = textOffsets(shape.text);
  const place = (value: TreeValue): ValuePlace | null => placeOf(shape, value, offset);
  const lookups = lookupsIn(body['whereClause'], place);
  // One literal for all of them: what every execution looks at is then found at one place.
  const text = withoutConstants(shape.text, shape.lexed);
  return {
    id,
    shape,
    totals: NO_TOTALS,
    text,
    parsed,
    kind,
    numbered: /\$\d/.test(text),
    tables,
    columns: new Set(
      nodes.flatMap(({ type, body }) => (type === 'ColumnRef' ? (columnName({ ColumnRef: body }) ?? []) : [])),
    ),
    target: kind === 'write' && relation && type !== 'SelectStmt' ? relationName(relation) : null,
    locks: parsed !== null && (kind === 'read' || kind === 'write') && writes(parsed),
    lookups,
    equalities: tables.length === 1 ? lookups : [],
    inserted: type === 'InsertStmt' ? insertedRow(body, place) : [],
    conflictHandled: field(body, 'onConflictClause') !== null,
    select: type === 'SelectStmt' && (body['op'] ?? 'SETOP_NONE') === 'SETOP_NONE' ? body : null,
    offset: place(body['limitOffset']),
  };
}

function kindOf(parsed: ParsedStatement): ShapeFacts['kind'] {
  if (isTransactionControl(parsed)) {
    const kind = textOf(parsed.body, 'kind') ?? 'TRANS_STMT_BEGIN';
    if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') return 'begin';
    return /COMMIT|ROLLBACK$|PREPARE$/.test(kind) ? 'end' : 'other';
  }
  const kind = statementKind(parsed);
  if (kind === 'select') return 'read';
  return kind === 'other' ? 'other' : 'write';
}

function tablesOf(parsed: ParsedStatement, nodes: readonly TypedNode[]): readonly string[] {
  const common = commonTables(nodes);
  const into = field(parsed.body, 'relation');
  const relations = nodes.filter((node) => node.type === 'RangeVar').map((node) => node.body);
  const all = into && parsed.type !== 'SelectStmt' ? [into, ...relations] : relations;
  const named = all.map((body) => relationName(body)).filter((name) => !common.has(name));
  return [...new Set(named)];
}

function relationName(body: TreeNode): string {
  const schema = textOf(body, 'schemaname');
  const name = textOf(body, 'relname') ?? '';
  return schema === null ? name : `${schema}.${name}`;
}

/** A column as it is written; empty for all else. */
export function columnPathOf(value: TreeValue): readonly string[] {
  const { path, star } = columnPath(bodyOf(value, 'ColumnRef') ?? {});
  return star ? [] : path;
}

/** `a = 1 AND b = $2`; conditions of another form are passed over. */
function lookupsIn(value: TreeValue, place: (value: TreeValue) => ValuePlace | null): readonly Lookup[] {
  const and = bodyOf(value, 'BoolExpr');
  if (and) return and['boolop'] === 'AND_EXPR' ? list(and, 'args').flatMap((arg) => lookupsIn(arg, place)) : [];
  const compared = bodyOf(value, 'A_Expr');
  if (!compared || compared['kind'] !== 'AEXPR_OP' || names(list(compared, 'name')).at(-1) !== '=') return [];
  const sides = [compared['lexpr'], compared['rexpr']];
  const path = sides.map(columnPathOf).find((one) => one.length > 0) ?? [];
  const [column, given] = [path.at(-1), sides.map(place).find((one) => one !== null) ?? null];
  return column === undefined || given === null ? [] : [{ column, path, place: given }];
}

function insertedRow(body: TreeNode, place: (value: TreeValue) => ValuePlace | null): readonly ValuedColumn[] {
  const rows = list(bodyOf(body['selectStmt'], 'SelectStmt') ?? {}, 'valuesLists');
  const cells = rows.length === 1 ? list(bodyOf(rows[0], 'List') ?? {}, 'items') : [];
  const columns = bodiesOf(list(body, 'cols'), 'ResTarget').map((target) => textOf(target, 'name'));
  return cells.flatMap((cell, i) => {
    const [column, given] = [columns[i] ?? null, place(cell)];
    return column === null || given === null ? [] : [{ column, place: given }];
  });
}

/** A constant or a parameter, casts around it left aside. */
function placeOf(shape: ToldShape, value: TreeValue, offset: (byte: number) => number): ValuePlace | null {
  const cast = bodyOf(value, 'TypeCast');
  if (cast) return placeOf(shape, cast['arg'], offset);
  const parameter = bodyOf(value, 'ParamRef');
  if (parameter) return { kind: 'parameter', number: numberOf(parameter, 'number') ?? 0 };
  const constant = bodyOf(value, 'A_Const');
  if (!constant) return null;
  const start = offset(numberOf(constant, 'location') ?? 0);
  const at = shape.lexed.literals.findIndex((literal) => literal.start === start);
  return at === -1 ? null : { kind: 'literal', at };
}
