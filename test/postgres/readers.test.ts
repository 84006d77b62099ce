import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLabServer, type LabServer } from '../../src/lab/server.js';
import { findTable, indexesOf, type Catalog } from '../../src/model/catalog.js';
import { settingValue } from '../../src/model/settings.js';
import { connect } from '../../src/postgres/connect.js';
import { explain } from '../../src/postgres/explain.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import { readSettings } from '../../src/postgres/read/settings.js';
import { readStatistics } from '../../src/postgres/read/statistics.js';
import { readTarget } from '../../src/postgres/read/target.js';
import { readWorkloadFromStatements } from '../../src/postgres/read/workload.js';
import type { ConnectionSettings, Session } from '../../src/postgres/session.js';

const SCHEMA = `
  CREATE SCHEMA "Odd ""Schema";
  CREATE EXTENSION pg_trgm;
  CREATE TABLE public.of_extension (a int); ALTER EXTENSION pg_trgm ADD TABLE public.of_extension;
  CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0);
  CREATE DOMAIN tiny AS positive CHECK (VALUE < 10);
  CREATE TYPE mood AS ENUM ('sad', 'it''s "fine"');
  CREATE TYPE pair AS (x int, y int);
  CREATE TABLE "Odd ""Schema"."order" (
    id bigserial PRIMARY KEY, "Größe" numeric(10,2), "select" text COLLATE "C" NOT NULL DEFAULT 'x', t tiny,
    g int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (2) STORED, tags text[], m mood, dropped int, UNIQUE ("select", g));
  ALTER TABLE "Odd ""Schema"."order" DROP COLUMN dropped, ADD COLUMN later varchar(25);
  CREATE TABLE customer (id int PRIMARY KEY, name text, email text);
  CREATE TABLE sale (id int, customer int REFERENCES customer ON DELETE CASCADE DEFERRABLE, at date NOT NULL, note text,
    CHECK (id > 0), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE sale_2024 PARTITION OF sale FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE sale_2025 PARTITION OF sale FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TABLE line (sale int, at date, CONSTRAINT line_sale FOREIGN KEY (sale, at) REFERENCES sale (id, at));
  ALTER TABLE line ADD CONSTRAINT late CHECK (sale > 0) NOT VALID;
  CREATE INDEX sale_customer ON sale (customer);
  CREATE INDEX customer_many ON customer USING btree (name DESC, lower(email) text_pattern_ops NULLS FIRST) INCLUDE (id) WHERE name IS NOT NULL;
  CREATE INDEX customer_trgm ON customer USING gin (name gin_trgm_ops);
  CREATE TABLE booking (room int, during int4range, EXCLUDE USING gist (during WITH &&));
  CREATE STATISTICS both_of ON name, email FROM customer;
  CREATE VIEW names AS SELECT name FROM customer;
  CREATE MATERIALIZED VIEW all_names AS SELECT name FROM customer WITH NO DATA;
  CREATE FUNCTION half(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 / 2';
  CREATE FUNCTION of_customer(who int, INOUT at date, OUT number int) RETURNS SETOF record LANGUAGE sql STABLE AS 'SELECT s.at, s.id FROM sale AS s WHERE customer = who AND s.at > $2';
  CREATE FUNCTION sales(int) RETURNS SETOF sale LANGUAGE sql STABLE AS 'SELECT * FROM sale WHERE customer = $1';
  CREATE FUNCTION strict_sales(int) RETURNS SETOF sale LANGUAGE sql STABLE STRICT AS 'SELECT * FROM sale WHERE customer = $1';
  CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER tr BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION tr();
  CREATE POLICY p ON booking USING (true);
  INSERT INTO customer SELECT i, CASE WHEN i % 2 = 0 THEN 'a,"b"' ELSE '{x}' END, 'm' || i FROM generate_series(1, 1000) AS i;
  INSERT INTO sale SELECT i, i, '2024-01-01'::date + i % 600 FROM generate_series(1, 1000) AS i;
  INSERT INTO "Odd ""Schema"."order" (t, m, tags) SELECT 1 + i % 9, 'it''s "fine"', ARRAY['p,q', 'r'] FROM generate_series(1, 50) AS i;
  ANALYZE;`;

