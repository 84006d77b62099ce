import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WizardError } from '../../src/base/errors.js';
import type { LabServer } from '../../src/lab/server.js';
import { catalogue } from '../../src/migrations/catalogue.js';
import { checkScript, isForMajor } from '../../src/migrations/check.js';
import type { CheckOptions } from '../../src/migrations/check.js';
import type { MigrationRule } from '../../src/migrations/define.js';
import { blocksWrites } from '../../src/migrations/locks.js';
import { planScript } from '../../src/migrations/plan.js';
import type { MigrationPlan } from '../../src/migrations/plan.js';
import { readScript } from '../../src/migrations/script.js';
import { structureDifferences, structureOf } from '../../src/model/catalog-equality.js';
import type { Catalog } from '../../src/model/catalog.js';
import { connect } from '../../src/postgres/connect.js';
import { loadParser } from '../../src/sql/parse.js';
import { startQuietServer, testMajors } from '../support/majors.js';
import { asIfLarge, claimed, effectsOf, withMigrationBench } from '../support/migration-bench.js';
import type { MigrationBench, Observation } from '../support/migration-bench.js';
import { runScript } from '../support/rewrite-bench.js';

describe.each(testMajors())('migration rules on PostgreSQL %s', (major) => {
  let server: LabServer | null = null;

  beforeAll(async () => {
    await loadParser();
    server = await startQuietServer(major);
    if (server) await withTablespace(server);
  });

  afterAll(async () => server?.stop());

  it.for(catalogue.map((rule) => [rule.id, rule] as const))('%s', async ([, rule], { skip }) => {
    if (server === null) {
      skip(`PostgreSQL ${major} can not be had on this machine`);
      return;
    }
    if (!isForMajor(rule, server.major)) {
      skip(`the form is not one of PostgreSQL ${server.major}`);
      return;
    }
    const lab = server;
    const { setup, bad } = rule.example;
    const makes = rule.safe !== undefined;
    const afterBad = await withMigrationBench(lab, setup, (bench) => asClaimed(bench, rule, lab.major));
    if (afterBad === null && !rule.plannedAway) return;
    await withMigrationBench(lab, setup, async (bench) => {
      const plan = planScript(readScript(bad, 'bad'), optionsFor(bench.catalog, lab.major));
      if (makes)
        expect(plan.steps.flatMap(({ up }) => up).join(';\n'), 'a sequence is made').not.toBe(
          bad.trim().replace(/;$/, ''),
        );
      await runSafely(bench, plan, rule);
      if (plan.later.length > 0) {
        await runDown(bench, plan, []);
        for (const sql of [...plan.steps.flatMap(({ up }) => up), ...plan.later.flatMap((one) => one.sql)])
          await bench.session.run(sql);
      }
      const differences = afterBad ? structureDifferences(afterBad, await bench.now()) : [];
      expect(
        differences.map((one) => one.replace(/ (?:was .*|is (?:new|gone))$/s, '')),
        `the end is that of the unsafe form: ${differences.join('\n')}`,
      ).toEqual(rule.example.ends ?? []);
      if (makes || rule.plannedAway) saysNothing(rule, plan, bench.catalog, lab.major);
      if (plan.steps.every(({ down }) => down !== null) && plan.later.length === 0)
        await runDown(
          bench,
          plan,
          (rule.example.ends ?? []).filter((end) => MOVED.test(end)),
        );
    });
    if (rule.example.good !== undefined)
      await withMigrationBench(lab, setup, (bench) => runsSilently(bench, rule, lab.major));
  });
});

/** For the rule about tablespaces; one within the data folder. */
async function withTablespace(server: LabServer): Promise<void> {
  const session = await connect(server.connection);
  await session.run('SET allow_in_place_tablespaces = on');
  await session.run("CREATE TABLESPACE cold LOCATION ''");
  await session.close();
}

function optionsFor(catalog: Catalog, major: number): CheckOptions {
  return { major, catalog: asIfLarge(catalog), oneTransaction: false };
}

