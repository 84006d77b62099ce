// Somebody who writes while a deployment is killed, and keeps the account of it: what each table must hold. Used by deploy-kills.mjs.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../dist/postgres/connect.js';

/** Where the number of the last transaction stands, which tells after a lost connection whether it was committed. */
export const WRITER_SCHEMA = ['CREATE TABLE writer_done (n int NOT NULL)', 'INSERT INTO writer_done VALUES (0)'];

/** Ends of a transaction that are nobody's fault: deadlocks, and a server that goes away or comes back. */
const EXPECTED = new Set(['40P01', '57P01', '57P02', '57P03']);

const hashOf = (id, values) =>
  BigInt(
    `0x${createHash('md5')
      .update([id, ...values].join('|'))
      .digest('hex')
      .slice(0, 15)}`,
  );

/** Rows as the writer knows them, and the sum of their hashes, in no order. */
export class Account {
  rows = new Map();
  sum = 0n;

  set(id, values) {
    this.delete(id);
    if (values === null) return;
    this.rows.set(id, values);
    this.sum += hashOf(id, values);
  }

  delete(id) {
    const values = this.rows.get(id);
    if (values === undefined) return;
    this.sum -= hashOf(id, values);
    this.rows.delete(id);
  }
}

/**
 * Writes to tables `{ name, columns, initial, make }`: names as SQL, `initial` the rows `[id, values]` that are there, `make(random, id)` new values in the columns' order. A transaction every `everyMs`,
 * of one to three rows that are inserted, changed or deleted. `check` pauses it, and says what a table holds that the account does not, or the other way round.
 */
export async function startWriter({ connection, tables, random, everyMs = 15 }) {
  const accounts = new Map(tables.map((table) => [table, new Account()]));
  const ids = new Map();
  for (const [table, account] of accounts) {
    for (const [id, values] of table.initial) account.set(id, values);
    ids.set(table, [...account.rows.keys()]);
  }
  const state = {
    on: true,
    paused: false,
    idle: null,
    number: 0,
    committed: 0,
    rows: 0,
    undone: 0,
    lost: 0,
    worstMs: 0,
  };
  const faults = [];
  let session = null;

  const open = async () => {
    for (;;) {
      try {
        return await connect({ ...connection, applicationName: 'writer' });
      } catch {
        await delay(50);
      }
    }
  };

  const drawn = () => {
    const changes = [];
    for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
      const table = tables[Math.floor(random() * tables.length)];
      const known = ids.get(table);
      const kind = random();
      if (kind < 0.4 || known.length === 0) {
        const id = (table.next = (table.next ?? Math.max(0, ...known)) + 1);
        changes.push({ table, id, values: table.make(random, id), sql: insertOf(table) });
        continue;
      }
      const id = known[Math.floor(random() * known.length)];
      if (changes.some((one) => one.table === table && one.id === id)) continue;
      const isGone = !accounts.get(table).rows.has(id);
      if (isGone) continue;
      if (kind < 0.8) changes.push({ table, id, values: table.make(random, id), sql: updateOf(table) });
      else changes.push({ table, id, values: null, sql: `DELETE FROM ${table.name} WHERE id = $1` });
    }
    return changes;
  };

  const take = (changes) => {
    for (const { table, id, values } of changes) {
      const account = accounts.get(table);
      if (!account.rows.has(id)) ids.get(table).push(id);
      account.set(id, values);
    }
    state.committed += 1;
    state.rows += changes.length;
  };

  const write = async (changes) => {
    const number = (state.number += 1);
    const startedMs = performance.now();
    try {
      session ??= await open();
      await session.run('BEGIN');
      for (const { id, values, sql } of changes) {
        const rows = await session.query(`${sql} RETURNING 1`, values === null ? [id] : [id, ...values]);
        if (rows.length !== 1) faults.push(`the writer's row ${id}: ${sql} found ${rows.length} rows`);
      }
      await session.query('UPDATE writer_done SET n = $1', [number]);
      await session.run('COMMIT');
      take(changes);
    } catch (error) {
      const sqlstate = error?.sqlstate ?? null;
      if (sqlstate !== null && !EXPECTED.has(sqlstate) && !sqlstate.startsWith('08'))
        faults.push(`the writer met ${sqlstate}: ${error.message}`);
      if (sqlstate === '40P01') {
        await session.run('ROLLBACK');
        state.undone += 1;
        return;
      }
      await session?.close().catch(() => undefined);
      session = await open();
      const [row] = await session.query('SELECT n FROM writer_done');
      state.lost += 1;
      if (Number(row?.n) === number) take(changes);
      else state.undone += 1;
    } finally {
      state.worstMs = Math.max(state.worstMs, performance.now() - startedMs);
    }
  };

  const running = (async () => {
    while (state.on) {
      if (state.paused) {
        state.idle?.();
        await delay(5);
        continue;
      }
      await write(drawn());
      await delay(random() * 2 * everyMs);
    }
    await session?.close();
  })();

  const check = async () => {
    const idle = new Promise((resolve) => (state.idle = resolve));
    state.paused = true;
    await idle;
    const reader = await open();
    try {
      const found = faults.splice(0);
      for (const [{ name, columns }, { rows, sum }] of accounts) {
        const [row] = await reader.query(
          `SELECT count(*)::int8 AS count, coalesce(sum(('x' || substr(md5(concat_ws('|', id, ${columns.join(', ')})), 1, 15))::bit(60)::bigint::numeric), 0)::text AS sum FROM ${name}`,
        );
        if (Number(row.count) !== rows.size)
          found.push(`${name} holds ${String(row.count)} rows, the writer's account ${rows.size}`);
        else if (BigInt(row.sum) !== sum) found.push(`${name} holds other values than the writer's account`);
      }
      return found;
    } finally {
      await reader.close();
      state.idle = null;
      state.paused = false;
    }
  };

  return {
    check,
    state,
    async stop() {
      state.on = false;
      await running;
    },
  };
}

const insertOf = ({ name, columns }) =>
  `INSERT INTO ${name} (id, ${columns.join(', ')}) VALUES ($1, ${columns.map((_, at) => `$${at + 2}`).join(', ')})`;
const updateOf = ({ name, columns }) =>
  `UPDATE ${name} SET ${columns.map((column, at) => `${column} = $${at + 2}`).join(', ')} WHERE id = $1`;
