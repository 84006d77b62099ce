import { list } from '../../../sql/tree.js';
import type { TreeNode } from '../../../sql/tree.js';
import { existence, query as selectOf, replace, withWhere } from '../../build.js';
import { mentions, namedTargets } from '../../columns.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import { callsAggregate, callsIn, functionName, holdsSubquery, isPlainCall } from '../../shapes.js';
import { twoTables } from '../../two-tables.js';
import { originOf } from '../../view.js';
import type { Query, Source, StatementView } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly own: Source;
  readonly other: Source;
  readonly groups: readonly string[];
  /** The calls of min and max in the output and the order. */
  readonly calls: readonly TreeNode[];
  readonly inside: readonly TreeNode[];
  readonly outside: readonly TreeNode[];
  readonly left: boolean;
}

export default defineRewrite<Site>({
  id: 'grouping/joined-extreme-to-lookup',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT a.id, max(b.at) FROM a LEFT JOIN b ON b.a_id = a.id GROUP BY a.id` becomes `SELECT a.id, (SELECT max(b.at) FROM b WHERE b.a_id = a.id) FROM a`; with JOIN, `WHERE EXISTS (...)` beside it.',
    why: 'PostgreSQL joins and groups every row of b; by an index on (a_id, at) the last one of each a is one descent.',
    limits:
      'Two tables, grouped by a key of the first; of the second min and max of columns alone are shown. With few rows of b for each a, or without such an index, the original is the faster form: the trial tells.',
    sources: ['PostgreSQL source, `planagg.c` (min and max by an index)'],
  },
  triggers: ['rows/many-rows-deduplicated'],
  match: (view) => view.queries.flatMap((query) => siteOf(view, query) ?? []),
  requires: ({ own, groups, left }, facts) => [
    own.table ? facts.unique(own.table, groups) : missing(`${own.alias} is not a table with a key`),
    left ? seen('a LEFT JOIN loses no row of the first table') : seen('rows without a partner are left out by EXISTS'),
  ],
  rewrite: ({ query, own, other, calls, inside, outside, left }, view) => {
    const from = { ...selectOf('SELECT 1'), fromClause: [other.item] };
    const { groupClause: _, ...rest } = query.body;
    let shown: TreeNode = { ...rest, targetList: namedTargets(query.body), fromClause: [own.item] };
    for (const call of calls) {
      const select = withWhere({ ...from, targetList: [{ ResTarget: { val: { FuncCall: call } } }] }, inside);
      shown = replace(shown, call, { SubLink: { subLinkType: 'EXPR_SUBLINK', subselect: { SelectStmt: select } } });
    }
    const asked = left ? outside : [...outside, existence(withWhere(from, inside), true)];
    return replace(view.statement.tree, query.body, { SelectStmt: withWhere(shown, asked) });
  },
  example: {
    schema: `
      CREATE TABLE room (id int PRIMARY KEY, name text NOT NULL);
      CREATE TABLE message (id bigint PRIMARY KEY, room_id int NOT NULL, at timestamptz, body text);
      CREATE INDEX ON message (room_id, at);`,
    data: `
      INSERT INTO room SELECT n, 'room ' || n FROM generate_series(1, 10) AS n;
      INSERT INTO message SELECT n, 1 + n % 10, timestamptz '2024-01-01' + n * interval '1 minute', 'b' FROM generate_series(1, 40000) AS n;
      VACUUM ANALYZE;`,
    statement:
      'SELECT r.id, r.name, max(m.at) AS latest FROM room AS r JOIN message AS m ON m.room_id = r.id GROUP BY r.id, r.name',
    gain: { buffers: 2 },
  },
  unsoundTwin: {
    why: 'a room without a message is no group of the join',
    to: 'SELECT r.id, r.name, (SELECT max(m.at) FROM message AS m WHERE m.room_id = r.id) AS latest FROM room AS r',
  },
});

const AWAY = ['havingClause', 'distinctClause', 'windowClause', 'withClause', 'lockingClause'];

function siteOf(view: StatementView, query: Query): Site | null {
  const { body } = query;
  const [own, other, more] = query.sources;
  if (query.type !== 'SelectStmt' || !own?.table || !other?.table || more) return null;
  if (AWAY.some((name) => body[name] !== undefined) || /"A_Star"/.test(JSON.stringify(body['targetList']))) return null;
  const joined = twoTables(body);
  const groups = list(body, 'groupClause').map((one) => originOf(query, one));
  if (!joined || groups.length === 0 || groups.some((one) => one?.source !== own)) return null;
  const all = [...list(body, 'targetList'), ...list(body, 'sortClause')];
  const calls = all.flatMap((item) => callsIn(item)).filter((call) => callsAggregate({ FuncCall: call.body }));
  const able = calls.every(
    ({ body: call }) =>
      ['min', 'max'].includes(functionName(call)) &&
      isPlainCall(call) &&
      call['agg_distinct'] === undefined &&
      list(call, 'args').length === 1 &&
      originOf(query, list(call, 'args')[0])?.source === other,
  );
  const rest = calls.reduce<TreeNode>((tree, { body: call }) => replace(tree, call, { A_Const: { isnull: true } }), {
    all,
  });
  if (calls.length === 0 || !able || mentions(view, query, [rest], other)) return null;
  const inside = joined.conditions.filter((one) => mentions(view, query, [one], other));
  const outside = joined.conditions.filter((one) => !inside.includes(one));
  const bad =
    joined.left && (outside.some((one) => joined.on.includes(one)) || inside.some((one) => !joined.on.includes(one)));
  if (inside.length === 0 || bad || holdsSubquery(joined.conditions)) return null;
  return {
    query,
    own,
    other,
    groups: groups.flatMap((one) => one?.name ?? []),
    calls: calls.map((call) => call.body),
    inside,
    outside,
    left: joined.left,
  };
}
