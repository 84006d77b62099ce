import type { Schema, SchemaEntry } from '../../model/schema.js';
import { entryId } from '../../model/schema.js';
import { tryParseStatement } from '../../sql/parse.js';
import { bodyOf, field, list, mapTree, names, textOf, treeText } from '../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../sql/tree.js';

/**
 * The second schema with the first one's text of views that differ only in how the server prints columns: before 16 a view of one relation reads `t.id`, from 16 on `id`
 * (`get_query_def` of `ruleutils.c`). Needs `loadParser()`.
 */
export function withTextsOf(first: Schema, second: Schema): Schema {
  const views = new Map(first.entries.filter(isView).map((entry) => [entryId(entry), entry.statements]));
  const entries = second.entries.map((entry) => {
    const texts = isView(entry) ? views.get(entryId(entry)) : undefined;
    return texts && areSame(texts, entry.statements) ? { ...entry, statements: texts } : entry;
  });
  return { ...second, entries };
}

function isView({ kind }: SchemaEntry): boolean {
  return kind === 'view' || kind === 'view query' || kind === 'materialized view';
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i] || formOf(text) === formOf(b[i] ?? ''));
}

function formOf(sql: string): string {
  const parsed = tryParseStatement(sql);
  if (!parsed) return sql;
  const select = bodyOf(parsed.body['query'], 'SelectStmt');
  if (!select) return treeText(parsed.tree);
  return treeText({ [parsed.type]: { ...parsed.body, query: { SelectStmt: bareColumns(select) } } });
}

/** Columns of the one relation in FROM without its name, outside of subqueries, which are printed with names by all. */
function bareColumns(select: TreeNode): TreeNode {
  const from = list(select, 'fromClause');
  const source = from.length === 1 ? nameOf(from[0]) : null;
  if (source === null) return select;
  const bare = (value: TreeValue, kept: ReadonlySet<string>): TreeValue =>
    mapTree(value, ({ type, body }) => {
      if (type === 'SelectStmt') return { SelectStmt: body };
      const path = type === 'ColumnRef' ? names(list(body, 'fields')) : [];
      const [table, column] = path;
      const isOfSource = path.length === 2 && list(body, 'fields').length === 2 && table === source;
      return isOfSource && column !== undefined && !kept.has(column)
        ? { ColumnRef: { fields: [{ String: { sval: column } }] } }
        : null;
    });
  // A bare name in ORDER BY is a column of the result where there is one.
  const labels = new Set(
    list(select, 'targetList').flatMap((target) => textOf(bodyOf(target, 'ResTarget') ?? {}, 'name') ?? []),
  );
  return Object.fromEntries(
    Object.entries(select).map(([name, value]) => [name, bare(value, name === 'sortClause' ? labels : new Set())]),
  );
}

/** What columns of a FROM item are named by; null for joins and functions. */
function nameOf(item: TreeValue | undefined): string | null {
  const body = bodyOf(item ?? null, 'RangeVar') ?? bodyOf(item ?? null, 'RangeSubselect');
  if (!body) return null;
  return textOf(field(body, 'alias') ?? {}, 'aliasname') ?? textOf(body, 'relname');
}
