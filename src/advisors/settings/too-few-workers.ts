import { z } from 'zod';
import { formatMs, parseBytes } from '../../base/units.js';
import { lookupTable } from '../../model/catalog.js';
import type { Catalog } from '../../model/catalog.js';
import { planNodes } from '../../model/plan.js';
import type { Plan } from '../../model/plan.js';
import { settingValue } from '../../model/settings.js';
import type { Snapshot } from '../../model/snapshot.js';
import { databaseSettingActions } from '../actions.js';
import { defineAdvisor } from '../define.js';
import { estimated, measured } from '../evidence.js';

const SETTING = 'max_parallel_workers_per_gather';

export default defineAdvisor({
  id: 'settings/too-few-workers',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Slow reads of large tables that have no parallel worker, or all that `max_parallel_workers_per_gather` lets them have, where the size of a table would give them more.',
    why: 'Several processes read a large table in a part of the time, where cores are idle.',
    limits:
      'Needs plans that were run. Silent where something other than the setting keeps workers away: functions that are not parallel safe, writes, cursors, small tables, full pools of workers (`explain --lab` says which). ' +
      'The trial runs one client: with many at once workers take cores from each other, which `explain --lab` measures. On a machine with fewer cores than processes the trial can not show what more cores would do. ' +
      'Offers no change where a role or the session sets it.',
    sources: [
      'PostgreSQL manual, "Parallel Query"',
      'PostgreSQL source, allpaths.c, compute_parallel_worker: a worker more for each threefold size',
    ],
    bad: `
      CREATE TABLE measurement (id integer PRIMARY KEY, noise text NOT NULL);
      INSERT INTO measurement SELECT n, md5(n::text) FROM generate_series(1, 200000) AS n;
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET max_parallel_workers_per_gather = 0', current_database()); END $$;
      ANALYZE;`,
    good: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET max_parallel_workers_per_gather = 2', current_database()); END $$;`,
    workload: [`SELECT count(*) FROM measurement WHERE md5(noise) LIKE '%abcdef%'`],
    contractOptions: { minMs: 0 },
  },
  options: z.object({
    minMs: z.number().nonnegative().default(200),
    maxWorkers: z.number().int().positive().default(4),
    cores: z.number().int().positive().nullable().default(null),
  }),
  examine(snapshot, { minMs, maxWorkers, cores }) {
    const current = Number(settingValue(snapshot.settings, SETTING) ?? Number.NaN);
    const pool = poolOf(snapshot);
    const proposed = Math.min(maxWorkers, pool, current === 0 ? 2 : 2 * current);
    if (!Number.isInteger(current) || proposed <= current) return [];
    const slow = snapshot.workload.statements.flatMap((statement) => {
      const plan = snapshot.plans.get(statement.fingerprint);
      const ms = plan?.executionMs ?? null;
      if (!plan || statement.kind !== 'select' || ms === null || ms < minMs) return [];
      return isLimited(plan, current) && workersBySize(plan, snapshot) > current ? [{ statement, ms }] : [];
    });
    if (slow.length === 0) return [];
    return [
      {
        title: `${slow.length} of ${snapshot.workload.statements.length} statements are slow and have ${current === 0 ? 'no parallel worker' : `all ${current} parallel workers that they may`}, as ${SETTING} is ${current}.`,
        place: SETTING,
        evidence: [
          measured(SETTING, current, 'workers', 'pg_settings'),
          measured('workers that all sessions share', pool, 'workers', 'pg_settings'),
          ...(cores === null
            ? []
            : [measured('cores of the machine of the trial', cores, 'cores', coresSource(cores, proposed))]),
          ...slow.map(({ statement, ms }) =>
            measured(`time of ${statement.name}`, ms, 'ms', `plan, run in ${formatMs(ms)}`),
          ),
          ...slow.map(({ statement }) =>
            estimated(
              `workers that the size of its tables gives ${statement.name}`,
              workersBySize(snapshot.plans.get(statement.fingerprint) as Plan, snapshot),
              'workers',
              'pg_class.relpages',
            ),
          ),
        ],
        statements: slow.map(({ statement }) => statement.fingerprint),
        actions: databaseSettingActions(snapshot.settings, SETTING, String(proposed)),
      },
    ];
  },
});

function coresSource(cores: number, proposed: number): string {
  return proposed + 1 > cores
    ? `operating system; ${proposed} workers and their leader are more processes than that, so that the trial may show less than a larger machine would`
    : 'operating system';
}

/** What all sessions together can have. */
function poolOf({ settings }: Snapshot): number {
  const sizes = ['max_parallel_workers', 'max_worker_processes'].map((name) =>
    Number(settingValue(settings, name) ?? 0),
  );
  return Math.min(...sizes);
}

/** Whether the setting is what limits the workers. */
function isLimited(plan: Plan, current: number): boolean {
  const gathers = [...planNodes(plan.root)].flatMap((node) => node['Workers Planned'] ?? []);
  return current === 0 ? gathers.length === 0 : gathers.some((planned) => planned >= current);
}

/** Workers that the largest table which is read whole would be given: one from `min_parallel_table_scan_size` on, and one more for each threefold. */
function workersBySize(plan: Plan, { catalog, settings }: Snapshot): number {
  const least = parseBytes(settingValue(settings, 'min_parallel_table_scan_size') ?? '');
  if (least === null || least <= 0) return 0;
  const sizes = [...planNodes(plan.root)].map((node) =>
    node['Node Type'] === 'Seq Scan' ? sizeOf(catalog, node.Schema ?? null, node['Relation Name'] ?? '') : 0,
  );
  const largest = Math.max(0, ...sizes);
  return largest < least ? 0 : 1 + Math.floor(Math.log(largest / least) / Math.log(3));
}

function sizeOf(catalog: Catalog, schema: string | null, name: string): number {
  return lookupTable(catalog, schema, name)?.sizeBytes ?? 0;
}
