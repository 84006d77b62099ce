import { field } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { domainOf } from '../../effects/types.js';
import { shown } from '../../relation.js';
import { addedColumn } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/add-column-domain',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD COLUMN` of a domain that has a CHECK or NOT NULL.',
    why: 'The value of the new column is checked for each row, and the whole table and its indexes are written anew under ACCESS EXCLUSIVE, also without a default and for a constraint that is NOT VALID.',
    limits:
      "That a type is such a domain is known with --to only. No sequence is made: give the column the domain's base type and the condition as a CHECK of the table, added NOT VALID and validated after.",
    sources: ['PostgreSQL manual, "ALTER TABLE", section "Notes"', 'PostgreSQL manual, "CREATE DOMAIN"'],
  },
  match(operation, context, effect) {
    const found = addedColumn(operation);
    const domain = found ? domainOf(field(found.column, 'typeName'), context) : null;
    if (!found || !domain?.constrained || effect.rewrites.length === 0) return null;
    return {
      subject: found.relation,
      says: `ADD COLUMN ${found.name} of the domain ${shown(domain)} writes all of ${shown(found.relation)} anew`,
    };
  },
  example: {
    setup:
      'CREATE DOMAIN isbn AS text CHECK (length(VALUE) = 13); CREATE TABLE book (id int PRIMARY KEY); INSERT INTO book SELECT n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ADD COLUMN code isbn;',
    good: 'ALTER TABLE book ADD COLUMN code text; ALTER TABLE book ADD CHECK (length(code) = 13) NOT VALID;',
  },
});
