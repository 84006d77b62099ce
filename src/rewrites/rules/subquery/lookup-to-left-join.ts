import { columnPath } from '../../../sql/scope.js';
import { bodyOf } from '../../../sql/tree.js';
import { defineRewrite } from '../../define.js';
import { missing } from '../../facts.js';
import { joinLookups, lookupsIn } from '../../lookups.js';
import type { Lookup } from '../../lookups.js';
import { callsAggregate } from '../../shapes.js';
import type { Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly lookups: readonly [Lookup, ...Lookup[]];
}

export default defineRewrite<Site>({
  id: 'subquery/lookup-to-left-join',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT (SELECT b.name FROM b WHERE b.id = a.b_id) FROM a`, where `b.id` is unique, becomes a LEFT JOIN with b; several lookups of one row become one join.',
    why: 'A subquery in the output runs once for each row; a join may be hashed, and reads b once.',
    limits:
      'The subquery reads one table, by equality with a unique key of it, without LIMIT, grouping or aggregates; the outer query has no GROUP BY and no `*`. Where few rows are asked for, the subquery may be the faster form: the trial tells.',
    sources: ['PostgreSQL manual, "Scalar Subqueries"', 'PostgreSQL source, subselect.c'],
  },
  triggers: ['subquery/subplan-per-row'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const [first, ...others] = lookupsIn(view, query).filter(
        ({ inner, value }) => !callsAggregate(value) && inner.sources.length === 1 && inner.sources[0]?.table,
      );
      return first ? [{ query, lookups: [first, ...others] }] : [];
    }),
  requires: ({ lookups: [first, ...others] }, facts) => {
    const unique = ({ inner, correlation }: Lookup) => {
      const columns = correlation.pairs.flatMap(
        ({ inside }) => columnPath(bodyOf(inside, 'ColumnRef') ?? {}).path.at(-1) ?? [],
      );
      const table = inner.sources[0]?.table;
      return table ? facts.unique(table, columns, true) : missing('the subquery does not read a table');
    };
    return [unique(first), ...others.map(unique)];
  },
  rewrite: ({ query, lookups }, view) =>
    joinLookups(view, query, lookups, { grouped: false, read: (_, value) => value }),
  example: {
    schema: `
      CREATE TABLE author (id bigint PRIMARY KEY, name text NOT NULL, country text);
      CREATE TABLE book (id bigint PRIMARY KEY, author_id bigint, title text NOT NULL);`,
    data: `
      INSERT INTO author SELECT n, 'author ' || n, 'c' || n % 50 FROM generate_series(1, 2000) AS n;
      INSERT INTO book SELECT n, nullif(n % 2001, 0), 'title ' || n FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    statement:
      'SELECT b.id, (SELECT a.name FROM author AS a WHERE a.id = b.author_id) AS author, (SELECT a.country FROM author AS a WHERE a.id = b.author_id) FROM book AS b',
    gain: { buffers: 100 },
  },
  unsoundTwin: {
    why: 'several rows may have the value: the subquery fails then, and the join gives each',
    schema: `
      CREATE TABLE author (id bigint, name text NOT NULL, country text);
      CREATE TABLE book (id bigint PRIMARY KEY, author_id bigint, title text NOT NULL);`,
  },
});
