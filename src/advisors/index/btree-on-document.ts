import { z } from 'zod';
import { findTable, type Column, placeOf } from '../../model/catalog.js';
import { columnUses, statementsThatCompare } from '../../indexes/column-use.js';
import { reasonToKeep, wholeIndex } from '../../indexes/facts.js';
import { loadParser } from '../../sql/parse.js';
import { dropIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { measured } from '../evidence.js';

export default defineAdvisor({
  id: 'index/btree-on-document',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Btrees on a jsonb, array, range, hstore or text search column which no statement of the workload can use.',
    why:
      'A btree compares whole values: it serves `body = ...` and `ORDER BY body`, but neither `@>`, `?`, `&&`, `@@` nor `body ->> ...`. Each write pays for an index ' +
      'that holds every document once more, and an INSERT of a value beyond 2.7 kB fails.',
    limits:
      'Speaks only where the whole workload is known, uses the table, and never compares or orders the column as a whole; silent where the index was scanned, is unique, ' +
      'backs something, or has more than that one key. A GIN or GiST index in its place is for `index/missing-index`, which asks the what-if engine.',
    sources: ['PostgreSQL manual, "jsonb Indexing"', 'PostgreSQL manual, "Index Types"'],
    bad: `
      CREATE TABLE note (id bigint PRIMARY KEY, body jsonb NOT NULL);
      INSERT INTO note SELECT n, jsonb_build_object('tag', n % 50) FROM generate_series(1, 1000) AS n;
      CREATE INDEX note_body_idx ON note (body);
      ANALYZE;`,
    good: `
      DROP INDEX note_body_idx;
      CREATE INDEX ON note USING gin (body);`,
    workload: [`SELECT id FROM note WHERE body @> '{"tag": 7}'`],
  },
  options: z.object({}),
  async examine(snapshot) {
    await loadParser();
    const { catalog } = snapshot;
    return catalog.indexes.flatMap((index): AdvisorFinding[] => {
      const [key] = index.keys;
      const name = key?.column ?? null;
      if (index.method !== 'btree' || index.keys.length !== 1 || name === null) return [];
      if (!index.valid || index.building || index.unique || reasonToKeep(index) !== null) return [];
      const column = findTable(catalog, index.table)?.columns.find((one) => one.name === name);
      const whole = wholeIndex(catalog, index);
      if (!column || !isDocument(column) || whole.scans !== 0) return [];
      const uses = columnUses(snapshot, index.table, name);
      if (uses === null || uses.length === 0 || statementsThatCompare(uses, name).length > 0) return [];
      const asking = uses.filter((use) => use.predicates.length > 0);
      return [
        {
          title: `Btree ${placeOf(index)} compares whole values of ${name} (${column.type}), which no statement does.`,
          place: placeOf(index),
          evidence: [
            measured('definition', index.definition, '', 'pg_get_indexdef'),
            measured('statements that use the table', uses.length, 'statements', 'workload'),
            measured('statements with a condition inside the value', asking.length, 'statements', 'workload'),
            measured('scans', whole.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
            measured('size', whole.sizeBytes, 'bytes', 'pg_relation_size'),
          ],
          statements: asking.map((use) => use.fingerprint),
          actions: [dropIndexAction(index, catalog)],
        },
      ];
    });
  },
});

/** Arrays (`A`) and ranges (`R`) by their category; the others by name. */
function isDocument({ typeCategory, baseType }: Column): boolean {
  return typeCategory === 'A' || typeCategory === 'R' || ['jsonb', 'tsvector', 'hstore'].includes(baseType);
}
