import { WizardError } from '../../base/errors.js';
import { quoteIdent } from '../../base/quote.js';
import { formatCount } from '../../base/units.js';
import { updatedColumnSets } from '../../indexes/measured/write-cost.js';
import type { IndexWriteCost, RowCost, RowFigures, TableWrite, UpdateCost } from '../../indexes/measured/write-cost.js';
import { createIndexSql } from '../../model/action.js';
import type { IndexSpec } from '../../model/action.js';
import type { Plan } from '../../model/plan.js';
import { explain } from '../../postgres/explain.js';
import type { Session } from '../../postgres/session.js';
import { troubleOf } from '../trial/sessions.js';
import { FRESH, NUMBER, SAMPLE_LIMITS, SCRATCH_WITH, dropScratch, makePair, takeSample } from './scratch.js';
import type { Sample, SampleLimits, ScratchPair } from './scratch.js';
import { placeOf } from '../../model/catalog.js';

export interface WriteCostOptions {
  readonly limits?: SampleLimits;
  /** Called between steps; throws to end it. */
  readonly check?: () => void;
  /** Asked before each index: those that are left are not measured then. */
  readonly isOver?: () => boolean;
}

/**
 * Measures what each index costs the writes of its table: rows inserted, deleted and updated (the sets of columns that the
 * workload's updates set) in two scratch tables, one with the index and one without, turn by turn; VACUUM is part of a delete.
 * `session` must be on a lab database; nothing of it is changed but for a schema of our own, which is gone afterwards.
 * Indexes of one table share a sample. An index on a table that nothing writes to is not measured.
 */
export async function measureWriteCosts(
  session: Session,
  specs: readonly IndexSpec[],
  writesOf: (spec: IndexSpec) => readonly TableWrite[],
  options: WriteCostOptions = {},
): Promise<readonly IndexWriteCost[]> {
  const costs = new Map<IndexSpec, IndexWriteCost>();
  const written = specs.filter((spec) => writesOf(spec).length > 0);
  try {
    for (const key of new Set(written.map((spec) => placeOf(spec.table)))) {
      if (options.isOver?.() === true) break;
      const group = written.filter((spec) => placeOf(spec.table) === key);
      const sample = await takeSample(session, (group[0] as IndexSpec).table, options.limits ?? SAMPLE_LIMITS);
      for (const spec of group) {
        if (options.isOver?.() === true) break;
        options.check?.();
        costs.set(
          spec,
          'reason' in sample
            ? nothing(spec, sample.reason)
            : await measureOne(session, sample, { spec, writes: writesOf(spec), check: options.check ?? (() => {}) }),
        );
      }
    }
  } finally {
    // A lost connection is reported by what lost it.
    await dropScratch(session).catch(() => undefined);
  }
  return specs.flatMap((spec) => costs.get(spec) ?? []);
}

/** Turns of each kind of write. Three: one that was not disturbed is most likely among them. */
const ROUNDS = 3;
/** Sets of columns that are looked at; the rest of a workload's updates is said to be unmeasured. */
const MOST_COLUMN_SETS = 6;
/** A tenth of the rows goes in each turn, spread evenly: it makes the room on every page which a table in use has. */
const DELETED_SHARE = 10;

interface Task {
  readonly spec: IndexSpec;
  readonly writes: readonly TableWrite[];
  readonly check: () => void;
}

