import { formatMs } from '../../base/units.js';
import { displayWidth, fit, pad } from '../text/columns.js';
import type { Paint, TextOptions } from '../text/paint.js';
import { oneLine } from '../words.js';
import { bar } from './plan-bar.js';
import type { PlanReport } from './plan-report.js';
import { compact, estimateWords } from './plan-words.js';

type ReportedNode = PlanReport['plan']['nodes'][number];

interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: 'left' | 'right';
  readonly text: (node: ReportedNode) => string;
  readonly colour?: (text: string, node: ReportedNode) => string;
}

/** The least that a node's name keeps of a line, however deep it lies. */
const LEAST_NAME = 16;

/** The plan as a tree with its figures before it: time, rows, how far the estimate was off, blocks. */
export function planTable({ plan }: PlanReport, { columns }: TextOptions, paint: Paint): readonly string[] {
  const wide = columns >= 100;
  const list = columnsOf(plan, wide, paint);
  const before = list.reduce((sum, { width }) => sum + width + 1, 0);
  const room = Math.max(LEAST_NAME, columns - before);
  const step = wide ? 2 : 1;
  const line = (node: ReportedNode): string => {
    const cells = list.map((column) => {
      const cell = pad(fit(column.text(node), column.width), column.width, column.align);
      return column.colour ? column.colour(cell, node) : cell;
    });
    const indent = Math.min(node.depth * step, Math.max(0, room - LEAST_NAME));
    const name = `${node.subplan === null ? '' : `${oneLine(node.subplan)}: `}${oneLine(node.label)}`;
    const text = fit(`${' '.repeat(indent)}${name}`, room);
    return `${cells.join(' ')} ${(node.loops ?? 1) === 0 ? paint.dim(text) : text}`.trimEnd();
  };
  const title = [...list.map(({ title, width, align }) => pad(fit(title, width), width, align)), 'node'].join(' ');
  return [paint.dim(displayWidth(title) <= columns ? title : fit(title, columns)), ...plan.nodes.map(line)];
}

function columnsOf(plan: PlanReport['plan'], wide: boolean, paint: Paint): readonly Column[] {
  const most = Math.max(1, ...plan.nodes.map(({ selfBlocks }) => selfBlocks ?? 0));
  const heat = (text: string, { share }: ReportedNode): string =>
    (share ?? 0) >= 0.3 ? paint.bad(text) : (share ?? 0) >= 0.1 ? paint.warn(text) : text;
  const id: Column = { title: '#', width: 3, align: 'right', text: (node) => String(node.id) };
  const share = (width: number): Column => ({
    title: '',
    width,
    align: 'left',
    text: (node) => bar(node.share, width),
    colour: heat,
  });
  if (!plan.ran) {
    return [
      id,
      { title: 'cost', width: 7, align: 'right', text: (node) => compact(node.cost) },
      share(wide ? 12 : 6),
      { title: 'rows', width: 7, align: 'right', text: (node) => compact(node.estimatedRows) },
    ];
  }
  const time: readonly Column[] = plan.timed
    ? [
        {
          title: 'self',
          width: 8,
          align: 'right',
          text: (node) => (node.loops === 0 ? 'never' : formatMs(node.selfMs)),
        },
        share(wide ? 12 : 6),
      ]
    : [];
  const blocks: readonly Column[] = plan.hasBuffers
    ? [
        { title: 'blocks', width: 6, align: 'right', text: (node) => compact(node.selfBlocks) },
        {
          title: '',
          width: wide ? 8 : 4,
          align: 'left',
          text: (node) => bar((node.selfBlocks ?? 0) / most, wide ? 8 : 4),
        },
      ]
    : [];
  return [
    id,
    ...time,
    { title: 'rows', width: 6, align: 'right', text: (node) => (node.loops === 0 ? '-' : compact(node.rows)) },
    {
      title: 'estimate',
      width: wide ? 10 : 9,
      align: 'right',
      text: estimateWords,
      colour: (text, node) => ((node.estimateFactor ?? 1) >= 10 ? paint.bad(text) : paint.dim(text)),
    },
    ...blocks,
  ];
}
