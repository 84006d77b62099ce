import { z } from 'zod';
import { formatBytes, parseBytes } from '../../base/units.js';
import { settingValue } from '../../model/settings.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { WorkloadStatement } from '../../model/workload.js';
import lossyBitmap from '../../plans/findings/scan/lossy-bitmap.js';
import { treeOfPlan } from '../../plans/read/read-plan.js';
import { figure, viewPlan } from '../../plans/view.js';
import { databaseSettingActions } from '../actions.js';
import { defineAdvisor } from '../define.js';
import { estimated, measured } from '../evidence.js';
import { powerOfTwoMb } from '../work-memory.js';

const MB = 1024 * 1024;

/** A page's entry in an exact bitmap: 48 bytes for its 291 possible rows, and two pointers (tidbitmap.c, tbm_calculate_entries). */
const BYTES_PER_PAGE = 64;

export default defineAdvisor({
  id: 'settings/lossy-bitmap',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Statements whose bitmap of rows outgrew `work_mem`, so that whole pages were read and every row on them was tested again.',
    why: 'A bitmap that does not fit keeps pages in place of rows. With more memory it stays exact.',
    limits:
      'Needs plans that were run. Proposes the power of two that holds every bitmap of at most `maxWorkMemMb`. Each node of each session may take that much memory: the trial measures time, not what many sessions take together. ' +
      'Before PostgreSQL 18 pages of parallel workers are not counted. Offers no change where a role or the session sets work_mem.',
    sources: ['PostgreSQL manual, work_mem', 'PostgreSQL source, nodes/tidbitmap.c'],
    bad: `
      CREATE TABLE entry (id integer NOT NULL, kind integer NOT NULL, pad text NOT NULL);
      INSERT INTO entry SELECT n, (n::bigint * 7919) % 150, repeat('x', 200) FROM generate_series(1, 100000) AS n;
      CREATE INDEX ON entry (kind);
      DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET work_mem = ''64kB''', current_database());
        EXECUTE format('ALTER DATABASE %I SET max_parallel_workers_per_gather = 0', current_database());
      END $$;
      ANALYZE;`,
    good: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''4MB''', current_database()); END $$;`,
    workload: ['SELECT sum(id) FROM entry WHERE kind IN (1, 2, 3)'],
  },
  options: z.object({ maxWorkMemMb: z.number().int().positive().default(256) }),
  examine(snapshot, { maxWorkMemMb }) {
    const current = parseBytes(settingValue(snapshot.settings, 'work_mem') ?? '');
    if (current === null) return [];
    const lossy = snapshot.workload.statements.flatMap((statement) => {
      const pages = pagesOf(snapshot, statement);
      // What did not fit needs more than there was, whatever was counted.
      const neededBytes = Math.max(2 * current, (pages?.all ?? 0) * BYTES_PER_PAGE);
      return pages && neededBytes <= maxWorkMemMb * MB ? [{ statement, pages, neededBytes }] : [];
    });
    if (lossy.length === 0) return [];
    const most = Math.max(...lossy.map(({ neededBytes }) => neededBytes));
    const proposedMb = powerOfTwoMb(most);
    return [
      {
        title: `The bitmaps of ${lossy.length} of ${snapshot.workload.statements.length} statements do not fit into work_mem at ${formatBytes(current)}.`,
        place: 'work_mem',
        evidence: [
          estimated('work_mem that would hold them', proposedMb * MB, 'bytes', '64 bytes for each page of the bitmap'),
          measured('work_mem', settingValue(snapshot.settings, 'work_mem'), '', 'pg_settings'),
          ...lossy.map(({ statement, pages }) =>
            measured(
              `lossy of ${pages.all} pages of ${statement.name}`,
              pages.lossy,
              'pages',
              'plan, Lossy Heap Blocks',
            ),
          ),
        ],
        statements: lossy.map(({ statement }) => statement.fingerprint),
        actions: databaseSettingActions(snapshot.settings, 'work_mem', `${proposedMb}MB`),
      },
    ];
  },
});

/** Pages of the largest lossy bitmap of the statement's plan; null where all are exact. */
function pagesOf(
  { plans }: Snapshot,
  { fingerprint }: WorkloadStatement,
): { readonly lossy: number; readonly all: number } | null {
  const plan = plans.get(fingerprint);
  const tree = plan ? treeOfPlan(plan) : null;
  if (!tree) return null;
  const found = lossyBitmap.find(viewPlan(tree), null).flatMap(({ node }) => {
    const lossy = node ? figure(node.node, 'Lossy Heap Blocks') : 0;
    return node ? [{ lossy, all: lossy + figure(node.node, 'Exact Heap Blocks') }] : [];
  });
  return found.toSorted((a, b) => b.all - a.all)[0] ?? null;
}
