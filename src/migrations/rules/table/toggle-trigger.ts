import { defineMigrationRule } from '../../define.js';
import { shown } from '../../relation.js';
import { alteration } from '../../shapes.js';

export default defineMigrationRule({
  id: 'table/toggle-trigger',
  minMajor: 14,
  maxMajor: null,
  severity: 'warning',
  docs: {
    what: '`ENABLE TRIGGER` and `DISABLE TRIGGER`.',
    why: 'SHARE ROW EXCLUSIVE keeps writes off while it is waited for and held; while a trigger is off, what it keeps right (with ALL: foreign keys too) is not kept.',
    limits: 'Rows that were written meanwhile are never looked at again.',
    sources: ['PostgreSQL manual, "ALTER TABLE", section "DISABLE/ENABLE TRIGGER"'],
  },
  match(operation) {
    const found = alteration(
      operation,
      'AT_EnableTrig',
      'AT_DisableTrig',
      'AT_EnableTrigAll',
      'AT_DisableTrigAll',
      'AT_EnableTrigUser',
      'AT_DisableTrigUser',
      'AT_EnableAlwaysTrig',
      'AT_EnableReplicaTrig',
    );
    if (!found) return null;
    return {
      subject: found.relation,
      says: `what triggers of ${shown(found.relation)} keep right is not kept while they are off; writes wait for the lock`,
    };
  },
  example: {
    setup:
      "CREATE TABLE book (id int PRIMARY KEY, pages int); INSERT INTO book SELECT n, n FROM generate_series(1, 2000) AS n; CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER noop BEFORE INSERT ON book FOR EACH ROW EXECUTE FUNCTION noop();",
    bad: 'ALTER TABLE book DISABLE TRIGGER noop;',
  },
});
