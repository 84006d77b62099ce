import { quoteQualified } from '../../base/quote.js';
import type { CaseRecord } from './case-record.js';
import type { OuterLoop } from './outer-loop.js';

/** Takes away the dead rows of writes that were rolled back. */
export async function tidy(loop: OuterLoop, records: readonly CaseRecord[]): Promise<void> {
  const ran = new Set(records.filter((record) => record.oneCase.soils).map((record) => record.oneCase.fingerprint));
  const tables = new Set(
    loop.writes
      .filter((write) => ran.has(write.fingerprint))
      .map(({ table }) => quoteQualified(table.schema, table.name)),
  );
  for (const table of tables) await loop.runner.use((session) => session.run(`VACUUM ${table}`));
}
