import { z } from 'zod';
import { formatCount } from '../../../base/units.js';
import { indexesOf } from '../../../model/catalog.js';
import { definePlanFinding } from '../../define.js';
import { counted, quoted } from '../../evidence.js';
import type { PlanFacts } from '../../facts.js';
import { labelOf } from '../../label.js';
import { servedColumns } from '../../conditions.js';
import { columnsIn, sqlNameOf, tableOf } from '../../statistics.js';
import type { PlanTreeNode } from '../../tree.js';
import { roundingOf, shareOf, words } from '../../view.js';
import type { ViewedNode } from '../../view.js';

export default definePlanFinding({
  id: 'scan/rows-discarded',
  severity: 'warning',
  needs: ['run'],
  takesPart: true,
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
  find: (view, { leastRows, timesKept }, facts) => {
    const scans = view.nodes.filter(
      (one) =>
        /^(?:Seq Scan|Index Scan|Index Only Scan|Bitmap Heap Scan|Sample Scan)$/.test(one.node.type) &&
        one.filtered - roundingOf(one) >= leastRows &&
        one.filtered - roundingOf(one) >= timesKept * mostKept(one) &&
        !isOfSubquery(words(one.node, 'Filter')) &&
        !isWalk(one.node),
    );
    return alike(scans).map((group) => {
      const [one] = group;
      const filter = words(one.node, 'Filter');
      const isKnown = group.every(({ rows }) => rows !== null);
      const kept = group.reduce((sum, { rows }) => sum + (rows ?? 0), 0);
      const below = group.reduce((sum, each) => sum + roundingOf(each), 0);
      const about = below > 0 ? 'about ' : '';
      const isBelow = kept === 0 && below > 0;
      const thrown = group.reduce((sum, { filtered }) => sum + filtered, 0);
      const who =
        group.length === 1
          ? labelOf(one.node)
          : `${labelOf(one.node)} and ${group.length - 1} more scan${group.length === 2 ? '' : 's'} like it (nodes ${group.map(({ id }) => id).join(', ')})`;
      return {
        node: one,
        ...(group.length === 1 ? {} : { share: group.reduce((sum, each) => sum + (shareOf(view, each) ?? 0), 0) }),
        title: isKnown
          ? `${who} read ${about}${formatCount(thrown + kept)} rows to keep ${isBelow ? `fewer than ${formatCount(Math.ceil(below + 0.5))}` : formatCount(kept)}.`
          : `${who} threw away ${formatCount(thrown)} rows; how many it kept, the text leaves out.`,
        evidence: [
          counted('rows thrown away by the filter', thrown, 'rows', one),
          ...(isKnown && !isBelow ? [counted('rows kept', kept, 'rows', one)] : []),
          quoted('filter', filter, one),
        ],
        remedy: `${remedyFor(one.node, filter, facts)}${group.length === 1 ? '' : ' Where these are the partitions of one table: on that table, which makes it on each.'}`,
      };
    });
  },
  example: {
    setup: `
      CREATE TABLE t (id int PRIMARY KEY, kind int NOT NULL, name text NOT NULL);
      INSERT INTO t SELECT g, g % 1000, 'name ' || g FROM generate_series(1, 60000) g;
      ANALYZE t;`,
    fires: { statement: 'SELECT name FROM t WHERE kind = 7' },
    silent: { before: 'CREATE INDEX ON t (kind);', statement: 'SELECT name FROM t WHERE kind = 7' },
  },
});

/** Rows that a scan kept at the most. */
function mostKept(one: ViewedNode): number {
  const isRounded = Number.isInteger(one.node.actual?.rows ?? 0);
  return (one.rows ?? 0) + (isRounded ? roundingOf(one) : 0);
}

/** Whether a filter stands or falls with a subquery, for which there is no index. */
function isOfSubquery(filter: string): boolean {
  if (!/SubPlan \d/.test(filter)) return false;
  const { equal, several, ranges, isOr } = servedColumns(filter);
  return isOr || equal.length + several.length + ranges.length === 0;
}

/** Scans of one Append by one filter, the longest first; any other by itself. */
function alike(scans: readonly ViewedNode[]): readonly (readonly [ViewedNode, ...ViewedNode[]])[] {
  const groups = new Map<string, [ViewedNode, ...ViewedNode[]]>();
  for (const one of scans) {
    const { parent, node } = one;
    const filter = words(node, 'Filter').replaceAll(`${node.alias ?? ''}.`, '');
    const key =
      parent && parent.node.type.endsWith('Append') ? `${parent.id} ${node.type} ${filter}` : `scan ${String(one.id)}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return [...groups.values()].map((group) => {
    const [first, ...rest] = group.toSorted((a, b) => (b.totalMs ?? 0) - (a.totalMs ?? 0));
    return [first ?? group[0], ...rest];
  });
}

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
  return indexFor(name, filter);
}

function indexFor(name: string, filter: string): string {
  const { equal, several, ranges, prefixes, patterns, isOr } = servedColumns(filter);
  const columns = [...equal, ...several, ...ranges];
  if (isOr && columns.length + prefixes.length + patterns.length > 1)
    return `A condition by OR needs an index on ${name} for each of its sides (${[...columns, ...prefixes, ...patterns].join('; ')}), put together by a BitmapOr.`;
  if (columns.length > 0) return `An index on ${name} (${columns.join(', ')}), equality first, then ranges.`;
  const [prefix] = prefixes;
  if (prefix !== undefined)
    return `An index on ${name} (${prefix} text_pattern_ops): a plain one serves LIKE in the collation C alone.`;
  const [pattern] = patterns;
  if (pattern !== undefined)
    return `No btree serves such a pattern; CREATE EXTENSION pg_trgm and a GIN index on ${name} (${pattern} gin_trgm_ops) may, where the pattern has three letters in a row or more.`;
  return `No index on bare columns serves this filter; one on its very expression may${/now\(\)|CURRENT_|current_setting|\$\d|SubPlan/.test(filter) ? '' : ', or a partial one with it as its WHERE'}.`;
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
      String.raw`\b(?!ANY\b|ALL\b)[a-z_]\w*\((?:[^()]|\([^()]*\))*\(*(?:\w+\.)?(?<![\w"])${name}(?![\w"(])`,
      'i',
    );
    const inArithmetic = new RegExp(String.raw`\((?:\w+\.)?${name} (?:[-+*/%]|\|\|) [^()]*\) (?:=|<|>|<=|>=|<>)`);
    const inCast = new RegExp(String.raw`\((?:\w+\.)?${name}\)::(?!text|character|bpchar|varchar)\w+`);
    if (inFunction.test(bare) || inArithmetic.test(bare) || inCast.test(bare)) return column;
  }
  return null;
}
