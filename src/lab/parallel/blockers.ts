import { WizardError } from '../../base/errors.js';
import { quoteIdent } from '../../base/quote.js';
import { planNodes } from '../../model/plan.js';
import type { Plan } from '../../model/plan.js';
import { explain } from '../../postgres/explain.js';
import type { Session } from '../../postgres/session.js';
import { calledFunctions } from '../../sql/functions.js';
import { statementKind, writes } from '../../sql/kind.js';
import { parseStatement } from '../../sql/parse.js';

/** What keeps a statement from parallel workers. `shown`: a plan without it has workers; else it follows from the manual's rules. */
export interface ParallelBlocker {
  readonly what: string;
  readonly how: 'shown by a plan without it' | 'by the rules of PostgreSQL' | 'read from the settings';
  /** In plain words or SQL. */
  readonly remedy: string;
}

/** As many as are ever measured. */
const WANTED = 4;

/** Each step lets go of one more of what speaks against workers. */
const STEPS: readonly (readonly [settings: readonly string[], what: string, remedy: string])[] = [
  [[], 'max_parallel_workers_per_gather', 'Raise max_parallel_workers_per_gather for the role or the database.'],
  [
    ['min_parallel_table_scan_size = 0', 'min_parallel_index_scan_size = 0'],
    'tables and indexes below min_parallel_table_scan_size and min_parallel_index_scan_size',
    'They are small: workers would cost more to start than they save. ALTER TABLE ... SET (parallel_workers = n) overrides the size.',
  ],
  [
    ['parallel_setup_cost = 0', 'parallel_tuple_cost = 0'],
    'parallel_setup_cost and parallel_tuple_cost: the planner takes workers for dearer than they save',
    'Lower parallel_tuple_cost for the role where the times show that workers win.',
  ],
];

/**
 * Why a statement has no workers, most decisive first: empty where that stays unknown, null where it has some. Plans only, in a transaction that is rolled back, on a copy: functions are
 * marked parallel safe there to see whether it is they.
 */
export async function findBlockers(session: Session, sql: string): Promise<readonly ParallelBlocker[] | null> {
  await session.run('BEGIN');
  try {
    if (hasWorkers(await explain(session, sql))) return null;
    const off = await readOff(session);
    if (off.length > 0) return off;
    await session.run(`SET LOCAL max_parallel_workers_per_gather = ${WANTED}`);
    for (const [settings, what, remedy] of STEPS) {
      for (const setting of settings) await session.run(`SET LOCAL ${setting}`);
      if (hasWorkers(await explain(session, sql))) return [{ what, how: 'shown by a plan without it', remedy }];
    }
    const byRule = forbidden(sql);
    if (byRule.length > 0) return byRule;
    return await unsafeFunctions(session, sql);
  } finally {
    await session.run('ROLLBACK');
  }
}

function hasWorkers({ root }: Plan): boolean {
  return [...planNodes(root)].some((node) => node['Node Type'].startsWith('Gather'));
}

/** Pools without workers. */
async function readOff(session: Session): Promise<readonly ParallelBlocker[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT name FROM pg_catalog.pg_settings
      WHERE name IN ('max_parallel_workers', 'max_worker_processes') AND setting = '0' ORDER BY name`,
  );
  return rows.map(({ name }) => ({
    what: `${name} is 0`,
    how: 'read from the settings',
    remedy: name === 'max_worker_processes' ? 'Raise it; that takes a restart.' : `Raise ${name}.`,
  }));
}

/** What no plan may do in parallel (manual, "When Can Parallel Query Be Used?"). */
function forbidden(sql: string): readonly ParallelBlocker[] {
  const parsed = parseStatement(sql);
  const how = 'by the rules of PostgreSQL';
  if (statementKind(parsed) !== 'select')
    return [
      {
        what: 'it writes, itself or in a WITH',
        how,
        remedy: 'Read into an application or CREATE TABLE AS, whose SELECT may use workers, and write from there.',
      },
    ];
  if (writes(parsed))
    return [{ what: 'it locks rows (FOR UPDATE, FOR SHARE)', how, remedy: 'Lock in a statement of its own.' }];
  return [];
}

interface FunctionRow extends Record<string, unknown> {
  readonly oid: number;
  readonly signature: string;
  readonly safety: 'u' | 'r';
  readonly own: boolean;
}

const FUNCTIONS_SQL = `
SELECT p.oid::int8::float8 AS oid, p.oid::regprocedure::text AS signature, p.proparallel::text AS safety, n.nspname <> 'pg_catalog' AS own
  FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  JOIN ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS c (schema, name)
    ON p.proname = c.name AND n.nspname = coalesce(c.schema, n.nspname)
 WHERE p.proparallel <> 's' AND n.nspname = ANY (pg_catalog.current_schemas(true) || $1::text[]::name[])
 ORDER BY signature`;

/** The functions that are not parallel safe; those of the user's are marked so for a moment, to see whether workers come then. */
async function unsafeFunctions(session: Session, sql: string): Promise<readonly ParallelBlocker[]> {
  const called = calledFunctions(parseStatement(sql));
  const schemas = called.map(({ schema }) => schema);
  const found = await session.query<FunctionRow>(FUNCTIONS_SQL, [schemas, called.map(({ name }) => name)]);
  const blockers: ParallelBlocker[] = [];
  for (const { signature, safety, own } of found) {
    const what = `function ${signature} is PARALLEL ${safety === 'u' ? 'UNSAFE' : 'RESTRICTED'}`;
    const remedy = own
      ? `ALTER FUNCTION ${signature} PARALLEL SAFE, if it writes nothing, reads no temporary table and keeps no state in the session.`
      : "It is PostgreSQL's own: take it out of the part of the statement that reads most.";
    const helps = own && (await helpsWhenSafe(session, sql, signature));
    blockers.push({ what, how: helps ? 'shown by a plan without it' : 'by the rules of PostgreSQL', remedy });
  }
  const shown = blockers.filter(({ how }) => how.startsWith('shown'));
  if (shown.length > 0) return shown;
  return [...blockers, ...keptRows(await explain(session, sql))];
}

/** In a savepoint: the next function is asked about by itself. */
async function helpsWhenSafe(session: Session, sql: string, signature: string): Promise<boolean> {
  await session.run('SAVEPOINT marked');
  try {
    await session.run(`ALTER ROUTINE ${signature} PARALLEL SAFE`);
    return hasWorkers(await explain(session, sql));
  } catch (error) {
    if (error instanceof WizardError && error.sqlstate !== undefined) return false;
    throw error;
  } finally {
    await session.run('ROLLBACK TO SAVEPOINT marked');
  }
}

function keptRows({ root }: Plan): readonly ParallelBlocker[] {
  const names = [...planNodes(root)].flatMap((node) => /^CTE (.*)$/s.exec(node['Subplan Name'] ?? '')?.[1] ?? []);
  return [...new Set(names)].map((name) => ({
    what: `the rows of WITH ${quoteIdent(name)} are kept, and made and read by the leader alone`,
    how: 'by the rules of PostgreSQL',
    remedy: 'NOT MATERIALIZED, or a subquery in its place, where it is read once.',
  }));
}
