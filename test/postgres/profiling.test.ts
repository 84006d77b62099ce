import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intakeFiles } from '../../src/app/intake.js';
import { Profiling } from '../../src/app/profiling.js';
import type { LabServer } from '../../src/lab/server.js';
import type { ApplicationFinding } from '../../src/model/application-finding.js';
import { connect } from '../../src/postgres/connect.js';
import type { Session } from '../../src/postgres/session.js';
import { startQuietServer, testMajors } from '../support/majors.js';

const SETTINGS = {
  logging_collector: 'on',
  log_filename: 'server.log',
  log_min_duration_statement: '0',
  log_connections: 'on',
  log_disconnections: 'on',
  log_line_prefix: '%m [%p] %q%u@%d/%a ',
  log_timezone: 'UTC',
  lc_messages: 'C',
};

const SCHEMA = `
  CREATE TABLE customers (id int PRIMARY KEY, mail text UNIQUE, name text);
  CREATE TABLE orders (id int PRIMARY KEY, customer_id int, n int);
  CREATE TABLE "Größe" (id int PRIMARY KEY, "Wert" int);
  INSERT INTO customers SELECT g, 'm' || g, 'n' || g FROM generate_series(1, 5000) g;
  INSERT INTO orders SELECT g, g % 50 + 1, g FROM generate_series(1, 5000) g;
  INSERT INTO "Größe" SELECT g, 0 FROM generate_series(1, 10) g;`;

/** What a program of little care does; each habit is one finding. */
async function misuse(server: LabServer, session: Session): Promise<void> {
  await session.query('SELECT id, customer_id FROM orders WHERE n < $1 LIMIT 10', [20]);
  for (let i = 1; i <= 8; i += 1) await session.query('SELECT name FROM customers WHERE id = $1', [i]);
  for (const mail of ['x', 'y', 'z', 'm1']) {
    await session.run(`SELECT id FROM customers WHERE mail = '${mail}' AND id > 0`);
    const id = 9000 + mail.charCodeAt(0);
    await session.run(`INSERT INTO customers (id, mail) VALUES (${id}, '${mail}')`).catch(() => undefined);
  }
  for (let i = 1; i <= 60; i += 1) await session.query('INSERT INTO orders (id, n) VALUES ($1, $2)', [10_000 + i, i]);
  for (const offset of [0, 10, 2000, 3000, 4000])
    await session.run(`SELECT id FROM orders ORDER BY id DESC LIMIT 10 OFFSET ${offset}`);
  for (const [first, second] of [
    [1, 2],
    [2, 1],
  ] as const) {
    await session.run('BEGIN');
    for (const id of [first, second]) await session.run(`UPDATE "Größe" SET "Wert" = 7 WHERE id = ${id}`);
    await session.run('COMMIT');
  }
  await session.run('BEGIN');
  await session.run('UPDATE orders SET n = n + 1 WHERE id = 5');
  await delay(1300);
  await session.run('COMMIT');
  for (let i = 0; i < 22; i += 1) {
    const short = await connect({ ...server.connection, applicationName: 'shop' });
    await short.close();
  }
}

describe.each(testMajors())('how a program uses PostgreSQL %s', (major) => {
  let server: LabServer | null;
  const found = new Map<string, readonly ApplicationFinding[]>();

  beforeAll(async () => {
    const destination = major === 14 ? 'stderr,csvlog' : 'stderr,csvlog,jsonlog';
    server = await startQuietServer(major, { ...SETTINGS, log_destination: destination });
    if (!server) return;
    const session = await connect({ ...server.connection, applicationName: 'shop' });
    await session.run(SCHEMA);
    await misuse(server, session);
    await session.close();
    await delay(500);
    for (const file of readdirSync(join(server.dataDir, 'log'))) {
      const { signal } = new AbortController();
      const profiling = new Profiling({ signal });
      await intakeFiles({
        files: [join(server.dataDir, 'log', file)],
        prefix: null,
        difference: false,
        signal,
        profiling,
      });
      found.set(file, (await profiling.end()).findings);
    }
  }, 120_000);

  afterAll(() => server?.stop());

  it('is seen in every form of its log, and nothing else is', ({ skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    expect(found.size).toBe(server.major === 14 ? 2 : 3);
    for (const [file, findings] of found)
      expect(findings.map((one) => one.pattern).toSorted(), file).toEqual([
        'reads/deep-offset',
        'reads/n-plus-one',
        'sessions/connection-churn',
        'transactions/idle-in-transaction',
        'transactions/lock-order',
        'transactions/per-row-commit',
        'transactions/select-then-insert',
      ]);
  });

  it('is counted as it was, with the statement that changes it', ({ skip }) => {
    if (!server) return skip(`PostgreSQL ${major} can not be had on this machine`);
    for (const findings of found.values()) {
      const of = (pattern: string): ApplicationFinding => {
        const one = findings.find((finding) => finding.pattern === pattern);
        if (!one) throw new Error(`${pattern} is missing`);
        return one;
      };
      expect(of('reads/n-plus-one')).toMatchObject({
        count: 8,
        sql: 'SELECT id, name FROM customers WHERE id = ANY ($1)',
      });
      expect(of('reads/n-plus-one').change).toContain('orders JOIN customers ON customers.id = orders.customer_id');
      expect(of('reads/deep-offset')).toMatchObject({
        count: 3,
        sql: 'SELECT id FROM orders WHERE id < $2 ORDER BY id DESC LIMIT $1',
      });
      expect(of('transactions/per-row-commit').count).toBe(60);
      expect(of('transactions/select-then-insert')).toMatchObject({ count: 3, severity: 'warning' });
      expect(of('transactions/select-then-insert').evidence[0]).toMatchObject({ value: 1, provenance: 'measured' });
      expect(of('transactions/lock-order').statements).toEqual(['UPDATE "Größe" SET "Wert" = ? WHERE id = ?']);
      expect(of('transactions/idle-in-transaction').timeMs).toBeGreaterThan(1200);
      expect(of('sessions/connection-churn').count).toBe(22);
    }
  });
});
