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
      'Which type the column has now is known from the file itself or with --to; otherwise the worst is said. A sequence (a new column that a trigger keeps, filled in batches, then switched) is made with --to, for a column without index, constraint but NOT NULL, default, identity and views; the column then stands last. Not for partitioned tables.',
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
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int NOT NULL); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ALTER COLUMN pages TYPE bigint;',
    ends: ['table ["public","book"]'],
  },
});
