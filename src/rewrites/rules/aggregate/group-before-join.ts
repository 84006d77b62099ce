import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import {
  columnOf,
  conjuncts,
  derived,
  expression,
  output,
  query as selectOf,
  replace,
  withWhere,
} from '../../build.js';
import { freshAlias, innerItems, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { bothWays, callsAggregate, callsIn, functionName, hasBareStar } from '../../shapes.js';
import { originOf, originsIn } from '../../view.js';
import type { ColumnOrigin, Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly parent: Source;
  readonly child: Source;
  readonly links: readonly { readonly own: ColumnOrigin; readonly other: ColumnOrigin }[];
  /** Columns of the parent by which it is grouped. */
  readonly by: readonly string[];
  readonly ofChild: readonly TreeNode[];
  readonly ofParent: readonly TreeNode[];
  /** Each aggregate once. */
  readonly calls: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'aggregate/group-before-join',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT p.name, count(*) FROM c JOIN p ON p.id = c.p_id GROUP BY p.id, p.name` groups c by p_id first, and joins one row of each group with its p.',
    why: 'PostgreSQL joins before it groups: every row of c looks for its p, and carries the texts of p into the grouping.',
    limits:
      'One inner join of two tables by a key of p; GROUP BY names columns of p alone, a key among them; what is aggregated is of c alone. Where the join leaves few rows of c, the original is the faster form: the trial tells.',
    sources: [
      'W. P. Yan and P.-Å. Larson: Eager Aggregation and Lazy Aggregation, VLDB 1995',
      'PostgreSQL manual, "GROUP BY and HAVING Clauses" (functional dependency)',
    ],
  },
  triggers: ['rows/many-rows-deduplicated', 'memory/sort-on-disk'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const from = query.type === 'SelectStmt' && query.sources.length === 2 ? innerItems(body) : null;
      if (!from || hasBareStar(body) || OTHER.some((name) => body[name] !== undefined)) return [];
      return query.sources.flatMap((parent) => {
        const child = query.sources.find((one) => one !== parent);
        if (!parent.table || !child?.table || bodyOf(parent.item, 'RangeVar')?.['inh'] !== true) return [];
        const by = list(body, 'groupClause').map((one) => originOf(query, one));
        if (by.length === 0 || by.some((one) => one?.source !== parent)) return [];
        const all = [...from.on, body['whereClause']].flatMap(conjuncts);
        if (JSON.stringify(body).includes('"SubLink"')) return [];
        const only = (tree: TreeValue, source: Source): boolean =>
          originsIn(view, query, tree)?.every((origin) => origin.source === source) === true;
        const linked = all.map((one) => linkOf(query, one, parent));
        const links = linked.filter((one) => one !== null);
        const rest = all.filter((_, i) => linked[i] === null);
        const ofChild = rest.filter((one) => only(one, child));
        const ofParent = rest.filter((one) => !ofChild.includes(one));
        if (links.length === 0 || !ofParent.every((one) => only(one, parent))) return [];
        const shown = [body['targetList'], body['havingClause'], body['sortClause']];
        const calls = shown.flatMap(callsIn).filter(({ body: call }) => isAggregate(call));
        const other = shown.flatMap(callsIn).some(({ body: call }) => call['over'] !== undefined);
        const able = calls.every(({ body: call }) =>
          only([call['args'], call['agg_filter'], call['agg_order']], child),
        );
        const outside = without(shown, new Set(calls.map(({ body: call }) => call)));
        if (calls.length === 0 || other || !able || originsIn(view, query, outside) === null) return [];
        if (callsAggregate(outside)) return [];
        const stray = originsIn(view, query, outside)?.some((origin) => origin.source !== parent);
        if (stray !== false) return [];
        const unique = [...new Map(calls.map(({ body: call }) => [treeText(call), call])).values()];
        const names = by.flatMap((one) => one?.name ?? []);
        return [{ query, parent, child, links, by: names, ofChild, ofParent, calls: unique }];
      });
    }),
  requires: ({ parent, links, by }, facts) => [
    parent.table ? facts.unique(parent.table, by) : missing(`${parent.alias} is not a table with a key`),
    parent.table
      ? facts.unique(
          parent.table,
          links.map(({ own }) => own.name),
          true,
        )
      : missing(`${parent.alias} is not a table with a key`),
    ...links.map(({ own, other }) =>
      own.column !== null && own.column.type === other.column?.type
        ? seen(
            `${own.name} and ${other.name} are both ${own.column.type}, so that grouping and joining call the same values equal`,
          )
        : missing(`${own.name} and ${other.name} are not known to be columns of one type`),
    ),
    ...(links.some(({ own }) => TEXTS.has(own.column?.baseType ?? '')) ? [facts.textsAsWritten()] : []),
  ],
  rewrite: ({ query, parent, child, links, ofChild, ofParent, calls }, view) => {
    const alias = freshAlias(view, 'grouped');
    const shape = selectOf('SELECT 1 FROM _1', [child.item]);
    const grouped = {
      ...withWhere(shape, ofChild),
      targetList: [
        ...links.map(({ other }, i) => output(columnOf(child.alias, other.name), `key_${i + 1}`)),
        ...calls.map((call, i) => output({ FuncCall: call }, `value_${i + 1}`)),
      ],
      groupClause: links.map(({ other }) => columnOf(child.alias, other.name)),
    };
    const texts = calls.map((call) => treeText(call));
    const read = (tree: TreeValue): TreeValue => {
      if (Array.isArray(tree)) return (tree as readonly TreeValue[]).map(read);
      if (!isNode(tree)) return tree;
      const call = bodyOf(tree, 'FuncCall');
      const at = call ? texts.indexOf(treeText(call)) : -1;
      if (at >= 0) return columnOf(alias, `value_${at + 1}`);
      return Object.fromEntries(Object.entries(tree).map(([name, item]) => [name, read(item)]));
    };
    const targetList = namedTargets(query.body).map(read);
    const { groupClause: _, havingClause, sortClause, ...rest } = query.body;
    const join = links.map(({ own }, i) =>
      expression('$1 = $2', [columnOf(parent.alias, own.name), columnOf(alias, `key_${i + 1}`)]),
    );
    const having = conjuncts(havingClause).map((one) => read(one) as TreeNode);
    const body = {
      ...withWhere({ ...rest, targetList, fromClause: [derived(grouped, alias), parent.item] }, [
        ...join,
        ...ofParent,
        ...having,
      ]),
      ...(sortClause === undefined ? {} : { sortClause: read(sortClause) }),
    };
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE author (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE book (id bigint PRIMARY KEY, author_id bigint, pages int);`,
    data: `
      INSERT INTO author SELECT n, 'author ' || n FROM generate_series(1, 300) AS n;
      INSERT INTO book SELECT n, 1 + n % 300, n % 77 FROM generate_series(1, 30000) AS n;
      ANALYZE;`,
    statement:
      'SELECT a.name, count(*), sum(b.pages) AS pages FROM book AS b JOIN author AS a ON a.id = b.author_id WHERE b.pages > 3 GROUP BY a.id, a.name HAVING count(*) > 1 ORDER BY sum(b.pages) DESC, a.id',
    gain: {
      rows: 1.5,
      why: 'either form reads both tables once; what falls is how many rows are joined and how wide those are that are grouped',
    },
  },
  unsoundTwin: {
    why: 'several parents of one name are one group, and what was grouped by parent comes once for each',
    statement: 'SELECT a.name, count(*) FROM book AS b JOIN author AS a ON a.id = b.author_id GROUP BY a.name',
  },
});

const TEXTS = new Set(['text', 'varchar', 'bpchar']);
const OTHER = ['withClause', 'windowClause', 'lockingClause', 'distinctClause'];

function isAggregate(call: TreeNode): boolean {
  return AGGREGATES.has(functionName(call)) && call['over'] === undefined;
}

const AGGREGATES = new Set([
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'bool_and',
  'bool_or',
  'every',
  'array_agg',
  'string_agg',
]);

function linkOf(query: Query, condition: TreeNode, parent: Source): Site['links'][number] | null {
  for (const { operator, left, right } of bothWays(condition)) {
    const [own, other] = [originOf(query, left), originOf(query, right)];
    if (operator === '=' && own?.source === parent && other && other.source !== parent && other.query === query)
      return { own, other };
  }
  return null;
}

/** The tree with some nodes left out, by identity. */
function without(tree: TreeValue, nodes: ReadonlySet<TreeValue>): TreeValue {
  if (nodes.has(tree)) return null;
  if (Array.isArray(tree)) return (tree as readonly TreeValue[]).map((item) => without(item, nodes));
  if (!isNode(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([name, item]) => [name, without(item, nodes)]));
}
