import { placeOf, sameRelation } from '../../../model/catalog.js';
import type { Index } from '../../../model/catalog.js';
import type { TreeNode } from '../../../sql/tree.js';
import { columnOf, conjuncts, query as selectOf, replace, withWhere } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { looseScan, onlyTable, ORDERED, ownConditions, pinned, withRecursive } from '../../loose-scan.js';
import { originsIn } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly lead: ColumnOrigin;
  readonly index: Index;
}

export default defineRewrite<Site>({
  id: 'sargable/skip-leading-column',
  minMajor: 14,
  maxMajor: 17,
  docs: {
    what: '`WHERE b = 7`, with an index on (a, b) alone, gets `a = ANY (ARRAY(<every value of a>))` beside it, whose values a recursive query finds by stepping through the index.',
    why: 'Before 18, PostgreSQL does not skip from one value of the first column to the next, and reads the whole index or table.',
    limits:
      'One table; a is NOT NULL, named in no condition, and no index begins with b. With many values of a the original is the faster form: the trial tells. From 18 on PostgreSQL skips by itself.',
    sources: ['PostgreSQL wiki, "Loose indexscan"', 'PostgreSQL 18 release notes, "skip scan"'],
  },
  triggers: ['scan/rows-discarded'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const source = query.type === 'SelectStmt' ? onlyTable(query) : null;
      const table = source?.table;
      const conditions = source ? ownConditions(view, query, source) : null;
      if (!source || !table || !conditions) return [];
      const held = pinned(query, conditions);
      const named = new Set(conditions.flatMap((one) => originsIn(view, query, one)?.map(({ name }) => name) ?? []));
      const own = view.catalog.indexes.filter(
        (one) => sameRelation(one.table, table) && one.method === 'btree' && one.valid && one.predicate === null,
      );
      if (own.some(({ keys: [first] }) => first?.column && held.includes(first.column))) return [];
      const index = own.find(({ keys: [first, second] }) => {
        const leads = first?.column && !named.has(first.column);
        return leads && second?.column && held.includes(second.column);
      });
      const name = index?.keys[0]?.column;
      const column = table.columns.find((one) => one.name === name);
      return index && column && ORDERED.has(column.baseType)
        ? [{ query, lead: { query, source, name: column.name, column }, index }]
        : [];
    }),
  requires: ({ lead, index }, facts) => [
    facts.notNull(lead),
    lead.source.table
      ? seen(
          `${index.name} steps through the values of ${placeOf(lead.source.table)}.${lead.name}, all of which are asked for`,
        )
      : missing(`${lead.name} is not a column of a table`),
  ],
  rewrite: ({ query, lead }, view) => {
    const { name, column, cte } = looseScan(view, lead, []);
    const value = columnOf(name, column);
    const select = withRecursive(selectOf(`SELECT $1 FROM ${name} WHERE $1 IS NOT NULL`, [value]), cte);
    const all: TreeNode = { SubLink: { subLinkType: 'ARRAY_SUBLINK', subselect: { SelectStmt: select } } };
    const among = {
      A_Expr: {
        kind: 'AEXPR_OP_ANY',
        name: [{ String: { sval: '=' } }],
        lexpr: columnOf(lead.source.alias, lead.name),
        rexpr: all,
      },
    };
    const body = withWhere(query.body, [among, ...conjuncts(query.body['whereClause'])]);
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema:
      'CREATE TABLE visit (id bigint PRIMARY KEY, site int NOT NULL, person int, note text); CREATE INDEX ON visit (site, person);',
    data: `
      INSERT INTO visit SELECT n, n % 5, n * 7919 % 20000, repeat('n', 60) FROM generate_series(1, 40000) AS n;
      VACUUM ANALYZE visit;`,
    statement: 'SELECT id, note FROM visit WHERE person = 77',
    gain: { buffers: 4 },
  },
  unsoundTwin: {
    why: 'rows without a value of the first column equal none of its values',
    schema:
      'CREATE TABLE visit (id bigint PRIMARY KEY, site int, person int, note text); CREATE INDEX ON visit (site, person);',
  },
});
