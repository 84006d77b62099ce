import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'table/row-security',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`ENABLE`, `DISABLE`, `FORCE` and `NO FORCE ROW LEVEL SECURITY`.',
    why: 'From that moment on roles other than the owner see no row at all unless a policy lets them, or every row again; and ACCESS EXCLUSIVE is waited for.',
    limits: 'Whether policies are there already is not looked at. Make the policies first.',
    sources: [
      'PostgreSQL manual, "ALTER TABLE", section "ENABLE ROW LEVEL SECURITY"',
      'PostgreSQL manual, "Row Security Policies"',
    ],
  },
  match(operation) {
    const found = alteration(
      operation,
      'AT_EnableRowSecurity',
      'AT_DisableRowSecurity',
      'AT_ForceRowSecurity',
      'AT_NoForceRowSecurity',
    );
    if (!found) return null;
    return {
      subject: found.relation,
      says: `which rows of ${shown(found.relation)} are seen changes for every role at once`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'ALTER TABLE book ENABLE ROW LEVEL SECURITY;',
  },
});
