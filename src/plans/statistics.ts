import { quoteIdent, quoteQualified, unquoteIdent } from '../base/quote.js';
import { lookupTable } from '../model/catalog.js';
import type { Table } from '../model/catalog.js';
import type { PlanFacts } from './facts.js';
import type { PlanTreeNode } from './tree.js';

/** The table that a node reads, where the database is known and has one of that name. */
export function tableOf(node: PlanTreeNode, facts: PlanFacts | null): Table | undefined {
  return facts && node.relation !== null ? lookupTable(facts.catalog, node.schema, node.relation) : undefined;
}

/** A table's name for SQL. */
export function sqlNameOf(node: PlanTreeNode, facts: PlanFacts | null): string {
  const table = tableOf(node, facts);
  if (table) return quoteQualified(table.schema, table.name);
  if (node.schema !== null) return quoteQualified(node.schema, node.relation ?? '');
  return quoteIdent(node.relation ?? '');
}

/** Columns that the node's conditions name, in the order in which they do; without the database any word that is no function and no keyword. Columns of other tables are left out. */
export function columnsIn(node: PlanTreeNode, facts: PlanFacts | null): readonly string[] {
  const text = ['Filter', 'Index Cond', 'Recheck Cond'].map((key) => String(node.details[key] ?? '')).join(' ');
  const bare = text.replaceAll(/'(?:[^']|'')*'(?:::[\w". ]+(?:\[\])?)?/g, '?').replaceAll(/::[a-z_ ]+/g, '');
  const table = tableOf(node, facts);
  const known = table?.columns.map((column) => column.name);
  const words = [...bare.matchAll(REFERENCE)].flatMap(([whole, first = '', second], position, all) => {
    const end = (all[position]?.index ?? 0) + whole.length;
    if (bare[end] === '(' || bare[end] === '.') return [];
    if (second === undefined) return [unquoteIdent(first)];
    return [node.alias, node.relation].includes(unquoteIdent(first)) ? [unquoteIdent(second)] : [];
  });
  const columns = words.filter((word) => (known ? known.includes(word) : !KEYWORDS.has(word.toUpperCase())));
  return [...new Set(columns)];
}

/** `column`, `alias.column`, quoted or not. */
const REFERENCE = /(?<![\w".$])("(?:[^"]|"")+"|[a-z_]\w*)(?:\.("(?:[^"]|"")+"|[a-z_]\w*))?/gi;

const KEYWORDS = new Set(
  'AND,OR,NOT,IS,NULL,ANY,ALL,TRUE,FALSE,DISTINCT,FROM,CASE,WHEN,THEN,ELSE,END,IN,LIKE,BETWEEN,ARRAY,ROW,COLLATE,SubPlan,InitPlan,hashed,alternatives'
    .toUpperCase()
    .split(','),
);

/** What mends a wrong estimate of a table's rows: fresh statistics, statistics on several columns, or finer ones. */
export function statisticsRemedy(node: PlanTreeNode, facts: PlanFacts | null): string {
  const name = sqlNameOf(node, facts);
  const table = tableOf(node, facts);
  if (table?.activity && table.activity.lastAnalyze === null)
    return `ANALYZE ${name}: it was never analysed since its counters began.`;
  if (table?.rowsEstimated === null) return `ANALYZE ${name}: it was never analysed.`;
  // Extended statistics are not made on the catalogs.
  if (node.relation?.startsWith('pg_') === true) return `ANALYZE ${name}.`;
  const columns = columnsIn(node, facts);
  if (columns.length > 1) {
    const list = columns.map(quoteIdent).join(', ');
    return (
      `ANALYZE ${name} first. If the estimate stays wrong the columns depend on each other: ` +
      `CREATE STATISTICS (dependencies, mcv) ON ${list} FROM ${name}, then ANALYZE again; keep it only if the plan changes and time falls.`
    );
  }
  const column = columns[0] === undefined ? '' : ` ALTER COLUMN ${quoteIdent(columns[0])} SET STATISTICS 1000`;
  return (
    `ANALYZE ${name} first.${column === '' ? '' : ` If the estimate stays wrong: ALTER TABLE ${name}${column}, then ANALYZE again.`} ` +
    'A condition on an expression is guessed until there is CREATE STATISTICS on the expression, or an index on it.'
  );
}
