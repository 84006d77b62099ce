import { field, textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { relationOf, shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/create-policy',
  minMajor: 14,
  maxMajor: null,
  severity: 'info',
  docs: {
    what: '`CREATE POLICY` and `ALTER POLICY`.',
    why: 'It is done at once, but ACCESS EXCLUSIVE is waited for, and everybody else waits behind it; each query evaluates the condition from then on.',
    limits: 'What the condition costs, and whether row security is on, is not looked at.',
    sources: ['PostgreSQL manual, "CREATE POLICY"'],
  },
  match({ type, body }) {
    const relation = relationOf(field(body, 'table'));
    if ((type !== 'CreatePolicyStmt' && type !== 'AlterPolicyStmt') || !relation) return null;
    return {
      subject: relation,
      says: `policy ${textOf(body, 'policy_name') ?? ''} of ${shown(relation)} is made under a short lock that nobody passes`,
    };
  },
  example: {
    setup:
      'CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n;',
    bad: 'CREATE POLICY short ON book USING (pages < 100);',
  },
});
