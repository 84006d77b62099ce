import { beforeAll, describe, expect, it } from 'vitest';
import { functionBody } from './function-body.js';
import { loadParser } from './parse.js';

beforeAll(() => loadParser());

const plpgsql = (
  body: string,
  head = 'f(who bigint, "Odd Name" text) RETURNS numeric',
): ReturnType<typeof functionBody> =>
  functionBody(
    `CREATE OR REPLACE FUNCTION public.${head}\n LANGUAGE plpgsql\nAS $function$${body}$function$`,
    'plpgsql',
    () => null,
  );

describe('a body in PL/pgSQL', () => {
  it('gives its statements with parameters for arguments, variables and fields of records', () => {
    const body = plpgsql(`
      DECLARE r record; n integer; note text := (SELECT max(text) FROM notes WHERE number = n);
      BEGIN
        SELECT count(*) INTO n FROM orders AS o WHERE o.customer = who AND o.ünote = "Odd Name" AND o.other = f.who;
        FOR r IN SELECT * FROM items WHERE "order" = n LOOP
          PERFORM 1 FROM stock WHERE sku = r.sku AND depot = $1 AND r.sku > 0;
          UPDATE stock SET quantity = quantity - 1 WHERE sku = r.sku;
        END LOOP;
        IF EXISTS (SELECT 1 FROM gone WHERE id = who) THEN n := 1 + (SELECT min(q) FROM stock WHERE stock.depot = n); END IF;
        RETURN n;
      END`);
    expect(body?.statements.map(({ sql: one }) => one.replaceAll(/\s+/g, ' ').trim())).toEqual([
      'SELECT (SELECT max(text) FROM notes WHERE number = $1)',
      'SELECT count(*) FROM orders AS o WHERE o.customer = $1 AND o.ünote = $2 AND o.other = $1',
      'SELECT 1 FROM stock WHERE sku = $1 AND depot = $2 AND $1 > 0',
      'UPDATE stock SET quantity = quantity - 1 WHERE sku = $1',
      'SELECT * FROM items WHERE "order" = $1',
      'SELECT EXISTS (SELECT 1 FROM gone WHERE id = $1)',
      'SELECT 1 + (SELECT min(q) FROM stock WHERE stock.depot = $1)',
    ]);
    expect(body?.dynamic).toBe(false);
  });

  it('tells what it calls, and that it runs a text made at run time', () => {
    const body = plpgsql(`BEGIN PERFORM shop.g(who); CALL h(1); EXECUTE 'SELECT 1' || "Odd Name"; RETURN k(2); END`);
    expect(body).toMatchObject({ statements: [], dynamic: true });
    expect(body?.calls.map(({ schema, name }) => `${schema ?? '-'}.${name}`)).toEqual(['shop.g', '-.h', '-.k']);
  });

  it('knows variables of a row type, and tells them from aliases', () => {
    const body = plpgsql(
      `
      DECLARE o orders%ROWTYPE; k orders.id%TYPE; i items;
      BEGIN
        SELECT * INTO o FROM orders WHERE id = who;
        PERFORM 1 FROM items i WHERE i."order" = o.id AND i.sku = k;
        CREATE TEMP TABLE seen AS SELECT 1 FROM orders;
        TRUNCATE seen;
        RETURN QUERY EXECUTE 'SELECT 1';
      END`,
      'f(who bigint) RETURNS SETOF numeric',
    );
    expect(body?.statements.map(({ sql }) => sql.replaceAll(/\s+/g, ' '))).toEqual([
      'SELECT * FROM orders WHERE id = $1',
      'SELECT 1 FROM items i WHERE i."order" = $1 AND i.sku = $2',
    ]);
    expect(body?.dynamic).toBe(true);
  });

  it('leaves out a statement that takes a whole record', () => {
    const body = plpgsql(
      'BEGIN INSERT INTO audit SELECT NEW.*; DELETE FROM cache WHERE id = OLD.id; RETURN NEW; END',
      'f() RETURNS trigger',
    );
    expect(body?.statements).toEqual([{ sql: 'DELETE FROM cache WHERE id = $1', variables: ['old.id'] }]);
  });

  it('is null where it can not be parsed', () => expect(plpgsql('BEGIN IF THEN')).toBeNull());
});

describe('a body in SQL', () => {
  const sql = (body: string): ReturnType<typeof functionBody> =>
    functionBody(
      `CREATE FUNCTION public.f(who bigint, integer, seen boolean) RETURNS bigint\n LANGUAGE sql\n${body}`,
      'sql',
      (_, name) => (name === 'orders' ? ['customer', 'region', 'seen'] : null),
    );

  it('gives its statements', () => {
    const body = sql(
      'AS $$ UPDATE orders SET region = 1 WHERE customer = who AND seen; SELECT count(*) FROM orders WHERE region = $2 AND f.who = customer $$',
    );
    expect(body).toMatchObject({
      parameters: ['who', '', 'seen'],
      statements: [
        { sql: 'UPDATE orders SET region = 1 WHERE customer = $1 AND seen', variables: ['who'] },
        { sql: 'SELECT count(*) FROM orders WHERE region = $1 AND $2 = customer', variables: ['$2', 'who'] },
      ],
    });
  });

  it('is null where it was parsed when it was made', () => expect(sql('BEGIN ATOMIC\n SELECT 1;\nEND')).toBeNull());
});
