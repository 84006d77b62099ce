import { bodyOf, list } from '../../../sql/tree.js';
import { expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { shownOf } from '../../duplicates.js';
import { keysOf } from '../../row-keys.js';
import type { Shown } from '../../row-keys.js';
import { callsAggregate, functionName, isBare, isPlainCall, mayGiveRows } from '../../shapes.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query } from '../../view.js';

interface Site {
  readonly query: Query;
  /** `count(DISTINCT column)` in place of DISTINCT. */
  readonly counted: boolean;
  /** Columns that the output has of each source. */
  readonly shown: readonly Shown[];
}

export default defineRewrite<Site>({
  id: 'distinct/redundant-distinct',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT DISTINCT` whose output holds a key of every table in FROM, or of which each other one is joined by its key, becomes a plain `SELECT`; `count(DISTINCT a.id)` alike becomes `count(*)`.',
    why: 'The planner sorts or hashes every row although no two can be equal; with LIMIT it can not stop early.',
    limits:
      'Every source is a table with a unique key in the output, as plain columns, or whose key of whole numbers or uuids is joined by equality, after ON of an inner or left join, to a table of which that holds; no GROUP BY; no `DISTINCT ON`.',
    sources: ['PostgreSQL manual, "SELECT", section "DISTINCT Clause"'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) =>
    view.queries.flatMap((query): readonly Site[] => {
      const counted = countedOf(query);
      if (counted)
        return [
          {
            query,
            counted: true,
            shown: query.sources.map((source) => ({
              source,
              columns: counted.source === source ? [counted.name] : [],
            })),
          },
        ];
      const distinct = list(query.body, 'distinctClause');
      const plain = distinct.length === 1 && Object.keys(distinct[0] as object).length === 0;
      if (!plain || query.body['groupClause'] !== undefined || query.sources.length === 0) return [];
      if (list(query.body, 'targetList').some(callsAggregate) || query.body['havingClause'] !== undefined) return [];
      if (mayGiveRows(view.catalog, query.body['targetList'])) return [];
      return [
        { query, counted: false, shown: query.sources.map((source) => ({ source, columns: shownOf(query, source) })) },
      ];
    }),
  requires: ({ query, shown }, facts) => keysOf(query, shown, facts),
  rewrite: ({ query, counted }, view) => {
    const { distinctClause: _, ...rest } = query.body;
    const target = bodyOf(list(rest, 'targetList')[0], 'ResTarget') ?? {};
    const body = counted ? { ...rest, targetList: [{ ResTarget: { ...target, val: expression('count(*)') } }] } : rest;
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

/** The column of `SELECT count(DISTINCT column) FROM ...`; null for any other query. */
function countedOf(query: Query): ColumnOrigin | null {
  const [target, more] = list(query.body, 'targetList');
  const call = bodyOf(bodyOf(target, 'ResTarget')?.['val'], 'FuncCall');
  const [argument, other] = list(call ?? {}, 'args');
  const plain = call?.['agg_distinct'] === true && functionName(call) === 'count' && isPlainCall(call);
  const alone = isBare(query.body);
  return plain && alone && !more && !other ? originOf(query, argument) : null;
}
