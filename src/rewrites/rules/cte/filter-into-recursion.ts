import { columnPath } from '../../../sql/scope.js';
import { bodyOf, field, isNode, list, names, textOf, treeText, walk } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { conjuncts, replace, withWhere } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { callsAggregate, holdsSubquery, isPlain } from '../../shapes.js';
import { originsIn, queryOf } from '../../view.js';
import type { Query } from '../../view.js';

interface Site {
  readonly seed: Query;
  readonly step: Query;
  readonly name: string;
  /** The condition as the seed writes it. */
  readonly copy: TreeNode;
  /** Where the column stands in the output, from 0. */
  readonly at: number;
  readonly column: string;
}

export default defineRewrite<Site>({
  id: 'cte/filter-into-recursion',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: 'A condition on a recursive CTE, of a column that every step hands on unchanged, is asked in the seed as well.',
    why: 'PostgreSQL computes the whole recursion, for every root, before it looks at the condition.',
    limits:
      'The CTE is read once, beside itself; the step reads it once and shows the column as it is; the condition names that column alone, without a subquery.',
    sources: ['PostgreSQL manual, "WITH Queries", section "Recursive Queries"'],
  },
  triggers: ['subquery/cte-discards', 'scan/rows-discarded'],
  match: (view) => {
    const nodes = [...walk(view.statement.tree)];
    return nodes.flatMap(({ type, body: cte }) => {
      const union = type === 'CommonTableExpr' ? bodyOf(cte['ctequery'], 'SelectStmt') : null;
      const name = textOf(cte, 'ctename');
      const [seed, step] = [queryOf(view, field(union ?? {}, 'larg')), queryOf(view, field(union ?? {}, 'rarg'))];
      if (!union || name === null || !seed || !step || union['op'] !== 'SETOP_UNION') return [];
      if (['sortClause', 'limitCount', 'limitOffset'].some((clause) => union[clause] !== undefined)) return [];
      const isReading = (query: Query): boolean =>
        query.sources.some(({ item, table }) => !table && bodyOf(item, 'RangeVar')?.['relname'] === name);
      const readers = nodes.filter((one) => one.type === 'RangeVar' && one.body['relname'] === name).length;
      const outer = view.queries.find((query) => query !== step && isReading(query));
      if (readers !== 2 || !outer || !isReading(step) || !isPlain(seed.body)) return [];
      const own = outer.sources.find(({ item }) => bodyOf(item, 'RangeVar')?.['relname'] === name);
      const given = names(list(cte, 'aliascolnames'));
      const present = new Set(conjuncts(seed.body['whereClause']).map(treeText));
      if (!own || own.nullable || outer.type !== 'SelectStmt') return [];
      return conjuncts(outer.body['whereClause']).flatMap((condition) => {
        const origins = originsIn(view, outer, condition);
        const [origin] = origins ?? [];
        const alone = origins?.every((one) => one.source === own && one.name === origin?.name);
        if (!origin || holdsSubquery(condition) || alone !== true) return [];
        const at = (given.length > 0 ? given : (own.columns ?? outputNames(seed))).indexOf(origin.name);
        const value = bodyOf(list(seed.body, 'targetList')[at], 'ResTarget')?.['val'];
        if (at < 0 || !isNode(value)) return [];
        const copy = replaceColumns(condition, value);
        return present.has(treeText(copy)) ? [] : [{ seed, step, name, copy, at, column: origin.name }];
      });
    });
  },
  requires: ({ seed, step, name, at, column }) => {
    const value = bodyOf(list(step.body, 'targetList')[at], 'ResTarget')?.['val'];
    const { path } = columnPath(bodyOf(value, 'ColumnRef') ?? {});
    const [read, more] = step.sources.filter(({ item }) => bodyOf(item, 'RangeVar')?.['relname'] === name);
    const others = step.sources.filter((source) => source !== read);
    const named =
      path.length > 1
        ? path.at(-2) === read?.alias
        : others.every(({ columns }) => columns?.includes(column) === false);
    const unchanged = !more && read?.nullable === false && named && path.at(-1) === column;
    const plain = isPlain(step.body) && !list(seed.body, 'targetList').some(callsAggregate);
    return [
      unchanged && plain
        ? seen(`each step hands ${column} on as it is, so that all rows of a root have the value of the root`)
        : missing(`a step may give another ${column} than it was given`),
    ];
  },
  rewrite: ({ seed, copy }, view) =>
    replace(view.statement.tree, seed.body, {
      SelectStmt: withWhere(seed.body, [...conjuncts(seed.body['whereClause']), copy]),
    }),
  example: {
    schema: 'CREATE TABLE folder (id int PRIMARY KEY, parent_id int REFERENCES folder, name text NOT NULL);',
    data: `
      INSERT INTO folder SELECT n, CASE WHEN n > 500 THEN n - 500 END, 'f' || n FROM generate_series(1, 10000) AS n;
      CREATE INDEX ON folder (parent_id);
      ANALYZE;`,
    statement:
      'WITH RECURSIVE tree AS (SELECT f.id AS root, f.id AS id FROM folder AS f WHERE f.parent_id IS NULL UNION ALL SELECT t.root, c.id FROM tree AS t JOIN folder AS c ON c.parent_id = t.id) SELECT tree.id FROM tree WHERE tree.root = 7',
    gain: {
      rows: 50,
      why: 'each step hashes the whole table, which is small; with an index on it either form looks up the children of what it has',
    },
  },
  unsoundTwin: {
    why: 'the rows that are asked for are found on the way, and not at the root',
    statement:
      'WITH RECURSIVE tree AS (SELECT f.id AS root, f.id AS id FROM folder AS f WHERE f.parent_id IS NULL UNION ALL SELECT t.root, c.id FROM tree AS t JOIN folder AS c ON c.parent_id = t.id) SELECT tree.root FROM tree WHERE tree.id = 3',
  },
});

function outputNames(query: Query): readonly string[] {
  return list(query.body, 'targetList').map((item) => {
    const target = bodyOf(item, 'ResTarget') ?? {};
    const fields = list(bodyOf(target['val'], 'ColumnRef') ?? {}, 'fields');
    return textOf(target, 'name') ?? names(fields.slice(-1))[0] ?? '';
  });
}

/** The condition with an expression in place of its one column. */
function replaceColumns(condition: TreeNode, value: TreeNode): TreeNode {
  let copy = condition;
  for (;;) {
    const column = [...walk(copy)].find(({ type, body }) => type === 'ColumnRef' && !isWithin(value, body));
    if (!column) return copy;
    copy = replace(copy, column.body, value);
  }
}

function isWithin(tree: TreeNode, body: TreeNode): boolean {
  return [...walk(tree)].some((node) => node.body === body);
}
