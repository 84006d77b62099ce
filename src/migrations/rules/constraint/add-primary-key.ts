import { quoteIdent } from '../../../base/quote.js';
import { indexNamed, isKnownNotNull, isNewColumn, isPartitioned, tableOf } from '../../context.js';
import type { MigrationContext } from '../../context.js';
import { constraintName } from '../../chosen-name.js';
import { defineMigrationRule } from '../../define.js';
import type { SafeSequence, SafeStep } from '../../define.js';
import { deferral, dropIndex, uniqueIndex } from '../../index-for-constraint.js';
import { operationSql } from '../../operation.js';
import type { Operation } from '../../operation.js';
import { constraintOfPartitions, provedOfPartitions } from '../../partition-constraint.js';
import { provedByCheck } from '../../not-null-by-check.js';
import { shown } from '../../relation.js';
import type { Relation } from '../../relation.js';
import { addedConstraint, alterTable, isOfParentAlone, keysOf } from '../../shapes.js';

export default defineMigrationRule({
  id: 'constraint/add-primary-key',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`ADD PRIMARY KEY` that builds its index by itself, or that takes an index over on columns which may hold NULL.',
    why: 'Rows are read for NULLs and the index is built under ACCESS EXCLUSIVE: neither reads nor writes go on until that has ended.',
    limits:
      'Of a partitioned table each partition gets its index and key by itself, and the parent takes them over, with --to; a partition that comes between is not looked at. No sequence for WITHOUT OVERLAPS. Whether columns are NOT NULL already is known with --to only; otherwise the sequence proves it again.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "ADD table_constraint_using_index"'],
  },
  match(operation, context, effect) {
    const found = addedConstraint(operation, 'CONSTR_PRIMARY');
    if (!found || isOfParentAlone(operation, context)) return null;
    if (found.constraint['indexname'] !== undefined) {
      if (effect.scans.length === 0 || effect.unsure !== null) return null;
      return {
        subject: found.relation,
        says: `ADD PRIMARY KEY USING INDEX reads all of ${shown(found.relation)} for NULLs under a lock that nobody passes`,
      };
    }
    return {
      subject: found.relation,
      says: `ADD PRIMARY KEY builds its index of ${shown(found.relation)} under a lock that nobody passes`,
    };
  },
  safe(operation, context) {
    const found = addedConstraint(operation, 'CONSTR_PRIMARY');
    if (!found) return null;
    const { relation, constraint } = found;
    if (constraint['indexname'] !== undefined) return takenOver(operation, context);
    const name = constraintName(relation, constraint, context) ?? '';
    const alter = alterTable(operation, relation);
    const open = keysOf(constraint).filter((column) => !isKnownNotNull(context, relation, column));
    if (tableOf(context, relation)?.kind === 'p') {
      const up = constraintOfPartitions(constraint, { relation, name }, context);
      return up && { up: [...open.flatMap((column) => provedOfPartitions(relation, column, context)), ...up] };
    }
    const index = uniqueIndex(relation, name, constraint);
    if (index === null || isPartitioned(context, relation)) return null;
    return {
      up: [
        ...open.flatMap((column) => madeNotNull(relation, column, alter, context)),
        { sql: [index], down: [dropIndex(relation, name)] },
        {
          sql: [
            `${alter} ADD CONSTRAINT ${quoteIdent(name)} PRIMARY KEY USING INDEX ${quoteIdent(name)}${deferral(constraint)}`,
          ],
        },
      ],
    };
  },
  example: {
    setup:
      "CREATE TABLE book (id int, title text); INSERT INTO book SELECT n, 'title' FROM generate_series(1, 2000) AS n;",
    bad: 'ALTER TABLE book ADD PRIMARY KEY (id);',
  },
});

/** Without a catalog it may have been NOT NULL before, as columns of a key mostly are: then nothing takes it back. */
function madeNotNull(
  relation: Relation,
  column: string,
  alter: string,
  context: MigrationContext,
): readonly SafeStep[] {
  if (context.catalog !== null || isNewColumn(context, relation, column))
    return [{ sql: [`${alter} ALTER COLUMN ${quoteIdent(column)} SET NOT NULL`] }];
  return provedByCheck(relation, column, alter, context).map((step, at, all) =>
    at < all.length - 1
      ? step
      : { ...step, down: null, noWayBack: `whether ${column} was NOT NULL before is not known: look with --to` },
  );
}

/** The index's columns are proved to hold no NULL first. */
function takenOver(operation: Operation, context: MigrationContext): SafeSequence | null {
  const found = addedConstraint(operation, 'CONSTR_PRIMARY');
  const name = found?.constraint['indexname'];
  if (!found || typeof name !== 'string') return null;
  const schema = tableOf(context, found.relation)?.schema ?? found.relation.schema;
  const columns = (indexNamed(context, { schema, name })?.keys ?? []).flatMap(({ column }) => column ?? []);
  const open = columns.filter((column) => !isKnownNotNull(context, found.relation, column));
  if (open.length === 0) return null;
  const alter = alterTable(operation, found.relation);
  return {
    up: [
      ...open.flatMap((column) => madeNotNull(found.relation, column, alter, context)),
      { sql: [operationSql(operation)] },
    ],
  };
}
