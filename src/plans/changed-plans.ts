import { formatCount } from '../base/units.js';
import type {
  ChangedPlan,
  ObservedPlan,
  ObservedSetting,
  ObservedStatement,
  ObservedTable,
  PlanDifference,
  PlanRecord,
} from '../model/plan-history.js';

/** A statement with another plan than before, its cause still to be settled. */
export interface Suspect extends Omit<ChangedPlan, 'cause'> {
  /** Which set of values, by its hash in the record of now. */
  readonly values: string;
}

/** Whether the old plan comes back with settings as they were: by itself each, or only all at once. */
export interface OldSettingsTried {
  readonly name: string;
  readonly bringsBack: boolean;
}

/** PostgreSQL's own `autovacuum_analyze_scale_factor`: from a tenth on a table is worth new statistics. */
const SIZE_CHANGE = 1.1;
/** A change of time that is told at all; the kernel's tolerance of a regression (`regressionTolerance`). */
const TIME_CHANGE = 1.15;

/** Statements that both records hold and whose plan differs, and how many both hold. Of sets of values the same are compared where there are such, else the same class. */
export function suspects(
  before: PlanRecord,
  now: PlanRecord,
): { readonly compared: number; readonly suspects: readonly Suspect[] } {
  const earlier = new Map(before.statements.map((statement) => [statement.fingerprint, statement]));
  let compared = 0;
  const found = now.statements.flatMap((statement) => {
    const old = earlier.get(statement.fingerprint);
    const pairs = old ? comparable(old, statement) : [];
    if (!old || pairs.length === 0) return [];
    compared += 1;
    const [changed] = pairs
      .filter(([was, is]) => was.shape !== is.shape)
      .toSorted(([a, b], [c, d]) => d.ms * a.ms - b.ms * c.ms);
    return changed ? [toSuspect({ before, now, old, statement }, changed)] : [];
  });
  return { compared, suspects: found };
}

/** Settings that differ between two records and that both know, with their values of then. */
export function changedSettings(before: PlanRecord, now: PlanRecord): readonly ObservedSetting[] {
  const current = new Map(now.settings.map((setting) => [setting.name, setting.value]));
  return before.settings.filter(({ name, value }) => current.has(name) && current.get(name) !== value);
}

/**
 * Names the cause as far as it can be shown. `tried` holds each setting that differs, alone; `allTogether` whether the old plan comes
 * back with all of them as they were, null where that was not tried. A setting that was tried and changed nothing is no candidate.
 */
export function settle(suspect: Suspect, tried: readonly OldSettingsTried[], allTogether: boolean | null): ChangedPlan {
  const { values: _values, ...rest } = suspect;
  return { ...rest, cause: causeOf(suspect, tried, allTogether) };
}

function causeOf(
  { differences, planBefore, planNow }: Suspect,
  tried: readonly OldSettingsTried[],
  allTogether: boolean | null,
): ChangedPlan['cause'] {
  const direct = differences.filter(
    ({ kind, on }) =>
      (kind === 'index-gone' && (uses(planBefore, on) || uses(planNow, on))) ||
      (kind === 'index-new' && uses(planNow, on)),
  );
  if (direct.length > 0) return { certainty: 'shown', says: joined(direct) };
  const settings = differences.filter(({ kind }) => kind === 'setting');
  const back = settings.filter(({ on }) => tried.some((one) => one.name === on && one.bringsBack));
  if (back.length > 0)
    return { certainty: 'shown', says: `${joined(back)}; set back, the old plan returns in the lab` };
  if (allTogether === true)
    return { certainty: 'shown', says: `${joined(settings)}; all set back, the old plan returns in the lab` };
  const ruledOut = allTogether === false ? settings.length : 0;
  const open = differences.filter(({ kind }) => kind !== 'setting' || allTogether === null);
  const aside = ruledOut > 0 ? `; settings that differ were set back, and the old plan did not return` : '';
  if (open.length === 0) return { certainty: 'unknown', says: `nothing that was recorded explains it${aside}` };
  if (open.length === 1)
    return { certainty: 'likely', says: `${joined(open)}; nothing else that was recorded differs${aside}` };
  return { certainty: 'open', says: `one or more of: ${joined(open)}${aside}` };
}

function joined(differences: readonly PlanDifference[]): string {
  return differences.map(({ says }) => says).join('; ');
}

/** Whether a shape names the index: see `planShape`. */
function uses(shape: string, index: string): boolean {
  const at = `:${index}`;
  for (let from = shape.indexOf(at); from !== -1; from = shape.indexOf(at, from + 1)) {
    const next = shape.charAt(from + at.length);
    if (next === '' || '@(),'.includes(next)) return true;
  }
  return false;
}

type PlanPair = readonly [was: ObservedPlan, is: ObservedPlan];