async function measureOne(session: Session, sample: Sample, task: Task): Promise<IndexWriteCost> {
  const pair = await makePair(session, sample);
  try {
    await session.run(
      createIndexSql({ ...task.spec, table: SCRATCH_WITH, name: 'candidate' }, { concurrently: false }),
    );
  } catch (thrown) {
    return nothing(task.spec, `it could not be built on a sample: ${statementFailure(thrown)}`);
  }
  await session.run(`VACUUM ANALYZE ${pair.with}, ${pair.without}`);
  const bench = new Bench(session, pair, task.check);
  const kinds = new Set(task.writes.map((write) => write.kind));
  const unmeasured: string[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (thrown) {
      unmeasured.push(`${what}: ${statementFailure(thrown)}`);
      await session.run('ROLLBACK');
      return null;
    }
  };
  // Deletes come always: they make the room in which updates stay on their page.
  const inserted = kinds.has('insert') ? await attempt('insert', () => inserts(bench, sample)) : null;
  const removed = await attempt('delete', () => deletes(bench));
  const sets = updatedColumnSets(task.writes);
  const updated: UpdateCost[] = [];
  const measuredSets = sets.slice(0, MOST_COLUMN_SETS);
  for (const [position, columns] of measuredSets.entries()) {
    const what = `update of ${columns.join(', ')}`;
    const slices = { first: position * ROUNDS, of: measuredSets.length * ROUNDS };
    const cost = await attempt(what, () => updates(bench, sample, columns, slices));
    if (cost !== null && cost.rows > 0) updated.push(cost);
    else if (cost !== null) unmeasured.push(`${what}: the sample holds no other value to set`);
  }
  for (const columns of sets.slice(MOST_COLUMN_SETS))
    unmeasured.push(`update of ${columns.join(', ')}: one set of columns too many`);
  return {
    index: task.spec.name,
    basis: `${formatCount(sample.baseRows + sample.freshRows)} rows of ${placeOf(sample.source)} in tables of their own`,
    inserted,
    deleted: kinds.has('delete') ? removed : null,
    updated,
    unmeasured,
    fullPageImages: bench.fullPageImages,
  };
}

function nothing(spec: IndexSpec, reason: string): IndexWriteCost {
  const none = { inserted: null, deleted: null, updated: [], fullPageImages: 0 };
  return { index: spec.name, basis: 'nothing', ...none, unmeasured: [reason] };
}

/** Half of the fresh rows, the other half is for updates. */
async function inserts(bench: Bench, sample: Sample): Promise<RowCost> {
  const list = sample.columns.join(', ');
  const slice = Math.floor(sample.freshRows / 2 / ROUNDS);
  return bench.rounds((table, round) => ({
    sql: `INSERT INTO ${table} (${list}) SELECT ${list} FROM ${FRESH}
           WHERE ${NUMBER} > ${round * slice} AND ${NUMBER} <= ${(round + 1) * slice} ORDER BY ${NUMBER}`,
    vacuum: false,
  }));
}

async function deletes(bench: Bench): Promise<RowCost> {
  return bench.rounds((table, round) => ({
    sql: `DELETE FROM ${table} WHERE ctid IN (
            SELECT place FROM (SELECT t.ctid AS place, pg_catalog.row_number() OVER (ORDER BY t.ctid) AS number FROM ${table} AS t) AS numbered
             WHERE number % ${DELETED_SHARE} = ${round % DELETED_SHARE})`,
    vacuum: true,
  }));
}

/** New values are those of fresh rows that were not inserted: real ones, and no unique column meets one twice. */
async function updates(
  bench: Bench,
  sample: Sample,
  columns: readonly string[],
  slices: { readonly first: number; readonly of: number },
): Promise<UpdateCost> {
  const start = Math.floor(sample.freshRows / 2);
  const slice = Math.floor((sample.freshRows - start) / slices.of);
  const names = columns.map(quoteIdent);
  // A type need not have an equality; as text all have.
  const differs = names.map((name) => `target.${name}::text IS DISTINCT FROM source.${name}::text`).join(' OR ');
  const set = names.map((name) => `${name} = source.${name}`).join(', ');
  const cost = await bench.rounds((table, round) => {
    const from = start + (slices.first + round) * slice;
    return {
      sql: `UPDATE ${table} AS target SET ${set}
              FROM (SELECT place, CASE WHEN number % step = 0 THEN number / step END AS turn
                      FROM (SELECT t.ctid AS place, pg_catalog.row_number() OVER (ORDER BY t.ctid) AS number,
                                   greatest(1, count(*) OVER () / ${Math.max(1, slice)}) AS step FROM ${table} AS t) AS numbered
                   ) AS spread
              JOIN ${FRESH} AS source ON source.${NUMBER} > ${from} AND source.${NUMBER} <= ${from + slice}
               AND source.${NUMBER} - ${from} = spread.turn
             WHERE target.ctid = spread.place AND (${differs})`,
      vacuum: false,
    };
  });
  return { ...cost, columns };
}

interface Turn {
  readonly sql: string;
  /** Whether VACUUM's work is part of what is measured. */
  readonly vacuum: boolean;
}

interface TurnFigures extends RowFigures {
  readonly rows: number;
  readonly hot: number;
}

