import { beforeAll, describe, expect, test } from 'vitest';
import { loadParser, parseStatement } from './parse.js';
import type { Predicate, RelationUse, StatementUses } from './use-types.js';
import { statementUses } from './uses.js';

beforeAll(() => loadParser());

const TABLES: Record<string, readonly string[]> = {
  customer: ['id', 'email', 'country', 'active', 'created_at'],
  orders: ['id', 'customer_id', 'status', 'total', 'created_at', 'deleted_at', 'payload', 'tags'],
  item: ['order_id', 'product_id', 'quantity', 'note'],
  'app.log': ['id', 'at', 'message'],
};

function uses(sql: string): StatementUses {
  return statementUses(
    parseStatement(sql),
    (schema, name) => TABLES[schema === null ? name : `${schema}.${name}`] ?? null,
  );
}

function show(predicate: Predicate): string {
  const on = predicate.column ?? `(${predicate.expression ?? '?'})`;
  const { value } = predicate;
  const to =
    value.kind === 'constant'
      ? value.sql
      : value.kind === 'parameter'
        ? value.numbers.map((n) => `$${n}`).join('')
        : value.kind === 'join'
          ? `@${value.reference ?? '?'}.${value.column ?? '?'}${value.correlated ? '^' : ''}`
          : value.kind === 'none'
            ? ''
            : value.kind;
  const branch = predicate.branch ? ` [${predicate.branch.group}/${predicate.branch.arm}]` : '';
  return `${predicate.kind} ${on} ${predicate.operator} ${to}`.trim() + branch;
}

function conditions(sql: string): readonly string[] {
  return uses(sql).relations.map((relation) =>
    `${relation.alias}#${relation.level}: ${relation.predicates.map(show).join('; ')}`.trim(),
  );
}

function only(sql: string): RelationUse {
  const [relation, ...others] = uses(sql).relations;
  if (!relation || others.length > 0) throw new Error('one relation expected');
  return relation;
}

describe('conditions', () => {
  test.each([
    ['SELECT 1 FROM orders WHERE status = $1 AND total > 5', ['orders#0: equality status = $1; range total > 5']],
    ['SELECT 1 FROM orders WHERE 5 < total AND $1 = status', ['orders#0: range total > 5; equality status = $1']],
    [
      "SELECT 1 FROM orders WHERE status IN ('a', 'b') AND id = ANY($1) AND total NOT IN (1)",
      ["orders#0: list status = 'a', 'b'; list id = ANY $1; inequality total <> 1"],
    ],
    ['SELECT 1 FROM orders WHERE created_at BETWEEN $1 AND $2', ['orders#0: range created_at BETWEEN $1$2']],
    [
      "SELECT 1 FROM customer WHERE email LIKE 'a%' AND email LIKE '%a' AND email LIKE $1 AND email ILIKE 'a%' AND email ~ 'x' AND email NOT LIKE 'b'",
      [
        "customer#0: prefix email ~~ 'a%'; contains email ~~ '%a'; pattern email ~~ $1; contains email ~~* 'a%'; contains email ~ 'x'; inequality email !~~ 'b'",
      ],
    ],
    [
      'SELECT 1 FROM orders WHERE deleted_at IS NULL AND total IS NOT NULL',
      ['orders#0: is-null deleted_at IS NULL; not-null total IS NOT NULL'],
    ],
    [
      'SELECT 1 FROM customer WHERE active AND NOT active AND active IS TRUE AND active IS FALSE',
      [
        'customer#0: is-true active IS TRUE; is-false active IS FALSE; is-true active IS TRUE; is-false active IS FALSE',
      ],
    ],
    [
      "SELECT 1 FROM customer c WHERE lower(c.email) = 'x' AND upper(email) = lower($1)",
      ["c#0: equality (lower(email)) = 'x'; equality (upper(email)) = $1"],
    ],
    [
      "SELECT 1 FROM orders WHERE payload ->> 'x' = 'y' AND payload @> '{}' AND tags && $1 AND payload ? 'k'",
      [
        "orders#0: equality (payload ->> 'x') = 'y'; operator payload @> '{}'; operator tags && $1; operator payload ? 'k'",
      ],
    ],
    [
      "SELECT 1 FROM orders WHERE created_at > now() - interval '1 day' AND total > (SELECT 3)",
      ['orders#0: range created_at > runtime; range total > runtime'],
    ],
    [
      'SELECT 1 FROM orders WHERE status = $1 OR (customer_id = $2 AND total > 1)',
      ['orders#0: equality status = $1 [0/0]; equality customer_id = $2 [0/1]; range total > 1 [0/1]'],
    ],
    [
      'SELECT 1 FROM orders WHERE (created_at, id) < ($1, $2) AND (status, total) = ($3, 4)',
      ['orders#0: range created_at < $1; equality status = $3; equality total = 4'],
    ],
    [
      'SELECT 1 FROM orders WHERE created_at > deleted_at AND total + 1 = 2 AND id IS DISTINCT FROM 3',
      ['orders#0: equality (total + 1) = 2; inequality id IS DISTINCT FROM 3'],
    ],
    ['SELECT 1 FROM orders WHERE payload ->> $1 = $2', ['orders#0: equality (?) = $2']],
  ])('%s', (sql, expected) => {
    expect(conditions(sql)).toEqual(expected);
  });
  test('says the whole condition as SQL where it is constant', () => {
    const sql =
      "SELECT 1 FROM orders o WHERE o.status = 'pending' AND o.deleted_at IS NULL AND o.total = $1 AND o.id IN (1, 2)";
    expect(only(sql).predicates.map((predicate) => predicate.sql)).toEqual([
      "status = 'pending'",
      'deleted_at IS NULL',
      null,
      'id IN (1, 2)',
    ]);
  });
});