describe.each([14, 15, 16, 17, 18])('PostgreSQL %i', (major) => {
  let server: LabServer;
  let owner: Session;
  let catalog: Catalog;

  beforeAll(async () => {
    server = await startLabServer({ major, settings: { shared_preload_libraries: 'pg_stat_statements' } });
    owner = await connect(server.connection);
    await owner.run(SCHEMA);
    const reader = await connect(server.connection, { readOnly: true });
    catalog = (await readCatalog(reader)).catalog;
    await reader.close();
  });
  afterAll(async () => {
    await owner?.close();
    await server?.stop();
  });

  test('the target', async () => {
    expect(await readTarget(owner, 'production')).toMatchObject({
      role: 'production',
      database: 'postgres',
      major,
      inRecovery: false,
      rights: { user: 'postgres', superuser: true, monitor: true, readsAllData: true },
    });
  });

  test('settings as SHOW prints them', async () => {
    const settings = await readSettings(owner);
    expect(settingValue(settings, 'shared_buffers')).toBe('256MB');
    expect(settings.find(({ name }) => name === 'shared_buffers')).toMatchObject({
      unit: '8kB',
      context: 'postmaster',
    });
  });

  test('schemas, extensions and counts', () => {
    expect(catalog.schemas).toEqual(['Odd "Schema', 'public']);
    expect(catalog.extensions.map(({ name }) => name)).toEqual(['pg_trgm', 'plpgsql']);
    expect(catalog.otherCounts).toEqual({
      'composite type': 1,
      domain: 2,
      enum: 1,
      'materialized view': 1,
      policy: 1,
      sequence: 2,
      trigger: 1,
      view: 1,
    });
    expect(catalog.functions).toEqual([
      {
        schema: 'public',
        name: 'half',
        argumentTypes: 'integer',
        returnsTrigger: false,
        volatility: 'i',
        rowsQuery: null,
        language: 'sql',
        definition: expect.stringContaining('FUNCTION public.half('),
        firedBy: [],
      },
      expect.objectContaining({
        name: 'of_customer',
        rowsQuery: {
          sql: 'SELECT s.at, s.id FROM sale AS s WHERE customer = who AND s.at > $2',
          parameters: ['who', 'at'],
          columns: ['at', 'number'],
        },
      }),
      expect.objectContaining({
        name: 'sales',
        rowsQuery: {
          sql: 'SELECT * FROM sale WHERE customer = $1',
          parameters: [''],
          columns: ['id', 'customer', 'at', 'note'],
        },
      }),
      expect.objectContaining({ name: 'strict_sales', rowsQuery: null }),
      expect.objectContaining({
        name: 'tr',
        argumentTypes: '',
        returnsTrigger: true,
        volatility: 'v',
        rowsQuery: null,
        language: 'plpgsql',
      }),
    ]);
    const queries = catalog.tables.flatMap(({ name, viewQuery }) =>
      viewQuery === null ? [] : [[name, viewQuery.trim()]],
    );
    expect(queries).toEqual([['names', expect.stringMatching(/^SELECT (?:customer\.)?name\s+FROM customer;$/)]]);
    expect(catalog.extendedStatistics).toEqual([
      {
        schema: 'public',
        name: 'both_of',
        table: { schema: 'public', name: 'customer' },
        columns: ['name', 'email'],
        kinds: ['d', 'f', 'm'],
      },
    ]);
  });

  test('tables, but those of extensions', () => {
    expect(catalog.tables.map(({ schema, name, kind }) => `${schema}.${name} ${kind}`)).toEqual([
      'Odd "Schema.order r',
      'public.all_names m',
      'public.booking r',
      'public.customer r',
      'public.line r',
      'public.names v',
      'public.sale p',
      'public.sale_2024 r',
      'public.sale_2025 r',
    ]);
    const customer = findTable(catalog, { schema: 'public', name: 'customer' });
    expect(customer).toMatchObject({ rowsEstimated: 1000, partitionOf: null, partitionKey: [] });
    expect(customer?.sizeBytes).toBeGreaterThan(0);
    expect(customer?.sizeBytes).toBe((customer?.pages ?? 0) * 8192);
    expect(findTable(catalog, { schema: 'public', name: 'sale' })).toMatchObject({
      partitionKey: ['at'],
      sizeBytes: 0,
    });
    expect(findTable(catalog, { schema: 'public', name: 'sale_2024' })?.partitionOf).toEqual({
      schema: 'public',
      name: 'sale',
    });
  });

  test('activity', async () => {
    await owner.run('UPDATE customer SET name = name WHERE id <= 10');
    await expect
      .poll(
        async () => findTable((await readCatalog(owner)).catalog, { schema: 'public', name: 'customer' })?.activity,
        {
          timeout: 20_000,
          interval: 500,
        },
      )
      .toMatchObject({
        updates: 10,
        inserts: 1000,
        deletes: 0,
        lastVacuum: null,
        lastAnalyze: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      });
  });

  test('columns with odd names, domains over domains, identity, serial', () => {
    const columns = findTable(catalog, { schema: 'Odd "Schema', name: 'order' })?.columns ?? [];
    const plain = {
      sortsBytes: false,
      notNull: false,
      hasDefault: false,
      identity: false,
      generated: false,
      statisticsTarget: null,
      distinctSetting: null,
      storedAs: null,
      defaultAs: null,
      sequence: null,
    };
    const sequence = (name: string, max: bigint) => ({
      name: { schema: 'Odd "Schema', name },
      lastValue: 50n,
      maxValue: max,
      increment: 1n,
    });
    expect(columns).toEqual([
      {
        ...plain,
        name: 'id',
        position: 1,
        type: 'bigint',
        baseType: 'int8',
        typeCategory: 'N',
        notNull: true,
        hasDefault: true,
        defaultAs: `nextval('"Odd ""Schema".order_id_seq'::regclass)`,
        sequence: sequence('order_id_seq', 9223372036854775807n),
      },
      { ...plain, name: 'Größe', position: 2, type: 'numeric(10,2)', baseType: 'numeric', typeCategory: 'N' },
      {
        ...plain,
        name: 'select',
        position: 3,
        type: 'text',
        baseType: 'text',
        typeCategory: 'S',
        sortsBytes: true,
        notNull: true,
        hasDefault: true,
        defaultAs: "'x'::text",
      },
      { ...plain, name: 't', position: 4, type: 'tiny', baseType: 'int4', typeCategory: 'N' },
      {
        ...plain,
        name: 'g',
        position: 5,
        type: 'integer',
        baseType: 'int4',
        typeCategory: 'N',
        notNull: true,
        identity: true,
        sequence: sequence('order_g_seq', 2147483647n),
      },
      {
        ...plain,
        name: 'twice',
        position: 6,
        type: 'integer',
        baseType: 'int4',
        typeCategory: 'N',
        generated: true,
        storedAs: '2',
      },
      { ...plain, name: 'tags', position: 7, type: 'text[]', baseType: '_text', typeCategory: 'A' },
      { ...plain, name: 'm', position: 8, type: 'mood', baseType: 'mood', typeCategory: 'E' },
      { ...plain, name: 'later', position: 10, type: 'character varying(25)', baseType: 'varchar', typeCategory: 'S' },
    ]);
  });

  test('indexes', () => {
    const many = catalog.indexes.find(({ name }) => name === 'customer_many');
    expect(many).toMatchObject({
      table: { schema: 'public', name: 'customer' },
      method: 'btree',
      predicate: 'name IS NOT NULL',
      unique: false,
      nullsNotDistinct: false,
      primary: false,
      valid: true,
      constraint: null,
      partitionOf: null,
      rowsEstimated: 1000,
    });
    const collation = 'pg_catalog.default';
    const stored = {
      opclassOptions: null,
      collationIsDefault: true,
      mergesEqual: true,
      lengthBytes: -1,
      alignmentBytes: 4,
    };
    expect(many?.keys).toEqual([
      {
        column: 'name',
        expression: 'name',
        opclass: 'pg_catalog.text_ops',
        opclassIsDefault: true,
        ...stored,
        collation,
        descending: true,
        nullsFirst: true,
      },
      {
        column: null,
        expression: 'lower(email)',
        opclass: 'pg_catalog.text_pattern_ops',
        opclassIsDefault: false,
        ...stored,
        collation,
        descending: false,
        nullsFirst: true,
      },
    ]);
    expect(many?.include.map(({ column, opclass }) => [column, opclass])).toEqual([['id', null]]);
    expect(catalog.indexes.find(({ name }) => name === 'customer_trgm')).toMatchObject({
      method: 'gin',
      keys: [{ opclass: 'public.gin_trgm_ops', opclassIsDefault: false }],
    });
    expect(catalog.indexes.find(({ name }) => name === 'customer_pkey')).toMatchObject({
      primary: true,
      unique: true,
      constraint: 'customer_pkey',
      referencedByForeignKeys: ['sale_customer_fkey'],
    });
    expect(catalog.indexes.find(({ name }) => name === 'sale_2024_customer_idx')?.partitionOf).toEqual({
      schema: 'public',
      name: 'sale_customer',
    });
    expect(catalog.indexes.find(({ name }) => name === 'sale_customer')).toMatchObject({ sizeBytes: 0 });
    expect(catalog.indexes.find(({ method }) => method === 'gist')).toMatchObject({ exclusion: true });
    expect(indexesOf(catalog, { schema: 'Odd "Schema', name: 'order' }).map(({ definition }) => definition)).toEqual([
      'CREATE UNIQUE INDEX order_pkey ON "Odd ""Schema"."order" USING btree (id)',
      'CREATE UNIQUE INDEX order_select_g_key ON "Odd ""Schema"."order" USING btree ("select", g)',
    ]);
  });

  test.runIf(major >= 15)('NULLS NOT DISTINCT', async () => {
    await owner.run('CREATE TABLE nnd (a int UNIQUE NULLS NOT DISTINCT)');
    const { catalog } = await readCatalog(owner);
    expect(catalog.indexes.find(({ name }) => name === 'nnd_a_key')).toMatchObject({ nullsNotDistinct: true });
    expect(findTable(catalog, { schema: 'public', name: 'nnd' })?.rowsEstimated).toBeNull();
    await owner.run('DROP TABLE nnd');
  });

  test('constraints, each foreign key once', () => {
    const named = (name: string) => catalog.constraints.filter((constraint) => constraint.name === name);
    expect(named('line_sale')).toEqual([
      {
        name: 'line_sale',
        table: { schema: 'public', name: 'line' },
        kind: 'foreign',
        columns: ['sale', 'at'],
        validated: true,
        deferrable: false,
        references: { table: { schema: 'public', name: 'sale' }, columns: ['id', 'at'] },
        onDelete: 'a',
        definition: 'FOREIGN KEY (sale, at) REFERENCES sale(id, at)',
      },
    ]);
    expect(
      named('sale_customer_fkey').map(({ table, onDelete, deferrable }) => [table.name, onDelete, deferrable]),
    ).toEqual([
      ['sale', 'c', true],
      ['sale_2024', 'c', true],
      ['sale_2025', 'c', true],
    ]);
    expect(catalog.constraints.filter(({ table, kind }) => table.name === 'line' && kind === 'foreign')).toHaveLength(
      1,
    );
    expect(named('late')[0]).toMatchObject({ kind: 'check', validated: false, columns: ['sale'] });
    expect(catalog.constraints.some(({ kind }) => kind === 'exclusion')).toBe(true);
    expect(catalog.constraints.some(({ kind }) => kind === 'not-null')).toBe(major >= 18);
  });

  test('column statistics with values that need quoting', async () => {
    const { statistics, skipped } = await readStatistics(owner);
    expect(skipped).toEqual([]);
    const of = (name: string, column: string) =>
      statistics.columns.find((row) => row.table.name === name && row.column === column && !row.inherited);
    expect(of('customer', 'name')).toMatchObject({
      nullFraction: 0,
      distinct: 2,
      commonFrequencies: [0.5, 0.5],
      histogram: [],
    });
    expect(of('customer', 'name')?.commonValues.toSorted()).toEqual(['a,"b"', '{x}']);
    expect(of('customer', 'id')).toMatchObject({ distinct: -1, widthBytes: 4, commonValues: [], correlation: 1 });
    expect(of('customer', 'id')?.histogram).toHaveLength(101);
    expect(of('order', 'm')?.commonValues).toEqual([`it's "fine"`]);
    expect(of('order', 'tags')?.commonValues).toEqual(['{"p,q",r}']);
    expect(statistics.columns.some((row) => row.table.name === 'sale' && row.inherited)).toBe(true);
    expect(Date.parse(statistics.readAt)).toBeGreaterThan(Date.parse(statistics.serverStartedAt ?? ''));
  });

  test('a role with pg_monitor and pg_read_all_data sees what the owner sees', async () => {
    const reader = await connectAs(owner, server, 'watcher', 'GRANT pg_monitor, pg_read_all_data TO watcher');
    const own = await connect(server.connection, { readOnly: true });
    const seen = await readCatalog(reader);
    expect(seen.skipped).toEqual([]);
    expect(withoutActivity(seen.catalog)).toEqual(withoutActivity((await readCatalog(own)).catalog));
    expect((await readStatistics(reader)).statistics.columns).toEqual((await readStatistics(own)).statistics.columns);
    // A policy hides booking's statistics from whom it applies to; those of the rest are all there.
    await owner.run('ALTER TABLE booking ENABLE ROW LEVEL SECURITY');
    expect((await readStatistics(reader)).skipped).toEqual([
      {
        what: 'column statistics of public.booking',
        reason: expect.stringContaining('Row level security'),
        remedy: expect.stringContaining('BYPASSRLS'),
      },
    ]);
    await owner.run('ALTER TABLE booking DISABLE ROW LEVEL SECURITY');
    expect((await readTarget(reader, 'production')).rights).toEqual({
      user: 'watcher',
      superuser: false,
      monitor: true,
      readsAllData: true,
    });
    expect(settingValue(await readSettings(reader), 'shared_preload_libraries')).toBe('pg_stat_statements');
    await Promise.all([reader.close(), own.close()]);
  });

  test('a bare role is told what it can not see', async () => {
    const reader = await connectAs(owner, server, 'bare', 'REVOKE pg_monitor FROM bare');
    const { catalog, skipped } = await readCatalog(reader);
    expect(catalog.tables).toHaveLength(9);
    expect(
      catalog.tables
        .flatMap(({ columns }) => columns)
        .filter(({ sequence }) => sequence)
        .map(({ sequence }) => sequence?.lastValue),
    ).toEqual([null, null]);
    expect(skipped).toEqual([
      {
        what: expect.stringContaining('2 sequences'),
        reason: expect.any(String),
        remedy: expect.stringContaining('pg_read_all_data'),
      },
    ]);
    const read = await readStatistics(reader);
    expect(read.statistics.columns).toEqual([]);
    expect(read.skipped).toEqual([
      {
        what: expect.stringMatching(/"Odd ""Schema"\."order".* and 3 more$/),
        reason: expect.any(String),
        remedy: expect.stringContaining('pg_read_all_data'),
      },
    ]);
    expect((await readTarget(reader, 'production')).rights).toMatchObject({ monitor: false, readsAllData: false });
    expect((await readSettings(reader)).length).toBeGreaterThan(200);
    await reader.close();
  });

  test('the catalog is read past a table that is locked', async () => {
    const locker = await connect(server.connection);
    await locker.run('BEGIN; LOCK TABLE customer IN ACCESS EXCLUSIVE MODE');
    const reader = await connect(server.connection, { readOnly: true });
    const past = await readCatalog(reader);
    await readStatistics(reader);
    await locker.run('ROLLBACK');
    const name = { schema: 'public', name: 'customer' };
    expect(past.locked.map(({ place }) => place)).toEqual(['public.customer']);
    expect(past.skipped).toEqual([
      {
        what: 'size, indexes and constraints of public.customer',
        reason: expect.stringContaining('ACCESS EXCLUSIVE'),
        remedy: expect.any(String),
      },
    ]);
    expect(indexesOf(past.catalog, name)).toEqual([]);
    expect(findTable(past.catalog, name)?.sizeBytes).toBeGreaterThan(0);
    expect(past.catalog.tables).toHaveLength(catalog.tables.length);
    expect(past.catalog.indexes.length).toBe(catalog.indexes.length - indexesOf(catalog, name).length);
    await Promise.all([reader.close(), locker.close()]);
  });

  test('plans, estimated and run', async () => {
    const reader = await connect(server.connection, { readOnly: true });
    const plan = await explain(reader, 'SELECT * FROM customer WHERE id = 5');
    expect(plan.root).toMatchObject({ 'Node Type': 'Index Scan', 'Index Name': 'customer_pkey' });
    expect(plan).toMatchObject({ planningMs: null, executionMs: null, triggerMs: null });
    await expect(explain(reader, 'SELECT 1', { analyze: true })).rejects.toMatchObject({ code: 'guard/refused' });
    await reader.close();
    const run = await explain(owner, 'UPDATE sale SET customer = customer + 0 WHERE id = 5', { analyze: true });
    expect(run.executionMs).toBeGreaterThan(0);
    expect(run.planningMs).toBeGreaterThan(0);
    expect(run.triggerMs).not.toBeNull();
    expect(run.root['Actual Rows']).toBeDefined();
    expect(run.root['WAL Records']).toBeDefined();
    await expect(explain(owner, 'SELECT * FROM nothing')).rejects.toMatchObject({
      code: 'target/statement',
      sqlstate: '42P01',
    });
  });

  describe('pg_stat_statements', () => {
    let shop: ConnectionSettings;

    beforeAll(async () => {
      await owner.query('CREATE DATABASE shop');
      shop = { ...server.connection, database: 'shop' };
    });

    test('not installed: no workload, and what to do', async () => {
      const session = await connect(shop, { readOnly: true });
      const { workload, skipped } = await readWorkloadFromStatements(session);
      expect(workload).toMatchObject({ source: 'none', statements: [] });
      expect(skipped[0]?.remedy).toContain('CREATE EXTENSION pg_stat_statements');
      await session.close();
    });

    test('statements by shape, heaviest first, without the noise', async () => {
      const app = await connect(shop);
      await app.run(`CREATE SCHEMA stats; CREATE EXTENSION pg_stat_statements SCHEMA stats;
        CREATE TABLE item (id int PRIMARY KEY, price numeric); INSERT INTO item SELECT i, i FROM generate_series(1, 2000) AS i`);
      await app.query('SELECT stats.pg_stat_statements_reset()');
      for (let i = 0; i < 5; i += 1)
        await app.query(`SELECT sum(a.price) FROM item AS a JOIN item AS b ON a.id < b.id WHERE a.id > ${i}`);
      for (let i = 0; i < 7; i += 1) await app.query('SELECT price FROM item WHERE id = $1', [i]);
      for (let i = 0; i < 3; i += 1)
        await app.query(
          `SELECT id, price FROM item WHERE id IN (${Array.from({ length: i + 2 }, (_, n) => n).join(',')})`,
        );
      await app.run('BEGIN; UPDATE item SET price = 1 WHERE id = 1; COMMIT');
      await app.run(`CREATE ROLE shopper PASSWORD 'S3CRET'; SELECT count(*) FROM pg_class`);
      const reader = await connect(shop, { readOnly: true });
      const { workload, skipped } = await readWorkloadFromStatements(reader);
      expect(workload).toMatchObject({
        source: 'pg_stat_statements',
        since: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      });
      const byCalls = (calls: number) => workload.statements.filter((statement) => statement.calls === calls);
      expect(workload.statements[0]).toMatchObject({
        kind: 'select',
        calls: 5,
        rows: 5,
        name: expect.stringMatching(/^SELECT sum.{40,50}…$/),
      });
      expect(byCalls(7)).toMatchObject([
        {
          sql: 'SELECT price FROM item WHERE id = $1',
          name: 'SELECT price FROM item WHERE id = $1',
          rows: 6,
          kind: 'select',
        },
      ]);
      expect(byCalls(7)[0]?.meanMs).toBeCloseTo((byCalls(7)[0]?.totalMs ?? 0) / 7, 9);
      // Lists of different lengths are one shape, though three rows before PostgreSQL 18.
      expect(byCalls(3)).toHaveLength(1);
      expect(workload.statements.find(({ kind }) => kind === 'update')?.walBytes).toBeGreaterThan(0);
      const everything = JSON.stringify(workload);
      expect(everything).not.toContain('S3CRET');
      expect(everything).not.toContain('database-wizard');
      expect(everything).not.toMatch(/"(BEGIN|COMMIT|ROLLBACK)"/);
      expect(workload.unusable.map(({ name }) => name).filter((name) => name.startsWith('CREATE ROLE'))).toHaveLength(
        1,
      );
      expect(skipped).toEqual([
        {
          what: expect.stringMatching(/^\d+ statements? on system catalogs only$/),
          reason: expect.any(String),
          remedy: null,
        },
      ]);
      await Promise.all([app.close(), reader.close()]);
    });

    test('the statements of other roles are counted where their text is hidden', async () => {
      const setup = await connect(shop);
      await setup.run("CREATE ROLE guest LOGIN PASSWORD 'guest'; GRANT USAGE ON SCHEMA stats TO guest");
      await setup.close();
      const guest = await connect({ ...shop, user: 'guest', password: 'guest' }, { readOnly: true });
      const { workload, skipped } = await readWorkloadFromStatements(guest);
      expect(workload.statements).toEqual([]);
      expect(skipped).toEqual([
        {
          what: expect.stringMatching(/^\d+ statements of other roles$/),
          reason: expect.any(String),
          remedy: expect.stringContaining('pg_monitor'),
        },
      ]);
      await guest.close();
    });
  });

  test('which texts sort as bytes is what the planner takes for it', async () => {
    const builtin = major >= 17 ? [`LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'`] : [];
    for (const [at, locale] of [`LC_COLLATE 'C'`, `LC_COLLATE 'POSIX'`, `LC_COLLATE 'C.UTF-8'`, ...builtin].entries()) {
      const database = `sorted_${at}`;
      await owner.query(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' ${locale}`);
      const session = await connect({ ...server.connection, database });
      await session.run(`CREATE DOMAIN code AS text COLLATE "C"; CREATE TABLE word (own text, short varchar(9), c text COLLATE "C",
        posix text COLLATE "POSIX", basic text COLLATE ucs_basic, icu text COLLATE "und-x-icu", code code, n int)`);
      const { columns = [] } =
        findTable((await readCatalog(session)).catalog, { schema: 'public', name: 'word' }) ?? {};
      await session.run('SET enable_seqscan = off; SET enable_bitmapscan = off');
      for (const { name, sortsBytes } of columns.filter((one) => one.typeCategory === 'S')) {
        await session.run(`CREATE INDEX ON word (${name})`);
        const plan = await session.query(`EXPLAIN SELECT FROM word WHERE ${name} LIKE 'abc%'`);
        expect([locale, name, sortsBytes]).toEqual([locale, name, JSON.stringify(plan).includes('Index Cond')]);
      }
      expect(columns.at(-1)).toMatchObject({ name: 'n', sortsBytes: false });
      await session.close();
    }
  });

  test('1,000 tables', async () => {
    await owner.query('CREATE DATABASE big');
    const big = await connect({ ...server.connection, database: 'big' });
    for (let from = 1; from <= 1000; from += 100) {
      await big.run(`DO $$ BEGIN FOR i IN ${from}..${from + 99} LOOP
        EXECUTE format('CREATE TABLE t%s (id int PRIMARY KEY, a int, b text, c timestamptz, d numeric, e int REFERENCES t%s, f text, g text, h int, j int UNIQUE)', i, greatest(i - 1, 1));
        EXECUTE format('INSERT INTO t%s (id, a, b, c, j) SELECT n, n %% 7, n::text, now(), n FROM generate_series(1, 150) AS n', i);
        END LOOP; END $$`);
    }
    await big.run('ANALYZE');
    await big.close();
    const reader = await connect({ ...server.connection, database: 'big' }, { readOnly: true });
    const startedMs = performance.now();
    const { catalog } = await readCatalog(reader);
    const catalogMs = performance.now() - startedMs;
    const { statistics } = await readStatistics(reader);
    const totalMs = performance.now() - startedMs;
    const { statements, totalMs: onTarget } = reader.overhead();
    console.log(
      `PostgreSQL ${major}, 1,000 tables: catalog ${Math.round(catalogMs)} ms, with statistics ${Math.round(totalMs)} ms, ` +
        `${statements} statements, ${Math.round(onTarget)} ms of them waiting for the target`,
    );
    expect(catalog.tables).toHaveLength(1000);
    expect(catalog.indexes).toHaveLength(2000);
    expect(statistics.columns).toHaveLength(10_000);
    expect(statements).toBeLessThan(100);
    await reader.close();
  });
});

test('pg_stat_statements installed, but not loaded', async () => {
  const server = await startLabServer({ major: 'newest' });
  try {
    const session = await connect(server.connection);
    await session.run('CREATE EXTENSION pg_stat_statements');
    const { workload, skipped } = await readWorkloadFromStatements(session);
    expect(workload.source).toBe('none');
    expect(skipped[0]?.remedy).toContain('shared_preload_libraries');
    await session.close();
  } finally {
    await server.stop();
  }
});

async function connectAs(owner: Session, server: LabServer, role: string, grant: string) {
  await owner.run(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'; ${grant}`);
  await delay(0);
  return connect({ ...server.connection, user: role, password: role }, { readOnly: true });
}

/** Counters move while one looks. */
function withoutActivity(catalog: Catalog): unknown {
  return {
    ...catalog,
    tables: catalog.tables.map((table) => ({ ...table, activity: null })),
    indexes: catalog.indexes.map((index) => ({ ...index, scans: null, lastScan: null, entriesRead: null })),
  };
}
