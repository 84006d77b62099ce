import { createHash } from 'node:crypto';
import { asWizardError } from '../base/errors.js';
import { groupBy } from '../base/group.js';
import { quoteLiteral } from '../base/quote.js';
import type { Ledger, LedgerEntry } from '../kernel/ports.js';
import type { Baseline } from '../kernel/run.js';
import type { OpenLab } from '../lab/open-lab.js';
import type { LabPlan } from '../lab/trial/lab-plan.js';
import { planCase } from '../lab/trial/planned.js';
import { indexesOf, placeOf } from '../model/catalog.js';
import type { Skipped } from '../model/coverage.js';
import type {
  ChangedPlan,
  ObservedSetting,
  ObservedStatement,
  ObservedTable,
  PlanChanges,
  PlanRecord,
} from '../model/plan-history.js';
import { settingValue } from '../model/settings.js';
import type { Snapshot } from '../model/snapshot.js';
import { changedSettings, settle, suspects } from '../plans/changed-plans.js';
import type { OldSettingsTried, Suspect } from '../plans/changed-plans.js';
import { readPlannerSettings } from '../postgres/clone/planner-settings.js';
import type { Session } from '../postgres/session.js';

/** A run whose plans go into the ledger. */
export interface PlanHistoryOptions {
  readonly lab: Pick<OpenLab, 'planned' | 'withAccepted'>;
  readonly ledger: Ledger;
  readonly run: string;
  /** The target's label: only plans of the same target are compared. */
  readonly target: string;
  /** The state that was measured, with the target's history. */
  readonly examine: () => Promise<Snapshot>;
}

/** The plans of this run against the last one's; `changes` is null where there is none to compare with. */
export interface PlanHistory {
  readonly changes: PlanChanges | null;
  readonly skipped: readonly Skipped[];
}

/**
 * Writes the plans of the unchanged target into the ledger and holds them against the last ones there. The cause of a change is looked
 * for in what both runs recorded; settings are set back in the lab to see. Throws `run/interrupted`; anything else is told in `skipped`.
 */
export async function followPlans(options: PlanHistoryOptions, baseline: Baseline): Promise<PlanHistory> {
  const earlier = options.ledger.entries().findLast((entry) => isOf(entry, options.target));
  try {
    const record = await recordOf(options, baseline);
    const changes = earlier ? await compare(options.lab, earlier.record, record) : null;
    await options.ledger.append({
      type: 'plans',
      at: record.at,
      run: options.run,
      target: options.target,
      record,
    });
    return { changes, skipped: [] };
  } catch (thrown) {
    const error = asWizardError(thrown);
    if (error.code === 'run/interrupted') throw error;
    const what = 'plans against those of the last run';
    return { changes: null, skipped: [{ what, reason: error.message, remedy: null }] };
  }
}

type PlansEntry = Extract<LedgerEntry, { readonly type: 'plans' }>;

function isOf(entry: LedgerEntry, target: string): entry is PlansEntry {
  return entry.type === 'plans' && entry.target === target;
}

async function recordOf({ lab, examine }: PlanHistoryOptions, { summary, noise }: Baseline): Promise<PlanRecord> {
  const snapshot = await examine();
  const settings = await lab.withAccepted(readPlannerSettings);
  const plans = groupBy(lab.planned(), ({ fingerprint }) => fingerprint);
  const touched = new Set(lab.planned().flatMap(({ relations }) => [...relations]));
  return {
    at: new Date().toISOString(),
    serverVersion: settingValue(snapshot.settings, 'server_version') ?? 'unknown',
    settings: settings.map(({ name, value }) => ({
      name,
      value,
      shown: settingValue(snapshot.settings, name) ?? value,
    })),
    noiseLogRatio: noise.timeLogRatio,
    tables: tablesOf(snapshot, touched),
    statements: summary.perStatement.map((row) => ({
      fingerprint: row.fingerprint,
      name: row.name,
      ...plansOf(plans.get(row.fingerprint) ?? []),
    })),
  };
}

function plansOf(plans: readonly LabPlan[]): Pick<ObservedStatement, 'plans' | 'tables'> {
  return {
    plans: plans.map(({ parameterClass, values, shape, ms, buffers, timedOutMs }) => ({
      parameterClass,
      values: hashOf(values),
      shape,
      ms,
      buffers,
      cutOff: timedOutMs !== null,
    })),
    tables: [...new Set(plans.flatMap(({ relations }) => [...relations]))].toSorted(),
  };
}

function tablesOf({ catalog, statistics }: Snapshot, touched: ReadonlySet<string>): readonly ObservedTable[] {
  const columns = groupBy(statistics.columns, ({ table }) => placeOf(table));
  return catalog.tables
    .filter((table) => touched.has(placeOf(table)))
    .map((table) => ({
      name: placeOf(table),
      rows: table.rowsEstimated,
      pages: table.pages,
      lastAnalyze: table.activity?.lastAnalyze ?? null,
      statistics: hashOf(columns.get(placeOf(table)) ?? []),
      indexes: indexesOf(catalog, table).map(({ name, definition }) => ({ name, definition })),
    }));
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}

async function compare(lab: PlanHistoryOptions['lab'], before: PlanRecord, now: PlanRecord): Promise<PlanChanges> {
  const { compared, suspects: found } = suspects(before, now);
  const old = changedSettings(before, now);
  const changes: ChangedPlan[] = [];
  for (const suspect of found) {
    const sql = lab.planned().find((plan) => isPlanOf(plan, suspect))?.sql;
    if (sql === undefined || old.length === 0) changes.push(settle(suspect, [], null));
    else {
      const { alone, together } = await lab.withAccepted((session) => setBack(session, { sql, old, suspect }));
      changes.push(settle(suspect, alone, together));
    }
  }
  return { since: before.at, compared, changes };
}

function isPlanOf(plan: LabPlan, suspect: Suspect): boolean {
  return plan.fingerprint === suspect.fingerprint && hashOf(plan.values) === suspect.values;
}

interface OldSettings {
  readonly sql: string;
  readonly old: readonly ObservedSetting[];
  readonly suspect: Suspect;
}

/** Plans the statement with each setting as it was, then with all of them. What the server refuses to set was not tried. */
async function setBack(
  session: Session,
  { sql, old, suspect }: OldSettings,
): Promise<{ readonly alone: readonly OldSettingsTried[]; readonly together: boolean | null }> {
  const returns = async (settings: readonly ObservedSetting[]): Promise<boolean | null> => {
    await session.run('BEGIN');
    try {
      for (const { name, value } of settings) {
        // A search path is a list of identifiers, all others are one value.
        const written = name === 'search_path' ? value : quoteLiteral(value);
        await session.run(`SET LOCAL ${name} TO ${written}`);
      }
      return (await planCase(session, { sql, settings: '' })).shape === suspect.planBefore;
    } catch (thrown) {
      if (asWizardError(thrown).sqlstate === undefined) throw thrown;
      return null;
    } finally {
      await session.run('ROLLBACK');
    }
  };
  const alone: OldSettingsTried[] = [];
  for (const setting of old) {
    const bringsBack = await returns([setting]);
    if (bringsBack !== null) alone.push({ name: setting.name, bringsBack });
  }
  const together = old.length === 1 ? (alone[0]?.bringsBack ?? null) : await returns(old);
  return { alone, together };
}