function comparable(old: ObservedStatement, statement: ObservedStatement): readonly PlanPair[] {
  const pairsBy = (same: (a: ObservedPlan, b: ObservedPlan) => boolean): readonly PlanPair[] =>
    statement.plans.flatMap((is) => {
      const was = old.plans.find((one) => same(one, is));
      return was ? [[was, is] as const] : [];
    });
  const sameValues = pairsBy((a, b) => a.values === b.values);
  return sameValues.length > 0 ? sameValues : pairsBy((a, b) => a.parameterClass === b.parameterClass);
}

interface Compared {
  readonly before: PlanRecord;
  readonly now: PlanRecord;
  readonly old: ObservedStatement;
  readonly statement: ObservedStatement;
}

function toSuspect(compared: Compared, [was, is]: PlanPair): Suspect {
  const { before, now, statement } = compared;
  return {
    fingerprint: statement.fingerprint,
    name: statement.name,
    parameterClass: is.parameterClass,
    values: is.values,
    planBefore: was.shape,
    planNow: is.shape,
    beforeMs: was.ms,
    nowMs: is.ms,
    beforeBuffers: was.buffers,
    nowBuffers: is.buffers,
    time: timeChange(was, is, before.noiseLogRatio + now.noiseLogRatio),
    differences: [
      ...(was.values === is.values
        ? []
        : [{ kind: 'values' as const, on: statement.name, says: 'it was run with other values' }]),
      ...serverDifferences(before, now),
      ...tableDifferences(compared),
    ],
  };
}

function timeChange(was: ObservedPlan, is: ObservedPlan, noise: number): ChangedPlan['time'] {
  if (was.cutOff || is.cutOff || was.ms <= 0 || is.ms <= 0) return 'unknown';
  const change = Math.log(is.ms / was.ms);
  if (Math.abs(change) <= Math.max(noise, Math.log(TIME_CHANGE))) return 'same';
  return change > 0 ? 'slower' : 'faster';
}

function serverDifferences(before: PlanRecord, now: PlanRecord): readonly PlanDifference[] {
  const shown = new Map(now.settings.map((setting) => [setting.name, setting.shown]));
  return [
    ...(before.serverVersion === now.serverVersion
      ? []
      : [
          {
            kind: 'server-version' as const,
            on: 'server_version',
            says: `the lab's server was ${before.serverVersion} and is ${now.serverVersion}`,
          },
        ]),
    ...changedSettings(before, now).map(({ name, shown: was }) => ({
      kind: 'setting' as const,
      on: name,
      says: `${name} was ${was} and is ${shown.get(name) ?? 'unknown'}`,
    })),
  ];
}

function tableDifferences({ before, now, old, statement }: Compared): readonly PlanDifference[] {
  const names = new Set([...old.tables, ...statement.tables]);
  return now.tables
    .filter(({ name }) => names.has(name))
    .flatMap((table) => {
      const was = before.tables.find((one) => one.name === table.name);
      return was ? differencesOf(was, table) : [];
    });
}

function differencesOf(was: ObservedTable, is: ObservedTable): readonly PlanDifference[] {
  return [...indexDifferences(was, is), ...statisticsDifferences(was, is), ...sizeDifferences(was, is)];
}

function indexDifferences(was: ObservedTable, is: ObservedTable): readonly PlanDifference[] {
  const missing = (from: ObservedTable, of: ObservedTable): ObservedTable['indexes'] =>
    of.indexes.filter(
      (index) => !from.indexes.some(({ name, definition }) => name === index.name && definition === index.definition),
    );
  const named = (table: ObservedTable, name: string): boolean => table.indexes.some((one) => one.name === name);
  return [
    ...missing(is, was).map(({ name }) => ({
      kind: 'index-gone' as const,
      on: name,
      says: `index ${name} on ${was.name} ${named(is, name) ? 'has another definition' : 'is gone'}`,
    })),
    ...missing(was, is)
      .filter(({ name }) => !named(was, name))
      .map(({ name }) => ({ kind: 'index-new' as const, on: name, says: `index ${name} on ${is.name} is new` })),
  ];
}

function statisticsDifferences(was: ObservedTable, is: ObservedTable): readonly PlanDifference[] {
  if (was.statistics === is.statistics) return [];
  const analyzed =
    is.lastAnalyze !== null && is.lastAnalyze !== was.lastAnalyze ? ` (analysed ${is.lastAnalyze.slice(0, 16)})` : '';
  return [{ kind: 'statistics', on: is.name, says: `the column statistics of ${is.name} changed${analyzed}` }];
}

function sizeDifferences(was: ObservedTable, is: ObservedTable): readonly PlanDifference[] {
  const said = [change('rows', was.rows, is.rows), change('pages', was.pages, is.pages)].filter((one) => one !== null);
  return said.length === 0 ? [] : [{ kind: 'size', on: is.name, says: `${is.name}: ${said.join(', ')}` }];
}

/** Null below a tenth, and where one of them is not known. */
function change(unit: string, was: number | null, is: number | null): string | null {
  if (was === null || is === null) return null;
  const [least, most] = [Math.min(was, is), Math.max(was, is)];
  return most < least * SIZE_CHANGE || most === least
    ? null
    : `${formatCount(was)} ${unit} before, ${formatCount(is)} now`;
}
