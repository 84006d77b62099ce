import { WizardError } from '../../base/errors.js';
import { quoteIdent } from '../../base/quote.js';
import { sameRelation } from '../../model/catalog.js';
import type { Table } from '../../model/catalog.js';
import type { Session } from '../../postgres/session.js';
import { deparseExpression } from '../../sql/deparse.js';
import type { ParsedStatement } from '../../sql/parse.js';
import { columnPath } from '../../sql/scope.js';
import { bodyOf, isNode, list, names, textOf, typed, walk } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';
import { referred } from './links.js';
import { valuesOf } from './taken.js';
import type { FilledColumn, FilledTable } from './tables.js';
import { TIME_ZONES } from './zones.js';

/**
 * The tables with what each column's values do to the conditions that are about that column alone: its `passing` values meet the most of them that one value meets, in one statement or the other and in one time zone or the other.
 * Each of many conditions is met by itself now and then; a row that meets all of them is hardly ever drawn by chance.
 */
export async function withPassing(
  session: Session,
  filled: readonly FilledTable[],
  { statements, tables }: { readonly statements: readonly ParsedStatement[]; readonly tables: readonly Table[] },
): Promise<readonly FilledTable[]> {
  const conditions = statements.map(({ tree }) => conditionsOf(tree, tables));
  const asked: {
    readonly table: FilledTable;
    readonly column: FilledColumn;
    readonly conditions: readonly string[];
  }[] = [];
  for (const table of filled)
    for (const column of table.columns) {
      const own = conditions.flat().filter((one) => sameRelation(one.table, table) && one.column === column.name);
      if (own.length > 0) asked.push({ table, column, conditions: [...new Set(own.map(({ sql }) => sql))] });
    }
  if (asked.length === 0) return filled;
  await session.run(PASSES);
  const found = new Map<FilledColumn, readonly string[]>();
  for (const { table, column, conditions: texts } of asked) {
    const type =
      tables.find((one) => sameRelation(one, table))?.columns.find(({ name }) => name === column.name)?.type ?? 'text';
    const values = valuesOf(column);
    const answers: (readonly (readonly boolean[])[])[] = [];
    for (const zone of column.group === 'time' ? TIME_ZONES : TIME_ZONES.slice(0, 1)) {
      await session.run(`SET LOCAL timezone = '${zone}'`);
      const [answer] = await session.query<{ passes: boolean[][] }>(
        'SELECT pg_temp.wizard_passes($1::text[], $2::text, $3::text[]) AS passes',
        [values, type, texts],
      );
      answers.push(answer?.passes ?? []);
    }
    const each = answers.flatMap((passes) => conditions.map((ofStatement) => ({ passes, ofStatement })));
    const best = each.flatMap(({ passes, ofStatement }) => {
      const met = (value: number): number =>
        texts.filter(
          (text, i) =>
            passes[i]?.[value] === true &&
            ofStatement.some((one) => one.sql === text && sameRelation(one.table, table) && one.column === column.name),
        ).length;
      const counts = values.map((_, i) => met(i));
      const most = Math.max(0, ...counts);
      return most === 0 ? [] : values.filter((_, i) => counts[i] === most);
    });
    const passing = [...new Set(best)];
    if (passing.length < values.length) found.set(column, passing);
  }
  return filled.map((table) => ({
    ...table,
    columns: table.columns.map((column) => ({ ...column, passing: found.get(column) ?? [] })),
  }));
}

interface Condition {
  readonly table: Table;
  readonly column: string;
  /** A query of one row: whether the value of its only column meets the condition. */
  readonly sql: string;
}

/** The parts of conditions that name one column and nothing else that varies. */
function conditionsOf(tree: TreeNode, tables: readonly Table[]): readonly Condition[] {
  const found: Condition[] = [];
  const visit = (value: TreeValue, query: TreeNode): void => {
    if (Array.isArray(value)) return value.forEach((item: TreeValue) => visit(item, query));
    if (!isNode(value)) return;
    const node = typed(value);
    // Arms of a set operation are bare.
    const inner = node?.type === 'SelectStmt' ? node.body : 'targetList' in value || 'larg' in value ? value : query;
    for (const [name, item] of Object.entries(value)) {
      if (CONDITIONS.has(name) || (node === null && name === 'expr' && 'result' in value))
        for (const leaf of leavesOf(item)) {
          const condition = conditionOf(leaf, inner, tables);
          if (condition) found.push(condition);
        }
      visit(item, inner);
    }
  };
  visit(tree, tree);
  return found;
}

