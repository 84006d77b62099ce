import { describe, expect, it } from 'vitest';
import { DRIVER, MAIL, exampleIndexes } from '../../../test/support/example-indexes.js';
import { aCatalog, aSnapshot, aStatement, aTable, anIndex } from '../../../test/support/snapshot.js';
import type { IndexEffect } from '../../indexes/measured/measured-index-set.js';
import type { Action, IndexSpec } from '../../model/action.js';
import type { Finding } from '../../model/finding.js';
import { changesOfIndexes } from '../formats/handed.js';
import { displayWidth } from '../text/columns.js';
import { renderIndexHtml } from './index-html.js';
import { renderIndexMarkdown } from './index-markdown.js';
import { indexReportSchema } from './index-report.js';
import { renderIndexes } from './index-terminal.js';
import { indexSqlFiles } from './sql-files.js';
import { compressionSentence, measuredSentence, searchSentence, unaffectedSentence } from './words.js';
import { toIndexReport } from './to-index-report.js';

const KEY = { ...DRIVER, name: 'trip_customer_idx', keys: ['"customer"'] };
const report = toIndexReport(exampleIndexes());

describe('the report of an index selection', () => {
  it('is the document that its schema says', () => {
    expect(indexReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  it('says of each index what was foreseen, what was measured, and what became of it', () => {
    expect(report.indexes.map((one) => [one.decision, one.measured?.sizeBytes, one.measured?.worth])).toEqual([
      ['create', 1_048_576, { ms: 110_000, buffers: 900_000 }],
      ['refuted', 3_700_000, null],
    ]);
    expect(report.indexes[1]?.reason).toBe('trips by driver 5.63 ms -> 7.02 ms with it');
  });

  it('calls estimated what rests on plans that nobody looked up', () => {
    const { measured } = exampleIndexes();
    const kept = [{ ...measured?.kept[0], assumed: 2 }];
    const dropped = [{ ...measured?.dropped[0], assumed: 1 }];
    const assumed = toIndexReport(exampleIndexes({ measured: { ...measured, kept, dropped } as never }));
    expect(indexReportSchema.parse(JSON.parse(JSON.stringify(assumed)))).toEqual(assumed);
    expect(assumed.indexes.map((one) => [one.decision, one.assumed])).toEqual([
      ['create', 2],
      ['refuted', 1],
    ]);
    const pages = [
      renderIndexes(assumed, { columns: 400, colour: false }),
      renderIndexMarkdown(assumed),
      renderIndexHtml(assumed),
      changesOfIndexes(assumed)
        .flatMap((one) => one.words)
        .join(),
    ];
    for (const page of pages) {
      expect(page).toMatch(
        /stimated: without it .* blocks more \(of 2 statements the plan with or without it was not looked up, or the timeout ended it\)/,
      );
      expect(page).not.toMatch(/easured: (without|trips)/);
    }
    for (const page of pages.slice(0, 3)) expect(page).toContain('stimated: trips by driver 5.63 ms');
    const unmeasured = toIndexReport(exampleIndexes({ measured: null }));
    expect(renderIndexMarkdown(unmeasured)).not.toContain('measured: not built');
  });

  it('says on how many statements nothing bears, and names the heaviest with their time before', () => {
    const named = (count: number): string[] => Array.from({ length: count }, (_, at) => `s${at}`);
    const heavy = (count: number): Parameters<typeof exampleIndexes>[0] => {
      const { measured } = exampleIndexes();
      const statements = named(count).map((name) =>
        aStatement(`SELECT '${name}'`, { fingerprint: name, name, calls: 2 }),
      );
      const baseline = named(count - 1).map((fingerprint, at) => ({
        fingerprint,
        calls: 2,
        meanMs: 1000 * (at + 1),
        timedOutMs: at === 3 ? 4000 : null,
      }));
      const unaffected = named(count);
      return { snapshot: aSnapshot({ statements }), baseline, measured: measured && { ...measured, unaffected } };
    };
    const six = toIndexReport(exampleIndexes(heavy(6)));
    expect(indexReportSchema.parse(JSON.parse(JSON.stringify(six)))).toEqual(six);
    expect(six.measured?.unaffected.statements).toBe(6);
    expect(unaffectedSentence(six)).toMatchInlineSnapshot(
      `"None of the indexes built bears on 6 of 6 statements; the heaviest of them are, as measured before: "s4" 10.0 s, "s3" more than 8.00 s, "s2" 6.00 s, "s1" 4.00 s, "s0" 2.00 s."`,
    );
    expect(unaffectedSentence(toIndexReport(exampleIndexes(heavy(2))))).toMatchInlineSnapshot(
      `"None of the indexes built bears on 2 of 2 statements; by weight, as measured before: "s0" 2.00 s, "s1" unknown."`,
    );
    const pages = [renderIndexMarkdown(six), renderIndexes(six, { columns: 400, colour: false })];
    for (const page of pages) expect(page).toContain(unaffectedSentence(six));
    expect(renderIndexHtml(six)).toContain('None of the indexes built bears on 6 of 6 statements');
    // The second statement is one that only the refused index bears on.
    expect(unaffectedSentence(report)).toBe(
      'Only what is not kept bears on 1 of 2 statements; by weight, as measured before: "trips by driver" 4.50 s.',
    );
    const baseline = exampleIndexes().baseline.slice(0, 1);
    expect(unaffectedSentence(toIndexReport(exampleIndexes({ baseline })))).toBeNull();
  });

  it('names what became slower and was let pass, the most first, and is silent where nothing is', () => {
    const { measured } = exampleIndexes();
    const row = measured?.perStatement[0];
    if (!measured || !row) throw new Error('the example has no statement that was measured');
    const slow = (name: string, calls: number, beforeMs: number, afterMs: number): typeof row => {
      return { ...row, fingerprint: name, name, calls, beforeMs, afterMs, cutOff: 'neither' };
    };
    const perStatement = [slow('a', 1, 10, 11), slow('b', 1, 0.1, 0.2), slow('c', 1, 20, 30), slow('d', 10, 14, 21)];
    const words = measuredSentence(toIndexReport(exampleIndexes({ measured: { ...measured, perStatement } })));
    expect(words.slice(words.indexOf(' Slower'))).toMatchInlineSnapshot(
      `" Slower than before by more than 15 %, let pass as writes, as little of the workload or as too short to tell: "d" 14.0 ms -> 21.0 ms, "c" 20.0 ms -> 30.0 ms, "b" 0.100 ms -> 0.200 ms; 80.1 ms in all, weighted by calls."`,
    );
    expect(measuredSentence(report)).not.toContain('Slower');
  });

  it('tells what did not fit from what measurement refuted, and from what was not built', () => {
    const { measured } = exampleIndexes();
    const dropped = measured?.dropped[0];
    const decided = (why: string): unknown =>
      toIndexReport(exampleIndexes({ measured: { ...measured, dropped: [{ ...dropped, why }] } as never })).indexes[1]
        ?.decision;
    expect(['slower', 'no-gain', 'budget', 'not-built'].map(decided)).toEqual([
      'refuted',
      'refuted',
      'over-budget',
      'unmeasured',
    ]);
  });

  it('shows an index that no plan values like the others, its gain unknown', () => {
    const unvalued = [{ spec: KEY, sizeBytes: 700_000, for: ['f2', 'f1'] }];
    const measured = exampleIndexes().measured;
    const kept = [...(measured?.kept ?? []), { ...measured?.kept[0], spec: KEY }];
    const more = toIndexReport(exampleIndexes({ unvalued, measured: { ...measured, kept } as never }));
    expect(indexReportSchema.parse(JSON.parse(JSON.stringify(more)))).toEqual(more);
    expect(more.indexes.map((one) => one.basis)).toEqual(['plans', 'plans', 'foreign-key']);
    const other = toIndexReport(exampleIndexes({ alternatives: unvalued, measured: { ...measured, kept } as never }));
    expect(other.indexes.at(-1)).toMatchObject({ basis: 'budget', decision: more.indexes.at(-1)?.decision });
    expect(searchSentence(other)).toContain(
      '1 more of the choices for the budget itself, others near it and what measuring left of it.',
    );
    const nothing = { costBefore: null, costAfter: null };
    expect(more.indexes[2]).toMatchObject({
      decision: 'create',
      estimated: {
        sizeBytes: 700_000,
        gainAlone: null,
        gainInSet: null,
        writeShare: null,
        serves: [
          { fingerprint: 'f2', name: 'trips by driver', ...nothing },
          { fingerprint: 'f1', name: 'log-in', ...nothing },
        ],
      },
    });
    const text = renderIndexes(more, { columns: 400, colour: false });
    expect(text).toContain('Of 31 candidates 2 were chosen');
    expect(text).toContain('1 more for foreign keys, of which no plan shows the use.');
    expect(text).toContain('the checks and cascades of its foreign key: gain unknown before it is measured');
  });

  it('without a measurement claims none', () => {
    const bare = toIndexReport(exampleIndexes({ measured: null }));
    const selection = { ...exampleIndexes().selection, complete: false };
    const signal = { measured: null, interrupted: true, searchInterrupted: true, selection };
    const stopped = toIndexReport(exampleIndexes(signal));
    expect(measuredSentence(stopped)).toBe('No measurement came to its end: a signal stopped the run.');
    expect(stopped.indexes[0]?.reason).toBe('not built: nothing was measured');
    const later = toIndexReport(exampleIndexes({ ...signal, searchInterrupted: false }));
    expect(searchSentence(later)).toContain('the time ended the search');
    expect(later.indexes[0]?.reason).toBe('a signal stopped the run before its measuring came to an end');
    expect(searchSentence(stopped)).toContain('a signal stopped the search, this is the best so far');
    const unproved = toIndexReport(exampleIndexes({ selection: { ...selection, bound: 0, gap: 1 } }));
    expect(searchSentence(unproved)).toContain('; no bound was proved; the time ended the search');
    const spent = toIndexReport(exampleIndexes({ selection: { ...selection, plannerCalls: 500 } }));
    expect(searchSentence(spent)).toContain('its planner calls ended the search, this is the best so far');
    expect(stopped.indexes.map((one) => one.decision)).toEqual(['unmeasured', 'unmeasured']);
    expect(bare.indexes.map((one) => [one.decision, one.measured])).toEqual([
      ['unmeasured', null],
      ['unmeasured', null],
    ]);
    expect(bare.measured).toBeNull();
    expect(renderIndexes(bare, { columns: 80, colour: false })).toContain('Nothing was measured');
  });

  it('says of a compressed workload what was left out, and nothing of one that was not', () => {
    const selection = {
      ...exampleIndexes().selection,
      compression: { statements: 10_000, kept: 1000, merged: 7500, leftOut: 1500, boundShare: 0.0123 },
    };
    const compressed = toIndexReport(exampleIndexes({ selection }));
    expect(indexReportSchema.parse(JSON.parse(JSON.stringify(compressed)))).toEqual(compressed);
    expect(compressionSentence(compressed)).toMatchInlineSnapshot(
      `"Of 10,000 statements 1,000 were searched; 7,500 ask for the same as one of them and are assumed to gain alike; 1,500 lightest were left out: on their account no set is worse than the best by more than 1.23 % of the objective."`,
    );
    const pages = [renderIndexMarkdown, renderIndexHtml].map((render) => render(compressed));
    const text = renderIndexes(compressed, { columns: 400, colour: false });
    for (const page of [...pages, text]) expect(page).toContain(compressionSentence(compressed));
    const unknown = { ...selection, compression: { ...selection.compression, boundShare: null } };
    expect(compressionSentence(toIndexReport(exampleIndexes({ selection: unknown })))).toContain('unknown');
    expect(compressionSentence(report)).toBeNull();
  });

  it('calls an index redundant only for one that is kept', () => {
    expect(report.existing).toEqual([]);
    const measured = exampleIndexes().measured;
    const kept = { ...measured?.kept[0], spec: DRIVER };
    const both = toIndexReport(exampleIndexes({ measured: { ...measured, kept: [kept], dropped: [] } as never }));
    expect(both.existing.map((row) => row.index)).toEqual(['public.trip_driver_idx']);
  });

  it('lists what advisors say of one index, of several, and of none that the search gives', () => {
    const catalog = aCatalog({
      tables: [aTable('trip')],
      indexes: [anIndex('trip_a', 'trip', ['a']), anIndex('trip_b', 'trip', ['b']), anIndex('a, b', 'trip', ['c'])],
    });
    const drop = anAction('Drop index public.a, b', 'DROP INDEX "public"."a, b"', null);
    const review = [
      aFinding('index/mergeable-indexes', 'public.trip_a, public.trip_b', [anAction('Merge them', 'CREATE 1', DRIVER)]),
      aFinding('index/invalid-index', 'public.a, b', [anAction('Rebuild index public.a, b', 'REINDEX 1', null), drop]),
      ...['driver', 'car'].map((column) =>
        aFinding('index/unindexed-foreign-key', `public.trip(${column})`, [
          anAction(`Index ${column}`, 'CREATE 2', { ...DRIVER, name: 'fk', keys: [`"${column}"`] }),
        ]),
      ),
    ];
    const input = exampleIndexes({ review });
    const advised = toIndexReport({ ...input, snapshot: { ...input.snapshot, catalog } });
    expect(indexReportSchema.parse(JSON.parse(JSON.stringify(advised)))).toEqual(advised);
    expect(advised.existing.map((row) => row.index)).toEqual(['public.trip_a, public.trip_b', 'public.a, b']);
    // A wider index that would serve it was refused.
    expect(advised.missing.map((row) => row.place)).toEqual(['public.trip(driver)', 'public.trip(car)']);
    const { measured } = input;
    const driver = { ...measured?.kept[0], spec: DRIVER };
    const kept = toIndexReport({ ...input, measured: { ...measured, kept: [driver], dropped: [] } as never });
    expect(kept.missing.map((row) => row.place)).toEqual(['public.trip(car)']);
    for (const page of [renderIndexes(advised, { columns: 400, colour: false }), renderIndexMarkdown(advised)])
      expect(page).toMatch(/to try: Rebuild index public\.a, b[^]*or: Drop index public\.a, b[^]*to try: Index car/);
    expect(renderIndexHtml(advised)).toContain(drop.up[0]?.replaceAll('"', '&#34;'));
  });

  it('calls nothing searched where no statement could be planned, and does not say that none is worth having', () => {
    const { selection } = exampleIndexes();
    const nothing = { ...selection, chosen: [], statements: [] };
    const unplanned = toIndexReport(exampleIndexes({ selection: nothing, unvalued: [], measured: null }));
    expect(unplanned).toMatchObject({ indexes: [], curve: [], search: { objective: null, bound: null, gap: null } });
    for (const page of [
      renderIndexes(unplanned, { columns: 400, colour: false }),
      renderIndexMarkdown(unplanned),
      renderIndexHtml(unplanned),
    ]) {
      expect(page).toMatch(/No statement of the workload could be planned[^]*unknown/);
      expect(page).not.toMatch(/worth having for this workload/);
    }
    const searched = toIndexReport(
      exampleIndexes({ selection: { ...selection, chosen: [] }, unvalued: [], measured: null }),
    );
    expect(renderIndexMarkdown(searched)).toMatch(/None is worth having for this workload/);
  });

  it('gives the time of those statements that were measured and planned, and says how many these are', () => {
    const { selection } = exampleIndexes();
    const part = toIndexReport(
      exampleIndexes({ selection: { ...selection, statements: selection.statements.slice(0, 1) } }),
    );
    expect(part.search).toMatchObject({ timeRatio: expect.any(Number), timeOf: 1 });
    expect(renderIndexMarkdown(part)).toMatch(/workload time x[\d.]+ for 1 of 2 statements \(estimated/);
  });

  it('does not call none worth having where the search was cut off', () => {
    const { selection } = exampleIndexes();
    const cut = { ...selection, chosen: [], complete: false };
    const page = renderIndexMarkdown(toIndexReport(exampleIndexes({ selection: cut, unvalued: [], measured: null })));
    expect(page).toMatch(/None was found before the time ended the search: whether any is worth having is unknown/);
  });

  it('reads well in a terminal', () => {
    expect(renderIndexes(report, { columns: 80, colour: false })).toMatchInlineSnapshot(`
      "test  PostgreSQL 18
      2 statements, 4,800 calls, 2.08 min measured in the lab; at most 8.00 MB more.
      Of 31 candidates 2 were chosen, 4.39 MB: workload time x0.009 (estimated, 57
      planner calls); by the objective nothing more than 0.500 % better can be made of
      them.
      Measured: 1 of 2 were kept, 1.00 MB as built. The statements that they bear on,
      1 of 2: 2.00 min -> 280 ms, 3,200,000 -> 16,000 blocks, weighted by calls; by
      what was measured no better set can be made of the indexes that were built.
      Only what is not kept bears on 1 of 2 statements; by weight, as measured before:
      "trips by driver" 4.50 s.
      The target was read only: 130 statements, 400 ms (measured).

      Indexes
      create      Create btree index on public.customers ((lower("mail")))
                  for "log-in"; alone 52.0 %, in the set 51.0 % of the objective
                  (estimated)
                  1.00 MB as built (977 kB estimated), built in 88.0 ms, writes cost
                  at least 4.20 ms and 80.0 kB of WAL more, 7 HOT updates lost
                  measured: without it the statements take 1.83 min more and touch
                  900,000 blocks more

      Not kept
      refuted     Create btree index on public.trip ("driver", "started")
                  measured: trips by driver 5.63 ms -> 7.02 ms with it

      Objective against storage (estimated: planner costs, mostly their logarithms, b…
       budget     used  indexes  objective
      1.91 MB   977 kB        1     48.0 %  ##############
      8.00 MB  4.39 MB        2     37.0 %  ###########

      skipped statement fn: no values for its parameters

      Files in /out
      "
    `);
  });

  it.each([40, 80, 120])('keeps within %s columns', (columns) => {
    const lines = renderIndexes(report, { columns, colour: true }).split('\n');
    expect(lines.filter((line) => displayWidth(line) > columns)).toEqual([]);
  });

  it('shows the curve and lower bounds, and escapes what strangers wrote', () => {
    const hostile = exampleIndexes({ command: 'index <script>alert(1)</script>' });
    const page = renderIndexHtml(toIndexReport(hostile));
    expect(page).toContain('<path d="M48.0 12.0');
    expect(page).toContain('&#62; 30.0 ms');
    expect(page).not.toContain('<script>');
    expect(renderIndexMarkdown(report)).toContain('> 30.0 ms');
  });

  it('says what it means to use less than nothing', () => {
    const note = /Used is less than nothing/;
    const less = { ...report, curve: report.curve.map((point) => ({ ...point, usedBytes: -8192 })) };
    for (const render of [
      renderIndexMarkdown,
      (one: typeof report) => renderIndexes(one, { columns: 80, colour: false }),
    ]) {
      expect(render(less)).toMatch(note);
      expect(render(report)).not.toMatch(note);
    }
  });

  it('says of a kept index what it was measured to be for, by calls', () => {
    const { measured, snapshot } = exampleIndexes();
    const effect = (statement: string, without: number, after: number): IndexEffect => {
      const of = (ms: number): IndexEffect['with'] => ({ ms, buffers: ms * 10 });
      return { statement, without: of(without), with: of(after) };
    };
    const effects = [effect('trips by driver', 9, 1), effect('log-in', 30, 0.07), effect('no statement of it', 1, 2)];
    const kept = (measured?.kept ?? []).map((one) => ({ ...one, effects }));
    const told = toIndexReport(exampleIndexes({ snapshot, measured: { ...measured, kept } as never }));
    const [mail] = told.indexes;
    expect(mail?.measured?.serves.map((one) => one.name)).toEqual(['log-in', 'trips by driver']);
    expect(renderIndexes(told, { columns: 200, colour: false })).toContain(
      'for "log-in" 30.0 ms -> 0.070 ms, "trips by driver" 9.00 ms -> 1.00 ms (measured)',
    );
    const unsure = toIndexReport(
      exampleIndexes({ measured: { ...measured, kept: kept.map((one) => ({ ...one, assumed: 1 })) } as never }),
    );
    expect(renderIndexMarkdown(unsure)).toContain('(measured, or of other plans of theirs)');
  });

  it('names what touches more blocks, and does not fill a terminal with what was refused', () => {
    const { measured, selection } = exampleIndexes();
    const rows = measured?.perStatement.map((row) => ({ ...row, beforeBuffers: 10, afterBuffers: 25 }));
    const more = toIndexReport(exampleIndexes({ measured: { ...measured, perStatement: rows } as never }));
    expect(measuredSentence(more)).toContain('(1 of them touch more blocks than before: "log-in" 10 -> 25)');
    const [, driver] = selection.chosen;
    const many = Array.from({ length: 25 }, (_, n) => ({ ...driver, spec: { ...DRIVER, name: `trip_${n}` } }));
    const chosen = [...selection.chosen, ...many] as typeof selection.chosen;
    const text = renderIndexes(toIndexReport(exampleIndexes({ selection: { ...selection, chosen } })), {
      columns: 80,
      colour: false,
    });
    expect(text).toContain('and 16 more: indexes.md');
  });

  it('writes SQL for what is kept alone, the other way round for the way back', () => {
    const [up, down] = indexSqlFiles(report);
    expect(up?.content).toContain(`CREATE INDEX CONCURRENTLY "${MAIL.name}"`);
    expect(up?.content).not.toContain(DRIVER.name);
    expect(down?.content).toContain(`DROP INDEX CONCURRENTLY IF EXISTS "public"."${MAIL.name}"`);
    const none = indexSqlFiles(toIndexReport(exampleIndexes({ measured: null })));
    expect(none[0]?.content).toContain('Nothing: no index was measured.');
    const refused = indexSqlFiles({ ...report, indexes: [] });
    expect(refused.slice(0, 2).map((file) => file.content)).toEqual(
      Array(2).fill(expect.stringContaining('Nothing: measurement confirmed no index.')),
    );
  });

  it('analyses a table once, after the last of its indexes on expressions', () => {
    const [first, second] = report.indexes;
    if (!first || !second) throw new Error('there are two indexes');
    const analysing = (one: typeof first, table: string): typeof first => {
      return { ...one, decision: 'create', action: { ...one.action, up: [...one.action.up, `ANALYZE ${table}`] } };
    };
    const up = (indexes: readonly (typeof first)[]): string =>
      indexSqlFiles({ ...report, indexes: [...indexes] })[0]?.content ?? '';
    const same = up([analysing(first, '"t"'), analysing(second, '"t"')]);
    expect(same.match(/ANALYZE "t";/g)).toHaveLength(1);
    expect(same.indexOf('ANALYZE')).toBeGreaterThan(same.indexOf(DRIVER.name));
    expect(up([analysing(first, '"t"'), analysing(second, '"u"')]).match(/ANALYZE/g)).toHaveLength(2);
  });

  it('keeps a line break in a name inside the comment', () => {
    const [first] = report.indexes;
    const named = { ...report, indexes: [{ ...first, title: 'x\nDROP TABLE customers; --' }] } as typeof report;
    expect(indexSqlFiles(named)[0]?.content).not.toMatch(/^DROP TABLE/m);
  });
});

function aFinding(advisor: string, place: string, actions: readonly Action[]): Finding {
  const evidence = [{ what: 'size', value: 8192, unit: 'bytes', provenance: 'measured', source: 'pg_relation_size' }];
  return { advisor, place, actions, evidence, title: `${place}.`, severity: 'info', statements: [] } as never;
}

function anAction(title: string, sql: string, index: IndexSpec | null): Action {
  const kind = index === null ? 'drop-index' : 'create-index';
  return { kind, title, up: [sql], down: [], lock: '', transactional: false, tables: [], index, rewrite: null };
}
