import { textOf } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';

export default defineMigrationRule({
  id: 'table/create-trigger',
  minMajor: 14,
  maxMajor: null,
  severity: 'info',
  docs: {
    what: '`CREATE TRIGGER`.',
    why: 'SHARE ROW EXCLUSIVE keeps writes off while it is waited for and held; every write runs the function from then on.',
    limits: 'What the function costs is not looked at.',
    sources: ['PostgreSQL manual, "CREATE TRIGGER"'],
  },
  match({ type, relation, body }) {
    if (type !== 'CreateTrigStmt' || !relation) return null;
    return {
      subject: relation,
      says: `writes of ${shown(relation)} wait for the lock of making ${textOf(body, 'trigname') ?? 'the trigger'}`,
    };
  },
  example: {
    setup:
      "CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n; CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';",
    bad: 'CREATE TRIGGER noop BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION noop();',
  },
});