/** Where a condition of a query stands (parse tree). */
const CONDITIONS = new Set(['whereClause', 'quals', 'havingClause', 'agg_filter']);

/** Aggregates of which one row says little: a sum is seldom that of one, a count of more than one never. */
const OF_MANY = new Set(['sum', 'avg', 'count', 'stddev', 'variance', 'string_agg', 'array_agg']);

function leavesOf(value: TreeValue): readonly TreeNode[] {
  const body = bodyOf(value, 'BoolExpr');
  if (body && textOf(body, 'boolop') !== 'NOT_EXPR') return list(body, 'args').flatMap((item) => leavesOf(item));
  return isNode(value) ? [value] : [];
}

function conditionOf(leaf: TreeNode, query: TreeNode, tables: readonly Table[]): Condition | null {
  const nodes = [...walk(leaf)];
  if (nodes.some(({ type }) => type === 'SubLink' || type === 'ParamRef')) return null;
  if (nodes.some(({ type, body }) => type === 'FuncCall' && OF_MANY.has(names(list(body, 'funcname')).at(-1) ?? '')))
    return null;
  const paths = nodes.flatMap(({ type, body }) => (type === 'ColumnRef' ? [columnPath(body)] : []));
  const path = paths[0]?.path ?? [];
  const written = new Set(paths.map((one) => one.path.join('\n')));
  if (written.size !== 1 || path.length > 2 || paths.some(({ star }) => star)) return null;
  const places = referred({ value: leaf, query }, tables);
  const [table, column] = places[0] ?? [];
  if (!table || column === undefined) return null;
  const alias = path.length === 2 ? (path[0] ?? '') : 'wizard_row';
  const text = textFor(leaf);
  if (text === null) return null;
  return { table, column, sql: `SELECT ${text} FROM (SELECT w.v AS ${quoteIdent(column)}) AS ${quoteIdent(alias)}` };
}

/** Null for what can not be written back: such a condition only stays unasked. */
function textFor(leaf: TreeNode): string | null {
  try {
    return deparseExpression(leaf);
  } catch (thrown) {
    if (thrown instanceof WizardError) return null;
    throw thrown;
  }
}

/** One row of answers for each condition. A condition that fails on one of the values is asked for each by itself. */
const PASSES = `
CREATE FUNCTION pg_temp.wizard_passes(candidates text[], type text, conditions text[]) RETURNS jsonb LANGUAGE plpgsql AS $wizard$
DECLARE
  condition text;
  answers boolean[];
  one boolean;
  result jsonb := '[]';
BEGIN
  EXECUTE format('CREATE TEMP TABLE wizard_passing (v %s, n int)', type);
  FOR i IN 1 .. coalesce(array_length(candidates, 1), 0) LOOP
    EXECUTE format('INSERT INTO pg_temp.wizard_passing VALUES (%s, %s)', candidates[i], i);
  END LOOP;
  FOREACH condition IN ARRAY conditions LOOP
    BEGIN
      EXECUTE format('SELECT array_agg(coalesce((%s), false) ORDER BY w.n) FROM pg_temp.wizard_passing AS w', condition) INTO answers;
    EXCEPTION WHEN OTHERS THEN
      answers := '{}';
      FOR i IN 1 .. coalesce(array_length(candidates, 1), 0) LOOP
        BEGIN
          EXECUTE format('SELECT coalesce((%s), false) FROM pg_temp.wizard_passing AS w WHERE w.n = %s', condition, i) INTO one;
        EXCEPTION WHEN OTHERS THEN
          one := false;
        END;
        answers := answers || one;
      END LOOP;
    END;
    result := result || jsonb_build_array(to_jsonb(answers));
  END LOOP;
  DROP TABLE pg_temp.wizard_passing;
  RETURN result;
END $wizard$`;
