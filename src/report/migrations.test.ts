import { describe, expect, it } from 'vitest';
import { exampleIteration, exampleRun } from '../../test/support/example-run.js';
import { interruptionWords, migrationFiles } from './migrations.js';

const { migrations, rewrites } = migrationFiles(exampleRun().iterations);

describe('migrationFiles', () => {
  it('writes an up and a down file that say what, why, how measured, which lock, and how to run', () => {
    expect(migrations[0]?.up).toMatchInlineSnapshot(`
      {
        "content": "-- Create btree index on public.customers (lower(email))
      --
      -- Why:      log-in reads all of public.customers to find one row
      -- Effect:   execution time 29.3 s -> 12.0 ms, ratio 0.00041 (95 % interval 0.00035 to 0.0005), measured (iteration 1, on a lab copy)
      -- Lock:     takes SHARE UPDATE EXCLUSIVE on public.customers, which blocks DDL and VACUUM but neither reads nor writes
      -- Risk:     low; plans of other statements on the table may change
      -- Run:      psql -v ON_ERROR_STOP=1 -f migrations/0001_create_btree_index_on_public_customers_lower_email.up.sql
      --           outside a transaction: neither psql -1 nor a migration tool that opens one
      --           if it is interrupted, an invalid index may stay behind: run the down file, then this one again
      -- Revert:   migrations/0001_create_btree_index_on_public_customers_lower_email.down.sql (was run in the lab, and left the catalog as before)

      CREATE INDEX CONCURRENTLY "customers_lower_email_idx" ON "public"."customers" USING btree (lower(email));
      ",
        "path": "migrations/0001_create_btree_index_on_public_customers_lower_email.up.sql",
      }
    `);
    expect(migrations[0]?.down).toMatchInlineSnapshot(`
      {
        "content": "-- Reverts: Create btree index on public.customers (lower(email))
      --
      -- Run:      psql -v ON_ERROR_STOP=1 -f migrations/0001_create_btree_index_on_public_customers_lower_email.down.sql
      --           outside a transaction: neither psql -1 nor a migration tool that opens one

      DROP INDEX CONCURRENTLY "public"."customers_lower_email_idx";
      ",
        "path": "migrations/0001_create_btree_index_on_public_customers_lower_email.down.sql",
      }
    `);
  });

  it('says what an interrupted rebuild leaves', () => {
    const [accepted] = exampleRun().iterations.filter((one) => one.decision.kind === 'accept');
    if (!accepted) throw new Error('the example accepts something');
    const action = {
      ...accepted.hypothesis.action,
      kind: 'reindex' as const,
      up: ['REINDEX INDEX CONCURRENTLY "public"."worn"'],
      down: [],
      index: null,
    };
    const [file] = migrationFiles([{ ...accepted, hypothesis: { ...accepted.hypothesis, action } }]).migrations;
    expect(file?.up.content).toContain('name ends in _ccnew may stay behind: drop that one');
    expect(file?.up.content).toMatch(/\n\nREINDEX INDEX CONCURRENTLY "public"\."worn";\n$/);
    expect(file?.down.content).toContain('Nothing to run');
  });

  it.each([
    ['DROP INDEX CONCURRENTLY "a"."b"', 'run this file again'],
    ['CREATE UNIQUE INDEX CONCURRENTLY "b" ON "a" (c)', 'run the down file, then this one again'],
    ['ALTER TABLE a DETACH PARTITION b CONCURRENTLY', 'FINALIZE in place of CONCURRENTLY'],
  ])('says what to do when %s is interrupted', (sql, words) => {
    expect(interruptionWords(['SELECT 1', sql])).toEqual([expect.stringContaining(words)]);
    expect(interruptionWords(['SELECT 1'])).toEqual([]);
  });

  it('hands over accepted changes only, numbered in their order; rewrites apart', () => {
    expect(migrations.map(({ iteration, up }) => [iteration, up.path])).toEqual([
      [1, 'migrations/0001_create_btree_index_on_public_customers_lower_email.up.sql'],
      [2, 'migrations/0002_create_btree_index_on_public_order_items_order_id.up.sql'],
      [5, 'migrations/0003_drop_index_public_orders_placed_at_idx1.up.sql'],
      [8, 'migrations/0004_analyze_public_supplier_prices.up.sql'],
    ]);
    expect(rewrites.map((row) => row.file.path)).toEqual([
      'rewrites/0001_rewrite_not_in_of_welcome_mail_as_not_exists.sql',
    ]);
  });

  it('keeps a string of several lines in the comment', () => {
    const { action } = exampleIteration(1, {}).hypothesis;
    const from = "SELECT 'a\nDROP TABLE customers; --'";
    const rewrite = { fingerprint: 'f', rule: 'x', from, to: 'SELECT 1', proof: [] };
    const [row] = migrationFiles([exampleIteration(1, { action: { ...action, up: [], rewrite } })]).rewrites;
    const lines = (row?.file.content ?? '').split('\n').filter((line) => line.includes('DROP'));
    expect(lines).toEqual(["--   DROP TABLE customers; --'", "--   DROP TABLE customers; --'"]);
  });

  it('writes a rewrite with its proof, the old text as a comment and the new one to run', () => {
    expect(rewrites[0]?.file.content).toMatchInlineSnapshot(`
      "-- Rewrite NOT IN of welcome-mail as NOT EXISTS
      --
      -- Rule:     not-in-to-not-exists
      -- Proof:    customers.email is NOT NULL (pg_attribute.attnotnull)
      -- Proof:    blocked_emails.email is NOT NULL (pg_attribute.attnotnull)
      -- Effect:   execution time 1.22 s -> 10.7 ms, ratio 0.0088 (95 % interval 0.0081 to 0.0097), measured (iteration 4, on a lab copy)
      -- Results:  equal for every parameter set that was run
      -- Holds for: unknown
      --
      -- This statement stands in the application. Before:
      --   SELECT id, email
      --   FROM customers
      --   WHERE email NOT IN (SELECT email
      --     FROM blocked_emails)
      -- What changes:
      --    SELECT id, email
      --    FROM customers
      --   -WHERE email NOT IN (SELECT email
      --   -  FROM blocked_emails)
      --   +WHERE NOT EXISTS (SELECT 1
      --   +  FROM blocked_emails
      --   +  WHERE blocked_emails.email = customers.email)
      -- After:

      SELECT id, email
      FROM customers
      WHERE NOT EXISTS (SELECT 1
        FROM blocked_emails
        WHERE blocked_emails.email = customers.email);
      "
    `);
  });

  it.each([
    ['one that may', ['ALTER TABLE a ADD x int'], true, true],
    ['all that may', ['ALTER TABLE a ADD x int', 'ALTER TABLE a ADD y int'], true, true],
    ['a concurrent one', ['CREATE UNIQUE INDEX CONCURRENTLY i ON a (x)'], true, false],
    ['one of two', ['ALTER TABLE a ADD x int', 'drop index concurrently i'], true, false],
    ['a setting of the server', ["ALTER SYSTEM SET work_mem = '32MB'"], true, false],
    ['one whose action says no', ['ALTER TABLE a ADD x int'], false, false],
    ['a default that only mentions it', ["ALTER TABLE a ALTER x SET DEFAULT 'index concurrently'"], true, true],
  ])('opens a transaction only where all may run in one: %s', (_, up, transactional, wrapped) => {
    const [file] = migrationFiles([exampleIteration(1, { action: { up, transactional } })]).migrations;
    expect(/^BEGIN;$/m.test(file?.up.content ?? '')).toBe(wrapped);
    expect(/^COMMIT;$/m.test(file?.up.content ?? '')).toBe(wrapped);
    expect(file?.up.content.includes('outside a transaction')).toBe(!wrapped);
  });

  it('judges the down file by its own statements', () => {
    const action = { up: ['ALTER TABLE a ADD x int'], down: ['DROP INDEX CONCURRENTLY i'], transactional: true };
    const [file] = migrationFiles([exampleIteration(1, { action })]).migrations;
    expect(file?.down.content).not.toContain('BEGIN;');
    expect(file?.up.content).toContain('BEGIN;');
  });

  it('lets no text out of its comment', () => {
    const hostile = 'x\nDROP TABLE a;\r\nDROP TABLE b;\u2028DROP TABLE c;';
    const [file] = migrationFiles([
      exampleIteration(1, { action: { title: hostile, lock: hostile, up: ['SELECT 1'] }, finding: { title: hostile } }),
    ]).migrations;
    const code = file?.up.content.split(/[\r\n\u2028]/).filter((line) => line !== '' && !line.startsWith('--'));
    expect(code).toEqual(['SELECT 1;']);
    expect(file?.up.path).toMatch(/^migrations\/0001_[a-z0-9_]+\.up\.sql$/);
  });

  it('ends a statement with one semicolon that a comment does not swallow', () => {
    const up = ['SELECT 1;;', 'SELECT 2 -- two'];
    const [file] = migrationFiles([exampleIteration(1, { action: { up } })]).migrations;
    expect(file?.up.content.split('\n\n').at(-1)).toBe('SELECT 1;\nSELECT 2 -- two\n;\n');
  });

  it('names a file for a title without a latin letter', () => {
    const [file] = migrationFiles([exampleIteration(1, { action: { title: '注文' } })]).migrations;
    expect(file?.up.path).toBe('migrations/0001_create_index.up.sql');
  });
});
