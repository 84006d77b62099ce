import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../src/lab/server.js';
import type { Effect } from '../../src/migrations/effects/effect.js';
import { typeChange, typePartsOfText } from '../../src/migrations/effects/types.js';
import { isAtLeast } from '../../src/migrations/locks.js';
import { connect } from '../../src/postgres/connect.js';
import { loadParser } from '../../src/sql/parse.js';
import { ALTER_TABLE } from '../support/ddl/alter-table.js';
import { OTHER_DDL, OUTSIDE_DDL } from '../support/ddl/other.js';
import { DDL_SETUP } from '../support/ddl/setup.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { asIfLarge, claimed, effectsOf, forScript, withMigrationBench } from '../support/migration-bench.js';
import type { Observation } from '../support/migration-bench.js';

const TYPES = [
  'int2', 'int4', 'int8', 'oid', 'text', 'varchar', 'varchar(10)', 'varchar(20)', 'char(10)', 'numeric', 'numeric(10,2)', 'numeric(12,2)', 'numeric(12,3)',
  'timestamp', 'timestamptz', 'timestamp(3)', 'timestamptz(3)', 'time', 'time(3)', 'bit(4)', 'varbit', 'varbit(4)', 'cidr', 'inet', 'json', 'xml', 'float8', 'text[]', 'int4[]',
]; // prettier-ignore

