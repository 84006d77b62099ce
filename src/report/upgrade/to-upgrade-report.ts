import type { Coverage, Skipped } from '../../model/coverage.js';
import type { Settings } from '../../model/settings.js';
import type { Target } from '../../model/target.js';
import type { WorkloadStatement } from '../../model/workload.js';
import { describeChanges, NOTABLE } from '../../plans/difference.js';
import type { PlanView } from '../../plans/view.js';
import { toCoverage, toTarget } from '../schema-parts.js';
import type { UpgradeReport } from './upgrade-report.js';

/** A plan, or why there is none. */
type Form = { readonly view: PlanView } | { readonly refused: string };

/** How one version plans the workload: a form for each parameter set, by fingerprint. */
interface Version {
  readonly major: number;
  readonly plans: ReadonlyMap<string, readonly Form[]>;
  readonly defaults: readonly { readonly name: string; readonly value: string | null; readonly category: string }[];
  readonly skipped: readonly Skipped[];
}

/** What the preview of an upgrade is made of. */
export interface UpgradeFacts {
  readonly tool: UpgradeReport['tool'];
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly target: Target;
  readonly settings: Settings;
  readonly statements: readonly WorkloadStatement[];
  /** The target's own plans, by fingerprint; absent where it did not plan. */
  readonly own: ReadonlyMap<string, PlanView>;
  /** The version of the target. */
  readonly current: Version;
  readonly newer: readonly Version[];
  /** Versions that could not be had. */
  readonly missing: readonly number[];
  readonly coverage: Coverage;
  readonly overhead: UpgradeReport['overhead'];
}

/** Holds each newer version's plans against those of the target's version. */
export function toUpgradeReport(facts: UpgradeFacts): UpgradeReport {
  const { current, newer } = facts;
  const totalMs = facts.statements.reduce((sum, { totalMs: ms }) => sum + (ms ?? 0), 0);
  const plannable = facts.statements.filter(({ fingerprint }) => viewsOf(current, fingerprint).length > 0);
  const statements = plannable
    .map((statement) => toRow(statement, facts, totalMs))
    .toSorted((a, b) => Number(isTouched(b)) - Number(isTouched(a)) || (b.share ?? 0) - (a.share ?? 0));
  const counted = (major: number, outcome: string): number =>
    statements.filter(({ versions }) => versions.some((one) => one.major === major && one.outcome === outcome)).length;
  const versions = newer.map((version) => ({
    major: version.major,
    planned: true,
    changed: counted(version.major, 'changed'),
    recosted: counted(version.major, 'recosted'),
    refused: counted(version.major, 'refused'),
    notLoaded: version.skipped.filter((row) => !current.skipped.some(({ what }) => what === row.what)),
    ...settingsOf(version, current, facts.settings),
  }));
  const unplanned = facts.missing.map((major) => ({
    major,
    planned: false,
    changed: 0,
    recosted: 0,
    refused: 0,
    notLoaded: [],
    defaults: [],
    removed: [],
  }));
  return {
    tool: facts.tool,
    startedAt: facts.startedAt,
    finishedAt: facts.finishedAt,
    target: toTarget(facts.target),
    provenance: 'estimated',
    statements,
    versions: [...versions, ...unplanned].toSorted((a, b) => a.major - b.major),
    coverage: toCoverage({
      examined: facts.coverage.examined,
      skipped: [
        ...facts.coverage.skipped,
        ...current.skipped.map((row) => ({ ...row, what: `on PostgreSQL ${current.major} and newer: ${row.what}` })),
        ...facts.statements.flatMap((statement) => unplannable(statement, current)),
      ],
    }),
    overhead: facts.overhead,
  };
}

type Row = UpgradeReport['statements'][number];

function isTouched({ versions }: Row): boolean {
  return versions.some(({ outcome }) => outcome !== 'same');
}

function toRow(statement: WorkloadStatement, { current, newer, own }: UpgradeFacts, totalMs: number): Row {
  const { fingerprint, name, calls } = statement;
  const before = viewsOf(current, fingerprint);
  const [shown] = before;
  const target = own.get(fingerprint);
  return {
    fingerprint,
    name,
    calls,
    share: statement.totalMs === null || totalMs <= 0 ? null : statement.totalMs / totalMs,
    likeTarget: target && shown ? describeChanges(target, shown).length === 0 : null,
    parameterSets: before.length,
    versions: newer.map((version) => compare(version.major, before, version.plans.get(fingerprint) ?? [])),
  };
}

function compare(major: number, before: readonly PlanView[], forms: readonly Form[]): Row['versions'][number] {
  const refused = forms.find((form) => 'refused' in form);
  const same = { major, outcome: 'same' as const, changedSets: 0, words: [], refused: null };
  if (refused)
    return { ...same, outcome: 'refused', costBefore: costOf(before[0]), costAfter: null, refused: refused.refused };
  const pairs = forms.flatMap((form, position) => {
    const was = before[position];
    return was && 'view' in form ? [{ was, is: form.view, words: describeChanges(was, form.view) }] : [];
  });
  const changed = pairs.filter(({ words }) => words.length > 0);
  const recosted = pairs.filter(({ was, is }) => isRecosted(costOf(was), costOf(is)));
  const [shown = pairs[0]] = [...changed, ...recosted];
  return {
    ...same,
    outcome: changed.length > 0 ? 'changed' : recosted.length > 0 ? 'recosted' : 'same',
    changedSets: changed.length,
    words: [...(changed[0]?.words ?? [])],
    costBefore: costOf(shown?.was),
    costAfter: costOf(shown?.is),
  };
}

/** Skip scans, for one, show in nothing but the cost before the statement is run. */
function isRecosted(before: number | null, after: number | null): boolean {
  if (before === null || after === null || before <= 0 || after <= 0) return false;
  return Math.max(before / after, after / before) >= NOTABLE;
}

/** None where one of the forms can not be planned: it could not be compared. */
function viewsOf(version: Version, fingerprint: string): readonly PlanView[] {
  const forms = version.plans.get(fingerprint) ?? [];
  const views = forms.flatMap((form) => ('view' in form ? [form.view] : []));
  return views.length === forms.length ? views : [];
}

function costOf(view: PlanView | undefined): number | null {
  return view?.root.node.estimate?.totalCost ?? null;
}

/** A switch that became a list, as log_connections did with 18, is off where the list is empty. */
function inForce(value: string | null): string {
  return value === null || value === '' ? 'off' : value;
}

function settingsOf(
  version: Version,
  current: Version,
  settings: Settings,
): Pick<UpgradeReport['versions'][number], 'defaults' | 'removed'> {
  const now = new Map(version.defaults.map((one) => [one.name, one]));
  const isDefault = new Map(settings.map(({ name, source }) => [name, source === 'default']));
  return {
    defaults: current.defaults.flatMap(({ name, value, category }) => {
      const after = now.get(name);
      if (!after || inForce(after.value) === inForce(value)) return [];
      return [{ name, category, before: value, after: after.value, applies: isDefault.get(name) === true }];
    }),
    removed: current.defaults.flatMap(({ name }) => (!now.has(name) && isDefault.get(name) === false ? [name] : [])),
  };
}

function unplannable(statement: WorkloadStatement, current: Version): readonly Skipped[] {
  const refused = (current.plans.get(statement.fingerprint) ?? []).find((form) => 'refused' in form);
  if (!refused) return [];
  const reason = `a clone of the target's own version can not plan it: ${refused.refused}`;
  return [{ what: `statement ${statement.name}`, reason, remedy: null }];
}
