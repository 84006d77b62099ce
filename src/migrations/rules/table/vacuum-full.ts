import { bodiesOf, field, list } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { isFullVacuum } from '../../effects/maintenance.js';
import { relationOf, shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/vacuum-full',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  docs: {
    what: '`VACUUM FULL`.',
    why: 'The table and its indexes are written anew under ACCESS EXCLUSIVE.',
    limits:
      'No sequence is made: a plain VACUUM gives space back to the table, and the extension pg_repack writes a table anew beside its use.',
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
  example: {
    setup: 'CREATE TABLE book (id int PRIMARY KEY); INSERT INTO book SELECT n FROM generate_series(1, 2000) AS n;',
    bad: 'VACUUM FULL book;',
    good: 'VACUUM book;',
  },
});
