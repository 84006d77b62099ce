import { fit, page, wrap } from '../text/columns.js';
import { differenceOfLines } from '../text/line-difference.js';
import { paintFor, type Paint, type TextOptions } from '../text/paint.js';
import { oneLine } from '../words.js';
import type { DifferenceReport } from './difference-report.js';

type Change = DifferenceReport['changes'][number];
type Detail = Change['details'][number];

/** What differs between two schemas, and how to get from one to the other, for a terminal. No line is wider than `columns`. */
export function renderDifference(report: DifferenceReport, options: TextOptions): string {
  const paint = paintFor(options.colour);
  const notCompared = report.notCompared.flatMap(({ what, reason }) =>
    wrap(`not compared: ${oneLine(what)}: ${oneLine(reason)}`, options.columns, '  ').map(paint.dim),
  );
  if (report.second === null) {
    const saved = `${report.first.objects} objects of ${report.first.name} are in ${report.saved ?? ''}.`;
    return page([wrap(oneLine(saved), options.columns), notCompared], options.columns);
  }
  const own = report.changes.filter(({ within }) => within === null);
  return page(
    [
      heading(report, own, options, paint),
      own.flatMap((change) => changeLines(change, report.changes, options, paint)),
      wayLines(report, options, paint),
      unwrittenLines(report, options, paint),
      notCompared,
    ],
    options.columns,
  );
}

function heading(
  report: DifferenceReport,
  own: readonly Change[],
  { columns }: TextOptions,
  paint: Paint,
): readonly string[] {
  const [first, second] = [report.first, report.second].map((side) => oneLine(side?.name ?? ''));
  const majors = [report.first, report.second].map((side) => Math.floor((side?.serverVersion ?? 0) / 10_000));
  const count = (change: Change['change']): number => own.filter((one) => one.change === change).length;
  const total =
    own.length === 0
      ? 'No difference.'
      : `${count('gone')} gone, ${count('changed')} changed, ${count('new')} new in the second.`;
  const other =
    majors[0] === majors[1] || own.length === 0
      ? []
      : wrap(`PostgreSQL ${majors[0]} and ${majors[1]} may write the same definition differently.`, columns).map(
          paint.dim,
        );
  return [...wrap(`${first} -> ${second}`, columns, '  ').map(paint.bold), ...wrap(total, columns), ...other];
}

const SIGNS = { gone: '-', changed: '~', new: '+' } as const;

function changeLines(
  change: Change,
  all: readonly Change[],
  { columns }: TextOptions,
  paint: Paint,
): readonly string[] {
  const colour = { gone: paint.bad, changed: paint.warn, new: paint.good }[change.change];
  const title = `${change.kind} ${oneLine(change.name)}`;
  const indented = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => fit(`    ${oneLine(line)}`, columns));
  const rename =
    change.possibleRename === null
      ? []
      : wrap(`possible rename: ${oneLine(change.possibleRename)} is defined the same`, columns - 4).map(
          (line) => `    ${line}`,
        );
  if (change.change !== 'changed') {
    const rest = withWords(change, all);
    const [definition] = change.details;
    const text = definition?.to ?? definition?.from ?? '';
    const short = change.kind === 'column' || change.kind === 'privileges' ? `: ${oneLine(text)}` : '';
    return [
      ...wrap(`${SIGNS[change.change]} ${title}${short}${rest}`, columns, '    ').map(colour),
      ...rename.map(paint.dim),
    ];
  }
  const short = change.details.filter(isShort);
  const words = short
    .map(({ what, from, to }) => `${what} ${oneLine(from ?? 'none')} -> ${oneLine(to ?? 'none')}`)
    .join('; ');
  const long = change.details.filter((one) => !isShort(one));
  return [
    ...wrap(`~ ${title}${words === '' ? '' : `: ${words}`}`, columns, '    ').map(colour),
    ...long.flatMap(({ from, to }) => indented(differingLines(from ?? '', to ?? ''))).map(paint.dim),
  ];
}

/** What goes or comes with a table is counted; the JSON document lists it. */
function withWords({ kind, name }: Change, all: readonly Change[]): string {
  const holder = `${kind} ${name}`;
  const counts = new Map<string, number>();
  for (const one of all) if (one.within === holder) counts.set(one.kind, (counts.get(one.kind) ?? 0) + 1);
  const words = [...counts].map(([what, count]) => `${count} ${what}`);
  return words.length === 0 ? '' : ` (with ${words.join(', ')})`;
}

function isShort({ from, to, what }: Detail): boolean {
  const lines = [from, to].map((text) => text ?? '');
  return what !== 'definition' || lines.every((text) => text.length <= 60 && !text.includes('\n'));
}

function differingLines(from: string, to: string): readonly string[] {
  return differenceOfLines(from.split('\n'), to.split('\n')).filter((line) => !line.startsWith(' '));
}

function wayLines(report: DifferenceReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const statements = [...report.up.before, ...report.up.statements];
  const back = [...report.down.before, ...report.down.statements];
  if (statements.length === 0 && back.length === 0) return [];
  const losses = statements.filter(({ loses }) => loses !== null).length;
  const lost = losses === 0 ? '' : `, ${losses} of which ${losses === 1 ? 'destroys' : 'destroy'} data`;
  const head = `To the second: ${statements.length} ${statements.length === 1 ? 'statement' : 'statements'}${lost}; and back: ${back.length}.`;
  if (report.files.length > 0)
    return [
      ...wrap(head, columns),
      ...report.files.flatMap((file) => wrap(oneLine(file), columns - 2).map((line) => `  ${line}`)),
    ];
  return [
    ...wrap(`${head} Both with --out, or --json.`, columns),
    ...statements.flatMap(({ sql, loses }) => [
      ...(loses === null ? [] : wrap(`destroys ${oneLine(loses)}:`, columns - 2).map((line) => paint.bad(`  ${line}`))),
      ...`${sql};`.split('\n').flatMap((line) => sqlLines(line, columns).map(paint.dim)),
    ]),
  ];
}

/** Keeps what a line is indented by. */
function sqlLines(line: string, columns: number): readonly string[] {
  const lead = ' '.repeat(Math.min(20, 2 + line.search(/\S|$/)));
  return wrap(oneLine(line), columns - lead.length, '  ').map((part) => `${lead}${part}`);
}

function unwrittenLines({ up, down }: DifferenceReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const lines = (
    words: string,
    list: readonly { readonly what: string; readonly reason: string }[],
  ): readonly string[] =>
    list.flatMap(({ what, reason }) => wrap(`${words}: ${oneLine(what)}. ${reason}`, columns, '  ').map(paint.warn));
  return [...lines('no statement for', up.unwritten), ...lines('no statement back for', down.unwritten)];
}
