import { z } from 'zod';
import { formatBytes, parseBytes } from '../../base/units.js';
import type { Evidence } from '../../model/finding.js';
import { planNodes, type Plan, type PlanNode } from '../../model/plan.js';
import { settingValue } from '../../model/settings.js';
import type { Snapshot } from '../../model/snapshot.js';
import { databaseSettingActions } from '../actions.js';
import { defineAdvisor } from '../define.js';
import { estimated, measured } from '../evidence.js';
import { powerOfTwoMb } from '../work-memory.js';

const KB = 1024;
const MB = 1024 * KB;

/** Tuples in memory are wider than on disk: measured 1.2 to 2.6 times over six sorts and 1.9 to 2.8 over two hashed aggregates on PostgreSQL 15 and 18, rounded up. */
const MEMORY_PER_DISK_BYTE = 3;

export default defineAdvisor({
  id: 'settings/sort-spills-to-disk',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Statements whose sorts, hashes or materialised rows do not fit `work_mem` and go through temporary files.',
    why: 'Temporary files are written and read again, often several times, where memory would do.',
    limits:
      'Needs plans that were run, or temporary blocks counted by pg_stat_statements. Proposes the power of two that holds every spill of at most `maxWorkMemMb`; greater ones are ' +
      'left to an index or a rewrite. Each node of each session may take that much memory: the trial measures time, not what many sessions take together. ' +
      'Offers no change where a role or the session sets work_mem, as a database default would not reach it.',
    sources: [
      'PostgreSQL manual, "Resource Consumption", work_mem, hash_mem_multiplier',
      'PostgreSQL manual, "EXPLAIN"',
    ],
    bad: `
      CREATE TABLE measurement (id integer PRIMARY KEY, noise text NOT NULL);
      INSERT INTO measurement SELECT n, md5(n::text) FROM generate_series(1, 200000) AS n;
      ANALYZE;`,
    good: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '64MB'); END $$;`,
    workload: ['SELECT id FROM measurement ORDER BY noise, id DESC'],
  },
  options: z.object({ maxWorkMemMb: z.number().int().positive().default(256) }),
  examine(snapshot, { maxWorkMemMb }) {
    const current = parseBytes(settingValue(snapshot.settings, 'work_mem') ?? '');
    if (current === null) return [];
    const spills = snapshot.workload.statements.flatMap((statement) => {
      const plan = snapshot.plans.get(statement.fingerprint);
      const spill =
        plan && wasRun(plan)
          ? spillOf(plan, hashMultiplier(snapshot))
          : blocksSpill(statement.tempBlocks, 'pg_stat_statements, temporary blocks');
      // What spilled needs more than there was, whatever the estimate says.
      return spill === null ? [] : [{ statement, ...spill, neededBytes: Math.max(spill.neededBytes, 2 * current) }];
    });
    const fitting = spills.filter((one) => one.neededBytes <= maxWorkMemMb * MB);
    const largest = Math.max(...fitting.map((one) => one.neededBytes));
    if (fitting.length === 0) return [];
    const proposed = powerOfTwoMb(largest);
    const first = estimated('work_mem that would hold them', proposed * MB, 'bytes', 'size of the spills, see limits');
    return [
      {
        title: `${fitting.length} of ${snapshot.workload.statements.length} statements spill to disk with work_mem at ${formatBytes(current)}.`,
        place: 'work_mem',
        evidence: [
          first,
          measured('work_mem', settingValue(snapshot.settings, 'work_mem'), '', 'pg_settings'),
          measured('max_connections', settingValue(snapshot.settings, 'max_connections'), 'sessions', 'pg_settings'),
          ...fitting.map((one) => spillEvidence(one.statement.name, one)),
        ],
        statements: fitting.map((one) => one.statement.fingerprint),
        actions: databaseSettingActions(snapshot.settings, 'work_mem', `${proposed}MB`),
      },
    ];
  },
});

interface Spill {
  readonly diskBytes: number;
  readonly neededBytes: number;
  readonly source: string;
  readonly provenance: 'measured' | 'estimated';
}

function wasRun(plan: Plan): boolean {
  return plan.root['Actual Rows'] !== undefined;
}

/** The node that needs most, else what the whole plan wrote (a materialised subplan, a CTE); null when nothing spills. */
function spillOf(plan: Plan, multiplier: number): Spill | null {
  const spills = [...planNodes(plan.root)].flatMap((node) => nodeSpill(node, multiplier) ?? []);
  const largest = spills.toSorted((a, b) => b.neededBytes - a.neededBytes)[0];
  return largest ?? blocksSpill(plan.root['Temp Written Blocks'] ?? 0, 'plan, temporary blocks written');
}

function nodeSpill(node: PlanNode, multiplier: number): Spill | null {
  if (node['Sort Space Type'] === 'Disk') {
    const diskBytes = (node['Sort Space Used'] ?? 0) * KB;
    return {
      diskBytes,
      neededBytes: diskBytes * MEMORY_PER_DISK_BYTE,
      source: `plan, ${node['Sort Method'] ?? 'sort'}`,
      provenance: 'measured',
    };
  }
  const batches = node['Hash Batches'] ?? 1;
  if (batches > 1) {
    const wholeBytes = (node['Peak Memory Usage'] ?? 0) * KB * batches;
    return {
      diskBytes: wholeBytes,
      neededBytes: wholeBytes / multiplier,
      source: `plan, hash in ${batches} batches`,
      provenance: 'estimated',
    };
  }
  if ((node['HashAgg Batches'] ?? 0) > 1) {
    const diskBytes = (node['Disk Usage'] ?? 0) * KB;
    const wholeBytes = (node['Peak Memory Usage'] ?? 0) * KB + diskBytes * MEMORY_PER_DISK_BYTE;
    return {
      diskBytes,
      neededBytes: wholeBytes / multiplier,
      source: 'plan, hash aggregate on disk',
      provenance: 'measured',
    };
  }
  return null;
}

/** Where only blocks are known: those of one execution. Null when there are none. */
function blocksSpill(tempBlocks: number | null, source: string): Spill | null {
  if (tempBlocks === null || tempBlocks <= 0) return null;
  const diskBytes = tempBlocks * 8 * KB;
  return { diskBytes, neededBytes: diskBytes * MEMORY_PER_DISK_BYTE, source, provenance: 'measured' };
}

function spillEvidence(name: string, spill: Spill): Evidence {
  const make = spill.provenance === 'measured' ? measured : estimated;
  return make(`temporary space of ${name}`, Math.round(spill.diskBytes), 'bytes', spill.source);
}

function hashMultiplier(snapshot: Snapshot): number {
  const value = Number(settingValue(snapshot.settings, 'hash_mem_multiplier') ?? 1);
  return Number.isFinite(value) && value >= 1 ? value : 1;
}
