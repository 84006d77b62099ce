import { columnBody } from '../../operation.js';
import { defineMigrationRule } from '../../define.js';
import { typeChangeOf } from '../../effects/alter-table.js';
import { typeParts, typeText } from '../../effects/types.js';
import { field } from '../../../sql/tree.js';
import { expandAndContract } from '../../expand-contract.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'column/change-type-rewrite',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ALTER COLUMN ... TYPE` that stores the values in another form, such as int to bigint.',
    why: 'The whole table and its indexes are written anew under ACCESS EXCLUSIVE: neither reads nor writes go on until that has ended.',
    limits:
      'Which type the column has now is known from the file itself or with --to; otherwise the worst is said. A sequence (a new column that a trigger keeps, filled in batches, with its indexes, keys, foreign keys of both sides, checks, default and identity made again beside the old, then switched in one short transaction) is made with --to; the column then stands last. Columns that refer to it keep their type: change them in statements of their own. Its way back writes the table anew under its lock, and there is none where the new type does not hold all that the old one did. A view that the file drops before and makes again after it is away for the switch only. Not for partitioned tables and exclusion constraints; nor where a view, a policy or a generated column uses it (`column/change-type-used`); one that comes after the plan was made ends its second step before a row is written.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "Notes"'],
  },
  match(operation, context) {
    const found = alteration(operation, 'AT_AlterColumnType');
    if (!found) return null;
    const change = typeChangeOf(found.relation, found.command, context);
    if (change === 'same' || change === 'no-rewrite') return null;
    const to = typeParts(field(columnBody(found.command.body) ?? {}, 'typeName'));
    const what = `changing ${found.command.name ?? 'a column'}${to ? ` to ${typeText(to)}` : ''}`;
    const ifs = {
      rewrite: 'writes',
      unknown: 'may write',
      'by-time-zone': "writes, unless the session's TimeZone is UTC,",
    }[change];
    return {
      subject: found.relation,
      says: `${what} ${ifs} all of ${shown(found.relation)} anew`,
      ...(change === 'rewrite' ? {} : { severity: 'warning' as const }),
    };
  },
  safe: expandAndContract,
  example: {
    setup: `
      CREATE TABLE author (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, boss int REFERENCES author (id));
      INSERT INTO author (boss) SELECT nullif(n / 2, 0) FROM generate_series(1, 100) AS n;
      CREATE TABLE book (id serial PRIMARY KEY, author_id int NOT NULL REFERENCES author (id) ON DELETE CASCADE, pages int NOT NULL DEFAULT 1 CHECK (pages > 0));
      INSERT INTO book (author_id, pages) SELECT 1 + n % 100, n FROM generate_series(1, 2000) AS n;
      CREATE INDEX book_author ON book (author_id) WHERE pages > 5;`,
    bad: 'ALTER TABLE author ALTER COLUMN id TYPE bigint; ALTER TABLE book ALTER COLUMN author_id TYPE bigint; ALTER TABLE book ALTER COLUMN id TYPE bigint; ALTER TABLE book ALTER COLUMN pages TYPE bigint;',
    ends: [
      'column public.author.id: position 1 -> 3',
      'column public.book.id: position 1 -> 5',
      'column public.book.author_id: position 2 -> 4',
      'column public.book.pages: position 3 -> 6',
    ],
  },
});
