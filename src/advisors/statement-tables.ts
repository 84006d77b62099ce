import type { RelationName } from '../model/catalog.js';
import type { WorkloadStatement } from '../model/workload.js';
import { tryParseStatement } from '../sql/parse.js';
import { field, list, names, textOf, walk, type TreeNode } from '../sql/tree.js';

/** A statement by the names it holds; needs `loadParser()`. */
export interface StatementTables {
  readonly statement: WorkloadStatement;
  /** Whether the statement names the table; without a schema in the text, the name alone decides. */
  readonly mentions: (table: RelationName) => boolean;
  /** Whether one of its DELETEs (in a WITH, too) aims at the table. */
  readonly deletesFrom: (table: RelationName) => boolean;
  /** Whether one of its UPDATEs aims at the table and sets one of the columns. */
  readonly updates: (table: RelationName, columns: readonly string[]) => boolean;
  /** Column names inside its conditions: operators, BETWEEN, IN, IS NULL, USING lists. Not resolved to tables. */
  readonly comparedColumns: ReadonlySet<string>;
}

/** Reads the names out of each statement; one that can not be parsed is left out. */
export function statementTables(statements: readonly WorkloadStatement[]): readonly StatementTables[] {
  return statements.flatMap((statement) => {
    const parsed = tryParseStatement(statement.sql);
    if (!parsed) return [];
    const nodes = [...walk(parsed.tree)];
    const bodies = (type: string): readonly TreeNode[] => nodes.filter((node) => node.type === type).map((node) => node.body);
    const read = bodies('RangeVar');
    const deletes = bodies('DeleteStmt').map((body) => field(body, 'relation'));
    const updates = bodies('UpdateStmt');
    const targets = [...updates, ...bodies('DeleteStmt'), ...bodies('InsertStmt')].map((body) => field(body, 'relation'));
    return [
      {
        statement,
        mentions: (table) => [...read, ...targets].some((range) => isTable(range, table)),
        deletesFrom: (table) => deletes.some((range) => isTable(range, table)),
        updates: (table, columns) =>
          updates.some((body) => isTable(field(body, 'relation'), table) && columns.some((one) => setColumns(body).has(one))),
        comparedColumns: new Set([...bodies('A_Expr'), ...bodies('NullTest'), ...bodies('JoinExpr')].flatMap(columnsIn)),
      },
    ];
  });
}

function isTable(range: TreeNode | null, table: RelationName): boolean {
  if (range === null || textOf(range, 'relname') !== table.name) return false;
  const schema = textOf(range, 'schemaname');
  return schema === null || schema === table.schema;
}

function setColumns(update: TreeNode): ReadonlySet<string> {
  const targets = list(update, 'targetList').flatMap((target) => [...walk(target)]);
  return new Set(targets.filter((node) => node.type === 'ResTarget').flatMap((node) => textOf(node.body, 'name') ?? []));
}

function columnsIn(condition: TreeNode): readonly string[] {
  const references = [...walk(condition)].filter((node) => node.type === 'ColumnRef');
  const compared = references.flatMap((node) => names(list(node.body, 'fields')).at(-1) ?? []);
  return [...compared, ...names(list(condition, 'usingClause'))];
}
