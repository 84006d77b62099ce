import { bodiesOf, field, list, textOf } from '../../../sql/tree.js';
import { tableOf } from '../../context.js';
import { defineMigrationRule } from '../../define.js';
import { isFullVacuum } from '../../effects/maintenance.js';
import { relationOf, shown, written } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/vacuum-full',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`VACUUM FULL`.',
    why: 'The table and its indexes are written anew under ACCESS EXCLUSIVE.',
    limits:
      'The sequence frees space for new rows and writes the indexes anew beside their use; what it gives back to the disk are the indexes and the empty pages at the end of the table. To shrink a table whose free pages lie within it there is no way beside its use without an extension: pg_repack does it. No sequence without the names of tables, and for partitioned ones.',
    sources: ['PostgreSQL manual, "VACUUM", section "FULL"'],
  },
  match({ type, body }) {
    if (type !== 'VacuumStmt' || !isFullVacuum(body)) return null;
    const relations = bodiesOf(list(body, 'rels'), 'VacuumRelation').flatMap(
      (one) => relationOf(field(one, 'relation')) ?? [],
    );
    const what = relations.length > 0 ? relations.map(shown).join(', ') : 'every table of the database';
    return { subject: relations[0] ?? null, says: `VACUUM FULL writes ${what} anew under a lock that nobody passes` };
  },
  safe({ type, body }, context) {
    if (type !== 'VacuumStmt' || !isFullVacuum(body)) return null;
    const relations = bodiesOf(list(body, 'rels'), 'VacuumRelation').flatMap(
      (one) => relationOf(field(one, 'relation')) ?? [],
    );
    if (relations.length === 0 || relations.some((one) => tableOf(context, one)?.kind === 'p')) return null;
    const analyze = bodiesOf(list(body, 'options'), 'DefElem').some((one) => textOf(one, 'defname') === 'analyze');
    return {
      differs: `free pages within ${relations.map(shown).join(', ')} stay for new rows; the disk gets back those at the end, and what the indexes had too much`,
      up: relations.flatMap((relation) => [
        { sql: [`VACUUM ${analyze ? '(ANALYZE) ' : ''}${written(relation)}`] },
        { sql: [`REINDEX TABLE CONCURRENTLY ${written(relation)}`] },
      ]),
    };
  },
  example: {
    setup: 'CREATE TABLE book (id int PRIMARY KEY); INSERT INTO book SELECT n FROM generate_series(1, 2000) AS n;',
    bad: 'VACUUM FULL book;',
    good: 'VACUUM book;',
  },
});
