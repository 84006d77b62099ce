import { skippedSentences } from '../text/skipped.js';
import { capital } from '../../base/words.js';
import { formatCount, formatPercent } from '../../base/units.js';
import { page, wrap } from '../text/columns.js';
import { paintFor } from '../text/paint.js';
import type { Paint, TextOptions } from '../text/paint.js';
import { evidenceValue, oneLine, placeWords, readOnlyWords } from '../words.js';
import type { PlanReport, PlansReport } from './plan-report.js';
import { planTable } from './plan-table.js';
import { bar } from './plan-bar.js';
import { parallelWorkers } from './plan-workers.js';
import { amountWords, schemaSteps, summaryWords, trialWords, wrongEstimateWords } from './plan-words.js';

/** A plan for a terminal, and those behind it, each under its number. No line is wider than `columns`. */
export function renderPlan(report: PlansReport, options: TextOptions): string {
  const { further = [], ...first } = report;
  const all = [first, ...further];
  return all
    .map((one, i) => {
      const next = all[i + 1];
      // What no plan of the text can tell is said once, under the last.
      const saysUnknown = JSON.stringify(one.coverage.skipped) !== JSON.stringify(next?.coverage.skipped);
      return renderOne(one, all.length === 1 ? 'Plan' : `Plan ${i + 1} of ${all.length}`, saysUnknown, options);
    })
    .join('\n');
}

function renderOne(report: PlanReport, name: string, saysUnknown: boolean, options: TextOptions): string {
  const paint = paintFor(options.colour);
  return page(
    [
      head(report, name, options, paint),
      planTable(report, options, paint),
      causes(report, options, paint),
      wrongEstimate(report, options, paint),
      findings(report, options, paint),
      advice(report, options, paint),
      parallelWorkers(report, options, paint),
      difference(report, options, paint),
      foundIn(report, options, paint),
      saysUnknown ? unknown(report, options, paint) : [],
    ],
    options.columns,
  );
}

function head(report: PlanReport, name: string, { columns }: TextOptions, paint: Paint): readonly string[] {
  const { target, overhead, query } = report;
  return [
    paint.bold(target === null ? name : `${name}  ${oneLine(target.label)}  PostgreSQL ${target.major}`),
    ...wrap(capital(summaryWords(report)), columns),
    ...(query === null ? [] : wrap(oneLine(query), columns, '  ').slice(0, QUERY_LINES).map(paint.dim)),
    ...(overhead === null ? [] : wrap(readOnlyWords(overhead), columns).map(paint.dim)),
  ];
}

/** The reader knows the statement: a reminder is enough. */
const QUERY_LINES = 3;

function causes({ timeByCause }: PlanReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (!timeByCause || timeByCause.total <= 0) return [];
  const { unit, provenance, causes: rows } = timeByCause;
  const title = { ms: 'Time by cause', blocks: 'Blocks by cause', cost: 'Cost by cause' }[unit];
  const width = columns >= 100 ? 20 : 10;
  const shown = rows.filter(({ share }) => share >= 0.01);
  const lines = shown.flatMap(({ cause, amount, share, nodes }) => {
    const before = `${bar(share, width)} ${formatPercent(share).padStart(7)}  `;
    const said = wrap(`${cause}, ${amountWords(amount, unit)}${nodesWords(nodes)}`, columns - before.length);
    return said.map((text, position) => `${position === 0 ? before : ' '.repeat(before.length)}${text}`);
  });
  return [
    paint.bold(`${title} (${provenance})`),
    ...lines,
    ...(shown.length < rows.length ? [paint.dim(`${' '.repeat(width + 10)}the rest is under 1 % each`)] : []),
  ];
}

function nodesWords(nodes: readonly number[]): string {
  if (nodes.length === 0) return '';
  return ` (node${nodes.length === 1 ? '' : 's'} ${nodes.slice(0, 4).join(', ')}${nodes.length > 4 ? ', ...' : ''})`;
}

function wrongEstimate(report: PlanReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const text = wrongEstimateWords(report);
  return text === null ? [] : [paint.bold('The first wrong estimate'), ...wrap(capital(oneLine(text)), columns)];
}

