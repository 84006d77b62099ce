// A generated schema with statistics, and statements over it: joins along foreign keys, conditions, orders, groups.
import { connect } from '../dist/postgres/connect.js';
import { extractSchema } from '../dist/postgres/extract/extract.js';
import { createStatisticsClone } from '../dist/lab/whatif/clone.js';
import { exportPlanner } from '../dist/postgres/clone/planner.js';

const COLUMNS = [
  ['id', 'bigint', -1, 8, 1],
  ['parent', 'bigint', -0.05, 8, 0.1],
  ['state', 'text', 6, 8, 0.2],
  ['kind', 'int', 200, 4, 0.05],
  ['owner', 'bigint', 20_000, 8, 0.01],
  ['at', 'timestamptz', -0.9, 8, 0.95],
  ['amount', 'numeric', -0.3, 6, 0.02],
  ['note', 'text', -0.8, 60, 0.01],
];

/** A statistics clone of `tables` tables of 50,000 to 2,000,000 rows, and `statements` statements. The same each time. */
export async function generatedClone(server, { statements, tables }) {
  const source = await connect(server.connection);
  const names = Array.from({ length: tables }, (_, at) => `t${String(at).padStart(3, '0')}`);
  for (const name of names)
    await source.run(
      `CREATE TABLE ${name} (${COLUMNS.map(([column, type]) => `${column} ${type}${column === 'id' ? ' PRIMARY KEY' : ''}`).join(', ')})`,
    );
  const empty = await exportPlanner(source);
  const random = mulberry(42);
  const rows = new Map(names.map((name) => [name, Math.round(50_000 * 40 ** random())]));
  const planner = {
    ...empty,
    relations: empty.relations.map((relation) => sized(relation, rows)),
    columns: names.flatMap((name) => COLUMNS.map((column) => statisticsOf(name, column, rows.get(name)))),
    endpoints: [],
    metapages: [],
  };
  const schema = await extractSchema(source);
  const clone = await createStatisticsClone({ server, source, schema, planner });
  return { clone, source, queries: makeQueries(names, statements, random) };
}

function sized(relation, rows) {
  const count = rows.get(relation.name) ?? rows.get(relation.table?.name) ?? 0;
  const pages = Math.ceil(count / (relation.kind === 'i' ? 365 : 55));
  return {
    ...relation,
    rows: count,
    pages,
    blocks: pages,
    pagesAllVisible: relation.kind === 'i' ? 0 : Math.floor(pages * 0.9),
  };
}

function statisticsOf(relname, [attname, type, distinct, width, correlation], rows) {
  const values = { state: '{new,paid,sent,done,void,lost}' };
  const histogram = {
    bigint: (at) => Math.round((rows * at) / 20),
    int: (at) => at * 10,
    numeric: (at) => at * 100,
    timestamptz: (at) =>
      `"2024-${String(1 + Math.floor(at / 2)).padStart(2, '0')}-${String(1 + (at % 2) * 14).padStart(2, '0')} 00:00:00+00"`,
    text: (at) => `note${String.fromCodePoint(97 + at)}`,
  }[type];
  const common = values[attname] ?? null;
  return {
    schemaname: 'public',
    relname,
    attname,
    inherited: false,
    null_frac: '0',
    avg_width: width,
    n_distinct: String(distinct),
    most_common_vals: common,
    most_common_freqs: common === null ? null : '{0.3,0.3,0.2,0.15,0.04,0.01}',
    histogram_bounds: common === null ? `{${Array.from({ length: 21 }, (_, at) => histogram(at)).join(',')}}` : null,
    correlation: String(correlation),
    most_common_elems: null,
    most_common_elem_freqs: null,
    elem_count_histogram: null,
    range_length_histogram: null,
    range_empty_frac: null,
    range_bounds_histogram: null,
  };
}

function makeQueries(names, count, random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const conditions = (alias) => [
    `${alias}.state = '${pick(['new', 'void', 'lost', 'paid'])}'`,
    `${alias}.kind = ${Math.floor(random() * 200)}`,
    `${alias}.owner = ${Math.floor(random() * 20_000)}`,
    `${alias}.at >= '2024-${String(8 + Math.floor(random() * 3)).padStart(2, '0')}-0${1 + Math.floor(random() * 9)} 00:00:00+00'`,
    `${alias}.amount > ${Math.floor(1500 + random() * 490)}`,
  ];
  return Array.from({ length: count }, (_, at) => {
    const [one, two, three] = [pick(names), pick(names), pick(names)];
    const some = (alias, most) =>
      conditions(alias)
        .filter(() => random() < 0.4)
        .slice(0, most);
    const where = (list) => (list.length > 0 ? ` WHERE ${list.join(' AND ')}` : '');
    const sql = [
      () => `SELECT a.id, a.amount, a.note FROM ${one} a${where([conditions('a')[2], ...some('a', 1)])}`,
      () => `SELECT a.id, a.at FROM ${one} a${where(some('a', 2))} ORDER BY a.at DESC LIMIT 20`,
      () =>
        `SELECT a.id, b.amount FROM ${one} a JOIN ${two} b ON b.parent = a.id${where([conditions('a')[1], ...some('b', 2)])}`,
      () =>
        `SELECT a.kind, count(*), sum(a.amount) FROM ${one} a${where([conditions('a')[3], ...some('a', 1)])} GROUP BY a.kind`,
      () =>
        `SELECT c.id, sum(b.amount) FROM ${one} a JOIN ${two} b ON b.parent = a.id JOIN ${three} c ON c.parent = b.id${where([conditions('a')[2], ...some('c', 1)])} GROUP BY c.id`,
    ][at % 5]();
    return [`s${String(at).padStart(4, '0')}`, sql];
  });
}

/** A small seeded generator (mulberry32). */
function mulberry(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
