import type {
  LatencyQuantiles,
  ObservedExecutions,
  PlannedExecutions,
  Tallied,
  UnusableStatement,
  WorkloadStatement,
} from '../model/workload.js';
import { fingerprintOf, rawFingerprint } from '../sql/fingerprint.js';
import { isTransactionControl, isUtility, readsOnlySystemCatalogs, statementKind } from '../sql/kind.js';
import { nameOf } from '../sql/name.js';
import type { ParsedStatement } from '../sql/parse.js';
import { mergeSketches, sketchError, sketchQuantiles } from '../stats/sketch.js';
import type { Sketch } from '../stats/sketch.js';
import { parameterise } from './parameterise.js';
import { parsedShape } from './shape.js';
import type { PlanFigure, Shape } from './shape.js';
import type { Tally } from './tally.js';

/** Shapes as statements, those that are none told apart. */
export interface Sorted {
  readonly statements: readonly WorkloadStatement[];
  /** With how many executions each had. */
  readonly unusable: readonly (UnusableStatement & { readonly executions: number })[];
  /** Executions of BEGIN, COMMIT and the like, and of statements on system catalogs only. */
  readonly transactions: number;
  readonly catalogOnly: number;
}

/** Takes each shape's tree and makes it a statement of a workload, those of one fingerprint together, heaviest first. Needs `loadParser()`. */
export function sortShapes(shapes: readonly Shape[]): Sorted {
  const groups = new Map<string, Group>();
  const unusable: (UnusableStatement & { executions: number })[] = [];
  let [transactions, catalogOnly] = [0, 0];
  for (const shape of shapes.toSorted((a, b) => b.calls - a.calls)) {
    const parsed = parsedShape(shape);
    if ('reason' in parsed) {
      unusable.push({ name: nameOf(shape.key), sql: shape.key, reason: parsed.reason, executions: shape.calls });
    } else if (shape.calls === 0) {
      const reason = `No execution of it is in the log, only ${shape.errors} that ended in an error.`;
      unusable.push({ name: nameOf(shape.key), sql: shape.key, reason, executions: 0 });
    } else if (isTransactionControl(parsed)) {
      transactions += shape.calls;
    } else if (isUtility(parsed)) {
      const reason = 'Not a query: the planner does not plan it.';
      unusable.push({ name: nameOf(shape.key), sql: shape.key, reason, executions: shape.calls });
    } else if (readsOnlySystemCatalogs(parsed)) {
      catalogOnly += shape.calls;
    } else {
      const raw = rawFingerprint(parsed.sql) ?? '';
      const id = fingerprintOf(parsed, raw);
      const group = groups.get(id);
      if (group) group.shapes.push(shape);
      else groups.set(id, { parsed, raw, shapes: [shape] });
    }
  }
  const statements = [...groups].map(([id, group]) => toStatement(id, group));
  return {
    statements: statements.toSorted((a, b) => (b.totalMs ?? 0) - (a.totalMs ?? 0) || b.calls - a.calls),
    unusable,
    transactions,
    catalogOnly,
  };
}

/** Shapes of one fingerprint. */
interface Group {
  readonly parsed: ParsedStatement;
  /** libpg_query's own. */
  readonly raw: string;
  readonly shapes: Shape[];
}

/** The first shape, the one with most calls, gives text and parameters; all give figures. */
function toStatement(id: string, { parsed, raw, shapes }: Group): WorkloadStatement {
  const [first] = shapes as unknown as readonly [Shape, ...Shape[]];
  const { sql, parameterSets } = parameterise(first, parsed, raw);
  const calls = sum(shapes.map((shape) => shape.calls));
  const sketch = mergeSketches(shapes.map(({ sketch }) => sketch));
  const planned = plannedOf(shapes);
  const whole = planned !== null && planned.executions === calls ? planned : null;
  const total = (figure: PlanFigure): number | null =>
    whole?.[figure] === null || !whole ? null : whole[figure] * calls;
  return {
    fingerprint: id,
    name: nameOf(first.key.replace(/;\s*$/, '')),
    sql,
    kind: statementKind(parsed),
    calls,
    meanMs: sketch.count > 0 ? sketch.sum / sketch.count : null,
    totalMs: sketch.count > 0 ? sketch.sum : null,
    rows: total('rows'),
    sharedHit: total('sharedHit'),
    sharedRead: total('sharedRead'),
    tempBlocks: total('tempBlocks'),
    walBytes: total('walBytes'),
    parameterSets,
    observed: observedOf(shapes, sketch, planned),
  };
}

function observedOf(shapes: readonly Shape[], sketch: Sketch, planned: PlannedExecutions | null): ObservedExecutions {
  const bytes = sum(shapes.map((shape) => shape.temporaryBytes));
  return {
    timed: sketch.count,
    latencyMs: sketch.count > 0 ? quantilesOf(sketch) : null,
    planned,
    errors: sum(shapes.map((shape) => shape.errors)),
    temporaryBytes: bytes > 0 ? bytes : null,
    users: tallied(shapes.map(({ callers }) => callers.of('users'))),
    databases: tallied(shapes.map(({ callers }) => callers.of('databases'))),
    applications: tallied(shapes.map(({ callers }) => callers.of('applications'))),
    sources: tallied(shapes.map(({ callers }) => callers.of('sources'))),
    firstSeen: isoTime(finite(Math.min(...shapes.map(({ firstMs }) => firstMs))), shapes),
    lastSeen: isoTime(finite(Math.max(...shapes.map(({ lastMs }) => lastMs))), shapes),
  };
}

function quantilesOf(sketch: Sketch): LatencyQuantiles {
  const [p50, p95, p99] = sketchQuantiles(sketch, [0.5, 0.95, 0.99]) as [number, number, number];
  return { min: sketch.min, p50, p95, p99, max: sketch.max, relativeError: sketchError(sketch) };
}

function plannedOf(shapes: readonly Shape[]): PlannedExecutions | null {
  const executions = sum(shapes.map((shape) => shape.plans.executions));
  if (executions === 0) return null;
  const mean = (figure: PlanFigure): number | null => {
    const of = sum(shapes.map((shape) => shape.plans.sums[figure].of));
    return of === 0 ? null : sum(shapes.map((shape) => shape.plans.sums[figure].sum)) / of;
  };
  return {
    executions,
    rows: mean('rows'),
    sharedHit: mean('sharedHit'),
    sharedRead: mean('sharedRead'),
    tempBlocks: mean('tempBlocks'),
    walBytes: mean('walBytes'),
  };
}

function tallied(tallies: readonly Tally[]): readonly Tallied[] {
  const all = new Map<string, number>();
  for (const { name, executions } of tallies.flatMap((tally) => tally.counts()))
    all.set(name, (all.get(name) ?? 0) + executions);
  return [...all]
    .map(([name, executions]) => ({ name, executions }))
    .toSorted((a, b) => b.executions - a.executions || (a.name < b.name ? -1 : 1));
}

/** A time of a log; with `Z` only where its zone is UTC. */
export function isoTime(ms: number | null, zones: readonly { readonly utc: boolean }[]): string | null {
  if (ms === null) return null;
  const text = new Date(ms).toISOString();
  return zones.every((one) => one.utc) ? text : text.slice(0, -1);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
