import { quoteIdent } from '../../../base/quote.js';
import { isKnownNotNull, isNewColumn } from '../../context.js';
import { firstFree } from '../../chosen-name.js';
import { defineMigrationRule } from '../../define.js';
import { provedByCheck } from '../../not-null-by-check.js';
import { shown } from '../../relation.js';
import type { Operation } from '../../operation.js';
import type { Relation } from '../../relation.js';
import { addedConstraint, alterTable, alteration, keysOf } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/set-not-null',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ALTER COLUMN ... SET NOT NULL`, and from 18 on `ADD CONSTRAINT ... NOT NULL`, on a column that PostgreSQL does not know to hold no NULL.',
    why: 'Every row is read under ACCESS EXCLUSIVE: neither reads nor writes go on until that has ended.',
    limits:
      'Silent where the file itself, or the catalog given with --to, has a validated CHECK of `column IS NOT NULL`. The sequence reads the rows as well, but under SHARE UPDATE EXCLUSIVE.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "SET/DROP NOT NULL"'],
  },
  match(operation, context) {
    const found = target(operation);
    if (!found || isKnownNotNull(context, found.relation, found.column)) return null;
    const { column } = found;
    return {
      subject: found.relation,
      says: `SET NOT NULL of ${column} reads all of ${shown(found.relation)} under its lock`,
    };
  },
  safe(operation, context) {
    const { major, catalog } = context;
    const found = target(operation);
    if (!found) return null;
    const { column } = found;
    const alter = alterTable(operation, found.relation);
    // 18 knows NOT NULL as a constraint that can be validated later; the name is what SET NOT NULL would give. Where the column may have one of another name already, that is refused.
    const isKnown = catalog !== null || found.name !== null || isNewColumn(context, found.relation, column);
    if (major >= 18 && isKnown) {
      const name = quoteIdent(found.name ?? firstFree(found.relation, column, 'not_null', context));
      return {
        up: [
          { sql: [`${alter} ADD CONSTRAINT ${name} NOT NULL ${quoteIdent(column)} NOT VALID`] },
          { sql: [`${alter} VALIDATE CONSTRAINT ${name}`] },
        ],
      };
    }
    return { up: provedByCheck(found.relation, column, alter, context) };
  },
  example: {
    setup:
      "CREATE TABLE book (id int PRIMARY KEY, title text); INSERT INTO book SELECT n, 'title' FROM generate_series(1, 2000) AS n;",
    bad: 'ALTER TABLE book ALTER COLUMN title SET NOT NULL;',
  },
});

function target(
  operation: Operation,
): { readonly relation: Relation; readonly column: string; readonly name: string | null } | null {
  const added = addedConstraint(operation, 'CONSTR_NOTNULL');
  if (added && added.constraint['skip_validation'] !== true) {
    const [column] = keysOf(added.constraint);
    return column === undefined ? null : { relation: added.relation, column, name: added.name };
  }
  const found = alteration(operation, 'AT_SetNotNull');
  const column = found?.command.name ?? null;
  return found && column !== null ? { relation: found.relation, column, name: null } : null;
}