function findings({ findings: rows, plan }: PlanReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (rows.length === 0)
    return [paint.bold('Findings'), ...wrap(plan.ran ? 'None.' : 'None that a plan shows without being run.', columns)];
  return [
    paint.bold(`Findings (${rows.length})`),
    ...rows.flatMap((row) => {
      const colour = row.severity === 'info' ? paint.dim : paint.warn;
      const where = row.node === null ? '' : ` at node ${row.node}`;
      const share = row.share === null || row.node === null ? '' : `, ${formatPercent(row.share)} of the statement`;
      return [
        ...wrap(`${row.severity.padEnd(8)} ${row.id}${where}${share}`, columns).map(colour),
        ...wrap(oneLine(row.title), columns - 2).map((line) => `  ${line}`),
        ...row.evidence
          .flatMap((fact) =>
            wrap(`${oneLine(fact.what)}: ${oneLine(evidenceValue(fact))} (${fact.provenance})`, columns - 4, '  '),
          )
          .map((line) => paint.dim(`    ${line}`)),
        ...wrap(`-> ${oneLine(row.remedy)}`, columns - 2, '   ').map((line) => `  ${line}`),
      ];
    }),
  ];
}

function advice({ advice: rows }: PlanReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (rows.length === 0) return [];
  return [
    paint.bold(`Advice (${rows.length})`),
    ...rows.flatMap((row) => {
      const cost =
        row.cost?.before === null || row.cost?.before === undefined || row.cost.after === null
          ? []
          : [`cost ${formatCount(row.cost.before)} -> ${formatCount(row.cost.after)} (estimated)`];
      const tried =
        row.trial === null ? `untried: ${row.untried ?? 'unknown'}` : `tried on the lab copy: ${trialWords(row.trial)}`;
      return [
        ...wrap(`${row.kind}: ${oneLine(row.title)}`, columns, '  ').map(
          row.trial?.verdict === 'improved' ? paint.good : (text) => text,
        ),
        ...[
          ...row.why,
          ...pairedWith(row),
          ...cost,
          ...row.missing.map((fact) => `not proved: ${fact}`),
          tried,
          ...rewriteWords(row),
        ]
          .flatMap((text) => wrap(oneLine(text), columns - 4, '  '))
          .map((line) => paint.dim(`    ${line}`)),
        ...[
          ...schemaSteps(row).flatMap((sql) => wrap(`${oneLine(sql)};`, columns - 4, '  ')),
          ...(row.rewrite?.difference ?? []).flatMap((line) =>
            line.length <= columns - 4 ? [line] : wrap(line, columns - 4, '     '),
          ),
        ].map((line) => `    ${line}`),
      ];
    }),
  ];
}

/** What a rewrite with indexes is held against. */
function pairedWith(row: PlanReport['advice'][number]): readonly string[] {
  if (row.rewrite === null || schemaSteps(row).length === 0) return [];
  return row.evidence.map((fact) => `${fact.what}: ${evidenceValue(fact)} (${fact.provenance})`);
}

function rewriteWords({ rewrite }: PlanReport['advice'][number]): readonly string[] {
  if (rewrite === null) return [];
  const { holdsFor, planDifference, patch } = rewrite;
  return [
    `holds for ${holdsFor}`,
    ...planDifference.map((text) => `plan on the copy: ${text}`),
    ...(patch === null
      ? []
      : [patch.text === null ? `no patch: ${patch.reason}` : 'a patch for the program: in --json and --html']),
  ];
}

function foundIn({ foundIn: places }: PlanReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (places.length === 0) return [];
  return [paint.bold('Where it comes from'), ...places.flatMap((place) => wrap(placeWords(place), columns, '  '))];
}

function difference({ difference: found }: PlanReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (!found) return [];
  return [
    paint.bold(`Compared with ${oneLine(found.against)} (before: that one)`),
    ...found.words.flatMap((text) => wrap(oneLine(text), columns, '  ')),
  ];
}

function unknown({ coverage }: PlanReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (coverage.skipped.length === 0) return [];
  return [
    paint.bold('What it can not know'),
    ...skippedSentences(coverage.skipped).flatMap((text) => wrap(text, columns, '  ').map(paint.dim)),
  ];
}
