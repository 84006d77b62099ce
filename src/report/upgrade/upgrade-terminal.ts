import { skippedSentences } from '../text/skipped.js';
import { formatCount, formatCounted, formatPercent } from '../../base/units.js';
import { page, table, wrap } from '../text/columns.js';
import { paintFor } from '../text/paint.js';
import type { Paint, TextOptions } from '../text/paint.js';
import { oneLine, readOnlyWords } from '../words.js';
import type { UpgradeReport } from './upgrade-report.js';

type Row = UpgradeReport['statements'][number];
type Outcome = Row['versions'][number];

/** The preview of an upgrade for a terminal. No line is wider than `columns`. */
export function renderUpgrade(report: UpgradeReport, options: TextOptions): string {
  const paint = paintFor(options.colour);
  return page(
    [
      head(report, options, paint),
      overview(report, options, paint),
      refused(report, options, paint),
      changed(report, options, paint),
      recosted(report, options, paint),
      notLoaded(report, options, paint),
      settings(report, options, paint),
      skipped(report, options, paint),
    ],
    options.columns,
  );
}

function head(report: UpgradeReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const { target, overhead, versions } = report;
  const last = versions.at(-1)?.major ?? target.major;
  const untouched = report.statements.filter((row) =>
    row.versions.every(({ outcome }) => outcome === 'same' || outcome === 'recosted'),
  ).length;
  return [
    paint.bold(`Upgrade preview  ${oneLine(target.label)}  PostgreSQL ${target.major} to ${last}`),
    ...wrap(
      `${formatCounted(report.statements.length, 'statement')} were planned on clones of the target's statistics; ${formatCount(untouched)} keep their plan on every version. ` +
        'Plans and costs are estimated. Nothing was run: whether a changed plan is faster or slower is unknown.',
      columns,
    ),
    ...wrap(readOnlyWords(overhead), columns).map(paint.dim),
  ];
}

function overview({ versions }: UpgradeReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const figure = (planned: boolean, value: number): string => (planned ? formatCount(value) : 'unknown');
  return table(
    [
      { title: 'version', align: 'left' },
      { title: 'plans changed', align: 'right' },
      { title: 'cost only', align: 'right' },
      { title: 'refused', align: 'right' },
      { title: 'not loaded', align: 'right' },
      { title: 'defaults changed', align: 'right' },
    ],
    versions.map((version) => [
      String(version.major),
      figure(version.planned, version.changed),
      figure(version.planned, version.recosted),
      figure(version.planned, version.refused),
      figure(version.planned, version.notLoaded.length),
      figure(version.planned, version.defaults.filter(({ applies }) => applies).length),
    ]),
    columns,
    (text, row) => (row < 0 ? paint.dim(text) : text),
  );
}

function refused(report: UpgradeReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const rows = report.statements.flatMap((row) => {
    const groups = grouped(row.versions, 'refused', ({ refused: reason }) => reason ?? '');
    return groups.flatMap(({ majors, one }) => [
      ...wrap(`${majors}: ${oneLine(row.name)}${weight(row)}`, columns, '  ').map(paint.bad),
      ...wrap(oneLine(one.refused ?? ''), columns - 2).map((line) => `  ${line}`),
    ]);
  });
  return rows.length === 0 ? [] : [paint.bold('Statements that a newer version refuses'), ...rows];
}

function changed(report: UpgradeReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const rows = report.statements.flatMap((row) => {
    const groups = grouped(row.versions, 'changed', ({ words }) => words.join(' '));
    return groups.flatMap(({ majors, one }) => [
      ...wrap(`${majors}: ${oneLine(row.name)}${weight(row)}`, columns, '  ').map(paint.warn),
      ...one.words.flatMap((text) => wrap(oneLine(text), columns - 2, '  ')).map((line) => `  ${line}`),
      ...wrap(costWords(one, row), columns - 2)
        .map((line) => `  ${line}`)
        .map(paint.dim),
      ...(row.likeTarget === false
        ? wrap(
            "The clone of the target's own version does not plan it as the target does: take this with caution.",
            columns - 2,
          )
            .map((line) => `  ${line}`)
            .map(paint.dim)
        : []),
    ]);
  });
  return [paint.bold('Plans that change'), ...(rows.length === 0 ? ['None.'] : rows)];
}

