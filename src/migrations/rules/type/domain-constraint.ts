import { field, list, textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { relationOfNames, shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'type/domain-constraint',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`ALTER DOMAIN ... ADD CHECK` without NOT VALID, `VALIDATE CONSTRAINT` and `SET NOT NULL` of a domain.',
    why: 'Every table with a column of the domain takes no writes (SHARE) while its rows are read, one table after the other.',
    limits:
      'Which tables those are is known with --to. No sequence is made: VALIDATE CONSTRAINT of a domain takes SHARE as well, so that NOT VALID only puts the reading off.',
    sources: ['PostgreSQL manual, "ALTER DOMAIN"'],
  },
  match({ type, body }) {
    const kind = textOf(body, 'subtype');
    const constraint = field(field(body, 'def') ?? {}, 'Constraint');
    const reads = kind === 'O' || kind === 'V' || (kind === 'C' && constraint?.['skip_validation'] !== true);
    const name = relationOfNames([...list(body, 'typeName')]);
    if (type !== 'AlterDomainStmt' || !reads || !name) return null;
    return { subject: null, says: `every table that uses ${shown(name)} takes no writes while its rows are read` };
  },
  example: {
    setup:
      'CREATE DOMAIN price AS int; CREATE TABLE book (id int PRIMARY KEY, price price); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER DOMAIN price ADD CHECK (VALUE > 0);',
  },
});
