import { quoteIdent } from '../../../base/quote.js';
import { deparseGuarded } from '../../../sql/deparse.js';
import { field } from '../../../sql/tree.js';
import { descendantsOf, hasNewPartitions, isValidBelow, tableOf } from '../../context.js';
import { constraintName } from '../../chosen-name.js';
import { defineMigrationRule } from '../../define.js';
import { withCommand } from '../../operation.js';
import { relationOf, shown, written } from '../../relation.js';
import { addedConstraint } from '../../shapes.js';

export default defineMigrationRule({
  id: 'constraint/add-foreign-key-partitioned',
  minMajor: 14,
  maxMajor: 17,
  severity: 'warning',
  docs: {
    what: '`ADD FOREIGN KEY` of a partitioned table, where it can not be NOT VALID.',
    why: 'All partitions and the referenced table take no writes (SHARE ROW EXCLUSIVE) while every row of every partition is looked up.',
    limits:
      'Spoken only with --to, where the partitions are known. Each of them gets the foreign key by itself, NOT VALID and then validated; the one of the parent takes those over without reading a row, for which the referenced table is locked (ACCESS EXCLUSIVE) for a moment.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "ADD table_constraint [ NOT VALID ]"'],
  },
  match(operation, context) {
    const found = addedConstraint(operation, 'CONSTR_FOREIGN');
    if (!found || context.major >= 18 || tableOf(context, found.relation)?.kind !== 'p') return null;
    if (found.name !== null && isValidBelow(context, found.relation, found.name)) return null;
    const referenced = relationOf(field(found.constraint, 'pktable'));
    return {
      subject: found.relation,
      says: `ADD FOREIGN KEY keeps writes off all partitions of ${shown(found.relation)} and ${referenced ? shown(referenced) : 'the referenced table'} while it looks every row up`,
    };
  },
  safe(operation, context) {
    const found = addedConstraint(operation, 'CONSTR_FOREIGN');
    if (!found) return null;
    const { constraint, command, relation } = found;
    const name = constraintName(relation, constraint, context) ?? '';
    const later = { ...constraint, conname: name, skip_validation: true, initially_valid: undefined };
    if (hasNewPartitions(context, relation)) return null;
    const leaves = descendantsOf(context, relation).filter(({ kind }) => kind === 'r');
    return {
      up: [
        ...leaves.flatMap(({ schema, name: leaf }) => {
          const alter = `ALTER TABLE ${written({ schema, name: leaf })}`;
          const range = { ...field(operation.body, 'relation'), schemaname: schema, relname: leaf };
          const made = { ...command.body, def: { Constraint: later } };
          const cmds = [{ AlterTableCmd: made }];
          return [
            {
              sql: [deparseGuarded({ AlterTableStmt: { ...operation.body, relation: range, cmds } })],
              down: [`${alter} DROP CONSTRAINT IF EXISTS ${quoteIdent(name)}`],
              asItIs: true,
            },
            { sql: [`${alter} VALIDATE CONSTRAINT ${quoteIdent(name)}`] },
          ];
        }),
        {
          sql: [
            deparseGuarded(
              withCommand(operation, { ...command.body, def: { Constraint: { ...constraint, conname: name } } }),
            ),
          ],
          note: 'The partitions have it already: it takes those over.',
        },
      ],
    };
  },
  example: {
    setup: `
      CREATE TABLE author (id int PRIMARY KEY); INSERT INTO author SELECT n FROM generate_series(1, 100) AS n;
      CREATE TABLE book (id int, author_id int) PARTITION BY RANGE (id);
      CREATE TABLE book_1 PARTITION OF book FOR VALUES FROM (0) TO (1000);
      CREATE TABLE book_2 PARTITION OF book FOR VALUES FROM (1000) TO (3000) PARTITION BY HASH (id);
      CREATE TABLE book_21 PARTITION OF book_2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
      INSERT INTO book SELECT n, 1 + n % 100 FROM generate_series(1, 2000) AS n;
      CREATE INDEX ON book (author_id);`,
    bad: 'ALTER TABLE book ADD FOREIGN KEY (author_id) REFERENCES author (id);',
  },
});
