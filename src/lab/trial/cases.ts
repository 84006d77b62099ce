import { WizardError } from '../../base/errors.js';
import { hintSettings } from '../../model/action.js';
import type { Rewrite } from '../../model/action.js';
import type { FailedCase } from '../../model/measurement.js';
import type { ParameterClass, ParameterSet, StatementKind, Workload, WorkloadStatement } from '../../model/workload.js';
import { readCatalog } from '../../postgres/read/catalog.js';
import { readStatistics } from '../../postgres/read/statistics.js';
import type { Session } from '../../postgres/session.js';
import { calledFunctions } from '../../sql/functions.js';
import { writes } from '../../sql/kind.js';
import { bindParameters, parameterCount } from '../../sql/parameters.js';
import { loadParser, parseStatement } from '../../sql/parse.js';
import type { ParsedStatement } from '../../sql/parse.js';
import { drawParameterSets } from '../parameters.js';
import type { DrawnParameters } from '../parameters.js';
import { shapeOf } from './statement-shape.js';
import type { StatementShape } from './statement-shape.js';

/** One statement with one parameter set: what a trial measures. */
export interface TrialCase {
  /** Unique in a workload: fingerprint and number of the parameter set. */
  readonly key: string;
  readonly fingerprint: string;
  readonly name: string;
  readonly kind: StatementKind;
  /** Calls of the statement, shared by all of its parameter sets. */
  readonly calls: number;
  readonly parameterClass: ParameterClass;
  readonly parameterSet: number;
  /** The values as SQL literals, in the order of `$1, $2, ...`. */
  readonly values: readonly string[];
  /** With the values in place of the parameters. */
  readonly sql: string;
  /** `SET LOCAL` statements that go before it in its transaction; empty for none. */
  readonly settings: string;
  readonly shape: StatementShape;
  /** Leaves dead rows or row locks behind when it is rolled back. */
  readonly soils: boolean;
  /** Calls a function of the user's: what that reads does not show in the plan. */
  readonly opaque: boolean;
}

/** Whether a plan tells all that an execution does: neither what keeping up indexes costs a write nor what a function does is in it. */
export function isToldByPlan({ soils, opaque }: TrialCase): boolean {
  return !soils && !opaque;
}

/** The workload as cases, and what can not be one. */
export interface PreparedCases {
  readonly cases: readonly TrialCase[];
  readonly failed: readonly FailedCase[];
  /** Side effects that a rollback does not undo and that the lab lets happen, e.g. sequences that advance. */
  readonly notes: readonly string[];
}

export interface CaseOptions {
  /** Accepted changes of texts, in their order. */
  readonly rewrites: readonly Rewrite[];
  /** Run statements that call volatile functions of the user's. */
  readonly allowVolatile: boolean;
}

/** Makes cases of a workload: binds the parameters, and refuses what a rollback could not undo. Needs any database of the lab. */
export async function prepareCases(session: Session, workload: Workload, options: CaseOptions): Promise<PreparedCases> {
  await loadParser();
  const known = await readFunctions(session, workload);
  const draw = await drawer(session, workload);
  const cases: TrialCase[] = [];
  const failed: FailedCase[] = [];
  const notes: string[] = [];
  for (const statement of workload.statements) {
    const made = casesOf(statement, { known, draw }, options);
    if ('reason' in made)
      failed.push({ fingerprint: statement.fingerprint, name: statement.name, reason: made.reason });
    else {
      cases.push(...made.cases);
      notes.push(...made.notes);
    }
  }
  return { cases, failed, notes };
}

/** The same case with the rewritten text or under the hint's settings, when that is its statement's. Its result is read by the shape of the original, which it must equal. Throws `sql/parse`. */
export function rewriteCase(oneCase: TrialCase, rewrite: Rewrite | null): TrialCase {
  if (rewrite?.fingerprint !== oneCase.fingerprint) return oneCase;
  if (rewrite.hint) return { ...oneCase, settings: oneCase.settings + hintSettings(rewrite.hint).join('') };
  const sql = bindParameters(rewrite.to, oneCase.values);
  return { ...oneCase, sql, shape: { ...oneCase.shape, cursor: shapeOf(parseStatement(sql)).cursor } };
}

interface KnownFunction {
  readonly schema: string;
  readonly name: string;
  readonly volatile: boolean;
}

/** Functions of PostgreSQL itself and of its contrib modules whose effect outlives a rollback, or which wait. */
const LASTING = new Set([
  'pg_notify',
  'pg_sleep',
  'pg_sleep_for',
  'pg_sleep_until',
  'pg_advisory_lock',
  'pg_advisory_lock_shared',
  'pg_try_advisory_lock',
  'pg_try_advisory_lock_shared',
  'pg_terminate_backend',
  'pg_cancel_backend',
  'pg_reload_conf',
  'pg_rotate_logfile',
  'pg_promote',
  'pg_switch_wal',
  'pg_create_restore_point',
  'pg_logical_emit_message',
  'pg_stat_reset',
  'pg_stat_statements_reset',
  'setval',
  'dblink_exec',
  'dblink',
]);