/** Runs the unsafe form and holds each statement's claim against what was seen. Gives the catalog after it; null where the server refuses it, as claimed. */
async function asClaimed(bench: MigrationBench, rule: MigrationRule, major: number): Promise<Catalog | null> {
  const { bad, fails } = rule.example;
  const options = optionsFor(bench.catalog, major);
  const script = readScript(bad, 'bad');
  const spoke = checkScript(script, options).flatMap(({ findings }) => findings.map((one) => one.rule.id));
  expect(spoke, 'the rule speaks').toContain(rule.id);
  if (fails !== undefined) {
    await expect(bench.session.run(bad)).rejects.toMatchObject({ sqlstate: fails });
    await bench.session.run('ROLLBACK').catch(() => undefined);
    return null;
  }
  let inBlock = false;
  for (const { sql, effects } of effectsOf(bad, options)) {
    if (/^(?:BEGIN|COMMIT)/i.test(sql)) inBlock = /^BEGIN/i.test(sql);
    if (inBlock || /^(?:COMMIT|SET) ?/i.test(sql)) {
      await bench.session.run(sql);
      continue;
    }
    const claim = await claimed(bench.session, effects);
    const seen = await bench.observe(
      [sql],
      effects.every(({ outsideTransaction }) => !outsideTransaction),
    );
    if (rule.example.alsoLocks !== undefined) delete (seen.locks as Record<string, unknown>)[rule.example.alsoLocks];
    expect(locksSeen(seen, claim.locks), `locks of ${sql}`).toEqual(claim.locks);
    expect(seen.rewritten, `rewritten by ${sql}`).toEqual(claim.rewritten);
    if (seen.read !== null) {
      // What a view's query reads is read without a lock that anybody waits for.
      const read = seen.read.filter((name) => name in claim.locks);
      expect(read.toSorted(), `read by ${sql}`).toEqual(claim.read.toSorted());
    }
  }
  return bench.now();
}

/** Sequences go along with their tables: of them only the locks that are claimed are looked at. */
function locksSeen(seen: Observation, claimed: Observation['locks']): Observation['locks'] {
  const sequences = Object.entries(seen.sequences).filter(([name]) => name in claimed);
  return { ...seen.locks, ...Object.fromEntries(sequences) };
}

/** Runs a plan step by step: locks as claimed, and no rows read or written anew under a lock that others wait for. */
async function runSafely(bench: MigrationBench, plan: MigrationPlan, rule: MigrationRule): Promise<void> {
  for (const step of plan.steps) {
    const text = step.up.join(';\n');
    const isBlock = text.startsWith('DO ');
    const claim = isBlock
      ? null
      : await claimed(bench.session, [
          { locks: step.locks, rewrites: [], scans: [], unsure: null, outsideTransaction: false },
        ]);
    if (isBlock) {
      await bench.session.run(text);
      continue;
    }
    const seen: Observation = await bench.observe(step.up, step.transactional);
    if (rule.example.alsoLocks !== undefined) delete (seen.locks as Record<string, unknown>)[rule.example.alsoLocks];
    expect(locksSeen(seen, claim?.locks ?? {}), `locks of ${text}`).toEqual(claim?.locks);
    if (step.remaining.length > 0 || step.unavoidable !== null) continue;
    const blocked = Object.entries(seen.locks)
      .filter(([, mode]) => blocksWrites(mode))
      .map(([name]) => name);
    expect(seen.rewritten, `written anew by ${text}`).toEqual([]);
    expect(seen.read?.filter((name) => blocked.includes(name)) ?? [], `read under its lock by ${text}`).toEqual([]);
  }
}

/** A column that was made anew stands last; its place can not be given back. */
const MOVED = /^column \S+: position \d+ -> \d+$/;

async function runDown(bench: MigrationBench, plan: MigrationPlan, staying: readonly string[]): Promise<void> {
  for (const step of plan.steps.toReversed()) for (const sql of step.down ?? []) await bench.session.run(sql);
  expect(structureDifferences(bench.catalog, await bench.now()), 'taken back').toEqual(staying);
}

/** The rule has nothing to say of what the plan made. */
function saysNothing(rule: MigrationRule, plan: MigrationPlan, catalog: Catalog, major: number): void {
  const text = ["SET lock_timeout = '100ms'", ...plan.steps.flatMap(({ up }) => up)].map((sql) => `${sql};`).join('\n');
  const said = checkScript(readScript(text, 'plan'), optionsFor(catalog, major)).flatMap(({ findings }) => findings);
  expect(
    said.filter((one) => one.rule.id === rule.id && one.severity !== 'info').map(({ match }) => match.says),
  ).toEqual([]);
}

async function runsSilently(bench: MigrationBench, rule: MigrationRule, major: number): Promise<void> {
  const good = rule.example.good ?? '';
  const said = checkScript(readScript(good, 'good'), optionsFor(bench.catalog, major)).flatMap(
    ({ findings }) => findings,
  );
  expect(said.map((one) => one.rule.id)).not.toContain(rule.id);
  expect(structureOf(bench.catalog).size).toBeGreaterThan(0);
  await runScript(bench.session, good).catch((error: unknown) => {
    throw error instanceof WizardError ? new Error(`${good}: ${error.message}`) : error;
  });
}