/** The same nodes at another cost: a search of an index that skips is one. */
function recosted(report: UpgradeReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const rows = report.statements.flatMap((row) => {
    const groups = grouped(row.versions, 'recosted', ({ costAfter }) => String(costAfter));
    return groups.flatMap(({ majors, one }) =>
      wrap(
        `${majors}: ${oneLine(row.name)}${weight(row)}: cost ${formatCount(one.costBefore)} -> ${formatCount(one.costAfter)} (estimated)`,
        columns,
        '  ',
      ),
    );
  });
  return rows.length === 0
    ? []
    : [
        paint.bold('The same plan at another cost'),
        ...wrap(
          'The planner of the newer version takes these nodes for cheaper or dearer by a factor of 2 or more, as where it skips through an index.',
          columns,
        ).map(paint.dim),
        ...rows,
      ];
}

function costWords({ costBefore, costAfter, changedSets }: Outcome, { parameterSets }: Row): string {
  const sets = parameterSets > 1 ? `; for ${changedSets} of ${parameterSets} parameter sets, the first is shown` : '';
  return `cost ${formatCount(costBefore)} -> ${formatCount(costAfter)} (estimated)${sets}`;
}

function weight({ share }: Row): string {
  return share === null ? '' : ` (${formatPercent(share)} of the time)`;
}

/** Versions that say the same of a statement, together. */
function grouped(
  versions: readonly Outcome[],
  outcome: Outcome['outcome'],
  key: (one: Outcome) => string,
): readonly { readonly majors: string; readonly one: Outcome }[] {
  const groups = new Map<string, { readonly majors: number[]; readonly one: Outcome }>();
  for (const one of versions.filter((version) => version.outcome === outcome)) {
    const group = groups.get(key(one));
    if (group) group.majors.push(one.major);
    else groups.set(key(one), { majors: [one.major], one });
  }
  return [...groups.values()].map(({ majors, one }) => ({ majors: `PostgreSQL ${majors.join(', ')}`, one }));
}

function notLoaded({ versions }: UpgradeReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const majors = new Map<string, number[]>();
  for (const { major, notLoaded: list } of versions)
    for (const { what, reason } of list) {
      const text = `${oneLine(what)}: ${oneLine(reason)}`;
      majors.set(text, [...(majors.get(text) ?? []), major]);
    }
  if (majors.size === 0) return [];
  return [
    paint.bold('What a newer version could not load'),
    ...wrap('An extension that the lab lacks may be there on your server: see that it is.', columns).map(paint.dim),
    ...[...majors].flatMap(([text, list]) => wrap(`PostgreSQL ${list.join(', ')}: ${text}`, columns, '  ')),
  ];
}

function settings({ versions }: UpgradeReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const last = versions.findLast(({ planned }) => planned);
  if (!last) return [];
  const changedDefaults = last.defaults.filter(({ applies }) => applies);
  const rows = [
    ...last.removed.map(
      (name) => `${name}: set on the target and unknown to ${last.major}; take it out of the configuration first`,
    ),
    ...changedDefaults.map(({ name, before, after }) => `${name}: default ${shown(before)} -> ${shown(after)}`),
  ];
  if (rows.length === 0) return [];
  return [
    paint.bold(`Settings on PostgreSQL ${last.major}`),
    ...wrap('Defaults are those that the target does not set itself; --json has all.', columns).map(paint.dim),
    ...rows.flatMap((text) => wrap(oneLine(text), columns, '  ')),
  ];
}

function shown(value: string | null): string {
  return value === null || value === '' ? "''" : value;
}

function skipped({ coverage }: UpgradeReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (coverage.skipped.length === 0) return [];
  return [
    paint.bold('What it can not know'),
    ...skippedSentences(coverage.skipped).flatMap((text) => wrap(text, columns, '  ').map(paint.dim)),
  ];
}
