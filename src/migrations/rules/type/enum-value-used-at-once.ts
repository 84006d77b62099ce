import { textOf, walk } from '../../../sql/tree.js';
import { defineMigrationRule } from '../../define.js';

export default defineMigrationRule({
  id: 'type/enum-value-used-at-once',
  minMajor: 14,
  maxMajor: null,
  severity: 'error',
  plannedAway: true,
  docs: {
    what: 'A label that `ALTER TYPE ... ADD VALUE` added, used in the same transaction.',
    why: 'It fails: a new label may be used once the transaction that added it is committed.',
    limits:
      'Seen where the label stands as a text in a later statement of one BEGIN ... COMMIT, or with --one-transaction. A type that the transaction itself made may be used; that is not told apart.',
    sources: ['PostgreSQL manual, "ALTER TYPE", section "Notes"'],
  },
  match({ type, tree }, { state }) {
    const labels = state.transaction?.enumLabels ?? [];
    if (labels.length === 0 || type === 'AlterEnumStmt') return null;
    const used = [...walk(tree)].some(({ type: kind, body }) => {
      const value = kind === 'A_Const' ? body['sval'] : undefined;
      const text =
        value && typeof value === 'object' && !Array.isArray(value) ? textOf(value as typeof body, 'sval') : null;
      return text !== null && labels.includes(text);
    });
    return used ? { subject: null, says: 'the statement uses a label that its own transaction added: it fails' } : null;
  },
  example: {
    setup:
      "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TABLE person (id int PRIMARY KEY, mood mood); INSERT INTO person SELECT n, 'sad' FROM generate_series(1, 2000) AS n;",
    bad: "BEGIN; ALTER TYPE mood ADD VALUE 'calm'; UPDATE person SET mood = 'calm' WHERE id = 1; COMMIT;",
    fails: '55P04',
  },
});
