import { createHash } from 'node:crypto';
import { formatBytes } from '../base/units.js';
import { sentText } from '../model/action.js';
import type { Action, Rewrite } from '../model/action.js';
import type { Finding } from '../model/finding.js';
import type { Hypothesis, Prediction, Risk } from '../model/hypothesis.js';
import type { WorkloadSummary } from '../model/measurement.js';
import type { Snapshot } from '../model/snapshot.js';
import type { LoopWhatIf } from '../model/what-if.js';
import type { WorkloadStatement } from '../model/workload.js';
import { boundTexts } from '../sql/parameters.js';

/** What the predictions are made from: the accepted state and what was last measured of it. */
export interface HypothesisBasis {
  readonly snapshot: Snapshot;
  readonly measured: WorkloadSummary;
  readonly whatIf: LoopWhatIf | null;
}

/**
 * One hypothesis per finding and action, each with a prediction and a risk; not yet ranked.
 * Two advisors that ask for the same change give one hypothesis, the first.
 */
export async function hypothesise(
  basis: HypothesisBasis,
  findings: readonly Finding[],
): Promise<readonly Hypothesis[]> {
  const hypotheses: Hypothesis[] = [];
  const seen = new Set<string>();
  for (const finding of findings) {
    for (const action of finding.actions) {
      const change = changeKey(action);
      if (seen.has(change)) continue;
      seen.add(change);
      hypotheses.push({
        id: hypothesisId(finding, action),
        advisor: finding.advisor,
        title: action.title,
        finding,
        action,
        prediction: await predict(basis, finding, action),
        risk: assessRisk(action, basis.snapshot),
      });
    }
  }
  return hypotheses;
}

/** A hash of the advisor, the place and the change: the same in every run. */
export function hypothesisId(finding: Pick<Finding, 'advisor' | 'place'>, action: Action): string {
  return createHash('sha256')
    .update(`${finding.advisor}\n${finding.place}\n${changeKey(action)}`)
    .digest('hex')
    .slice(0, 16);
}

/** The change itself, without the name of a new index: two actions with the same key do the same. */
function changeKey(action: Action): string {
  if (action.rewrite) return `rewrite ${action.rewrite.fingerprint} ${sentText(action.rewrite)}`;
  if (action.index) {
    const { table, method, unique, keys, include, where } = action.index;
    return JSON.stringify([
      'create-index',
      table.schema,
      table.name,
      method,
      unique,
      keys,
      include,
      where,
      action.index.with,
    ]);
  }
  return action.up.join(';\n');
}

async function predict(basis: HypothesisBasis, finding: Finding, action: Action): Promise<Prediction> {
  if (action.kind === 'create-index' && action.index && basis.whatIf) {
    const size = await basis.whatIf.size(action.index);
    if (size.refused !== undefined) return unknownPrediction(size.refused, null);
    const ratios = await costRatios(basis, { add: [action.index], drop: [] });
    return fromRatios(basis.measured, ratios, size.sizeBytes);
  }
  if (action.kind === 'drop-index') {
    const dropped = basis.snapshot.catalog.indexes.find((index) => finding.place === `${index.schema}.${index.name}`);
    const bytes = dropped ? -dropped.sizeBytes : null;
    if (!basis.whatIf || !dropped) return unknownPrediction('no what-if engine for this change', bytes);
    const ratios = await costRatios(basis, { add: [], drop: [`${dropped.schema}.${dropped.name}`] });
    return fromRatios(basis.measured, ratios, bytes);
  }
  if (action.kind === 'reindex') {
    const rebuild = basis.snapshot.rebuilds.find(({ index }) => finding.place === `${index.schema}.${index.name}`);
    const bytes = rebuild ? rebuild.rebuiltBytes - rebuild.sizeBytes : null;
    return unknownPrediction('the same index built anew, against its size on the target', bytes);
  }
  if (action.rewrite && !action.rewrite.hint && basis.whatIf) return predictRewrite(basis, action.rewrite);
  return unknownPrediction('the planner can not foresee this change; only the trial can tell', null);
}

/** The planner's cost of the new text against that of the one in use, with the same values. */
async function predictRewrite({ snapshot, measured, whatIf }: HypothesisBasis, rewrite: Rewrite): Promise<Prediction> {
  const statement = snapshot.workload.statements.find(({ fingerprint }) => fingerprint === rewrite.fingerprint);
  const before = statement && whatIf ? await costAsWritten(whatIf, statement) : null;
  const after = (statement && (await whatIf?.costOf(boundTexts(rewrite.to, statement.parameterSets)))) ?? null;
  if (!before || after === null) return unknownPrediction('the planner could not plan the new text', null);
  return fromRatios(measured, new Map([[rewrite.fingerprint, after / before]]), null);
}

/** Known already, unless what runs inside functions was planned with it, which is no part of its text. */
async function costAsWritten(
  whatIf: LoopWhatIf,
  { fingerprint, sql, parameterSets, inside }: WorkloadStatement,
): Promise<number | null> {
  if (inside !== undefined) return whatIf.costOf(boundTexts(sql, parameterSets));
  const [known] = await whatIf.cost([fingerprint], { add: [], drop: [] });
  return known?.cost ?? null;
}