/** Runs the same writes on both tables in turn, and commits them: what a rollback leaves behind would change the next turn. */
class Bench {
  fullPageImages = 0;

  constructor(
    private readonly session: Session,
    private readonly pair: ScratchPair,
    private readonly check: () => void,
  ) {}

  async rounds(turn: (table: string, round: number) => Turn): Promise<UpdateCost> {
    const sides = { with: [] as TurnFigures[], without: [] as TurnFigures[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const side of round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
        this.check();
        sides[side].push(await this.run(this.pair[side], turn(this.pair[side], round)));
      }
    }
    const total = (side: 'with' | 'without', what: 'rows' | 'hot'): number =>
      sides[side].reduce((sum, one) => sum + one[what], 0);
    return {
      columns: [],
      rows: total('with', 'rows'),
      with: perRow(sides.with),
      without: perRow(sides.without),
      hotWith: total('with', 'hot'),
      hotWithout: total('without', 'hot'),
    };
  }

  private async run(table: string, turn: Turn): Promise<TurnFigures> {
    const { session } = this;
    await session.run('BEGIN');
    const before = await this.counters(table);
    const plan = await explain(session, turn.sql, { analyze: true });
    const after = await this.counters(table);
    await session.run('COMMIT');
    this.fullPageImages += (plan.root as { readonly 'WAL FPI'?: number })['WAL FPI'] ?? 0;
    const vacuumed = await this.vacuum(table, turn.vacuum);
    return {
      rows: after.rows - before.rows,
      hot: after.hot - before.hot,
      ms: (plan.executionMs ?? 0) + vacuumed.ms,
      walBytes: (plan.root['WAL Bytes'] ?? 0) + vacuumed.walBytes,
      buffers: buffersOf(plan),
    };
  }

  /** These counters hold what earlier transactions left to be reported, too: only differences mean anything. */
  private async counters(table: string): Promise<{ readonly rows: number; readonly hot: number }> {
    const [row] = await this.session.query<{ rows: string; hot: string }>(
      `SELECT (pg_catalog.pg_stat_get_xact_tuples_inserted(c.oid) + pg_catalog.pg_stat_get_xact_tuples_updated(c.oid)
                 + pg_catalog.pg_stat_get_xact_tuples_deleted(c.oid))::text AS rows,
              pg_catalog.pg_stat_get_xact_tuples_hot_updated(c.oid)::text AS hot
         FROM pg_catalog.pg_class AS c WHERE c.oid = $1::pg_catalog.regclass`,
      [table],
    );
    return { rows: Number(row?.rows ?? 0), hot: Number(row?.hot ?? 0) };
  }

  /** Always, so that each turn finds room on its pages. */
  private async vacuum(table: string, counts: boolean): Promise<{ readonly ms: number; readonly walBytes: number }> {
    const before = await this.walPosition();
    const startedMs = performance.now();
    await this.session.run(`VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) ${table}`);
    const ms = performance.now() - startedMs;
    const walBytes = (await this.walPosition()) - before;
    return counts ? { ms, walBytes } : { ms: 0, walBytes: 0 };
  }

  private async walPosition(): Promise<number> {
    const [row] = await this.session.query<{ position: string }>(
      `SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_insert_lsn(), '0/0')::text AS position`,
    );
    return Number(row?.position ?? 0);
  }
}

function buffersOf({ root }: Plan): number {
  return (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0);
}

/** Counters add up; of times the shortest turn counts: other work on the machine only ever adds. */
function perRow(turns: readonly TurnFigures[]): RowFigures {
  const rows = Math.max(
    1,
    turns.reduce((sum, turn) => sum + turn.rows, 0),
  );
  const total = (value: (turn: TurnFigures) => number): number => turns.reduce((sum, turn) => sum + value(turn), 0);
  const written = turns.filter((turn) => turn.rows > 0);
  return {
    ms: Math.min(...(written.length > 0 ? written : turns).map((turn) => turn.ms / Math.max(1, turn.rows))),
    walBytes: total((turn) => turn.walBytes) / rows,
    buffers: total((turn) => turn.buffers) / rows,
  };
}

/** The message of a statement that the server refused; anything else is thrown on. */
function statementFailure(thrown: unknown): string {
  if (troubleOf(thrown) === 'statement' && thrown instanceof WizardError) return thrown.message;
  throw thrown;
}
