import { WizardError } from '../base/errors.js';
import { isBackfill } from '../migrations/backfill.js';
import type { RelationName } from '../model/catalog.js';
import { parseStatement } from '../sql/parse.js';
import { bodiesOf, list, textOf } from '../sql/tree.js';
import type { TreeNode } from '../sql/tree.js';
import { BARE, type PlanStatement, type StatementForm } from './statement.js';

/** They name no index or partition, or are known by their table. */
const WITHOUT_OBJECT = new Set<StatementForm>(['repeatable', 'reindex-table']);

/** What `migrate plan` says of a step beside its statements, which a deployment does not judge again. */
export interface MigrationStep {
  /** SETs of the file that hold for the statements of the step, and for no others. */
  readonly settings: readonly string[];
  /** Tables that it locks, whether they are there yet or not; words begin with a verb. */
  readonly locks: readonly {
    readonly table: RelationName;
    readonly words: string;
    readonly blocksClients: boolean;
  }[];
  readonly transactional: boolean;
  readonly downTransactional: boolean;
  /** The index or partition of a statement that may not run in a transaction; null for none. */
  readonly object: RelationName | null;
  /** Null where there is a way back, or nothing to take back. */
  readonly noWayBack: string | null;
  /** The first step whose change its way back takes back as well; null where it takes back its own alone. */
  readonly takesBackFrom: number | null;
  /** Of work on rows under a lock that blocks writes: the slow side, 0 for none. Estimated; null is unknown. */
  readonly workMs: number | null;
  /** Why it may lock, read or write more than is said. */
  readonly unsure: string | null;
  readonly notes: readonly string[];
}

/** The statements of a step for one direction. Throws `deploy/plan` for what could be run neither whole nor again. */
export function migrationStatements(
  title: string,
  texts: readonly string[],
  step: MigrationStep,
  direction: 'up' | 'down',
): readonly PlanStatement[] {
  const table = step.locks[0]?.table ?? null;
  if (direction === 'up' ? step.transactional : step.downTransactional)
    return texts.map((sql) => ({
      ...BARE,
      sql,
      form: 'migration',
      table,
      claim: direction === 'up' ? claimOf(step) : null,
    }));
  const [sql] = texts;
  const outside = sql === undefined || texts.length > 1 ? null : outsideForm(sql);
  if (sql === undefined || outside === null || (!WITHOUT_OBJECT.has(outside) && step.object === null))
    throw new WizardError(
      'deploy/plan',
      `"${title}" runs outside a transaction, and what is left of it when it is cut off can not be told`,
      { hint: 'Run the files of the plan with psql, in their order.' },
    );
  const concurrently = outside !== 'repeatable';
  const finish = outside === 'detach-partition' ? sql.replace(/\bCONCURRENTLY\b(?=[\s;]*$)/i, 'FINALIZE') : null;
  return [
    {
      ...BARE,
      sql,
      form: outside,
      concurrently,
      table,
      object: WITHOUT_OBJECT.has(outside) ? null : step.object,
      finish,
    },
  ];
}

function outsideForm(sql: string): StatementForm | null {
  const { type, body } = parseStatement(sql);
  if (type === 'VacuumStmt' || isBackfill(sql)) return 'repeatable';
  if (type === 'IndexStmt')
    return body['concurrent'] === true && textOf(body, 'idxname') !== null ? 'create-index' : null;
  if (type === 'DropStmt')
    return body['removeType'] === 'OBJECT_INDEX' && list(body, 'objects').length === 1 ? 'drop-index' : null;
  if (type === 'ReindexStmt') return REINDEXED[textOf(body, 'kind') ?? ''] ?? null;
  return type === 'AlterTableStmt' && isDetach(body) ? 'detach-partition' : null;
}

const REINDEXED: Readonly<Record<string, StatementForm>> = {
  REINDEX_OBJECT_INDEX: 'reindex',
  REINDEX_OBJECT_TABLE: 'reindex-table',
};

function isDetach(body: TreeNode): boolean {
  const commands = bodiesOf(list(body, 'cmds'), 'AlterTableCmd');
  return commands.length === 1 && textOf(commands[0] ?? {}, 'subtype') === 'AT_DetachPartition';
}

function claimOf({ locks, unsure }: MigrationStep): NonNullable<PlanStatement['claim']> {
  const words = [...locks.map((lock) => lock.words), ...(unsure === null ? [] : [unsure])];
  return {
    words: words.length > 0 ? words.join('; ') : 'takes no lock that others wait for',
    blocksClients: unsure !== null || locks.some((lock) => lock.blocksClients),
  };
}
