-- What a database may hold that the attempts reach for: tables, sequences, large objects, and objects that do something when they are merely read, named or planned.
CREATE SCHEMA app;
CREATE SCHEMA evil;

-- Honest tables.
CREATE TABLE app.customer (id serial PRIMARY KEY, name text NOT NULL, country text, since date NOT NULL, tags text[] NOT NULL, profile jsonb NOT NULL);
INSERT INTO app.customer (name, country, since, tags, profile)
  SELECT 'Customer ' || i, (ARRAY['AT', 'DE', 'FR', NULL])[1 + i % 4], date '2020-01-01' + i, ARRAY['t' || i % 3, 't' || i % 5], jsonb_build_object('age', 18 + i % 60, 'city', jsonb_build_object('name', 'c' || i % 7))
  FROM generate_series(1, 200) AS i;
CREATE TABLE app.invoice (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id int NOT NULL REFERENCES app.customer, at timestamptz NOT NULL, amount numeric(12, 2) NOT NULL, paid bool NOT NULL, note text);
INSERT INTO app.invoice (customer_id, at, amount, paid, note)
  SELECT 1 + i % 200, timestamptz '2024-01-01 00:00+00' + i * interval '7 hours', (i * 37 % 1000) / 10.0, i % 3 <> 0, CASE WHEN i % 4 = 0 THEN 'late payment of order ' || i END
  FROM generate_series(1, 1000) AS i;
