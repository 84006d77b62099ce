import { expect, it } from 'vitest';
import { readPlan } from './read/read-plan.js';
import { columnsIn } from './statistics.js';

it.each([
  ['(k = 7)', ['k']],
  ["((o.kind = 7) AND (o.note = 'x.y = z'::text))", ['kind', 'note']],
  ['(o.customer_id = c.id)', ['customer_id']],
  ['("Customer Id" = ANY (\'{1,2}\'::integer[]))', ['Customer Id']],
  ['(o."odd ""name""" IS NOT NULL)', ['odd "name"']],
  ["(date_trunc('day'::text, o.placed) = '2024-01-01 00:00:00'::timestamp without time zone)", ['placed']],
  ["((lower(email) ~~ 'a%'::text) OR (id < $1))", ['email', 'id']],
  ['(NOT (ANY (id = (SubPlan 1).col1)))', ['id']],
])('the columns of %s', (filter, columns) => {
  const text = `Seq Scan on "order" o  (cost=0.00..1.00 rows=1 width=4)\n  Filter: ${filter}`;
  expect(columnsIn(readPlan(text).tree.root, null)).toEqual(columns);
});