/** Volatile by their nature and without any effect: random values of contrib modules. */
const HARMLESS = new Set([
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
  'gen_salt',
  'gen_random_bytes',
  'gen_random_uuid',
]);

function casesOf(
  statement: WorkloadStatement,
  lab: { readonly known: readonly KnownFunction[]; readonly draw: Draw },
  options: CaseOptions,
): { readonly cases: readonly TrialCase[]; readonly notes: readonly string[] } | { readonly reason: string } {
  const own = options.rewrites.filter(({ fingerprint }) => fingerprint === statement.fingerprint);
  const text = own.findLast(({ hint }) => !hint)?.to ?? statement.sql;
  try {
    const parsed = parseStatement(text);
    const shape = shapeOf(parsed);
    if (shape.kind === 'other') return { reason: `not run: ${parsed.type} is not a statement that the planner plans` };
    const functions = judge(parsed, lab.known);
    if (functions.refused !== null && !options.allowVolatile) {
      return { reason: `not run: a rollback would not undo the volatile function ${functions.refused}` };
    }
    const { sets, missing } = parameterSetsOf(statement, parameterCount(text), lab.draw);
    if (sets.length === 0)
      return { reason: `not run: ${missing.join('; ') || 'no values are known for its parameters'}` };
    const cases = uniqueSets(sets, text).map(({ set, sql }, number) => ({
      key: `${statement.fingerprint}#${number}`,
      fingerprint: statement.fingerprint,
      name: statement.name,
      kind: shape.kind,
      calls: statement.calls,
      parameterClass: set.class,
      parameterSet: number,
      values: set.values,
      sql,
      settings: own.flatMap(({ hint }) => (hint ? hintSettings(hint) : [])).join(''),
      shape: shapeOf(parseStatement(sql)),
      soils: writes(parsed) || functions.refused !== null,
      opaque: functions.opaque,
    }));
    const advances = functions.sequences
      ? [`${statement.name}: its sequence advances in the lab, which a rollback does not undo`]
      : [];
    return { cases, notes: advances };
  } catch (thrown) {
    if (thrown instanceof WizardError && thrown.code === 'sql/parse') return { reason: `not run: ${thrown.message}` };
    throw thrown;
  }
}

function judge(
  parsed: ParsedStatement,
  known: readonly KnownFunction[],
): { readonly refused: string | null; readonly opaque: boolean; readonly sequences: boolean } {
  let refused: string | null = null;
  let opaque = false;
  let sequences = false;
  for (const called of calledFunctions(parsed)) {
    const candidates = known.filter(
      (one) => one.name === called.name && (called.schema === null || one.schema === called.schema),
    );
    if (called.name === 'nextval') sequences = true;
    if (LASTING.has(called.name)) refused ??= called.name;
    const own = candidates.filter((one) => one.schema !== 'pg_catalog');
    if (own.length > 0) opaque = true;
    if (own.some((one) => one.volatile) && !HARMLESS.has(called.name)) refused ??= called.name;
  }
  return { refused, opaque, sequences };
}

type Draw = (statement: WorkloadStatement) => Pick<DrawnParameters, 'sets' | 'missing'>;

/** Values come with the workload, else from the lab's own statistics. */
function parameterSetsOf(statement: WorkloadStatement, parameters: number, draw: Draw): ReturnType<Draw> {
  if (parameters === 0) return { sets: [{ class: 'given', values: [] }], missing: [] };
  const complete = statement.parameterSets.filter((set) => set.values.length >= parameters);
  return complete.length > 0 ? { sets: complete, missing: [] } : draw(statement);
}

/** Reads catalog and statistics only when a statement came without values. */
async function drawer(session: Session, workload: Workload): Promise<Draw> {
  if (workload.statements.every((statement) => statement.parameterSets.length > 0))
    return () => ({ sets: [], missing: [] });
  const { catalog } = await readCatalog(session);
  const statistics = await readStatistics(session);
  return (statement) => drawParameterSets(statement, catalog, statistics.statistics);
}

/** Two sets may hold the same values, where a column has few of them. */
function uniqueSets(sets: readonly ParameterSet[], text: string): readonly { set: ParameterSet; sql: string }[] {
  const seen = new Set<string>();
  return sets.flatMap((set) => {
    const sql = bindParameters(text, set.values);
    if (seen.has(sql)) return [];
    seen.add(sql);
    return [{ set, sql }];
  });
}

async function readFunctions(session: Session, workload: Workload): Promise<readonly KnownFunction[]> {
  const names = new Set<string>();
  for (const statement of workload.statements) {
    try {
      for (const called of calledFunctions(parseStatement(statement.sql))) names.add(called.name);
    } catch {
      continue;
    }
  }
  return session.query<{ schema: string; name: string; volatile: boolean }>(
    `SELECT n.nspname::text AS schema, p.proname::text AS name, p.provolatile = 'v' AS volatile
     FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
     WHERE p.proname::text = ANY ($1::text[]) ORDER BY 1, 2, 3`,
    [[...names]],
  );
}
