import { quoteIdent } from '../base/quote.js';
import { notNullCondition } from './advance.js';
import { firstFree } from './chosen-name.js';
import type { MigrationContext } from './context.js';
import type { SafeStep } from './define.js';
import type { Relation } from './relation.js';

/** SET NOT NULL of a column by a CHECK that is validated first: also where the column is NOT NULL already, under whatever name. */
export function provedByCheck(
  relation: Relation,
  column: string,
  alter: string,
  context: MigrationContext,
): readonly SafeStep[] {
  const check = quoteIdent(firstFree(relation, column, 'not_null_check', context));
  return [
    {
      sql: [`${alter} ADD CONSTRAINT ${check} CHECK (${notNullCondition(column)}) NOT VALID`],
      down: [`${alter} DROP CONSTRAINT IF EXISTS ${check}`],
    },
    { sql: [`${alter} VALIDATE CONSTRAINT ${check}`] },
    {
      sql: [`${alter} ALTER COLUMN ${quoteIdent(column)} SET NOT NULL`, `${alter} DROP CONSTRAINT ${check}`],
      down: [`${alter} ALTER COLUMN ${quoteIdent(column)} DROP NOT NULL`],
      note: 'The valid check proves it, so that no row is read.',
    },
  ];
}
