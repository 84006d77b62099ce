import type { RelationName } from '../model/catalog.js';
import type { PlanStatement } from './statement.js';

/** The strongest lock that a statement takes on a table, as `pg_locks.mode` names it without "Lock". */
type LockMode = 'ShareUpdateExclusive' | 'Share' | 'ShareRowExclusive' | 'AccessExclusive' | 'none';

export interface LockTaken {
  /** "takes SHARE on public.book, which blocks writes until the index is built" */
  readonly words: string;
  /** Whether clients' statements queue behind it, also while it waits itself. */
  readonly blocksClients: boolean;
}

const SUE_BLOCKS = 'which blocks DDL, VACUUM and other index builds but neither reads nor writes';

/** What lock a statement takes. `table` is that of the index where the statement names none; null where it is not known. */
export function lockOf(statement: PlanStatement, table: RelationName | null): LockTaken {
  if (statement.claim) return statement.claim;
  const on = table ? `${table.schema}.${table.name}` : 'its table';
  const object = statement.object ? `${statement.object.schema}.${statement.object.name}` : '';
  const sue = (more = ''): LockTaken =>
    taken('ShareUpdateExclusive', `takes SHARE UPDATE EXCLUSIVE on ${on}, ${SUE_BLOCKS}${more}`);
  switch (statement.form) {
    case 'create-index':
      return statement.concurrently
        ? sue('; it waits for the transactions that were open when it began')
        : taken('Share', `takes SHARE on ${on}, which blocks writes until the index is built`);
    case 'drop-index':
      return statement.concurrently
        ? sue('; it waits for the transactions that may use the index')
        : taken('AccessExclusive', `takes ACCESS EXCLUSIVE on ${on}, which blocks reads and writes for a moment`);
    case 'reindex':
      return statement.concurrently
        ? sue('; it waits for the transactions that may use the index')
        : taken(
            'Share',
            `takes SHARE on ${on}, which blocks writes until the index is built, and ACCESS EXCLUSIVE on the index, which blocks the reads that use it`,
          );
    case 'attach-index':
      return taken(
        'ShareUpdateExclusive',
        `takes SHARE UPDATE EXCLUSIVE on the index ${object} and ACCESS EXCLUSIVE on the one attached, for a moment`,
      );
    case 'analyze':
      return sue();
    case 'create-statistics':
    case 'column-statistics':
    case 'drop-statistics':
      return sue(' for a moment');
    case 'validate-constraint':
      return sue(' while the rows are looked through');
    case 'setting':
      return taken('none', 'takes no lock on any table; sessions that begin afterwards use it');
    case 'alter-sequence':
      return taken(
        'ShareRowExclusive',
        `takes SHARE ROW EXCLUSIVE on the sequence ${object}, which blocks nextval for a moment`,
      );
    case 'alter-type':
      return taken(
        'AccessExclusive',
        `takes ACCESS EXCLUSIVE on ${on}, which blocks reads and writes while the table and its indexes are written anew`,
      );
    case 'alter-table':
      return taken('AccessExclusive', `takes ACCESS EXCLUSIVE on ${on}, which blocks reads and writes for a moment`);
    case 'reindex-table':
      return sue('; it waits for the transactions that may use its indexes');
    case 'repeatable':
      return taken('none', 'locks the rows of a batch, for that batch');
    case 'detach-partition':
      return sue('; it waits for the transactions that use the table');
    case 'migration':
      return taken('AccessExclusive', `may take ACCESS EXCLUSIVE on ${on}, which blocks reads and writes`);
  }
}

function taken(mode: LockMode, words: string): LockTaken {
  return { words, blocksClients: mode !== 'ShareUpdateExclusive' && mode !== 'none' };
}
