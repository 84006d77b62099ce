/** Relations of every kind that DDL treats in its own way, with rows. */
export const DDL_SETUP = `
  CREATE SCHEMA app; CREATE SCHEMA "Odd Schema";
  CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE FUNCTION wild() RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END';
  CREATE FUNCTION tame() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';

  CREATE TABLE parent (id int NOT NULL, day int, note text) PARTITION BY RANGE (day);
  CREATE TABLE part_1 PARTITION OF parent FOR VALUES FROM (0) TO (1000);
  CREATE TABLE part_2 PARTITION OF parent FOR VALUES FROM (1000) TO (3000) PARTITION BY RANGE (day);
  CREATE TABLE part_2a PARTITION OF part_2 FOR VALUES FROM (1000) TO (3000);
  INSERT INTO parent SELECT n, n, 'note' FROM generate_series(1, 2000) AS n;
  CREATE INDEX parent_day ON parent (day);
  CREATE TABLE loose (id int NOT NULL, day int, note text); INSERT INTO loose SELECT n, 5000 + n, 'x' FROM generate_series(1, 500) AS n;
  CREATE INDEX loose_day ON loose (day); ALTER TABLE loose CLUSTER ON loose_day;
  CREATE TABLE kinds (k text, v int) PARTITION BY LIST (k);
  CREATE TABLE kinds_a PARTITION OF kinds FOR VALUES IN ('a');
  CREATE TABLE kinds_rest PARTITION OF kinds DEFAULT;
  INSERT INTO kinds SELECT CASE WHEN n % 2 = 0 THEN 'a' ELSE 'z' END, n FROM generate_series(1, 500) AS n;
  CREATE TABLE kinds_b (k text, v int); INSERT INTO kinds_b SELECT 'b', n FROM generate_series(1, 200) AS n;

  CREATE TABLE author (id int PRIMARY KEY, name text); INSERT INTO author SELECT n, 'name' FROM generate_series(1, 500) AS n;
  CREATE TABLE "order" (id int PRIMARY KEY, "Über ""x""" int, author_id int REFERENCES author, title varchar(20));
  INSERT INTO "order" SELECT n, n, 1 + n % 500, 'title' FROM generate_series(1, 2000) AS n;
  CREATE INDEX order_title ON "order" (title);
  CREATE VIEW titles AS SELECT id, title FROM "order";
  CREATE VIEW short_titles AS SELECT title FROM titles;
  CREATE MATERIALIZED VIEW totals AS SELECT author_id, count(*) AS n FROM "order" GROUP BY 1;
  CREATE UNIQUE INDEX totals_author ON totals (author_id);
  CREATE STATISTICS order_both ON id, author_id FROM "order";
  CREATE TRIGGER noop BEFORE UPDATE ON author FOR EACH ROW EXECUTE FUNCTION noop();
  CREATE TRIGGER noop BEFORE UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION noop();
  CREATE POLICY mild ON author USING (true);
  CREATE RULE quiet AS ON DELETE TO loose DO INSTEAD NOTHING;

  CREATE TABLE keyed (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
  CREATE TABLE keyed_1 PARTITION OF keyed FOR VALUES FROM (0) TO (1000);
  INSERT INTO keyed SELECT n, 'v' FROM generate_series(1, 500) AS n;
  CREATE TABLE keyed_9 PARTITION OF keyed FOR VALUES FROM (9000) TO (9999) PARTITION BY RANGE (id); CREATE TABLE keyed_9a PARTITION OF keyed_9 FOR VALUES FROM (9000) TO (9999); INSERT INTO keyed SELECT n, 'v' FROM generate_series(9000, 9100) AS n;
  CREATE TABLE lots (lot int NOT NULL, v text) PARTITION BY RANGE (lot); CREATE TABLE lots_1 PARTITION OF lots FOR VALUES FROM (0) TO (1000); INSERT INTO lots SELECT n, 'v' FROM generate_series(1, 500) AS n;
  CREATE TABLE uses_keyed (id int PRIMARY KEY, keyed_id int REFERENCES keyed); INSERT INTO uses_keyed SELECT n, n FROM generate_series(1, 500) AS n;
  CREATE TABLE line (id int PRIMARY KEY, order_id int REFERENCES "order") PARTITION BY RANGE (id);
  CREATE TABLE line_1 PARTITION OF line FOR VALUES FROM (0) TO (1000);
  INSERT INTO line SELECT n, n FROM generate_series(1, 500) AS n;

  CREATE TABLE animal (id int, name text CHECK (name <> '')); CREATE TABLE cat (lives int NOT NULL) INHERITS (animal); CREATE TABLE kitten (age int) INHERITS (cat);
  CREATE INDEX animal_id ON animal (id); ALTER TABLE animal ADD CONSTRAINT animal_key UNIQUE (id, name);
  INSERT INTO animal SELECT n, 'a' FROM generate_series(1, 300) AS n;
  INSERT INTO cat SELECT n, 'c', 9 FROM generate_series(1, 300) AS n;
  INSERT INTO kitten SELECT n, 'k', 9, 1 FROM generate_series(1, 300) AS n;
  CREATE TABLE stray (id int, name text CHECK (name <> '')); INSERT INTO stray SELECT n, 's' FROM generate_series(1, 300) AS n;
  ALTER TABLE stray RENAME CONSTRAINT stray_name_check TO animal_name_check;

  CREATE SEQUENCE counter;
  CREATE TABLE serials (id serial PRIMARY KEY, own int GENERATED ALWAYS AS IDENTITY, doubled int GENERATED ALWAYS AS (v * 2) STORED, v int NOT NULL, s text, ts timestamp, n numeric(10,2));
  INSERT INTO serials (v, s, ts, n) SELECT n, 'long text', now(), n FROM generate_series(1, 500) AS n;
  ALTER TABLE serials ADD CONSTRAINT checked CHECK (v > -1) NOT VALID, ADD CONSTRAINT v_key UNIQUE (v);
  CREATE UNIQUE INDEX serials_own ON serials (own);
  CREATE UNIQUE INDEX serials_v_s ON serials (v, s);
  CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY, v text); INSERT INTO scratch SELECT n, 'v' FROM generate_series(1, 300) AS n;
  CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN email AS text; CREATE DOMAIN code AS varchar(8); CREATE DOMAIN checked_email AS text; ALTER DOMAIN checked_email ADD CONSTRAINT at CHECK (VALUE <> '') NOT VALID;
  CREATE TYPE address AS (street text, zip text);
  CREATE TABLE person (id int PRIMARY KEY, m mood, mail email, other checked_email, c code); INSERT INTO person SELECT n, 'ok', 'a@b', 'a@b' FROM generate_series(1, 300) AS n;
  CREATE TABLE typed OF address; INSERT INTO typed SELECT 's', 'z' FROM generate_series(1, 100);
  CREATE TABLE app.thing (id int PRIMARY KEY, author_id int REFERENCES author); INSERT INTO app.thing SELECT n, n FROM generate_series(1, 300) AS n;
  CREATE TABLE "Odd Schema"."Tab.le" ("Id" int PRIMARY KEY, "v v" text); INSERT INTO "Odd Schema"."Tab.le" SELECT n, 'v' FROM generate_series(1, 300) AS n;
  CREATE TABLE booking (id int PRIMARY KEY, during int4range); INSERT INTO booking SELECT n, int4range(n, n + 1) FROM generate_series(1, 500) AS n;
  CREATE PUBLICATION news FOR TABLE author;
  CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
  CREATE FOREIGN TABLE remote (id int, name text) SERVER files OPTIONS (filename '/nowhere');`;
