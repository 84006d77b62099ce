import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'type/alter-composite',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`ALTER TYPE ... ADD, DROP, ALTER or RENAME ATTRIBUTE ... CASCADE`.',
    why: 'Each table that was made OF the type is changed along under ACCESS EXCLUSIVE, and written anew where an attribute gets another type.',
    limits: 'Which tables those are is not looked up. Without CASCADE PostgreSQL refuses it where there is one.',
    sources: ['PostgreSQL manual, "ALTER TYPE"', 'PostgreSQL manual, "CREATE TABLE", section "OF type_name"'],
  },
  match({ type, relation, command, body }) {
    const alters = type === 'AlterTableStmt' && textOf(body, 'objtype') === 'OBJECT_TYPE' && command?.cascade === true;
    const renames =
      type === 'RenameStmt' &&
      textOf(body, 'renameType') === 'OBJECT_ATTRIBUTE' &&
      textOf(body, 'behavior') === 'DROP_CASCADE';
    if (!relation || !(alters || renames)) return null;
    return { subject: null, says: `CASCADE changes every table that is made OF ${shown(relation)} along, locked` };
  },
  example: {
    setup:
      "CREATE TYPE address AS (street text, zip text); CREATE TABLE home OF address; INSERT INTO home SELECT 'street', 'zip' FROM generate_series(1, 2000) AS n;",
    bad: 'ALTER TYPE address ADD ATTRIBUTE city text CASCADE;',
    alsoLocks: 'public.home',
  },
});
