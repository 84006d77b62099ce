import { WizardError } from '../../base/errors.js';
import { quoteQualified } from '../../base/quote.js';
import type { IndexCheck } from '../../kernel/ports.js';
import type { IndexSpec } from '../../model/action.js';
import type { Session } from '../../postgres/session.js';
import { troubleOf } from './sessions.js';

/**
 * Whether a new btree holds exactly the rows of its table, in order: an index can change a result only where it does not.
 * `amcheck` reads the whole index and looks every row of the table up in it (manual, "amcheck", `heapallindexed`); the extension is
 * made and rolled back with the check. Throws what the connection or an abort throws.
 */
export async function checkIndex(session: Session, spec: IndexSpec): Promise<IndexCheck> {
  if (spec.method !== 'btree') return unchecked(`amcheck reads no ${spec.method} index`);
  try {
    await session.run(`BEGIN; SET LOCAL statement_timeout = ${TIMEOUT_MS}`);
    try {
      await session.run('CREATE EXTENSION IF NOT EXISTS amcheck');
      const [home] = await session.query<{ schema: string }>(
        `SELECT n.nspname AS schema FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
          WHERE e.extname = 'amcheck'`,
      );
      const check = quoteQualified(home?.schema ?? 'public', 'bt_index_check');
      await session.query(
        `SELECT ${check}(c.oid, true) FROM pg_catalog.pg_class AS c
          WHERE c.relkind = 'i' AND (c.oid = pg_catalog.to_regclass($1)
             OR c.oid IN (SELECT t.relid FROM pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)) AS t))
          ORDER BY c.oid`,
        [quoteQualified(spec.table.schema, spec.name)],
      );
      return { agrees: true, note: 'every row of its table was looked up in the index (amcheck)' };
    } finally {
      // Of a lost connection the first error tells.
      await session.run('ROLLBACK').catch(() => undefined);
    }
  } catch (thrown) {
    const trouble = troubleOf(thrown);
    if (trouble === 'timeout') return unchecked('amcheck did not finish in 2 min');
    if (trouble !== 'statement' || !(thrown instanceof WizardError)) throw thrown;
    if (CORRUPTED.has(thrown.sqlstate ?? ''))
      return { agrees: false, note: 'rows of its table are not where the index says' };
    return unchecked(
      `amcheck could not be used${thrown.sqlstate === undefined ? '' : ` (SQLSTATE ${thrown.sqlstate})`}`,
    );
  }
}

const TIMEOUT_MS = 120_000;

/** `data_corrupted` is a row that the index lacks, `index_corrupted` an order that is not kept. */
const CORRUPTED = new Set(['XX001', 'XX002']);

function unchecked(note: string): IndexCheck {
  return { agrees: null, note };
}