describe('joins and subqueries', () => {
  test.each([
    [
      'SELECT 1 FROM orders o JOIN customer c ON c.id = o.customer_id AND c.country = $1',
      ['o#0: equality customer_id = @1.id', 'c#0: equality id = @0.customer_id; equality country = $1'],
    ],
    [
      'SELECT 1 FROM orders, customer WHERE customer_id = customer.id AND email = $1',
      ['orders#0: equality customer_id = @1.id', 'customer#0: equality id = @0.customer_id; equality email = $1'],
    ],
    [
      'SELECT 1 FROM orders a JOIN orders b USING (customer_id)',
      ['a#0: equality customer_id = @1.customer_id', 'b#0: equality customer_id = @0.customer_id'],
    ],
    [
      'SELECT 1 FROM item NATURAL JOIN (SELECT id AS order_id FROM orders) o',
      ['item#0: equality order_id = @1.id', 'orders#1: equality id = @0.order_id'],
    ],
    [
      'SELECT 1 FROM customer c WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = c.id AND status = $1)',
      ['c#0: equality id = @1.customer_id', 'orders#1: equality customer_id = @0.id^; equality status = $1'],
    ],
    [
      'SELECT 1 FROM customer c WHERE NOT EXISTS (SELECT 1 FROM orders WHERE customer_id = c.id)',
      ['c#0:', 'orders#1: equality customer_id = @0.id^'],
    ],
    [
      'SELECT (SELECT max(total) FROM orders o WHERE o.customer_id = c.id) FROM customer c',
      ['c#0:', 'o#1: equality customer_id = @0.id^'],
    ],
    [
      'SELECT 1 FROM customer WHERE id IN (SELECT customer_id FROM orders WHERE total > 5)',
      ['customer#0: equality id = @1.customer_id', 'orders#1: range total > 5; equality customer_id = @0.id'],
    ],
    [
      'SELECT 1 FROM customer WHERE (id, country) IN (SELECT customer_id, status FROM orders)',
      [
        'customer#0: equality id = @1.customer_id; equality country = @1.status',
        'orders#1: equality customer_id = @0.id; equality status = @0.country',
      ],
    ],
    [
      'SELECT 1 FROM customer WHERE (id, country) NOT IN (SELECT customer_id, status FROM orders)',
      ['customer#0:', 'orders#1:'],
    ],
    ['SELECT 1 FROM customer WHERE id NOT IN (SELECT customer_id FROM orders)', ['customer#0:', 'orders#1:']],
    ['SELECT 1 FROM (SELECT customer_id AS c, count(*) AS n FROM orders GROUP BY 1) g WHERE n > 3', ['orders#1:']],
    [
      'SELECT 1 FROM (SELECT customer_id AS c, count(*) AS n FROM orders GROUP BY customer_id) g WHERE c = $1',
      ['orders#1: equality customer_id = $1'],
    ],
    ['SELECT 1 FROM (SELECT * FROM orders) o WHERE status = $1', ['orders#1: equality status = $1']],
    ['SELECT 1 FROM (SELECT * FROM orders LIMIT 5) o WHERE status = $1', ['orders#1:']],
    ['WITH o AS (SELECT id, status AS s FROM orders) SELECT 1 FROM o WHERE s = $1', ['orders#1: equality status = $1']],
    ['WITH o AS MATERIALIZED (SELECT id, status AS s FROM orders) SELECT 1 FROM o WHERE s = $1', ['orders#1:']],
    [
      'WITH o AS (SELECT id, status AS s FROM orders) SELECT 1 FROM o JOIN o p USING (id) WHERE o.s = $1',
      ['orders#1:'],
    ],
    [
      'WITH RECURSIVE r AS (SELECT id FROM orders WHERE id = 1 UNION ALL SELECT o.id FROM orders o JOIN r ON o.customer_id = r.id) SELECT * FROM r',
      ['orders#2: equality id = 1', 'o#2: equality customer_id = @?.?'],
    ],
    [
      'SELECT 1 FROM customer c, LATERAL (SELECT * FROM orders o WHERE o.customer_id = c.id ORDER BY created_at DESC LIMIT 3) l',
      ['c#0:', 'o#1: equality customer_id = @0.id^'],
    ],
    ['SELECT 1 FROM generate_series(1, 3) g(n) JOIN orders ON orders.id = g.n', ['orders#0: equality id = @?.?']],
    [
      'SELECT 1 FROM unknown u JOIN orders o ON o.id = u.x WHERE y = 2',
      ['u#0: equality x = @1.id; equality y = 2', 'o#0: equality id = @0.x'],
    ],
    [
      'SELECT 1 FROM app.log WHERE at > $1 UNION ALL SELECT 2 FROM orders WHERE id = 3',
      ['log#1: range at > $1', 'orders#1: equality id = 3'],
    ],
    [
      'SELECT 1 FROM (SELECT id AS a, status AS s FROM orders UNION ALL SELECT c.id, c.country FROM customer c UNION ALL SELECT 1, 2) u JOIN item i ON i.order_id = u.a WHERE u.s = $1',
      [
        'orders#3: equality id = @2.order_id; equality status = $1',
        'c#3: equality id = @2.order_id; equality country = $1',
        'i#0: equality order_id = @?.?',
      ],
    ],
    [
      'WITH u AS (SELECT id, status FROM orders UNION SELECT id, country FROM customer), v AS (SELECT id AS n FROM u) SELECT 1 FROM v WHERE n IN (SELECT order_id FROM item)',
      [
        'orders#2: equality id = @2.order_id',
        'customer#2: equality id = @2.order_id',
        'item#1: equality order_id = @?.?',
      ],
    ],
    [
      'SELECT 1 FROM item JOIN (SELECT id AS order_id FROM orders UNION ALL SELECT id FROM customer) u USING (order_id)',
      [
        'item#0: equality order_id = @?.?',
        'orders#2: equality id = @0.order_id',
        'customer#2: equality id = @0.order_id',
      ],
    ],
    [
      'SELECT 1 FROM (SELECT id FROM orders EXCEPT SELECT id FROM customer) u WHERE id = $1',
      ['orders#2:', 'customer#2:'],
    ],
    [
      'SELECT 1 FROM (SELECT id FROM orders UNION ALL SELECT id FROM customer LIMIT 5) u WHERE id = $1',
      ['orders#2:', 'customer#2:'],
    ],
    [
      'SELECT 1 FROM (SELECT status, count(*) AS n FROM orders GROUP BY status UNION ALL SELECT country, 1 FROM customer) u WHERE status = $1 AND n > 3',
      ['orders#2: equality status = $1', 'customer#2: equality country = $1'],
    ],
  ])('%s', (sql, expected) => {
    expect(conditions(sql)).toEqual(expected);
  });
});

