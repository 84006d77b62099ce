import { columnPath } from '../../sql/scope.js';
import { bodyOf, field, isNode, list, names, numberOf, textOf, typed } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';

/** A constant as a statement writes it. */
export interface Constant {
  readonly kind: 'number' | 'string' | 'interval';
  readonly text: string;
}

/** What the statements themselves say about values that matter. */
export interface Constants {
  /** Those that stand in one comparison with a column of that name. */
  readonly byColumn: ReadonlyMap<string, readonly Constant[]>;
  readonly all: readonly Constant[];
  /** The largest whole number up to 12 in HAVING, LIMIT, OFFSET or beside count() or a computed column: as many rows, and one more, are worth making. 0 where there is none. */
  readonly rows: number;
  /** All such numbers from 2 to 2000, each once. */
  readonly counts: readonly number[];
  /** Whether it asks for the time of the transaction. */
  readonly now: boolean;
}

/** Reads the constants of statements, bound parameters included. `isStored` tells names of columns from names that a query gives to what it computes. */
export function constantsOf(trees: readonly TreeNode[], isStored: (name: string) => boolean): Constants {
  const reader = new Reader(isStored);
  for (const tree of trees) reader.visit(tree);
  const { now } = reader;
  const byColumn = reader.withSources();
  const counts = [...new Set(reader.counts)].filter((one) => one >= 2 && one <= MOST_BULK).toSorted((a, b) => a - b);
  return {
    byColumn,
    all: unique(reader.all),
    rows: counts.findLast((one) => one <= MOST_ROWS) ?? reader.one,
    counts,
    now,
  };
}

/** Counts up to here are made row by row. */
const MOST_ROWS = 12;
/** Counts up to here are made by one statement: 2000 rows take some milliseconds. */
const MOST_BULK = 2000;

class Reader {
  private readonly byColumn = new Map<string, readonly Constant[]>();
  /** Names that a query gives to sums and calculations, with the columns these are made of. */
  private readonly computed: { readonly name: string; readonly columns: ReadonlySet<string> }[] = [];
  readonly all: Constant[] = [];
  readonly counts: number[] = [];
  now = false;

  constructor(private readonly isStored: (name: string) => boolean) {}

  /** 1 where a 1 is counted to, and nothing beyond it. */
  get one(): number {
    return this.counts.includes(1) ? 1 : 0;
  }

  /** The constants by column; what is compared with a computed name, `sum(weight) AS total`, is compared with what it is computed of, too. */
  withSources(): ReadonlyMap<string, readonly Constant[]> {
    const all = new Map(this.byColumn);
    for (const { name, columns } of this.computed) {
      const constants = this.isStored(name) ? [] : (this.byColumn.get(name) ?? []);
      if (constants.length === 0) continue;
      for (const column of columns) all.set(column, unique([...(all.get(column) ?? []), ...constants]));
    }
    return all;
  }

  visit(value: TreeValue): void {
    if (Array.isArray(value)) {
      for (const item of value as readonly TreeValue[]) this.visit(item);
      return;
    }
    if (!isNode(value)) return;
    const node = typed(value);
    if (node && COMPARING.has(node.type)) this.relate(value);
    if (node?.type === 'ResTarget') this.compute(node.body);
    if (node?.type === 'SQLValueFunction') this.now = true;
    if (node?.type === 'FuncCall' && TIME.test(names(list(node.body, 'funcname')).at(-1) ?? '')) this.now = true;
    for (const [name, item] of Object.entries(value)) {
      if (name === 'havingClause' || name === 'limitCount' || name === 'limitOffset') this.count(item);
      this.visit(item);
    }
  }

  private compute(target: TreeNode): void {
    const name = textOf(target, 'name');
    const columns = new Set<string>();
    gather(summedIn(target['val']), columns, []);
    if (name !== null && columns.size > 0) this.computed.push({ name, columns });
  }

  private relate(value: TreeNode): void {
    const columns = new Set<string>();
    const constants: Constant[] = [];
    gather(value, columns, constants);
    this.all.push(...constants);
    for (const column of columns) {
      this.byColumn.set(column, unique([...(this.byColumn.get(column) ?? []), ...constants]));
    }
    const stored = [...columns].some((column) => this.isStored(column));
    if (!stored || JSON.stringify(value).includes('"agg_star"')) this.count(value);
  }

  private count(value: TreeValue): void {
    const constants: Constant[] = [];
    gather(value, new Set(), constants);
    for (const { kind, text } of constants) if (kind === 'number' && /^\d+$/.test(text)) this.counts.push(Number(text));
  }
}

/** What of a value is as large as the columns in it: the arguments of sums and the operands of a calculation, not what is counted or what orders a window. */
function summedIn(value: TreeValue): TreeValue {
  const node = typed(value);
  if (node?.type === 'FuncCall')
    return SIZED.has(names(list(node.body, 'funcname')).at(-1) ?? '') ? list(node.body, 'args') : [];
  if (node?.type === 'A_Expr') return [summedIn(node.body['lexpr']), summedIn(node.body['rexpr'])];
  return node?.type === 'ColumnRef' ? value : [];
}
const SIZED = new Set(['sum', 'avg', 'min', 'max', 'abs']);

/** Nodes in which a constant and a column have to do with each other. */
const COMPARING = new Set(['A_Expr', 'CaseExpr', 'CoalesceExpr', 'MinMaxExpr', 'FuncCall', 'SubLink', 'NullTest']);
const TIME = /^(now|transaction_timestamp|statement_timestamp|current_.*|local.*)$/;

function gather(value: TreeValue, columns: Set<string>, constants: Constant[]): void {
  if (Array.isArray(value)) {
    for (const item of value as readonly TreeValue[]) gather(item, columns, constants);
    return;
  }
  if (!isNode(value)) return;
  const node = typed(value);
  if (node?.type === 'ColumnRef') {
    const name = columnPath(node.body).path.at(-1);
    if (name !== undefined) columns.add(name);
    return;
  }
  if (node?.type === 'A_Const') {
    const constant = constantOf(node.body);
    if (constant) constants.push(constant);
    return;
  }
  if (node?.type === 'TypeCast') {
    const target = names(list(field(node.body, 'typeName') ?? {}, 'names')).at(-1);
    const inner = bodyOf(node.body['arg'], 'A_Const');
    const text = inner && target === 'interval' ? constantOf(inner)?.text : undefined;
    if (text !== undefined) constants.push({ kind: 'interval', text });
    else gather(node.body['arg'], columns, constants);
    return;
  }
  if (node?.type === 'SelectStmt') return;
  for (const item of Object.values(value)) gather(item, columns, constants);
}

function constantOf(body: TreeNode): Constant | null {
  const whole = field(body, 'ival');
  if (whole) return { kind: 'number', text: String(numberOf(whole, 'ival') ?? 0) };
  const decimal = field(body, 'fval');
  if (decimal) return { kind: 'number', text: textOf(decimal, 'fval') ?? '0' };
  const string = field(body, 'sval');
  return string ? { kind: 'string', text: textOf(string, 'sval') ?? '' } : null;
}

function unique(constants: readonly Constant[]): readonly Constant[] {
  return [...new Map(constants.map((one) => [`${one.kind} ${one.text}`, one])).values()];
}