async function costRatios(
  basis: HypothesisBasis,
  change: Parameters<LoopWhatIf['cost']>[1],
): Promise<ReadonlyMap<string, number>> {
  const { whatIf } = basis;
  const ratios = new Map<string, number>();
  if (!whatIf) return ratios;
  const fingerprints = basis.measured.perStatement.map((statement) => statement.fingerprint);
  const before = await whatIf.cost(fingerprints, { add: [], drop: [] });
  const after = await whatIf.cost(fingerprints, change);
  for (const [position, cost] of after.entries()) {
    const earlier = before[position]?.cost;
    if (cost.cost === null || !earlier) continue;
    ratios.set(cost.fingerprint, cost.cost / earlier);
  }
  return ratios;
}

function fromRatios(
  measured: WorkloadSummary,
  ratios: ReadonlyMap<string, number>,
  storageBytes: number | null,
): Prediction {
  let before = 0;
  let after = 0;
  let touchedBefore = 0;
  let touchedAfter = 0;
  for (const statement of measured.perStatement) {
    const totalMs = statement.meanMs * statement.calls;
    const ratio = ratios.get(statement.fingerprint) ?? 1;
    before += totalMs;
    after += totalMs * ratio;
    if (Math.abs(ratio - 1) > 1e-6) {
      touchedBefore += totalMs;
      touchedAfter += totalMs * ratio;
    }
  }
  const workloadRatio = before > 0 ? after / before : null;
  return {
    workloadRatio,
    statementRatio: touchedBefore > 0 ? touchedAfter / touchedBefore : null,
    throughputRatio: workloadRatio === null || workloadRatio === 0 ? null : 1 / workloadRatio,
    storageBytes,
    basis: 'what-if planner cost times the measured time of each statement',
    provenance: 'estimated',
  };
}

function unknownPrediction(basis: string, storageBytes: number | null): Prediction {
  return {
    workloadRatio: null,
    statementRatio: null,
    throughputRatio: null,
    storageBytes,
    basis,
    provenance: storageBytes === null ? 'unknown' : 'estimated',
  };
}

function assessRisk(action: Action, snapshot: Snapshot): Risk {
  const none = 'none: no stored value changes';
  switch (action.kind) {
    case 'create-index':
      return {
        level: 'low',
        behaviour: 'plans may change; writes to the table cost more',
        data: none,
        downtimeMs: 0,
        effortWeeks: 0,
      };
    case 'drop-index':
      return {
        level: 'medium',
        behaviour: 'a query outside the observed workload may lose its plan',
        data: none,
        downtimeMs: 0,
        effortWeeks: 0,
      };
    case 'reindex':
      return {
        level: 'low',
        behaviour: 'none: the index finds the same rows; the build needs disk for a second copy of it, and I/O',
        data: none,
        downtimeMs: 0,
        effortWeeks: 0,
      };
    case 'analyze':
    case 'create-statistics':
    case 'column-statistics':
      return { level: 'low', behaviour: 'plans may change', data: none, downtimeMs: 0, effortWeeks: 0 };
    case 'setting':
      return {
        level: 'medium',
        behaviour: 'plans and memory use of every session may change',
        data: none,
        downtimeMs: 0,
        effortWeeks: 0,
      };
    case 'hint':
      return {
        level: 'medium',
        behaviour:
          'the application must be changed and released; when the data change, the plan that the hint forbids may be the better one',
        data: none,
        downtimeMs: 0,
        effortWeeks: 0.2,
      };
    case 'rewrite':
      return {
        level: 'medium',
        behaviour: 'the application must be changed and released',
        data: none,
        downtimeMs: 0,
        effortWeeks: 0.2,
      };
    case 'constraint':
      return {
        level: 'medium',
        behaviour: 'writes that break the constraint will fail',
        data: none,
        downtimeMs: 0,
        effortWeeks: 0.2,
      };
    case 'alter-column-type': {
      const bytes = touchedBytes(action, snapshot);
      return {
        level: 'high',
        behaviour: `rewrites ${formatBytes(bytes)} under ACCESS EXCLUSIVE: readers and writers wait`,
        data: 'every stored value is converted, and the revert fails once a value no longer fits the old type',
        // 50 MB/s is a slow disk's rewrite with its indexes; the trial replaces it with a measured time.
        downtimeMs: (bytes / (50 * 1024 * 1024)) * 1000,
        effortWeeks: 1,
      };
    }
  }
}

function touchedBytes(action: Action, snapshot: Snapshot): number {
  const names = new Set(action.tables.map((table) => `${table.schema}.${table.name}`));
  const tables = snapshot.catalog.tables.filter((table) => names.has(`${table.schema}.${table.name}`));
  return tables.reduce((sum, table) => sum + table.sizeBytes, 0);
}