describe('orders', () => {
  const sorts = (sql: string): readonly string[] =>
    uses(sql).relations.flatMap((relation) =>
      relation.sorts.map((sort) => {
        const keys = sort.keys.map(
          (key) => `${key.column ?? `(${key.expression})`}${key.descending ? '-' : '+'}${key.nullsFirst ? 'f' : 'l'}`,
        );
        return `${sort.purpose} ${keys.join(' ')}${sort.complete ? '' : ' ...'}${sort.limited ? ` limit ${sort.limit ?? '?'}` : ''}`;
      }),
    );
  test.each([
    ['SELECT * FROM orders ORDER BY created_at DESC, id LIMIT 10', ['order created_at-f id+l limit 10']],
    [
      'SELECT * FROM (SELECT id, created_at AS at FROM orders UNION ALL SELECT id, created_at FROM customer) u ORDER BY at DESC LIMIT 9',
      ['order created_at-f limit 9', 'order created_at-f limit 9'],
    ],
    ['SELECT id, total AS t FROM orders ORDER BY t, 1 NULLS FIRST LIMIT $1', ['order total+l id+f limit ?']],
    ['SELECT 1 FROM orders o JOIN customer c ON c.id = o.customer_id ORDER BY o.total, c.email', ['order total+l ...']],
    ['SELECT status, count(*) FROM orders GROUP BY status ORDER BY 2', ['group status+l']],
    ['SELECT max(created_at) FROM orders WHERE status = $1', ['min-max created_at-f limit 1']],
    ['SELECT min(id), max(id) FROM orders', ['min-max id+l limit 1', 'min-max id-f limit 1']],
    ['SELECT coalesce(max(id), 0) + 1 FROM orders', ['min-max id-f limit 1']],
    ['SELECT max(id), count(*) FROM orders', []],
    ['SELECT max(id) FILTER (WHERE total > 5) FROM orders', []],
    ['SELECT max(id) OVER () FROM orders', []],
    ['SELECT DISTINCT status, customer_id FROM orders', ['distinct status+l customer_id+l']],
    [
      'SELECT DISTINCT ON (customer_id) * FROM orders ORDER BY customer_id, created_at DESC',
      ['order customer_id+l created_at-f', 'distinct customer_id+l'],
    ],
    ['SELECT row_number() OVER (PARTITION BY customer_id ORDER BY id DESC) FROM orders', ['window customer_id+l id-f']],
    ['SELECT id FROM customer ORDER BY lower(email)', ['order (lower(email))+l']],
  ])('%s', (sql, expected) => {
    expect(sorts(sql)).toEqual(expected);
  });
});

