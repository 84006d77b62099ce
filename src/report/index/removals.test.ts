import { describe, expect, it } from 'vitest';
import type { MeasuredRemovals, TriedRemoval } from '../../indexes/measured/measured-removals.js';
import type { Finding } from '../../model/finding.js';
import { exampleIndexes } from '../../../test/support/example-indexes.js';
import { changesOfIndexes } from '../formats/handed.js';
import { renderIndexHtml } from './index-html.js';
import { renderIndexMarkdown } from './index-markdown.js';
import { indexReportSchema } from './index-report.js';
import type { IndexReport } from './index-report.js';
import { renderIndexes } from './index-terminal.js';
import { indexSqlFiles } from './sql-files.js';
import { toIndexReport } from './to-index-report.js';
import { removalSentence } from './words.js';

/** Of two that look redundant already one is missed; a third is redundant once the set is there. */
const REPEAT = removal('trip_again', 3 * 2 ** 20);
const MISSED = removal('trip_state', 2 ** 20);
const GIVEN = removal('trip_driver_idx', 2 ** 21);

function removal(name: string, sizeBytes: number): TriedRemoval {
  const place = `public.${name}`;
  const action = {
    kind: 'drop-index',
    title: `Drop index ${place}`,
    up: [`DROP INDEX CONCURRENTLY "public"."${name}"`],
    down: [`CREATE INDEX CONCURRENTLY ${name} ON public.trip (driver)`],
    lock: 'takes SHARE UPDATE EXCLUSIVE',
    transactional: false,
    tables: [{ schema: 'public', name: 'trip' }],
    index: null,
    rewrite: null,
  } as const;
  const finding: Finding = {
    advisor: 'index/duplicate-index',
    severity: 'warning',
    title: `Index ${place} repeats another.`,
    place,
    evidence: [{ what: 'size', value: sizeBytes, unit: 'bytes', source: 'test', provenance: 'measured' }],
    statements: [],
    actions: [action],
  };
  return { index: { schema: 'public', name, table: action.tables[0] } as never, action, finding, sizeBytes };
}

function reportOf(changes: Partial<MeasuredRemovals> = {}): IndexReport {
  const snapshot = exampleIndexes().snapshot;
  const indexes = [REPEAT, MISSED, GIVEN].map((one) => one.index);
  return toIndexReport({
    ...exampleIndexes(),
    snapshot: { ...snapshot, catalog: { ...snapshot.catalog, indexes } },
    review: [REPEAT.finding, MISSED.finding],
    removals: {
      gone: [REPEAT, GIVEN],
      stay: [{ ...MISSED, reason: 'without it "by state" takes 3 s instead of 1 ms' }],
      sizeBytes: REPEAT.sizeBytes + GIVEN.sizeBytes,
      perStatement: [],
      before: { ms: 120, buffers: 4000, walBytes: 9000 },
      after: { ms: 118, buffers: 3500, walBytes: 6000 },
      unasked: 0,
      unended: 0,
      reverted: true,
      ...changes,
    },
  });
}

describe('indexes that were dropped in the lab', () => {
  const report = reportOf();

  it('are told of once each, with what became of it', () => {
    expect(indexReportSchema.strict().parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
    const told = report.existing.map(({ index, trial }) => [index, trial?.outcome, trial?.needsSet]);
    expect(told).toEqual([
      ['public.trip_again', 'goes', false],
      ['public.trip_driver_idx', 'goes', true],
      ['public.trip_state', 'stays', false],
    ]);
    const text = renderIndexes(report, { columns: 400, colour: false });
    for (const page of [text, renderIndexMarkdown(report), renderIndexHtml(report)]) {
      expect(page).toContain('can go, 3.00 MB: dropped in the lab, no statement missed it');
      expect(page).toMatch(
        /can go, 2.00 MB: .* after the index of this set that serves in its place has proved itself/,
      );
      expect(page).toMatch(/stays: without it .*by state.* takes 3 s instead of 1 ms/);
    }
    expect(text).not.toContain('to try: Drop index');
  });

  it('are summed up in one sentence, which claims no more than what ran', () => {
    expect(removalSentence(report)).toMatchInlineSnapshot(
      `"Of the indexes that are there 2 can go, 5.00 MB: they were dropped together in the lab beside the kept ones, and no statement that ran missed them (indexes.drop.up.sql). No statement uses them or writes to their tables. Their definitions were run again there, and the catalog was as before."`,
    );
    expect(removalSentence(reportOf({ reverted: null, unasked: 2, unended: 1 }))).toMatch(
      /The way back was not run in the time\. Not run, .*: 2 statements\. Came to no end, .*: 1 statement\.$/,
    );
    const ran = [{ name: 'one' }] as never;
    expect(removalSentence(reportOf({ perStatement: ran }))).toContain('1: 120 ms -> 118 ms, 4,000 -> 3,500 blocks');
    expect(removalSentence(reportOf({ gone: [] }))).toBeNull();
    expect(removalSentence(toIndexReport(exampleIndexes()))).toBeNull();
  });

  it('have SQL of their own, there and back', () => {
    const files = new Map(indexSqlFiles(report).map(({ path, content }) => [path, content]));
    const [up, down] = [files.get('indexes.drop.up.sql') ?? '', files.get('indexes.drop.down.sql') ?? ''];
    expect(up.match(/^DROP INDEX .*$/gm)).toEqual([
      'DROP INDEX CONCURRENTLY "public"."trip_again";',
      'DROP INDEX CONCURRENTLY "public"."trip_driver_idx";',
    ]);
    expect(down.match(/^CREATE INDEX .*$/gm)?.[0]).toContain('trip_driver_idx');
    expect(files.get('indexes.up.sql')).not.toContain('DROP INDEX');
    const none = new Map(indexSqlFiles(toIndexReport(exampleIndexes())).map(({ path, content }) => [path, content]));
    expect(none.get('indexes.drop.up.sql')).toContain('Nothing: no index that is there was dropped in the lab.');
  });

  it('are handed over after the new ones; what rests on a new one is for a later release', () => {
    const changes = changesOfIndexes(report);
    expect(changes.map((one) => one.up[0]?.slice(0, 12))).toEqual(['CREATE INDEX', 'DROP INDEX C']);
    expect(changes.at(-1)?.words).toContain('Revert: was run in the lab, and left the catalog as before');
    expect(changes.at(-1)?.words.at(-1)).toMatch(/^Left for a migration of a later release.*trip_driver_idx/);
    expect(changesOfIndexes(reportOf({ reverted: null })).at(-1)?.words).toContain('Revert: was not run');
  });
});
