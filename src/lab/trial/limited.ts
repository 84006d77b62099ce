import { WizardError } from '../../base/errors.js';
import type { Session } from '../../postgres/session.js';
import { parseStatement } from '../../sql/parse.js';
import { withoutLimit } from '../equivalence/forms.js';
import type { TrialCase } from './cases.js';
import { rowText } from './results.js';
import { BATCH_ROWS, rolledBack } from './sampling.js';
import { troubleOf } from './sessions.js';
import type { Sides } from './rounds.js';

/**
 * Whether what a LIMIT without ORDER BY let through with the change is part of the whole result without it: SQL leaves open which rows
 * these are, not whether they belong to it. Null where that can not be seen: too many rows, no time, or a statement whose own rows are not found again.
 */
export async function isPartOfWhole(
  sides: Pick<Sides, 'before' | 'after'>,
  oneCase: TrialCase,
  timeoutMs: number,
): Promise<boolean | null> {
  const { shape } = oneCase;
  const whole = shape.ordered || shape.limit > MOST_ROWS || !shape.cursor ? null : wholeOf(oneCase.sql);
  if (whole === null) return null;
  try {
    const after = await rolledBack(sides.after, oneCase, timeoutMs, () => rowsOf(sides.after, oneCase.sql));
    if (await holds(sides.before, { oneCase, whole, rows: after, timeoutMs })) return true;
    const before = await rolledBack(sides.before, oneCase, timeoutMs, () => rowsOf(sides.before, oneCase.sql));
    return (await holds(sides.before, { oneCase, whole, rows: before, timeoutMs })) ? false : null;
  } catch (thrown) {
    if (troubleOf(thrown) === 'timeout') return null;
    throw thrown;
  }
}

/** More of a constant LIMIT are not held in memory. */
const MOST_ROWS = 10_000;

interface Sought {
  readonly oneCase: TrialCase;
  /** The statement without its LIMIT and OFFSET. */
  readonly whole: string;
  readonly rows: ReadonlyMap<string, number>;
  readonly timeoutMs: number;
}

async function holds(session: Session, { oneCase, whole, rows, timeoutMs }: Sought): Promise<boolean> {
  return rolledBack(session, oneCase, timeoutMs, async () => {
    const missing = new Map(rows);
    await session.run(`DECLARE database_wizard_whole NO SCROLL CURSOR FOR ${whole}`);
    for (;;) {
      if (missing.size === 0) return true;
      const batch = await session.queryText(`FETCH FORWARD ${BATCH_ROWS} FROM database_wizard_whole`);
      for (const row of batch.rows) {
        const text = rowText(batch.columns, row);
        const count = missing.get(text);
        if (count === undefined) continue;
        if (count === 1) missing.delete(text);
        else missing.set(text, count - 1);
      }
      if (batch.rows.length < BATCH_ROWS) return missing.size === 0;
    }
  });
}

/** How often each row comes. */
async function rowsOf(session: Session, sql: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const { columns, rows } = await session.queryText(sql);
  for (const row of rows) {
    const text = rowText(columns, row);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

/** Null where it can not be written. */
function wholeOf(sql: string): string | null {
  try {
    return withoutLimit(parseStatement(sql));
  } catch (thrown) {
    if (thrown instanceof WizardError && (thrown.code === 'sql/deparse' || thrown.code === 'sql/parse')) return null;
    throw thrown;
  }
}
