import type { HandedChange } from '../../src/report/formats/define.js';

const BASE = { prologue: [], noWayBack: null, lockTimeoutMs: 5000 } as const;

/** What the changes below are made on. */
export const HANDED_SETUP = `CREATE SCHEMA "My ""App"; CREATE TABLE "My ""App"."order" (id int PRIMARY KEY, note text, n int);
  CREATE INDEX by_n ON "My ""App"."order" (n)`;

/** One that fits a transaction, one that does not, one of two steps that do not, and one without a way back; with names that hurt. */
export const HANDED: readonly HandedChange[] = [
  {
    ...BASE,
    title: 'Add "größe; `x` ${y}" to the order',
    words: ['Effect: execution time 2.00 s -> 1.00 s (measured)\nsecond line'],
    prologue: [`SET search_path = "My ""App", public`],
    up: [
      `ALTER TABLE "order" ADD COLUMN "größe; \`x\` \${y}" text DEFAULT E'it''s \\\\ \`'`,
      `COMMENT ON TABLE "order" IS '-- $$ {n}'`,
    ],
    down: [`COMMENT ON TABLE "order" IS NULL`, `ALTER TABLE "order" DROP COLUMN "größe; \`x\` \${y}"`],
    transactional: true,
    downTransactional: true,
  },
  {
    ...BASE,
    title: 'Create btree index on My "App.order (note)',
    words: ['Lock: takes SHARE UPDATE EXCLUSIVE'],
    up: [`CREATE INDEX CONCURRENTLY "by; note" ON "My ""App"."order" (note)`],
    down: [`DROP INDEX CONCURRENTLY "My ""App"."by; note"`],
    transactional: false,
    downTransactional: false,
  },
  {
    ...BASE,
    title: 'Replace an index',
    words: [],
    up: [
      `CREATE INDEX CONCURRENTLY by_n_note ON "My ""App"."order" (n, note)`,
      `DROP INDEX CONCURRENTLY "My ""App".by_n`,
    ],
    down: [`CREATE INDEX CONCURRENTLY by_n ON "My ""App"."order" (n)`, `DROP INDEX CONCURRENTLY "My ""App".by_n_note`],
    transactional: false,
    downTransactional: false,
  },
];