CREATE TABLE app.employee (id int PRIMARY KEY, boss int REFERENCES app.employee, name text NOT NULL, salary numeric NOT NULL, seen inet, during daterange);
INSERT INTO app.employee SELECT i, NULLIF(i / 3, 0), 'E' || i, 1000 + i * 10, ('10.0.0.' || i)::inet, daterange('2024-01-01'::date + i, '2024-03-01'::date + i) FROM generate_series(1, 40) AS i;
CREATE TABLE app."order" ("Größe" int, "select" text, "quo""te" text);
INSERT INTO app."order" VALUES (1, 'x', 'y');
CREATE TABLE app.measure (at timestamptz NOT NULL, value float8) PARTITION BY RANGE (at);
CREATE TABLE app.measure_2024 PARTITION OF app.measure FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO app.measure SELECT timestamptz '2024-06-01 00:00+00' + i * interval '1 hour', sin(i) FROM generate_series(1, 500) AS i;
CREATE TABLE app.empty (a int);
CREATE TYPE app.mood AS ENUM ('low', 'high');
CREATE TABLE app.diary (day date PRIMARY KEY, mood app.mood);
INSERT INTO app.diary VALUES ('2024-01-01', 'low'), ('2024-01-02', 'high');
CREATE VIEW app.paid AS SELECT customer_id, sum(amount) AS total FROM app.invoice WHERE paid GROUP BY customer_id;
CREATE MATERIALIZED VIEW app.monthly AS SELECT date_trunc('month', at) AS month, sum(amount) AS total FROM app.invoice GROUP BY 1;
CREATE FUNCTION app.net(amount numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT round(amount / 1.2, 2)';
CREATE FUNCTION app.grade(amount numeric) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN IF amount > 50 THEN RETURN ''big''; END IF; RETURN ''small''; END';
CREATE FUNCTION app.invoices_of(customer int) RETURNS SETOF app.invoice LANGUAGE sql STABLE AS 'SELECT * FROM app.invoice WHERE customer_id = $1';
CREATE INDEX ON app.invoice (app.net(amount));
CREATE SEQUENCE app.seq;
SELECT nextval('app.seq');
SELECT lo_from_bytea(4711, 'a large object');

-- A log that anything which writes may write to.
CREATE TABLE app.log (at timestamptz DEFAULT now(), what text);
CREATE FUNCTION app.sneaky() RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO app.log (what) VALUES (''sneaky'') RETURNING 1';
CREATE FUNCTION app.sneaky(int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT pg_advisory_lock(1)::text::int';
CREATE FUNCTION app.sneaky(text) RETURNS text LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_notify(''corpus'', $1); RETURN $1; END';
CREATE FUNCTION app.holds(int) RETURNS bool LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_lock(1); RETURN true; END';
CREATE FUNCTION app.whisper(app.customer) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_lock(2); RETURN 1; END';
CREATE FUNCTION app.murmur(app.customer, loud int DEFAULT 1) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_lock(3); RETURN 1; END';
CREATE PROCEDURE app.proceed() LANGUAGE sql AS 'INSERT INTO app.log (what) VALUES (''called'')';

-- Functions that call themselves harmless and are not.
CREATE FUNCTION app.liar_stable() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN PERFORM pg_advisory_lock(4); RETURN 1; END';
CREATE FUNCTION app.liar_immutable() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_advisory_lock(5); RETURN 1; END';
CREATE FUNCTION app.liar_sql() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT pg_advisory_lock(6)::text::int';
CREATE FUNCTION app.liar_atomic() RETURNS text LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT pg_advisory_lock(7)::text; END;
CREATE FUNCTION app.liar_dynamic(text) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN EXECUTE $1; RETURN 1; END';
CREATE FUNCTION app.liar_quoted() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN PERFORM U&"pg\005fadvisory\005flock"(8); RETURN 1; END';
CREATE FUNCTION app.liar_far() RETURNS int LANGUAGE sql STABLE AS 'SELECT app.liar_stable()';
CREATE FUNCTION app.liar_internal(bigint) RETURNS void LANGUAGE internal IMMUTABLE AS 'pg_advisory_lock_int8';
CREATE FUNCTION app.liar_sleep(float8) RETURNS void LANGUAGE internal STABLE AS 'pg_sleep';
CREATE FUNCTION app.liar_default(a int DEFAULT app.sneaky(1)) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION app.liar_compiled(text, text) RETURNS text LANGUAGE c STABLE AS '$libdir/dblink', 'dblink_exec';

-- Views, policies and rules with something behind them.
CREATE VIEW app.trap AS SELECT id, app.sneaky() AS s FROM app.customer;
CREATE VIEW app.over_trap AS SELECT id FROM app.trap;
CREATE VIEW app.sleeper AS SELECT pg_sleep(1)::text AS s;
CREATE VIEW app.locker AS SELECT id FROM app.customer FOR UPDATE;
CREATE VIEW app.liar_view AS SELECT app.liar_stable() AS a;
CREATE TABLE app.guarded (a int);
INSERT INTO app.guarded VALUES (1);
ALTER TABLE app.guarded ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.guarded FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON app.guarded USING (app.holds(a));
CREATE TABLE app.ruled (a int);
CREATE RULE also AS ON INSERT TO app.ruled DO ALSO SELECT app.liar_immutable();
CREATE TABLE app.defaulted (a int, b int DEFAULT app.liar_immutable());
CREATE TABLE app.partly (a int);
CREATE INDEX ON app.partly (a) WHERE app.liar_immutable() > 0;
CREATE VIEW evil.customer AS SELECT app.sneaky(1) AS id;

-- Types, casts, operators and aggregates.
CREATE TYPE app.pair AS (x int, y int);
CREATE FUNCTION app.to_pair(int) RETURNS app.pair LANGUAGE sql VOLATILE AS 'SELECT ROW($1, app.sneaky(1))::app.pair';
CREATE CAST (int AS app.pair) WITH FUNCTION app.to_pair(int);
CREATE DOMAIN app.checked AS int CHECK (app.holds(VALUE));
CREATE DOMAIN app.over_checked AS app.checked;
CREATE TABLE app.holder (c app.checked);
CREATE TYPE app.checkedrange AS RANGE (subtype = app.checked);
CREATE FUNCTION app.takes_checked(app.checked) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION app.add_loudly(int, int) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_lock(9); RETURN $1 + $2; END';
CREATE OPERATOR app.|+| (LEFTARG = int, RIGHTARG = int, FUNCTION = app.add_loudly);
CREATE AGGREGATE app.noisy (int) (SFUNC = app.add_loudly, STYPE = int);
CREATE TYPE app.token AS ENUM ('a', 'b');
CREATE FUNCTION app.token_json(app.token) RETURNS json LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_lock(10); RETURN ''1''; END';
CREATE CAST (app.token AS json) WITH FUNCTION app.token_json(app.token);
CREATE TABLE app.tokens (t app.token);
INSERT INTO app.tokens VALUES ('a'), ('b');
CREATE TYPE app.coin AS (v int);
CREATE FUNCTION app.coin_int(app.coin) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_lock(11); RETURN 1; END';
CREATE CAST (app.coin AS int) WITH FUNCTION app.coin_int(app.coin) AS IMPLICIT;
CREATE TABLE app.coins (c app.coin);
INSERT INTO app.coins VALUES (ROW(1));
CREATE TYPE app.box AS (v int);
CREATE FUNCTION app.box_cmp(app.box, app.box) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_lock(12); RETURN 0; END';
CREATE FUNCTION app.box_op(app.box, app.box) RETURNS bool LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_lock(13); RETURN true; END';
CREATE OPERATOR app.= (LEFTARG = app.box, RIGHTARG = app.box, FUNCTION = app.box_op);
CREATE OPERATOR app.< (LEFTARG = app.box, RIGHTARG = app.box, FUNCTION = app.box_op);
CREATE OPERATOR app.> (LEFTARG = app.box, RIGHTARG = app.box, FUNCTION = app.box_op);
CREATE OPERATOR app.<= (LEFTARG = app.box, RIGHTARG = app.box, FUNCTION = app.box_op);
CREATE OPERATOR app.>= (LEFTARG = app.box, RIGHTARG = app.box, FUNCTION = app.box_op);
CREATE OPERATOR CLASS app.box_ops DEFAULT FOR TYPE app.box USING btree AS OPERATOR 1 app.<, OPERATOR 2 app.<=, OPERATOR 3 app.=, OPERATOR 4 app.>=, OPERATOR 5 app.>, FUNCTION 1 app.box_cmp(app.box, app.box);
CREATE TABLE app.boxes (b app.box);
INSERT INTO app.boxes VALUES (ROW(1)), (ROW(2));

-- Shadows of the server's own names.
CREATE FUNCTION evil.ltrim(text) RETURNS text LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_lock(14); RETURN $1; END';
CREATE FUNCTION evil.int_is(int, numeric) RETURNS bool LANGUAGE plpgsql VOLATILE AS 'BEGIN PERFORM pg_advisory_lock(15); RETURN true; END';
CREATE OPERATOR evil.### (LEFTARG = int, RIGHTARG = numeric, FUNCTION = evil.int_is);
CREATE OPERATOR evil.@@@@ (LEFTARG = int, RIGHTARG = int, FUNCTION = pg_try_advisory_lock);
CREATE FUNCTION pg_catalog.corpus_helper() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN PERFORM pg_advisory_lock(16); RETURN 1; END';
CREATE VIEW information_schema.corpus_view AS SELECT pg_advisory_lock(17)::text AS a;

-- Ways out of the database.
CREATE EXTENSION dblink;
CREATE EXTENSION tablefunc;
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE app.shell (line text) SERVER files OPTIONS (program 'touch corpus_was_here');
CREATE TABLE app.lines (line text) PARTITION BY LIST (line);
CREATE FOREIGN TABLE app.lines_shell PARTITION OF app.lines DEFAULT SERVER files OPTIONS (program 'touch corpus_was_here');
CREATE TABLE app.parent (line text);
CREATE FOREIGN TABLE app.child () INHERITS (app.parent) SERVER files OPTIONS (program 'touch corpus_was_here');
ANALYZE app.customer, app.invoice, app.employee, app.measure, app.diary;
