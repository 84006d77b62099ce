import { outputName } from '../../../sql/output-name.js';
import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, expression, replace, withWhere } from '../../build.js';
import { innerItems, mapColumns, partsBeside } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, missing } from '../../facts.js';
import { bothWays, hasBareStar } from '../../shapes.js';
import { originOf, originsIn } from '../../view.js';
import type { ColumnOrigin, Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly parent: Source;
  readonly pairs: readonly { readonly own: ColumnOrigin; readonly other: ColumnOrigin; readonly child: TreeNode }[];
  /** Every other condition, and every other item of FROM. */
  readonly rest: readonly TreeNode[];
  readonly items: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'join/foreign-key-join',
  minMajor: 14,
  maxMajor: null,
  together: true,
  docs: {
    what: 'An inner join with the parent of a foreign key, of which nothing but its key is used, becomes `key IS NOT NULL`, or nothing where the key can not be NULL; the child names the key in its place.',
    why: 'PostgreSQL removes needless outer joins only: it does not look at foreign keys.',
    limits:
      'A validated foreign key that is not deferrable, joined by all its columns; of the parent nothing else is named, and where the key is, both sides are of one type. All joins of the query are inner ones. Within one transaction, after ON DELETE with session_replication_role = replica or disabled triggers, a key may be without its parent: such rows would be given.',
    sources: ['PostgreSQL manual, "Constraints", section "Foreign Keys"', 'PostgreSQL source, analyzejoins.c'],
  },
  triggers: [],
  match: (view) =>
    view.queries.flatMap((query) => {
      const from = query.type === 'SelectStmt' && !hasBareStar(query.body) ? innerItems(query.body) : null;
      if (!from || from.items.length < 2 || query.body['lockingClause'] !== undefined) return [];
      const all = [...from.on, query.body['whereClause']].flatMap(conjuncts);
      return query.sources.flatMap((parent) => {
        if (!parent.table || bodyOf(parent.item, 'RangeVar')?.['inh'] !== true) return [];
        const links = all.flatMap((condition) => {
          const pair = pairOf(query, condition, parent);
          return pair ? [{ condition, ...pair }] : [];
        });
        const children = new Set(links.map(({ other }) => other.source));
        if (links.length === 0 || children.size !== 1) return [];
        const rest = all.filter((one) => !links.some(({ condition }) => condition === one));
        const items = from.items.filter((one) => one !== parent.item);
        const others = [...partsBeside(query.body), ...rest, ...items];
        return usesKeyAlone(view, query, others, links) ? [{ query, parent, pairs: links, rest, items }] : [];
      });
    }),
  requires: ({ parent, pairs }, facts) => {
    const child = pairs[0]?.other.source.table;
    if (!child || !parent.table) return [missing('the other side is not a table')];
    return [
      facts.foreignKey(
        child,
        pairs.map(({ other }) => other.name),
        parent.table,
        pairs.map(({ own }) => own.name),
      ),
    ];
  },
  rewrite: ({ query, parent, pairs, rest, items }, view) => {
    const facts = factsOf(view.catalog);
    const nullable = pairs.filter(({ other }) => !facts.notNull(other).holds);
    const tests = nullable.map(({ child }) => expression('$1 IS NOT NULL', [child]));
    const targetList = list(query.body, 'targetList').map((item) => named(query, parent, item));
    const kept = withWhere({ ...query.body, targetList, fromClause: items }, rest);
    const moved = mapColumns(view, query, kept, (origin) => childOf(origin, pairs)) as TreeNode;
    const body = withWhere(moved, [...conjuncts(moved['whereClause']), ...tests]);
    return list(body, 'fromClause').length > 0 ? replace(view.statement.tree, query.body, { SelectStmt: body }) : null;
  },
  example: {
    schema: `
      CREATE TABLE author (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE book (id bigint PRIMARY KEY, author_id bigint REFERENCES author, title text NOT NULL);`,
    data: `
      INSERT INTO author SELECT n, repeat('n', 200) || n FROM generate_series(1, 20000) AS n;
      INSERT INTO book SELECT n, 1 + n % 20000, 'title ' || n FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement: 'SELECT b.id, b.title FROM book AS b JOIN author AS a ON a.id = b.author_id',
    gain: { buffers: 3 },
  },
  unsoundTwin: {
    why: 'without a foreign key there may be rows without a parent',
    schema: `
      CREATE TABLE author (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE book (id bigint PRIMARY KEY, author_id bigint, title text NOT NULL);`,
  },
});

/** Whether all that is named of the parent is its key, for which the child's columns can stand. */
function usesKeyAlone(view: StatementView, query: Query, trees: readonly TreeValue[], pairs: Site['pairs']): boolean {
  const [parent] = pairs.map(({ own }) => own.source);
  return trees.every((tree) =>
    originsIn(view, query, tree)?.every((origin) => origin.source !== parent || childOf(origin, pairs) !== null),
  );
}

/** The child's column that has the same value in every row; null where it might look another. */
function childOf(origin: ColumnOrigin, pairs: Site['pairs']): TreeNode | null {
  const pair = pairs.find(({ own }) => own.source === origin.source && own.name === origin.name);
  return pair && pair.own.column?.type === pair.other.column?.type && ALIKE.has(pair.own.column?.baseType ?? '')
    ? pair.child
    : null;
}

/** Types of which equal values look the same. */
const ALIKE = new Set(['int2', 'int4', 'int8', 'uuid', 'date']);

/** An output column that is the parent's keeps the name that it has by itself. */
function named(query: Query, parent: Source, item: TreeValue): TreeNode {
  const target = bodyOf(item, 'ResTarget') ?? {};
  const isParents = originOf(query, target['val'])?.source === parent;
  return isParents ? { ResTarget: { name: outputName(item), ...target } } : (item as TreeNode);
}

function pairOf(query: Query, condition: TreeNode, parent: Source): Omit<Site['pairs'][number], never> | null {
  for (const { operator, left, right } of bothWays(condition)) {
    const [own, other] = [originOf(query, left), originOf(query, right)];
    const linked = own?.source === parent && other && other.source !== parent && other.query === query;
    if (operator === '=' && own && linked) return { own, other, child: right };
  }
  return null;
}