describe.each(testMajors())('effects of DDL on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer(major);
    if (server) await withTablespace(server);
  });

  afterAll(async () => server?.stop());

  it('locks, reads and writes anew what is claimed', { timeout: 300_000 }, async ({ skip }) => {
    if (server === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    const options = { major: server.major, oneTransaction: false };
    await withMigrationBench(server, DDL_SETUP, async (bench) => {
      await bench.session.run(EVENT_FUNCTION);
      const differing: unknown[] = [];
      let ran = 0;
      for (const [sql, transactional] of corpus()) {
        const [statement] = effectsOf(sql, { ...options, catalog: asIfLarge(await forScript(bench, sql)) });
        if (!statement) throw new Error(`no statement in ${sql}`);
        const claim = await claimed(bench.session, statement.effects);
        // A form that this major does not have.
        const seen = await bench.observe([sql], transactional, { undo: true }).catch(() => null);
        if (!seen) continue;
        ran += 1;
        const difference = differences(sql, { claim, seen, effects: statement.effects, transactional });
        if (difference) differing.push({ sql, ...difference });
      }
      expect(differing).toEqual([]);
      expect(ran).toBeGreaterThan(430);
    });
  });

  it('knows which changes of a type write rows anew', { timeout: 300_000 }, async ({ skip }) => {
    if (server === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    await withMigrationBench(server, '', async ({ session }) => {
      await session.run(RETYPE);
      const wrong: string[] = [];
      let pairs = 0;
      for (const zone of ['UTC', 'Europe/Berlin']) {
        await session.run(`SET TimeZone = '${zone}'`);
        const rows = await session.query<{ a: string; b: string; said: string; rewrites: boolean | null }>(
          'SELECT a, b, a_said AS said, retype(a, b) AS rewrites FROM unnest($1::text[]) AS a CROSS JOIN unnest($1::text[]) AS b CROSS JOIN LATERAL (SELECT said(a) AS a_said) AS s',
          [zone === 'UTC' ? TYPES : TYPES.filter((type) => type.startsWith('timestamp'))],
        );
        for (const { a, b, said, rewrites } of rows) {
          if (rewrites === null) continue;
          pairs += 1;
          const [to] = await session.query<{ said: string }>('SELECT said($1)', [b]);
          const claim = typeChange(typePartsOfText(said), typePartsOfText(to?.said ?? ''));
          const expected = claim === 'rewrite' || (claim === 'by-time-zone' && zone !== 'UTC');
          if (expected !== rewrites) wrong.push(`${zone}: ${a} -> ${b}: ${claim}, ${rewrites ? 'rewritten' : 'not'}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(pairs).toBeGreaterThan(200);
    });
  });
});

/** Whether the change gives the table another file; null where there is no cast. The work of a subtransaction that is undone. */
const RETYPE = `
  CREATE FUNCTION retype(a text, b text) RETURNS bool LANGUAGE plpgsql AS $$
  DECLARE before oid; after oid;
  BEGIN
    BEGIN
      EXECUTE format('CREATE TABLE tried (c %s)', a);
      before := pg_relation_filenode('tried');
      EXECUTE format('ALTER TABLE tried ALTER COLUMN c TYPE %s USING c::%s', b, b);
      after := pg_relation_filenode('tried');
      RAISE EXCEPTION USING errcode = 'P0999';
    EXCEPTION WHEN sqlstate 'P0999' THEN RETURN before <> after; WHEN others THEN RETURN NULL;
    END;
  END $$;
  CREATE FUNCTION said(a text) RETURNS text LANGUAGE plpgsql AS $$
  DECLARE answer text;
  BEGIN
    BEGIN
      EXECUTE format('CREATE TABLE tried (c %s)', a);
      SELECT format_type(atttypid, atttypmod) INTO answer FROM pg_attribute WHERE attrelid = 'tried'::regclass AND attname = 'c';
      RAISE EXCEPTION USING errcode = 'P0999';
    EXCEPTION WHEN sqlstate 'P0999' THEN RETURN answer;
    END;
  END $$;`;

/** Within the data folder. */
async function withTablespace(server: LabServer): Promise<void> {
  const session = await connect(server.connection);
  await session.run('SET allow_in_place_tablespaces = on');
  await session.run("CREATE TABLESPACE cold LOCATION ''");
  await session.close();
}

const EVENT_FUNCTION = "CREATE FUNCTION event_noop() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'";

function corpus(): readonly (readonly [string, boolean])[] {
  return [
    ...[...ALTER_TABLE, ...OTHER_DDL].map((sql) => [sql, true] as const),
    ...OUTSIDE_DDL.map((sql) => [sql, false] as const),
  ];
}

/**
 * What was claimed and not seen, or seen and not claimed. Where an effect says that it is not sure, more may be locked than it names; outside a transaction a look
 * from beside may miss a lock, or see a weaker one that came before.
 */
function differences(
  sql: string,
  {
    claim,
    seen,
    effects,
    transactional,
  }: {
    readonly claim: Awaited<ReturnType<typeof claimed>>;
    readonly seen: Observation;
    readonly effects: readonly Effect[];
    readonly transactional: boolean;
  },
): object | null {
  const isUnsure = effects.some(({ unsure }) => unsure !== null);
  // Where it finds empty pages at the end of the table it cuts them off under a stronger lock for a moment, as its claim says.
  const isPlainVacuum = /^VACUUM\b/i.test(sql);
  const { locks } = claim;
  const names = [...new Set([...Object.keys(locks), ...Object.keys(seen.locks)])].toSorted();
  const wrong = names.filter((name) => {
    const [says, is] = [locks[name], seen.locks[name] ?? seen.sequences[name]];
    if (says === undefined) return !isUnsure;
    if (is === undefined) return transactional;
    if (transactional) return says !== is;
    return !isAtLeast(says, is) && !(isPlainVacuum && is === 'ACCESS EXCLUSIVE');
  });
  const rewritten = isUnsure ? [] : symmetric(seen.rewritten, claim.rewritten);
  // Which rows a WHERE or a MERGE reads is the planner's choice; a materialised view is compared under a lock that only refreshing waits for.
  const isChosen = /\bWHERE (?:id|author\.id)|^MERGE|^REFRESH .* CONCURRENTLY/.test(sql);
  const read =
    isUnsure || isChosen || seen.read === null
      ? []
      : symmetric(
          seen.read.filter((name) => name in locks),
          claim.read,
        );
  if (wrong.length + rewritten.length + read.length === 0) return null;
  return { locks: wrong.map((name) => `${name}: says ${locks[name]}, is ${seen.locks[name]}`), rewritten, read };
}

function symmetric(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...a.filter((one) => !b.includes(one)), ...b.filter((one) => !a.includes(one))].toSorted();
}
