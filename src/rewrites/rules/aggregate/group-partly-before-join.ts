import { bodyOf, isNode, list, treeText } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { columnOf, derived, expression, output, query as selectOf, replace, withWhere } from '../../build.js';
import { freshAlias, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { isOnly, linkFacts, mayGroupEarly, sidesOf, TEXTS } from '../../eager-sides.js';
import type { Sides } from '../../eager-sides.js';
import { factsOf, missing, seen } from '../../facts.js';
import type { Fact } from '../../facts.js';
import { partialOf } from '../../partial-aggregates.js';
import type { Partial } from '../../partial-aggregates.js';
import { callsAggregate, callsIn } from '../../shapes.js';
import { originOf, originsIn } from '../../view.js';
import type { ColumnOrigin, Query, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly sides: Sides;
  /** What is grouped by: of the parent alone, or of the others alone. */
  readonly groups: readonly { readonly value: TreeNode; readonly isParent: boolean }[];
  /** Each aggregate once. */
  readonly partials: readonly Partial[];
}

export default defineRewrite<Site>({
  id: 'aggregate/group-partly-before-join',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT p.kind, count(*), sum(c.x) FROM c JOIN p ON p.id = c.p_id GROUP BY p.kind`, which groups by what is no key of p, counts and sums c by p_id first, joins those few rows with p, and adds them up.',
    why: 'PostgreSQL joins before it groups: every row of c looks for its p, and carries the texts of p into the grouping.',
    limits:
      'Inner joins of tables, one of which is joined by its key; each expression of GROUP BY names columns of that table alone or of the others alone, of whole numbers, texts, dates, times and truth values; count, sum, avg, min and max of whole and exact numbers of the others, without DISTINCT. Where c has nearly as many groups as rows, the original is the faster form: the trial tells.',
    sources: [
      'W. P. Yan and P.-Å. Larson: Eager Aggregation and Lazy Aggregation, VLDB 1995 (eager group-by)',
      'PostgreSQL source, `numeric_avg` of numeric.c: the sum divided by the count',
    ],
  },
  triggers: ['rows/many-rows-deduplicated', 'memory/sort-on-disk'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      if (!mayGroupEarly(query)) return [];
      const shown = [body['targetList'], body['havingClause'], body['sortClause']];
      const calls = shown
        .flatMap(callsIn)
        .filter(({ body: call }) => callsAggregate({ FuncCall: { ...call, args: [] } }));
      const unique = [...new Map(calls.map(({ body: call }) => [treeText(call), call])).values()];
      const partials = unique.map((call) => partialOf(query, call));
      const known = partials.filter((one) => one !== null);
      if (known.length === 0 || known.length < partials.length) return [];
      return sidesOf(view, query).flatMap((sides): readonly Site[] => {
        const { parent, children, outer } = sides;
        if (outer || !parent.table || children.some(({ table }) => !table)) return [];
        if (!unique.every((call) => isOnly(view, query, [call['args'], call['agg_filter']], children))) return [];
        const groups = list(body, 'groupClause')
          .filter(isNode)
          .map((value) => ({ value, isParent: isOnly(view, query, value, [parent]) }));
        const apart = groups.every(({ value, isParent }) => isParent || isOnly(view, query, value, children));
        // By a key of the parent each group is one already: `aggregate/group-before-join` has nothing to add up.
        const names = groups.flatMap(({ value, isParent }) => (isParent ? (originOf(query, value)?.name ?? []) : []));
        const isWhole =
          groups.every(({ isParent }) => isParent) && factsOf(view.catalog).unique(parent.table, names).holds;
        return apart && !isWhole && groups.some(({ isParent }) => isParent)
          ? [{ query, sides, groups, partials: known }]
          : [];
      });
    }),
  requires: ({ query, sides: { parent, links }, groups }, facts, view): readonly [Fact, ...Fact[]] => {
    const keys = links.map(({ own }) => own.name);
    const columns = groups.flatMap(({ value }) => originsIn(view, query, value) ?? []);
    const texts = [...columns, ...links.map(({ own }) => own)].some(({ column }) => TEXTS.has(column?.baseType ?? ''));
    return [
      parent.table ? facts.unique(parent.table, keys, true) : missing(`${parent.alias} is not a table with a key`),
      ...linkFacts(links),
      columns.every(({ column }) => GROUPED.has(column?.baseType ?? ''))
        ? seen('it is grouped by types of which equal values look alike')
        : missing('it is grouped by a column of which equal values may not look alike'),
      ...(texts ? [facts.textsAsWritten()] : []),
    ];
  },
  rewrite: ({ query, sides, groups, partials }, view) => {
    const { parent, from, links, ofChildren, ofParent } = sides;
    const alias = freshAlias(view, 'grouped');
    const inside = groups.filter(({ isParent }) => !isParent).map(({ value }) => value);
    const keys = [...links.map(({ other }) => columnOf(other.source.alias, other.name)), ...inside];
    const values = partials.flatMap(({ parts }) => parts);
    const first = {
      ...withWhere(selectOf('SELECT 1'), ofChildren),
      fromClause: from,
      targetList: [
        ...keys.map((key, i) => output(key, `key_${i + 1}`)),
        ...values.map((call, i) => output(call, `value_${i + 1}`)),
      ],
      groupClause: keys,
    };
    const keyOf = (i: number): TreeNode => columnOf(alias, `key_${links.length + i + 1}`);
    const read = reader(view, query, {
      calls: new Map(
        partials.map(({ call, whole }, i) => {
          const before = partials.slice(0, i).reduce((sum, one) => sum + one.parts.length, 0);
          return [treeText(call), whole((n) => columnOf(alias, `value_${before + n}`))];
        }),
      ),
      groups: inside.map((value, i) => ({ value, origin: originOf(query, value), by: keyOf(i) })),
      names: new Set(namedTargets(query.body).map((item) => bodyOf(item, 'ResTarget')?.['name'])),
      parent: sides.parent.alias,
    });
    const join = links.map(({ own }, i) =>
      expression('$1 = $2', [columnOf(parent.alias, own.name), columnOf(alias, `key_${i + 1}`)]),
    );
    const body = {
      ...withWhere(query.body, [...join, ...ofParent]),
      targetList: namedTargets(query.body).map((item) => read(item)),
      fromClause: [derived(first, alias), parent.item],
      groupClause: groups.map(({ value }) => read(value)),
      ...(query.body['havingClause'] === undefined ? {} : { havingClause: read(query.body['havingClause']) }),
      ...(query.body['sortClause'] === undefined
        ? {}
        : { sortClause: list(query.body, 'sortClause').map((item) => read(item)) }),
    };
    return read.failed() ? null : replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE author (id int PRIMARY KEY, country text NOT NULL);
      CREATE TABLE book (id bigint PRIMARY KEY, author_id int, pages int, price numeric(8, 2), kind text NOT NULL);`,
    data: `
      INSERT INTO author SELECT n, 'country ' || n % 20 FROM generate_series(1, 200) AS n;
      INSERT INTO book SELECT n, 1 + n % 200, n % 77, n % 31, 'kind ' || n % 2 FROM generate_series(1, 30000) AS n;
      ANALYZE;`,
    statement:
      'SELECT a.country, b.kind, count(*), sum(b.pages), avg(b.price) FROM book AS b JOIN author AS a ON a.id = b.author_id GROUP BY a.country, b.kind HAVING count(*) > 3 ORDER BY a.country, b.kind',
    gain: {
      rows: 1.5,
      why: 'either form reads both tables once; what falls is how many rows are joined and how wide those are that are grouped',
    },
  },
  unsoundTwin: {
    why: 'the average of averages is that of the rows only where all groups are of one size',
    statement:
      'SELECT a.country, avg(b.pages) AS pages FROM book AS b JOIN author AS a ON a.id = b.author_id GROUP BY a.country',
    to: 'SELECT a.country, avg(g.pages) AS pages FROM (SELECT b.author_id, avg(b.pages) AS pages FROM book AS b GROUP BY b.author_id) AS g JOIN author AS a ON a.id = g.author_id GROUP BY a.country',
  },
});