describe('columns', () => {
  test('lists what is needed once, and tells a star', () => {
    expect(only('SELECT o.id, count(*) FROM orders o WHERE status = $1 GROUP BY o.id ORDER BY total')).toMatchObject({
      needed: ['status', 'id', 'total'],
      star: false,
    });
    expect(only('SELECT o.* FROM orders o').star).toBe(true);
    expect(only('SELECT row_to_json(o) FROM orders o').star).toBe(true);
    expect(only('SELECT count(*) FROM orders')).toMatchObject({ needed: [], star: false });
  });
  test('an output name in ORDER BY is not a column', () => {
    expect(only('SELECT sum(quantity) AS note FROM item ORDER BY note').needed).toEqual(['quantity']);
  });
});

describe('changes', () => {
  test.each([
    ['UPDATE orders SET status = $1', ['status'], false],
    ['DELETE FROM orders', [], true],
    ['INSERT INTO orders (id, status) VALUES (1, $1)', [], false],
    ['INSERT INTO orders (id, status) VALUES (1, $1) ON CONFLICT (id) DO NOTHING', [], false],
    [
      'INSERT INTO orders (id, status) VALUES (1, $1) ON CONFLICT (status) DO UPDATE SET id = excluded.id',
      ['id'],
      false,
    ],
    ['MERGE INTO orders o USING item i ON o.id = i.id WHEN MATCHED THEN DELETE', [], true],
    [
      'MERGE INTO orders o USING item i ON o.id = i.id WHEN MATCHED AND i.id > 5 THEN DELETE WHEN MATCHED THEN UPDATE SET status = $1 WHEN NOT MATCHED THEN INSERT (id) VALUES (i.id)',
      ['status'],
      true,
    ],
    ['MERGE INTO orders o USING item i ON o.id = i.id WHEN NOT MATCHED THEN INSERT (id) VALUES (i.id)', [], false],
  ])('what may happen to rows that are there: %s', (sql, set, deletes) => {
    expect(uses(sql).relations[0]).toMatchObject({ set, deletes });
  });
  test('UPDATE, DELETE, INSERT and MERGE tell target, columns written and conditions', () => {
    const summary = (sql: string): readonly string[] =>
      uses(sql).relations.map((one) =>
        `${one.role} ${one.alias} [${one.written.join(' ')}] ${one.predicates.map(show).join('; ')}`.trim(),
      );
    expect(
      summary(
        'UPDATE orders o SET status = $1, total = total + $2 FROM customer c WHERE c.id = o.customer_id AND c.email = $3',
      ),
    ).toEqual([
      'update o [status total] equality customer_id = @1.id',
      'read c [] equality id = @0.customer_id; equality email = $3',
    ]);
    expect(summary('DELETE FROM orders USING customer c WHERE customer_id = c.id AND orders.id = $1')).toEqual([
      'delete orders [] equality customer_id = @1.id; equality id = $1',
      'read c [] equality id = @0.customer_id',
    ]);
    expect(
      summary(
        'INSERT INTO item SELECT id, $1, 1 FROM orders WHERE status = $2 ON CONFLICT (order_id) DO UPDATE SET quantity = excluded.quantity',
      ),
    ).toEqual(['insert item [order_id product_id quantity note]', 'read orders [] equality status = $2']);
    expect(
      summary(
        'MERGE INTO orders o USING item i ON i.order_id = o.id WHEN MATCHED AND i.quantity = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET total = i.quantity WHEN NOT MATCHED THEN INSERT (id, total) VALUES (i.order_id, $1)',
      ),
    ).toEqual(['merge o [total id] equality id = @1.order_id', 'read i [] equality order_id = @0.id']);
    expect(
      summary(
        'WITH gone AS (DELETE FROM item WHERE order_id = $1 RETURNING product_id) UPDATE orders SET total = 0 FROM gone WHERE id = gone.product_id',
      ),
    ).toEqual(['delete item [] equality order_id = $1', 'update orders [total] equality id = @?.?']);
  });
});

