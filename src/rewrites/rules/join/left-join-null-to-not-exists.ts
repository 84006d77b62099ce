import { antiJoinsIn, setInItsTable, withoutJoin } from '../../anti-joins.js';
import type { AntiJoin } from '../../anti-joins.js';
import { defineRewrite } from '../../define.js';
import { seen } from '../../facts.js';

export default defineRewrite<AntiJoin>({
  id: 'join/left-join-null-to-not-exists',
  minMajor: 14,
  maxMajor: null,
  docs: {
    what: '`a LEFT JOIN b ON ... WHERE b.c IS NULL`, where c is NOT NULL in its table, becomes `a WHERE NOT EXISTS (SELECT 1 FROM b WHERE ...)`.',
    why: 'PostgreSQL sees an anti join only where c is compared by the join itself; else every pair of rows is joined and then thrown away.',
    limits: 'b is a table and the outermost join of FROM, and is named only in ON and in that test; `*` would show it.',
    sources: ['PostgreSQL source, `reduce_outer_joins` in prepjointree.c'],
  },
  triggers: ['scan/rows-discarded'],
  match: antiJoinsIn,
  requires: ({ origin }, facts) => [
    setInItsTable(origin, facts),
    seen(`${origin.source.alias} is named in its join and in the test alone`),
  ],
  rewrite: (site, view) => withoutJoin(view, site),
  example: {
    schema: `
      CREATE TABLE customer (id bigint PRIMARY KEY, name text NOT NULL);
      CREATE TABLE purchase (id bigint PRIMARY KEY, customer_id bigint REFERENCES customer, paid boolean);`,
    data: `
      INSERT INTO customer SELECT n, 'customer ' || n FROM generate_series(1, 200) AS n;
      INSERT INTO purchase SELECT n, 1 + n % 190, n % 3 = 0 FROM generate_series(1, 60000) AS n;
      CREATE INDEX ON purchase (customer_id);
      VACUUM ANALYZE;`,
    statement:
      'SELECT c.id, c.name FROM customer AS c LEFT JOIN purchase AS p ON p.customer_id = c.id WHERE p.id IS NULL',
    gain: {
      rows: 5,
      why: 'the anti join stops at the first partner of each row, and reads the rest of the index not at all',
    },
  },
  unsoundTwin: {
    why: 'the tested column may be NULL in a row that did join',
    statement:
      'SELECT c.id, c.name FROM customer AS c LEFT JOIN purchase AS p ON p.customer_id = c.id WHERE p.paid IS NULL',
  },
});
