import { z } from 'zod';
import { quoteIdent, quoteQualified } from '../../base/quote.js';
import type { IndexSpec } from '../../model/action.js';
import { placeOf } from '../../model/catalog.js';
import type { Catalog, Index, IndexColumn } from '../../model/catalog.js';
import type { Snapshot } from '../../model/snapshot.js';
import { columnUses, statementsThatCompare } from '../../indexes/column-use.js';
import { indexesByTable, reasonToKeep, wholeIndex } from '../../indexes/facts.js';
import { freeIndexName } from '../../indexes/candidates/index-name.js';
import { standsInFor, startsWith } from '../../indexes/redundancy.js';
import { loadParser } from '../../sql/parse.js';
import { createIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { measured } from '../evidence.js';

export default defineAdvisor({
  id: 'index/mergeable-indexes',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Btrees with the same keys that differ only in their INCLUDE columns.',
    why: 'Both hold every key of the table, and every write pays for both; one index that includes the columns of both serves the queries of either.',
    limits:
      'The same keys, orders and predicate; neither is unique or backs anything. Where one holds all that the other does, `index/overlapping-index` speaks; indexes that only ' +
      'begin alike, (a, b) and (a, c), serve different searches and are left alone. It takes three changes: create the common index, then drop both, which ' +
      '`index/overlapping-index` offers once it is there. The first wins nothing alone, so that a trial of it is neutral: a search over whole sets of indexes weighs all three.',
    sources: ['PostgreSQL manual, "Index-Only Scans and Covering Indexes"'],
    bad: `
      CREATE TABLE track (id bigint PRIMARY KEY, album_id bigint NOT NULL, title text NOT NULL, seconds integer NOT NULL);
      CREATE INDEX track_album_title_idx ON track (album_id) INCLUDE (title);
      CREATE INDEX track_album_seconds_idx ON track (album_id) INCLUDE (seconds);`,
    good: `
      CREATE INDEX ON track (album_id) INCLUDE (title, seconds);
      DROP INDEX track_album_title_idx;
      DROP INDEX track_album_seconds_idx;`,
  },
  options: z.object({}),
  async examine(snapshot) {
    await loadParser();
    return indexesByTable(snapshot.catalog).flatMap((indexes) => {
      const free = indexes.filter(isFree);
      return free.flatMap((one, position) =>
        free
          .slice(position + 1)
          .filter((other) => areMergeable(one, other) && !indexes.some((third) => servesBoth(third, one, other)))
          .map((other) => describe(snapshot, one, other)),
      );
    });
  },
});

function isFree(index: Index): boolean {
  const isWhole = index.method === 'btree' && index.valid && !index.building && !index.unique;
  return isWhole && index.include.length > 0 && reasonToKeep(index) === null;
}

function areMergeable(a: Index, b: Index): boolean {
  const lacks = (one: Index, other: Index): boolean => {
    const held = new Set([...one.keys, ...one.include].map((column) => column.expression));
    return other.include.some((column) => !held.has(column.expression));
  };
  const sameKeys = a.keys.length === b.keys.length && startsWith(a.keys, b.keys, 'btree');
  return sameKeys && a.predicate === b.predicate && lacks(a, b) && lacks(b, a);
}

function servesBoth(third: Index, one: Index, other: Index): boolean {
  return standsInFor(third, one) !== null && standsInFor(third, other) !== null;
}

function describe(snapshot: Snapshot, one: Index, other: Index): AdvisorFinding {
  const { catalog } = snapshot;
  const column = one.keys[0]?.column ?? null;
  const uses = column === null ? null : columnUses(snapshot, one.table, column);
  const sizes = [one, other].map((index) => wholeIndex(catalog, index));
  return {
    title: `Indexes ${placeOf(one)} and ${placeOf(other)} differ in their INCLUDE columns only: one index could take the place of both.`,
    place: `${placeOf(one)}, ${placeOf(other)}`,
    evidence: [
      ...([one, other] as const).map((index) =>
        measured(`definition of ${placeOf(index)}`, index.definition, '', 'pg_get_indexdef'),
      ),
      ...sizes.map((size) => measured('size', size.sizeBytes, 'bytes', 'pg_relation_size')),
      ...sizes.map((size) => measured('scans', size.scans, 'scans', 'pg_stat_all_indexes.idx_scan')),
    ] as unknown as AdvisorFinding['evidence'],
    statements: uses === null || column === null ? [] : statementsThatCompare(uses, column),
    actions: [createIndexAction(mergedSpec(catalog, one, other), catalog)],
  };
}

function mergedSpec(catalog: Catalog, one: Index, other: Index): IndexSpec {
  const keys = new Set(one.keys.map((key) => key.expression));
  const columns = [...one.include, ...other.include].flatMap((column) => column.column ?? []);
  const include = [...new Set(columns)].filter((column) => !keys.has(column));
  return {
    table: one.table,
    method: 'btree',
    unique: false,
    keys: one.keys.map(keySql),
    include: include.map(quoteIdent),
    where: one.predicate,
    with: null,
    name: freeIndexName(catalog, one.table, [...one.keys.map((key) => key.column ?? 'key'), 'with', ...include]),
  };
}

/** A key as CREATE INDEX takes it. */
function keySql(key: IndexColumn): string {
  const { column, expression, collation, opclass, opclassIsDefault, descending, nullsFirst } = key;
  const parts = [column === null ? `(${expression})` : quoteIdent(column)];
  if (collation !== null && collation !== 'pg_catalog.default') parts.push(`COLLATE ${qualified(collation)}`);
  if (opclass !== null && !opclassIsDefault) parts.push(qualified(opclass));
  if (descending) parts.push('DESC');
  if (nullsFirst !== descending) parts.push(nullsFirst ? 'NULLS FIRST' : 'NULLS LAST');
  return parts.join(' ');
}

function qualified(name: string): string {
  const dot = name.indexOf('.');
  return quoteQualified(name.slice(0, dot), name.slice(dot + 1));
}
