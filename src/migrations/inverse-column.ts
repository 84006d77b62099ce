import { asWizardError } from '../base/errors.js';
import { quoteIdent } from '../base/quote.js';
import { deparseExpression } from '../sql/deparse.js';
import { field } from '../sql/tree.js';
import { columnKey, formerColumn, formerTable, heirsOf, isNew } from './context.js';
import type { MigrationContext } from './context.js';
import type { Inverse } from './inverse.js';
import type { Operation } from './operation.js';
import { written } from './relation.js';
import type { Relation } from './relation.js';

/**
 * SET and DROP DEFAULT taken back: what the file gave the column before, else what the catalog holds. Without ONLY the change reaches tables below, and each gets back its own.
 */
export function defaultBefore(
  relation: Relation,
  column: string,
  operation: Operation,
  context: MigrationContext,
): Inverse {
  return ofEach(relation, operation, context, 'default', (one, alter) => restored(one, column, alter, context));
}

/** SET STATISTICS taken back: to the target that the catalog holds, of the table and of those below that it reaches. */
export function targetBefore(
  relation: Relation,
  column: string,
  operation: Operation,
  context: MigrationContext,
): Inverse {
  return ofEach(relation, operation, context, 'statistics target', (one, alter) => {
    const known = formerTable(context, one)?.columns.find(({ name }) => name === formerColumn(context, one, column));
    return known ? `${alter} ALTER COLUMN ${quoteIdent(column)} SET STATISTICS ${known.statisticsTarget ?? -1}` : null;
  });
}

/** What a command did without ONLY is taken back table by table: each has its own. */
function ofEach(
  relation: Relation,
  { body }: Operation,
  context: MigrationContext,
  what: string,
  statementOf: (relation: Relation, alter: string) => string | null,
): Inverse {
  const isOnly = field(body, 'relation')?.['inh'] !== true;
  const all: readonly Relation[] = [relation, ...(isOnly ? [] : heirsOf(context, relation))];
  const only = isOnly || all.length > 1 ? 'ONLY ' : '';
  const sql = all.map((one) => statementOf(one, `ALTER TABLE ${only}${written(one)}`)).filter((one) => one !== null);
  return sql.length === all.length ? { sql } : { why: `the ${what} before is not known: look with --to` };
}

/** Null where it is not known. */
function restored(relation: Relation, column: string, table: string, context: MigrationContext): string | null {
  const alter = `${table} ALTER COLUMN ${quoteIdent(column)}`;
  const given = context.state.defaults.get(columnKey(context, relation, column));
  if (given === null) return `${alter} DROP DEFAULT`;
  if (given) return setTo(alter, () => deparseExpression(given));
  const before = formerColumn(context, relation, column);
  const known = formerTable(context, relation)?.columns.find(({ name }) => name === before);
  if (!known) return context.catalog || isNew(context, relation) ? `${alter} DROP DEFAULT` : null;
  // A column has the default of its domain where it has none of its own.
  const isOfDomain = context.catalog?.domains.some(
    ({ name, schema }) => known.type === name || known.type === `${schema}.${name}`,
  );
  if (!known.hasDefault || (known.defaultAs === null && isOfDomain)) return `${alter} DROP DEFAULT`;
  // It is written for the search path of the session that read it.
  return known.defaultAs === null || context.state.searchPath !== null
    ? null
    : setTo(alter, () => known.defaultAs ?? '');
}

function setTo(alter: string, text: () => string): string | null {
  try {
    return `${alter} SET DEFAULT ${text()}`;
  } catch (thrown) {
    if (asWizardError(thrown).code === 'sql/deparse') return null;
    throw thrown;
  }
}
