import { list, textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { relationOfNames, shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'type/enum-rename-value',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`ALTER TYPE ... RENAME VALUE`.',
    why: 'Programs that send the old label fail at once, and those that compare what they read with it go wrong without an error.',
    limits:
      'No sequence is made. Add the new label, let programs take both, change the rows in batches; a label can not be taken out again.',
    sources: ['PostgreSQL manual, "ALTER TYPE", section "RENAME VALUE"'],
  },
  match({ type, body }) {
    if (type !== 'AlterEnumStmt' || textOf(body, 'oldVal') === null) return null;
    const name = relationOfNames([...list(body, 'typeName')]);
    return {
      subject: null,
      says: `a label of ${name ? shown(name) : 'the type'} changes its name for every program at once`,
    };
  },
  example: {
    setup: "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TABLE person (id int PRIMARY KEY, mood mood);",
    bad: "ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';",
    good: "ALTER TYPE mood ADD VALUE 'happy';",
  },
});
