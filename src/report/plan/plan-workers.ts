import { formatMs } from '../../base/units.js';
import { table, wrap } from '../text/columns.js';
import type { Paint, TextOptions } from '../text/paint.js';
import { oneLine } from '../words.js';
import type { PlanReport } from './plan-report.js';

type Parallel = NonNullable<PlanReport['parallel']>;

/** What parallel workers do for the statement, measured, and what keeps it from them. */
export function parallelWorkers({ parallel }: PlanReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  if (!parallel) return [];
  const { alone, together, blockers, cores, load } = parallel;
  return [
    paint.bold(
      `Parallel workers (measured on the lab copy, ${coresWords(cores)}${load === null ? '' : `, load ${load.toFixed(1)} before`})`,
    ),
    ...(alone.length === 0 ? [] : aloneTable(alone, columns, paint)),
    ...(together.length === 0 ? [] : ['', ...togetherTable(together, columns, paint)]),
    ...verdict(parallel).flatMap((text) => wrap(text, columns, '  ')),
    ...(blockers ?? []).flatMap(({ what, how, remedy }) => [
      ...wrap(`kept from workers by ${oneLine(what)} (${how})`, columns, '  ').map(paint.warn),
      ...wrap(`-> ${oneLine(remedy)}`, columns - 2, '   ').map((line) => `  ${line}`),
    ]),
    ...(blockers?.length === 0 ? ['What keeps it from workers as it is planned now: unknown.'] : []),
  ];
}

function coresWords(cores: number): string {
  return `${cores} ${cores === 1 ? 'core' : 'cores'}`;
}

function aloneTable(rows: Parallel['alone'], columns: number, paint: Paint): readonly string[] {
  return table(
    [
      { title: 'allowed', align: 'right' },
      { title: 'planned', align: 'right' },
      { title: 'launched', align: 'right' },
      { title: 'median time', align: 'right' },
      { title: 'against none (95 %)', align: 'left' },
    ],
    rows.map(({ workers, planned, launched, medianMs, ratio }) => [
      String(workers),
      String(planned),
      launched.toFixed(1),
      formatMs(medianMs),
      ratio === null ? '' : `x${ratio.ratio.toFixed(2)} (${ratio.ciLow.toFixed(2)}..${ratio.ciHigh.toFixed(2)})`,
    ]),
    columns,
    (text, row) => (row < 0 ? paint.dim(text) : text),
  );
}

function togetherTable(rows: Parallel['together'], columns: number, paint: Paint): readonly string[] {
  return table(
    [
      { title: 'clients at once', align: 'right' },
      { title: 'workers', align: 'right' },
      { title: 'launched', align: 'right' },
      { title: 'a second, twice', align: 'right' },
      { title: 'mean time', align: 'right' },
    ],
    rows.map(({ clients, workers, launched, perSecond, meanMs }) => [
      String(clients),
      String(workers),
      launched.toFixed(1),
      perSecond.map((each) => each.toFixed(2)).join(', '),
      formatMs(meanMs),
    ]),
    columns,
    (text, row) => (row < 0 ? paint.dim(text) : text),
  );
}

function verdict({ alone, together, cores, load }: Parallel): readonly string[] {
  if (alone.length === 0) return [];
  const planned = Math.max(...alone.map((one) => one.planned));
  const allowed = Math.max(...alone.map(({ workers }) => workers));
  const most = Math.max(...alone.map(({ launched }) => launched));
  const notes = [
    ...(load !== null && load > cores
      ? [`The machine was busy before (load ${load.toFixed(1)}): run it again when it is not.`]
      : []),
    ...(planned > 0 && planned < allowed
      ? [
          `The planner takes ${planned} at most: the size of a table decides that. ALTER TABLE ... SET (parallel_workers = n) overrides it.`,
        ]
      : []),
    ...(most + 1 > cores
      ? [
          `${Math.ceil(most)} workers and their leader are more processes than this machine has cores: such times say nothing of a machine that has them.`,
        ]
      : []),
  ];
  const best = together.find(({ workers }) => workers > 0)?.workers;
  if (best === undefined)
    return [most === 0 ? 'No worker came at any number.' : 'Workers win nothing for this statement here.', ...notes];
  const counts = [...new Set(together.map(({ clients }) => clients))];
  return [
    `Alone it is fastest with ${best} allowed.`,
    ...counts.map((clients) => togetherWords(together, clients, best)),
    ...notes,
  ];
}

/** Two windows of each, around one another: only where both say the same it is more than noise. */
function togetherWords(together: Parallel['together'], clients: number, best: number): string {
  const at = (workers: number): readonly number[] =>
    together.find((one) => one.clients === clients && one.workers === workers)?.perSecond ?? [];
  const without = at(0);
  const ratios = at(best).map((each, window) => each / (without[window] ?? Number.NaN));
  const shown = ratios.map((ratio) => `x${ratio.toFixed(2)}`).join(' and ');
  const said = ratios.every((ratio) => ratio > 1)
    ? 'workers still win'
    : ratios.every((ratio) => ratio < 1)
      ? 'workers lose'
      : 'no difference that is more than noise';
  return `${clients} clients at once: ${said} (${shown} as many statements a second, two windows).`;
}
