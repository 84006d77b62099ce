import { formatCount, formatMs } from '../../base/units.js';
import { wrap } from '../text/columns.js';
import type { Paint, TextOptions } from '../text/paint.js';
import { evidenceValue, oneLine } from '../words.js';
import type { WorkloadReport } from './workload-report.js';

type Finding = WorkloadReport['application'][number];

/** Findings that a terminal shows; `--json` has all. */
const SHOWN = 12;

/** How programs use the database, a block for each finding. */
export function application(
  { application: found }: WorkloadReport,
  { columns }: TextOptions,
  paint: Paint,
): readonly (readonly string[])[] {
  if (found.length === 0) return [];
  const more = found.length - SHOWN;
  return [
    [paint.bold('How programs use the database')],
    ...found.slice(0, SHOWN).map((finding) => block(finding, columns, paint)),
    ...(more > 0 ? [[paint.dim(`  and ${formatCount(more)} more; --json has all`)]] : []),
  ];
}

function block(finding: Finding, columns: number, paint: Paint): readonly string[] {
  const colour = finding.severity === 'info' ? (text: string) => text : paint.warn;
  const lines = (text: string): readonly string[] => wrap(oneLine(text), columns - 2, '  ').map((line) => `  ${line}`);
  return [
    ...wrap(`${finding.severity}: ${oneLine(finding.title)}`, columns, '  ').map(colour),
    ...lines(
      `${formatCount(finding.count)} ${finding.count === 1 ? finding.counted.replace(/^(\w+)s\b/, '$1') : finding.counted}, ` +
        (finding.timeMs === null
          ? `time ${finding.timeIs.replace(/^(?!unknown)/, 'unknown ')}`
          : `${formatMs(finding.timeMs)} ${finding.timeIs}`),
    ).map(paint.dim),
    ...lines(
      finding.evidence
        .map((fact) => `${fact.what}: ${evidenceValue(fact)}${fact.provenance === 'estimated' ? ' (estimated)' : ''}`)
        .join('; '),
    ).map(paint.dim),
    ...(finding.sources.length > 0 ? lines(`from ${finding.sources.join(', ')}`).map(paint.dim) : []),
    ...lines(finding.change),
    ...(finding.sql === null ? [] : lines(finding.sql)),
    ...lines(`${finding.pattern}; e.g. line ${finding.line} of the log`).map(paint.dim),
  ];
}