describe('parameters', () => {
  const parameters = (sql: string): readonly string[] => {
    const { relations, parameters: all } = uses(sql);
    return all.map((one) => {
      const at =
        one.reference === null ? '' : ` ${relations[one.reference]?.alias}.${one.column ?? `(${one.expression})`}`;
      return `$${one.number} ${one.role}${at}${one.operator ? ` ${one.operator}` : ''}${one.type ? `::${one.type}` : ''}${one.functionName ? ` ${one.functionName}()` : ''}${one.path.length > 0 ? ` at ${one.path.join('.')}` : ''}`;
    });
  };
  test.each([
    [
      'SELECT 1 FROM orders WHERE status = $1 AND $2 < total LIMIT $3 OFFSET $4',
      ['$1 compared orders.status =', '$2 compared orders.total >', '$3 limit', '$4 offset'],
    ],
    [
      'SELECT 1 FROM orders WHERE status IN ($1, $2) AND id = ANY($3::int[])',
      ['$1 list orders.status =', '$2 list orders.status =', '$3 array orders.id =::int4[]'],
    ],
    [
      'SELECT 1 FROM orders WHERE created_at > now() - interval $1 AND created_at BETWEEN $2 AND $3',
      [
        '$1 interval orders.created_at >::interval',
        '$2 compared orders.created_at BETWEEN',
        '$3 compared orders.created_at BETWEEN',
      ],
    ],
    [
      'INSERT INTO item (order_id, note) VALUES ($1, $2), ($3, lower($4))',
      ['$1 insert item.order_id', '$2 insert item.note', '$3 insert item.order_id', '$4 insert item.note'],
    ],
    ['INSERT INTO item VALUES ($1, $2)', ['$1 insert item.order_id', '$2 insert item.product_id']],
    [
      'UPDATE orders SET (status, total) = ($1, total - $2), tags = $3::text[] WHERE id = $4',
      ['$1 set orders.status', '$2 set orders.total', '$3 set orders.tags::text[]', '$4 compared orders.id ='],
    ],
    [
      'SELECT 1 FROM customer c WHERE lower(c.email) = $1 AND email LIKE $2 AND date_trunc($3, created_at) = $4',
      [
        '$1 compared c.email = lower()',
        '$2 compared c.email ~~',
        '$3 argument date_trunc()',
        '$4 compared c.created_at = date_trunc()',
      ],
    ],
    [
      'SELECT CASE WHEN status = $1 THEN $2 END, coalesce($3, total) FROM orders HAVING count(*) > $4',
      ['$1 compared orders.status =', '$2 other', '$3 compared orders.total', '$4 compared > count()'],
    ],
    [
      'SELECT 1 FROM orders WHERE payload ->> $1 = $2',
      ['$1 argument orders.payload ->>()', '$2 compared orders.payload = at 1'],
    ],
    [
      "SELECT 1 FROM orders WHERE (payload -> $1 ->> 'size')::int > $2 AND payload -> $3 = $4",
      [
        '$1 argument orders.payload ->()',
        '$2 compared orders.payload > at 1.size',
        '$3 argument orders.payload ->()',
        '$4 compared orders.payload =',
      ],
    ],
    ['SELECT 1 FROM orders WHERE $1 IS NULL OR status = $1', ['$1 other', '$1 compared orders.status =']],
    [
      'SELECT 1 FROM orders WHERE (created_at, id) < ($1, $2)',
      ['$1 compared orders.created_at <', '$2 compared orders.id <'],
    ],
  ])('%s', (sql, expected) => {
    expect(parameters(sql)).toEqual(expected);
  });
});
