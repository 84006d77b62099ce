import { z } from 'zod';
import type { Patch } from '../programs/patch.js';
import type { Action } from '../model/action.js';
import type { Coverage } from '../model/coverage.js';
import type { Finding } from '../model/finding.js';
import type { WorkloadSummary } from '../model/measurement.js';
import type { Target } from '../model/target.js';

/** A number that JSON can hold; null where there is none. */
export const figure = z.number().nullable();

export const toolSchema = z.object({ name: z.string(), version: z.string() });

export const targetSchema = z.object({
  label: z.string().describe('host:port/database, or the folder of the socket; never a password'),
  database: z.string(),
  serverVersionNum: z.number().int().describe('server_version_num, e.g. 150018'),
  major: z.number().int(),
});

export const overheadSchema = z
  .object({ statements: z.number().int().nonnegative(), totalMs: z.number().nonnegative() })
  .describe('What the run itself cost the target: statements sent there and their time. Measured.');

export const evidenceSchema = z.object({
  what: z.string(),
  of: z.string().optional().describe('the statement that it is of, by its name'),
  value: z.union([z.number(), z.string(), z.null()]).describe('null exactly when provenance is unknown'),
  unit: z.string(),
  source: z.string(),
  provenance: z.enum(['measured', 'estimated', 'unknown']),
});

export const placeSchema = z.object({
  file: z.string().describe('relative to the folder that was searched; of a tag as it says'),
  line: figure,
  how: z.enum(['tag', 'text', 'pieces', 'beginning', 'likely call']),
  says: z.string(),
});

export const patchSchema = z
  .object({
    text: z.string().nullable().describe('a unified difference that git apply takes'),
    reason: z.string().nullable().describe('why there is none'),
  })
  .nullable()
  .describe('null where no program text was searched, or the statement stands nowhere in it');

export const actionSchema = z.object({
  kind: z.string(),
  title: z.string(),
  up: z.array(z.string()).describe('SQL in production form, one statement each; empty for a rewrite'),
  down: z.array(z.string()).describe('SQL that reverts it; empty where there is nothing to revert'),
  lock: z.string(),
  transactional: z.boolean(),
  rewrite: z
    .object({
      fingerprint: z.string(),
      rule: z.string(),
      from: z.string(),
      to: z.string(),
      proof: z.array(z.string()),
      hint: z
        .object({
          settings: z.record(z.string(), z.string()),
          form: z.enum(['comment', 'set-local']),
          until: z.string().describe('date after which it wants a new trial'),
        })
        .nullable()
        .describe('settings under which the same text is sent; null for another text'),
    })
    .nullable(),
});

export const findingSchema = z.object({
  advisor: z.string(),
  severity: z.enum(['info', 'warning', 'critical']),
  title: z.string(),
  place: z.string(),
  evidence: z.array(evidenceSchema).min(1),
  statements: z.array(z.string()).describe('fingerprints'),
  actions: z.array(actionSchema),
});

export const skippedSchema = z.object({ what: z.string(), reason: z.string(), remedy: z.string().nullable() });

export const coverageSchema = z.object({
  examined: z.array(z.object({ what: z.string(), count: figure })),
  skipped: z.array(skippedSchema),
});

const statementSummarySchema = z.object({
  fingerprint: z.string(),
  name: z.string(),
  kind: z.string(),
  calls: z.number(),
  meanMs: figure,
  p95Ms: figure,
  planningMs: figure,
  buffers: figure,
  walBytes: figure,
  planShape: z.string(),
  carriedOver: z.boolean().describe('true where nothing that it depends on changed since it was measured'),
  timedOutMs: figure.describe(
    'timeout that an execution ran into: times and counts are then lower bounds; null where all finished',
  ),
});

export const workloadSummarySchema = z
  .object({
    totalMs: figure.describe('sum over statements of mean time x calls'),
    p50Ms: figure,
    p95Ms: figure,
    p99Ms: figure,
    buffers: figure.describe('shared blocks hit and read, and temporary blocks'),
    sharedRead: figure,
    walBytes: figure,
    perStatement: z.array(statementSummarySchema),
    failed: z.array(z.object({ fingerprint: z.string(), name: z.string(), reason: z.string() })),
  })
  .describe('The whole workload, weighted by calls. Measured in the lab.');

export function toPatch(patch: Patch | null): z.infer<typeof patchSchema> {
  if (patch === null) return null;
  return 'patch' in patch ? { text: patch.patch, reason: null } : { text: null, reason: patch.reason };
}

/** A finite number, else null: JSON has no other. */
export function finite(value: number | null | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

export function toTarget(target: Target): z.infer<typeof targetSchema> {
  const { label, database, serverVersionNum, major } = target;
  return { label, database, serverVersionNum, major };
}

export function toAction(action: Action): z.infer<typeof actionSchema> {
  const { kind, title, up, down, lock, transactional, rewrite } = action;
  return {
    kind,
    title,
    up: [...up],
    down: [...down],
    lock,
    transactional,
    rewrite: rewrite && {
      ...rewrite,
      proof: [...rewrite.proof],
      hint: rewrite.hint ? { ...rewrite.hint, settings: { ...rewrite.hint.settings } } : null,
    },
  };
}

export function toFinding(finding: Finding): z.infer<typeof findingSchema> {
  const { advisor, severity, title, place, evidence, statements, actions } = finding;
  return {
    advisor,
    severity,
    title,
    place,
    evidence: evidence.map((fact) => ({
      ...fact,
      value: typeof fact.value === 'number' ? finite(fact.value) : fact.value,
    })),
    statements: [...statements],
    actions: actions.map(toAction),
  };
}

export function toCoverage(coverage: Coverage): z.infer<typeof coverageSchema> {
  return {
    examined: coverage.examined.map(({ what, count }) => ({ what, count: finite(count) })),
    skipped: coverage.skipped.map(({ what, reason, remedy }) => ({ what, reason, remedy })),
  };
}

export function toWorkloadSummary(summary: WorkloadSummary): z.infer<typeof workloadSummarySchema> {
  const { totalMs, p50Ms, p95Ms, p99Ms, buffers, sharedRead, walBytes } = summary;
  return {
    totalMs: finite(totalMs),
    p50Ms: finite(p50Ms),
    p95Ms: finite(p95Ms),
    p99Ms: finite(p99Ms),
    buffers: finite(buffers),
    sharedRead: finite(sharedRead),
    walBytes: finite(walBytes),
    perStatement: summary.perStatement.map((row) => ({
      fingerprint: row.fingerprint,
      name: row.name,
      kind: row.kind,
      calls: row.calls,
      meanMs: finite(row.meanMs),
      p95Ms: finite(row.p95Ms),
      planningMs: finite(row.planningMs),
      buffers: finite(row.buffers),
      walBytes: finite(row.walBytes),
      planShape: row.planShape,
      carriedOver: row.carriedOver,
      timedOutMs: finite(row.timedOutMs),
    })),
    failed: summary.failed.map(({ fingerprint, name, reason }) => ({ fingerprint, name, reason })),
  };
}
