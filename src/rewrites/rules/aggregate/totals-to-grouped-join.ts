import { isNode } from '../../../sql/tree.js';
import { expression } from '../../build.js';
import { defineRewrite } from '../../define.js';
import { missing, seen } from '../../facts.js';
import type { Fact } from '../../facts.js';
import { joinLookups, lookupsIn } from '../../lookups.js';
import type { Lookup } from '../../lookups.js';
import { valueOverNothing } from '../../arithmetic.js';
import { callsAggregate } from '../../shapes.js';
import type { Query } from '../../view.js';

interface Site {
  readonly query: Query;
  readonly lookups: readonly Lookup[];
}

export default defineRewrite<Site>({
  id: 'aggregate/totals-to-grouped-join',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`SELECT (SELECT count(*) FROM b WHERE b.a_id = a.id) FROM a` becomes a LEFT JOIN with the counts of all `a_id` at once, and COALESCE for those that have none; several aggregates over the same rows become one join, and over other rows of the same table too, with `FILTER (WHERE ...)`; a subquery in ORDER BY alike.',
    why: 'A subquery in the output, or in ORDER BY, runs once for each row; the grouped one runs once.',
    limits:
      'count, sum, avg, min and max, arithmetic of the last four, bool_and and the like, string_agg, array_agg and json_agg with an ORDER BY of their own, `ARRAY(SELECT ... ORDER BY ...)`, and COALESCE of those with a constant; the correlation is by equality of columns of one type. The outer query has no GROUP BY and no `*`. Where few rows are asked for, the subquery may be the faster form: the trial tells.',
    sources: ['W. Kim: On optimizing an SQL-like nested query, ACM TODS 7 (3), 1982', 'PostgreSQL source, subselect.c'],
  },
  triggers: ['subquery/subplan-per-row'],
  match: (view) =>
    view.queries.flatMap((query) => {
      const lookups = lookupsIn(view, query).filter(({ value }) => callsAggregate(value));
      return lookups.length > 0 ? [{ query, lookups }] : [];
    }),
  requires: ({ lookups }): readonly [Fact, ...Fact[]] => {
    const unknown = lookups.some(({ value }) => valueOverNothing(value) === undefined);
    return [
      unknown
        ? missing('it is not known what an aggregate of the output gives over no rows')
        : seen('what each aggregate gives over no rows is written out: 0 for count, else NULL'),
      ...lookups.flatMap(({ correlation }) => correlation.facts),
    ];
  },
  rewrite: ({ query, lookups }, view) =>
    joinLookups(view, query, lookups, {
      grouped: true,
      read: ({ value, isArray }, column) => {
        const empty = isArray ? expression("'{}'") : valueOverNothing(value);
        return isNode(empty) ? expression('COALESCE($1, $2)', [column, empty]) : column;
      },
    }),
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer, amount int);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 3000) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 2900, n % 77 FROM generate_series(1, 30000) AS n;
      CREATE INDEX ON purchase (customer_id);
      ANALYZE;`,
    statement:
      'SELECT c.name, (SELECT count(*) FROM purchase AS p WHERE p.customer_id = c.id), (SELECT COALESCE(sum(p.amount), 0) FROM purchase AS p WHERE p.customer_id = c.id) AS amount FROM customer AS c',
    gain: { buffers: 50 },
  },
  unsoundTwin: {
    why: 'an array over no rows is not NULL once it is concatenated',
    statement:
      "SELECT c.name, (SELECT concat('n', count(p.amount)) FROM purchase AS p WHERE p.customer_id = c.id) AS amount FROM customer AS c",
  },
});
