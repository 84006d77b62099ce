import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { indexesOf } from '../../../model/catalog.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import type { PlanFacts } from '../../facts.js';
import { labelOf } from '../../label.js';
import { columnsIn, sqlNameOf, tableOf } from '../../statistics.js';
import type { PlanTreeNode } from '../../tree.js';
import { words } from '../../view.js';

export default definePlanFinding({
  id: 'scan/rows-discarded',
  severity: 'warning',
  needs: ['run'],
  docs: {
    what: 'A scan whose filter threw away 10,000 rows or more, 9 times as many as it kept or more.',
    why: 'Every row thrown away was read for nothing: an index on the condition would have found those that are kept.',
    limits:
      'Needs EXPLAIN ANALYZE. Silent on index scans without an index condition below a LIMIT, which are another finding. An index can not serve every filter: whether it wins is for the what-if engine and a trial to say. Without a database it does not know which indexes exist.',
    sources: ['PostgreSQL manual, "Using EXPLAIN"', 'PostgreSQL manual, "Indexes on Expressions"'],
  },
  options: z.object({
    leastRows: z.number().nonnegative().default(10_000),
    timesKept: z.number().nonnegative().default(9),
  }),
  find: (view, { leastRows, timesKept }, facts) =>
    view.nodes.flatMap((one) => {
      const { node } = one;
      const filter = words(node, 'Filter');
      if (!/^(?:Seq Scan|Index Scan|Index Only Scan|Bitmap Heap Scan|Sample Scan)$/.test(node.type)) return [];
      if (one.filtered < leastRows || one.filtered < timesKept * (one.rows ?? 0) || isWalk(node)) return [];
      return [
        {
          node: one,
          title: `${labelOf(node)} read ${formatCount(one.filtered + (one.rows ?? 0))} rows to keep ${formatCount(one.rows)}.`,
          evidence: [
            counted('rows thrown away by the filter', one.filtered, 'rows', one),
            counted('rows kept', one.rows ?? 0, 'rows', one),
            quoted('filter', filter, one),
          ],
          remedy: remedyFor(node, filter, facts),
        },
      ];
    }),
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, kind int NOT NULL, name text NOT NULL);
      INSERT INTO t SELECT g, g % 1000, 'name ' || g FROM generate_series(1, 60000) g;
      ANALYZE t;`,
    fires: { statement: 'SELECT name FROM t WHERE kind = 7' },
    silent: { before: 'CREATE INDEX ON t (kind);', statement: 'SELECT name FROM t WHERE kind = 7' },
  },
});

/** An index scan for the order alone. */
function isWalk(node: PlanTreeNode): boolean {
  return node.type.startsWith('Index') && node.details['Index Cond'] === undefined;
}

function remedyFor(node: PlanTreeNode, filter: string, facts: PlanFacts | null): string {
  const columns = columnsIn(node, facts);
  const name = sqlNameOf(node, facts);
  const wrapped = wrappedColumn(filter, columns);
  if (wrapped !== null) {
    return (
      `The column ${wrapped} stands inside a function, a cast or an expression, so that a plain index on it can not serve: write the condition on the bare column ` +
      `(a range instead of date_trunc, a constant of the column's type instead of a cast), or create an index on the very expression.`
    );
  }
  if (node.index !== null)
    return `Extend ${node.index} by the filtered columns (${columns.join(', ')}), or make a partial index with the filter as its WHERE.`;
  const table = tableOf(node, facts);
  const serving =
    table && facts && indexesOf(facts.catalog, table).find((index) => columns.includes(index.keys[0]?.column ?? ''));
  if (serving)
    return `There is ${serving.name} on ${serving.keys[0]?.column}, and the planner did not take it: ANALYZE ${name}, and see what SET LOCAL enable_seqscan = off makes of it.`;
  return `An index on ${name} (${columns.join(', ') || 'the filtered columns'}), equality first, then ranges.`;
}

/** A column that an expression holds: `date_trunc('day', c)`, `(c)::text`, `(c + 1)`. Types' own casts of text columns (`(c)::text = '...'`) are none. */
function wrappedColumn(filter: string, columns: readonly string[]): string | null {
  const bare = filter.replaceAll(/'(?:[^']|'')*'(?:::[\w". ]+(?:\[\])?)?/g, '?');
  for (const column of columns) {
    const name = (/^[a-z_][a-z0-9_]*$/.test(column) ? column : `"${column.replaceAll('"', '""')}"`).replaceAll(
      /[$()*+.?[\\\]^{|}]/g,
      String.raw`\$&`,
    );
    const inFunction = new RegExp(
      String.raw`\b(?!ANY\b|ALL\b)[a-z_]\w*\((?:[^()]|\([^()]*\))*(?<![\w"])${name}(?![\w"(])`,
      'i',
    );
    const inArithmetic = new RegExp(String.raw`\((?:\w+\.)?${name} (?:[-+*/%]|\|\|) [^()]*\) (?:=|<|>|<=|>=|<>)`);
    const inCast = new RegExp(String.raw`\((?:\w+\.)?${name}\)::(?!text|character|bpchar|varchar)\w+`);
    if (inFunction.test(bare) || inArithmetic.test(bare) || inCast.test(bare)) return column;
  }
  return null;
}
