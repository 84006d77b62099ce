import { bodyOf, isNode, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, disjuncts, existence, replace, withWhere } from '../../build.js';
import { mentions, partsBeside } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { factsOf, seen } from '../../facts.js';
import { columnsAsked, spineOf } from '../../inner-joins.js';
import { hasBareStar, mayGiveRows } from '../../shapes.js';
import { copiesGone, tellsApart, wayOf } from '../../told-apart.js';
import type { Way } from '../../told-apart.js';
import { originOf, originsIn } from '../../view.js';
import type { Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly way: Way;
  readonly kept: readonly Source[];
  /** The LEFT JOINs that go. */
  readonly joins: readonly TreeNode[];
  readonly rest: readonly TreeNode[];
  /** The alternatives, each with the tables that it needs and how these are joined. */
  readonly arms: readonly Arm[];
}

interface Arm {
  readonly condition: TreeNode;
  readonly items: readonly TreeNode[];
  readonly on: readonly TreeNode[];
}

export default defineRewrite<Site>({
  id: 'distinct/outer-joins-to-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT DISTINCT a.* FROM a LEFT JOIN b ON ... LEFT JOIN c ON ... WHERE b.x = 1 OR c.y = 2`, which shows nothing of b and c, becomes `SELECT a.* FROM a WHERE EXISTS (... b.x = 1) OR EXISTS (... c.y = 2)`; GROUP BY without an aggregate, and `count(DISTINCT a.id)`, alike. Without a key of a in the output DISTINCT stays.',
    why: 'Each row of a comes with every partner in b times every one in c, before the condition is looked at, and DISTINCT takes the copies away again.',
    limits:
      'b and c are tables on the right of LEFT JOINs, named in ON and in one condition with OR alone; each alternative that names one leaves out its absence, by a comparison or IS NOT NULL. No HAVING.',
    sources: ['PostgreSQL manual, "Subquery Expressions", section "EXISTS"'],
  },
  triggers: ['rows/many-rows-deduplicated', 'join/join-filter-discards', 'scan/rows-discarded'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const { body } = query;
      const way = wayOf(query);
      const other = ['havingClause', 'windowClause', 'lockingClause'];
      const [item, more] = list(body, 'fromClause');
      if (!way || more || hasBareStar(body) || other.some((name) => body[name] !== undefined)) return [];
      if (mayGiveRows(view.catalog, body['targetList'])) return [];
      const joins = droppable(view, query, spineOf(item));
      const gone = query.sources.filter((source) => joins.some((join) => join['rarg'] === source.item));
      const names = (tree: TreeValue): boolean => gone.some((source) => mentions(view, query, [tree], source));
      const all = conjuncts(body['whereClause']);
      const [either, another] = all.filter(names);
      const alternatives = either ? disjuncts(either) : [];
      if (another || alternatives.length < 2 || originsIn(view, query, all) === null) return [];
      const arms = alternatives.map((one) => armOf(view, query, joins, one));
      const known = arms.filter((one) => one !== null);
      // Alternatives about the same tables are conditions of one inner join.
      const isSame = ({ items }: Arm): boolean =>
        items.length === known[0]?.items.length && items.every((one) => known[0]?.items.includes(one));
      if (known.length < arms.length || known.every(isSame)) return [];
      const kept = query.sources.filter((source) => !gone.includes(source));
      return [{ query, way, kept, joins, rest: all.filter((one) => one !== either), arms: known }];
    }),
  requires: ({ query, way, kept }, facts) => [
    seen(
      'nothing is shown of the tables that are only looked for, and each alternative leaves out the absence of a row',
    ),
    ...(tellsApart({ query, way, kept }, facts) ?? [
      seen('copies of a row are still told apart afterwards, so that it does not matter how many there are'),
    ]),
  ],
  rewrite: ({ query, way, kept, joins, rest, arms }, view) => {
    const found = arms.map(({ condition, items, on }) =>
      items.length === 0 ? condition : existence(withWhere({ fromClause: items }, [...on, condition]), true),
    );
    const without = (item: TreeValue): TreeNode => {
      const join = bodyOf(item, 'JoinExpr');
      if (!join) return isNode(item) ? item : {};
      return joins.includes(join) ? without(join['larg']) : { JoinExpr: { ...join, larg: without(join['larg']) } };
    };
    const shown = tellsApart({ query, way, kept }, factsOf(view.catalog)) ? copiesGone(query.body, way) : query.body;
    const fromClause = [without(list(query.body, 'fromClause')[0])];
    const body = withWhere({ ...shown, fromClause }, [...rest, { BoolExpr: { boolop: 'OR_EXPR', args: found } }]);
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE member (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE badge (id int PRIMARY KEY, member_id int NOT NULL, kind int NOT NULL);
      CREATE TABLE team (id int PRIMARY KEY, member_id int NOT NULL, league int);`,
    data: `
      INSERT INTO member SELECT n, 'member ' || n FROM generate_series(1, 500) AS n;
      INSERT INTO badge SELECT n, 1 + n % 500, n % 90 FROM generate_series(1, 20000) AS n;
      INSERT INTO team SELECT n, 1 + n % 500, n % 70 FROM generate_series(1, 20000) AS n;
      CREATE INDEX ON badge (member_id); CREATE INDEX ON team (member_id);
      VACUUM ANALYZE;`,
    statement:
      'SELECT DISTINCT m.id, m.name FROM member AS m LEFT JOIN badge AS b ON b.member_id = m.id LEFT JOIN team AS t ON t.member_id = m.id WHERE b.kind = 7 OR t.league = 5',
    gain: {
      rows: 5,
      why: 'the joined rows, each badge with each team, are made in memory; the tables are read either way',
    },
  },
  unsoundTwin: {
    why: 'an alternative may be true where there is no partner',
    statement:
      'SELECT DISTINCT m.id, m.name FROM member AS m LEFT JOIN badge AS b ON b.member_id = m.id LEFT JOIN team AS t ON t.member_id = m.id WHERE b.kind = 7 OR t.league IS NULL',
    to: 'SELECT m.id, m.name FROM member AS m WHERE EXISTS (SELECT 1 FROM badge AS b WHERE b.member_id = m.id AND b.kind = 7) OR EXISTS (SELECT 1 FROM team AS t WHERE t.member_id = m.id AND t.league IS NULL)',
  },
});

/** The LEFT JOINs with a table that is named in no part but WHERE and the ON of others that go. */
function droppable(view: StatementView, query: Query, spine: readonly TreeNode[]): readonly TreeNode[] {
  let going = spine.filter((join) => join['jointype'] === 'JOIN_LEFT' && bodyOf(join['rarg'], 'RangeVar'));
  for (let before = -1; before !== going.length;) {
    before = going.length;
    const parts = [
      ...partsBeside(query.body),
      ...spine.filter((join) => !going.includes(join)).map((one) => one['quals']),
    ];
    going = going.filter((join) => {
      const source = query.sources.find(({ item }) => item === join['rarg']);
      return source !== undefined && !mentions(view, query, parts, source);
    });
  }
  return going;
}

/** An alternative with the tables that it names, and those over which they are joined; null where it, or a join, may be true without a row of one of them. */
function armOf(view: StatementView, query: Query, joins: readonly TreeNode[], condition: TreeNode): Arm | null {
  const sourceOf = (join: TreeNode): Source | undefined => query.sources.find(({ item }) => item === join['rarg']);
  const needed = new Set<TreeNode>();
  const need = (tree: TreeValue): void => {
    for (const join of joins) {
      const source = sourceOf(join);
      if (needed.has(join) || !source || !mentions(view, query, [tree], source)) continue;
      needed.add(join);
      need(join['quals']);
    }
  };
  need(condition);
  const found = joins.filter((join) => needed.has(join));
  const isAsked = (join: TreeNode): boolean => {
    const source = sourceOf(join);
    const others = [condition, ...found.filter((one) => one !== join).map((one) => one['quals'])].flatMap(conjuncts);
    return others.some((one) => columnsAsked(one).some((column) => originOf(query, column)?.source === source));
  };
  const on = found.flatMap((join) => conjuncts(join['quals']));
  return found.every(isAsked) ? { condition, items: found.map((join) => join['rarg']).filter(isNode), on } : null;
}
