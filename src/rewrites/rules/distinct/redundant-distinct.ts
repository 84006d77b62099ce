import { list } from '../../../sql/tree.js';
import { replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { shownOf } from '../../duplicates.js';
import { missing } from '../../facts.js';
import type { Fact } from '../../facts.js';
import { callsAggregate, mayGiveRows } from '../../shapes.js';
import type { Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  /** Columns that the output has of each source. */
  readonly shown: readonly { readonly source: Source; readonly columns: readonly string[] }[];
}

export default defineRewrite<Site>({
  id: 'distinct/redundant-distinct',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT DISTINCT` whose output holds a key of every table in FROM becomes a plain `SELECT`.',
    why: 'The planner sorts or hashes every row although no two can be equal; with LIMIT it can not stop early.',
    limits: 'Every source is a table with a unique key in the output, as plain columns; no GROUP BY; no `DISTINCT ON`.',
    sources: ['PostgreSQL manual, "SELECT", section "DISTINCT Clause"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const distinct = list(query.body, 'distinctClause');
      const plain = distinct.length === 1 && Object.keys(distinct[0] as object).length === 0;
      if (!plain || query.body['groupClause'] !== undefined || query.sources.length === 0) return [];
      if (list(query.body, 'targetList').some(callsAggregate) || query.body['havingClause'] !== undefined) return [];
      if (mayGiveRows(view.catalog, query.body['targetList'])) return [];
      return [{ query, shown: query.sources.map((source) => ({ source, columns: shownOf(query, source) })) }];
    }),
  requires: ({ shown }, facts) => {
    const [first, ...others] = shown.map(({ source, columns }): Fact => {
      if (!source.table) return missing(`${source.alias} is not a table with a key`);
      if (source.nullable) return missing(`an outer join may fill ${source.alias} with NULL`);
      return facts.unique(source.table, columns);
    });
    return [first ?? missing('there is no table in FROM'), ...others];
  },
  rewrite: ({ query }, view) => {
    const { distinctClause: _, ...body } = query.body;
    return replace(view.statement.tree, query.body, { SelectStmt: body });
  },
  example: {
    schema: `
      CREATE TABLE author (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE book (id bigint PRIMARY KEY, author_id bigint NOT NULL REFERENCES author, title text NOT NULL);`,
    data: `
      INSERT INTO author SELECT n, 'author ' || n FROM generate_series(1, 1000) AS n;
      INSERT INTO book SELECT n, 1 + n % 1000, 'title ' || n FROM generate_series(1, 50000) AS n;
      ANALYZE;`,
    statement:
      'SELECT DISTINCT b.title, a.name, b.id, a.id AS author FROM book AS b JOIN author AS a ON a.id = b.author_id',
    gain: { rows: 1.2, why: 'sorting or hashing every row once more touches no shared buffer' },
  },
  unsoundTwin: {
    why: 'the output has no key of the second table, of which several rows may join',
    statement: 'SELECT DISTINCT a.id, a.name FROM author AS a JOIN book AS b ON a.id = b.author_id',
  },
});
