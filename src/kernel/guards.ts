import { WizardError } from '../base/errors.js';
import { hasOwnStatistics } from '../model/action.js';
import type { Action, ActionKind } from '../model/action.js';
import type { Hypothesis } from '../model/hypothesis.js';
import type { Decision } from '../model/run.js';
import type { Verdict } from '../model/verdict.js';
import type { Workload } from '../model/workload.js';
import { parseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import { bodiesOf, field, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import type { Lab, TrialMeasurement } from './ports.js';

/** Throws `kernel/forbidden` unless the lab is a lab: nothing is ever tried on production. */
export function assertLab(lab: Lab): void {
  if (lab.role !== 'lab') {
    throw forbidden(
      'an experiment was about to run on a database which is not a lab',
      'Experiments run on a staging copy only.',
    );
  }
}

/** Throws `kernel/forbidden` unless the action is one change: one statement of the kind that it claims. */
export function assertSingleChange(action: Action): void {
  if (action.kind === 'rewrite' || action.kind === 'hint') {
    const { rewrite } = action;
    if (!rewrite || action.up.length > 0 || action.down.length > 0) {
      throw forbidden(
        `"${action.title}" claims to be a ${action.kind} and changes the schema`,
        'One change in one iteration.',
      );
    }
    const isHint = Boolean(rewrite.hint);
    if ((action.kind === 'hint') !== isHint || (isHint && rewrite.to !== rewrite.from))
      throw forbidden(
        `"${action.title}" is neither another text alone nor settings alone`,
        'One change in one iteration.',
      );
    return;
  }
  if (action.rewrite)
    throw forbidden(`"${action.title}" both rewrites a statement and changes the schema`, 'Split it.');
  const statements = action.up.map((sql) => single(action, sql));
  const allowed = ALLOWED[action.kind];
  const foreign = statements.find((statement) => !allowed.includes(statement.type));
  if (foreign)
    throw forbidden(
      `"${action.title}" (${action.kind}) holds a ${foreign.type}`,
      'An action holds its own kind of change only.',
    );
  const most = MOST_STATEMENTS[action.kind] ?? 1;
  if (statements.length === 0 || statements.length > most) {
    throw forbidden(`"${action.title}" holds ${statements.length} statements`, 'One change in one iteration.');
  }
  if (action.kind === 'create-statistics' && statements.filter(({ type }) => type === 'CreateStatsStmt').length !== 1)
    throw forbidden(
      `"${action.title}" creates not just one object of statistics`,
      'One CREATE STATISTICS, and the ANALYZE that fills it.',
    );
  if (action.kind === 'create-index') assertOneIndex(action, statements);
  const altered = statements.filter(({ type }) => type === 'AlterTableStmt');
  if (action.kind === 'column-statistics' && (altered.length !== 1 || !altered.every(isAboutStatistics)))
    throw forbidden(
      `"${action.title}" changes not just how one column is analysed`,
      'One SET STATISTICS or SET (n_distinct = ...), and the ANALYZE that makes use of it.',
    );
  for (const statement of statements) assertInside(action, statement);
}

/** Throws `kernel/forbidden` for an index which no statement of the workload asks for. */
export function assertWorkloadEvidence(hypothesis: Hypothesis, workload: Workload): void {
  if (hypothesis.action.kind !== 'create-index') return;
  const known = new Set(workload.statements.map((statement) => statement.fingerprint));
  if (hypothesis.finding.statements.some((fingerprint) => known.has(fingerprint))) return;
  throw forbidden(
    `"${hypothesis.title}" has no statement of the workload behind it`,
    'An index needs workload evidence.',
  );
}

/** Throws `kernel/forbidden` for a verdict that says more than was measured. */
export function assertMeasured(verdict: Verdict, measured: TrialMeasurement | null): void {
  if (verdict.kind === 'insufficient' || verdict.kind === 'unverifiable') return;
  if (measured === null || verdict.effect === null) {
    throw forbidden(`the verdict "${verdict.kind}" has no measurement behind it`, 'A verdict needs a measured trial.');
  }
  if (
    verdict.kind === 'improved' &&
    verdict.effect.metric === 'executionMs' &&
    !measured.statements.some((s) => s.rounds > 0)
  ) {
    throw forbidden('the verdict "improved" rests on no execution', 'A verdict needs a measured trial.');
  }
}

/** Throws `kernel/forbidden` for an acceptance that was not validated: same results, intact constraints, a revert that ran. */
export function assertValidated(decision: Decision, verdict: Verdict, measured: TrialMeasurement | null): void {
  if (decision.kind !== 'accept') return;
  const failed =
    verdict.kind !== 'improved'
      ? `its verdict is "${verdict.kind}"`
      : measured === null
        ? 'it was not tried'
        : !measured.revertVerified
          ? 'its revert was not verified'
          : !measured.constraintsIntact
            ? 'constraints or rows did not survive it'
            : measured.resultsEqual === false
              ? 'results differ'
              : measured.indexCheck?.agrees === false
                ? 'its index does not agree with its table'
                : null;
  if (failed)
    throw forbidden(`a change was about to be accepted although ${failed}`, 'Only validated changes are accepted.');
}

/** Extended statistics, and those of an index's expressions, are empty until the ANALYZE that belongs to them. */
const MOST_STATEMENTS: Partial<Record<ActionKind, number>> = {
  'alter-column-type': Number.POSITIVE_INFINITY,
  'create-index': 2,
  'create-statistics': 2,
  'column-statistics': 2,
};

/** Statement node types that an action of each kind may hold. */
const ALLOWED: Record<Exclude<ActionKind, 'rewrite' | 'hint'>, readonly string[]> = {
  'create-index': ['IndexStmt', 'VacuumStmt'],
  'drop-index': ['DropStmt'],
  reindex: ['ReindexStmt'],
  analyze: ['VacuumStmt'],
  'create-statistics': ['CreateStatsStmt', 'VacuumStmt'],
  'column-statistics': ['AlterTableStmt', 'VacuumStmt'],
  setting: ['DoStmt', 'AlterDatabaseSetStmt', 'AlterRoleSetStmt'],
  constraint: ['AlterTableStmt'],
  'alter-column-type': ['AlterTableStmt', 'AlterSeqStmt'],
};

/** The only form of DO block that a setting may take: one ALTER DATABASE of the current database. */
const SETTING_BLOCK =
  /^\s*DO\s+\$wizard\$\s*BEGIN\s+EXECUTE\s+format\('ALTER DATABASE %I (SET [a-z_.]+ = %L|RESET [a-z_.]+)',\s*current_database\(\)(,\s*'[^']*')?\);\s*END;?\s*\$wizard\$;?\s*$/i;

function isAboutStatistics({ body }: ParsedStatement): boolean {
  const kinds = bodiesOf(list(body, 'cmds'), 'AlterTableCmd').map((command) => textOf(command, 'subtype'));
  return kinds.every((kind) => kind === 'AT_SetStatistics' || kind === 'AT_SetOptions');
}

/** One index first, and then at most the ANALYZE of its table, which one on expressions needs. */
function assertOneIndex(action: Action, statements: readonly ParsedStatement[]): void {
  const [first, analyse] = statements;
  if (first?.type !== 'IndexStmt' || analyse?.type === 'IndexStmt')
    throw forbidden(`"${action.title}" creates not just one index`, 'One change in one iteration.');
  if (analyse === undefined) return;
  const analysed = bodiesOf(list(analyse.body, 'rels'), 'VacuumRelation').map((one) => tableOf(one, 'relation'));
  const own = tableOf(first.body, 'relation');
  if (action.index !== null && hasOwnStatistics(action.index) && analysed.length === 1 && analysed[0] === own) return;
  throw forbidden(
    `"${action.title}" analyses more than an index on an expression needs`,
    'One CREATE INDEX, and the ANALYZE of its table where it has statistics of its own.',
  );
}

function tableOf(body: TreeNode, name: string): string {
  const relation = field(body, name);
  return JSON.stringify(relation ? [textOf(relation, 'schemaname'), textOf(relation, 'relname')] : null);
}

function assertInside(action: Action, statement: ParsedStatement): void {
  if (statement.type === 'DoStmt' && !action.up.every((sql) => SETTING_BLOCK.test(sql))) {
    throw forbidden(
      `"${action.title}" holds a DO block that does more than set one setting`,
      'One change in one iteration.',
    );
  }
  const commands = statement.body['cmds'];
  if (statement.type === 'AlterTableStmt' && Array.isArray(commands) && commands.length !== 1) {
    throw forbidden(
      `"${action.title}" alters a table in ${commands.length} ways at once`,
      'One change in one iteration.',
    );
  }
  const objects = statement.body['objects'];
  if (statement.type === 'DropStmt') {
    if (Array.isArray(objects) && objects.length !== 1)
      throw forbidden(`"${action.title}" drops several objects`, 'One change in one iteration.');
    if (statement.body['removeType'] !== 'OBJECT_INDEX')
      throw forbidden(`"${action.title}" drops something that is no index`, 'Escalate it.');
    if (statement.body['behavior'] === 'DROP_CASCADE')
      throw forbidden(`"${action.title}" drops with CASCADE`, 'Name each object.');
  }
  if (statement.type === 'ReindexStmt' && statement.body['kind'] !== 'REINDEX_OBJECT_INDEX') {
    throw forbidden(`"${action.title}" rebuilds more than one index`, 'One change in one iteration.');
  }
  if (statement.type === 'VacuumStmt' && statement.body['is_vacuumcmd'] === true) {
    throw forbidden(`"${action.title}" vacuums`, 'An analyze action holds ANALYZE only.');
  }
}

function single(action: Action, sql: string): ParsedStatement {
  try {
    return parseStatement(sql);
  } catch (cause) {
    throw forbidden(
      `"${action.title}" holds a text that is not one statement`,
      'Each entry of `up` is one statement.',
      cause,
    );
  }
}

function forbidden(message: string, hint: string, cause?: unknown): WizardError {
  return new WizardError('kernel/forbidden', message, { hint, cause });
}
