import { bodyOf, list } from '../../../sql/tree.js';
import type { TreeNode, TreeValue } from '../../../sql/tree.js';
import { conjuncts, expression, replace } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { shownOf } from '../../duplicates.js';
import { missing, seen } from '../../facts.js';
import type { Fact, Facts } from '../../facts.js';
import { bothWays, callsAggregate, functionName, isBare, isPlainCall, mayGiveRows } from '../../shapes.js';
import { originOf } from '../../view.js';
import type { ColumnOrigin, Query, Source } from '../../view.js';

interface Site {
  readonly query: Query;
  /** `count(DISTINCT column)` in place of DISTINCT. */
  readonly counted: boolean;
  /** Columns that the output has of each source. */
  readonly shown: readonly { readonly source: Source; readonly columns: readonly string[] }[];
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
  requires: ({ query, shown }, facts) => {
    const proved = new Map<Source, Fact>();
    const refused = new Map<Source, Fact>();
    for (let before = -1; before < proved.size;) {
      before = proved.size;
      for (const { source, columns } of shown) {
        if (proved.has(source)) continue;
        const fact = keyOf(query, { source, columns }, [...proved.keys()], facts);
        (fact.holds ? proved : refused).set(source, fact);
      }
    }
    const [first, ...others] = shown.map(
      ({ source }) => proved.get(source) ?? refused.get(source) ?? missing('it has no key'),
    );
    return [first ?? missing('there is no table in FROM'), ...others];
  },
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

/** That one combination of the other tables' rows has one row of a table, or its absence: by a key in the output, or by the join. */
function keyOf(query: Query, { source, columns }: Site['shown'][number], known: readonly Source[], facts: Facts): Fact {
  if (!source.table) return missing(`${source.alias} is not a table with a key`);
  const shown = source.nullable
    ? missing(`an outer join may fill ${source.alias} with NULL`)
    : facts.unique(source.table, columns);
  const joined = shown.holds ? [] : joinedBy(query, source, known);
  const byJoin = joined.length > 0 ? facts.unique(source.table, joined) : shown;
  return byJoin.holds && !shown.holds ? seen(`${byJoin.says}, by which it is joined`) : shown;
}

/** The columns of a table that ON of its own join holds equal to columns of tables that are known. */
function joinedBy(query: Query, source: Source, known: readonly Source[]): readonly string[] {
  return joinsIn(query.body).flatMap((join) => {
    const able =
      join['rarg'] === source.item && (join['jointype'] === 'JOIN_INNER' || join['jointype'] === 'JOIN_LEFT');
    if (!able || join['alias'] !== undefined) return [];
    return conjuncts(join['quals'])
      .flatMap(bothWays)
      .flatMap(({ operator, left, right }) => {
        const [own, other] = [originOf(query, left), originOf(query, right)];
        const fits = operator === '=' && own?.source === source && other && known.includes(other.source);
        const type = own?.column?.baseType ?? '';
        return fits && EXACT.has(type) && type === other.column?.baseType ? [own.name] : [];
      });
  });
}

/** Types of which equal values are the same value. */
const EXACT = new Set(['int2', 'int4', 'int8', 'uuid']);

function joinsIn(body: TreeNode): readonly TreeNode[] {
  const visit = (item: TreeValue): readonly TreeNode[] => {
    const join = bodyOf(item, 'JoinExpr');
    return join ? [join, ...visit(join['larg']), ...visit(join['rarg'])] : [];
  };
  return list(body, 'fromClause').flatMap(visit);
}