/** Types of which equal values are written alike, texts of one collation among them. */
const GROUPED = new Set([...TEXTS, 'int2', 'int4', 'int8', 'date', 'timestamp', 'timestamptz', 'uuid', 'bool']);

interface Places {
  /** What stands in the place of each aggregate, by its text. */
  readonly calls: ReadonlyMap<string, TreeNode>;
  readonly groups: readonly { readonly value: TreeNode; readonly origin: ColumnOrigin | null; readonly by: TreeNode }[];
  /** Names of the output, which a bare name in ORDER BY means first. */
  readonly names: ReadonlySet<TreeValue>;
  readonly parent: string;
}

/** Reads an expression of the original over the grouped rows; `failed` once one named a column that is neither grouped by nor of the parent. */
function reader(
  view: StatementView,
  query: Query,
  { calls, groups, names, parent }: Places,
): ((tree: TreeValue) => TreeNode) & { failed: () => boolean } {
  let failed = false;
  const visit = (value: TreeValue): TreeValue => {
    if (Array.isArray(value)) return (value as readonly TreeValue[]).map(visit);
    if (!isNode(value)) return value;
    const call = bodyOf(value, 'FuncCall');
    const whole = call ? calls.get(treeText(call)) : undefined;
    if (whole) return whole;
    const origin = bodyOf(value, 'ColumnRef') ? originOf(query, value) : null;
    const group = groups.find(
      (one) =>
        treeText(one.value) === treeText(value) ||
        (origin !== null && one.origin?.source === origin.source && one.origin.name === origin.name),
    );
    if (group) return group.by;
    if (bodyOf(value, 'ColumnRef') && origin?.source.alias !== parent) failed = true;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, visit(item)]));
  };
  const read = (tree: TreeValue): TreeNode => {
    const node = bodyOf(tree, 'SortBy')?.['node'];
    const path = list(bodyOf(node, 'ColumnRef') ?? {}, 'fields');
    const isOutput = path.length === 1 && names.has(bodyOf(path[0], 'String')?.['sval']);
    return (isOutput ? tree : visit(tree)) as TreeNode;
  };
  return Object.assign(read, { failed: () => failed });
}
