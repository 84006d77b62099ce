import { z } from 'zod';
import { findTable, type Catalog, type Index, placeOf, relationKey } from '../../model/catalog.js';
import type { Evidence } from '../../model/finding.js';
import { planNodes } from '../../model/plan.js';
import type { NodeIndexUse } from '../../model/replication.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { Workload } from '../../model/workload.js';
import { dropIndexAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { measured } from '../evidence.js';
import { foreignKeysServed, reasonToKeep, wholeIndex } from '../../indexes/facts.js';

const MS_PER_DAY = 86_400_000;

/** How much larger than `minSizeBytes` an index must be to be mentioned while the counters are young. */
const NOTED_TIMES = 10;

export default defineAdvisor({
  id: 'index/unused-index',
  status: 'stable',
  severity: 'info',
  docs: {
    what: 'Indexes that no server looked at has scanned in `minDays` of counting.',
    why: 'Each write maintains the index, VACUUM reads it, and it takes memory and disk.',
    limits:
      'Never from one look: offers no change until the counters of every server and the servers themselves are `minDays` old, so that a month end has passed; the evidence ' +
      'says which month, quarter and year ends the counters saw. From 16 on, where the last scan is known, one that has been idle for `minIdleDays` counts as well. ' +
      'Each standby counts its own scans: give each with `--replica`. One that can not be read silences this advisor; where the target has more standbys than were given, ' +
      'or is one itself, it informs and offers nothing. While the counters are young it only mentions an index of ten times `minSizeBytes` and more, where the plans of the ' +
      'whole workload are known and none uses it. Unique indexes, those that back a constraint, a foreign key or the replica identity, and those below `minSizeBytes` are left ' +
      'alone; a partitioned index counts with all its parts. PostgreSQL does not record when an index was made, so a young one looks unused. Standbys of standbys that are ' +
      'switched off just now and have no slot are not known.',
    sources: [
      'PostgreSQL manual, "pg_stat_all_indexes"',
      'PostgreSQL manual, "pg_stat_database", column stats_reset',
      'PostgreSQL manual, "pg_stat_replication"',
    ],
    bad: `
      CREATE TABLE parcel (id bigint PRIMARY KEY, weight_g integer NOT NULL);
      INSERT INTO parcel SELECT n, n FROM generate_series(1, 1000) AS n;
      CREATE INDEX parcel_weight_idx ON parcel (weight_g);`,
    good: 'DROP INDEX parcel_weight_idx;',
    contractOptions: { minDays: 0, minSizeBytes: 0 },
  },
  options: z.object({
    minDays: z.number().nonnegative().default(35),
    minIdleDays: z.number().nonnegative().default(100),
    minSizeBytes: z
      .number()
      .int()
      .nonnegative()
      .default(1024 * 1024),
  }),
  examine(snapshot, { minDays, minIdleDays, minSizeBytes }) {
    const { catalog, workload, plans, replication } = snapshot;
    if (replication.notLooked.length > 0) return [];
    const nodes = nodesOf(snapshot);
    const days = daysCounted(nodes);
    const unused = catalog.indexes
      .map((index) => ({ index, sizeBytes: wholeIndex(catalog, index).sizeBytes }))
      .filter((one) => one.sizeBytes >= minSizeBytes && isUnused(catalog, nodes, one.index, minIdleDays));
    if (days !== null && days >= minDays) return unused.map(({ index }) => describe(snapshot, nodes, index, days));
    const planned = indexesInPlans(workload, plans);
    if (planned === null) return [];
    return unused
      .filter(({ index, sizeBytes }) => sizeBytes >= NOTED_TIMES * minSizeBytes && !isPlanned(catalog, index, planned))
      .map(({ index }) => note(catalog, index, { days, minDays, statements: workload.statements.length }));
  },
});

/** One server's counters and their age. */
interface Node {
  readonly countersSince: string | null;
  readonly serverStartedAt: string | null;
  readonly readAt: string;
  /** Undefined where the server does not hold the index. */
  readonly use: (index: Index) => Pick<NodeIndexUse, 'scans' | 'lastScan'> | undefined;
}

function nodesOf({ statistics, replication }: Snapshot): readonly Node[] {
  return [
    { ...statistics, use: (index) => index },
    ...replication.looked.map((copy) => {
      const uses = new Map(copy.indexes.map((one) => [relationKey(one), one]));
      return { ...copy, use: (index: Index) => uses.get(relationKey(index)) };
    }),
  ];
}

/** Days for which every node surely counted: from the younger of its reset and its start; null when neither is known of one. */
function daysCounted(nodes: readonly Node[]): number | null {
  const ages = nodes.map((node) => {
    const since = countedSinceMs(node);
    return since === null ? null : (Date.parse(node.readAt) - since) / MS_PER_DAY;
  });
  return ages.reduce((least, age) => (least === null || age === null ? null : Math.min(least, age)));
}

function countedSinceMs({ countersSince, serverStartedAt }: Node): number | null {
  const starts = [countersSince, serverStartedAt].filter((one) => one !== null).map((one) => Date.parse(one));
  return starts.length === 0 ? null : Math.max(...starts);
}

function isUnused(catalog: Catalog, nodes: readonly Node[], index: Index, minIdleDays: number): boolean {
  if (!index.valid || index.building || index.unique || reasonToKeep(index) !== null) return false;
  const { stored } = wholeIndex(catalog, index);
  if (stored.length === 0 || [index, ...stored].some((part) => foreignKeysServed(catalog, part).length > 0))
    return false;
  return stored.every((part) => nodes.every((node) => isIdle(node, part, minIdleDays)));
}

function isIdle(node: Node, index: Index, minIdleDays: number): boolean {
  const use = node.use(index);
  if (use === undefined || use.scans === null) return false;
  if (use.lastScan === null) return use.scans === 0;
  return Date.parse(node.readAt) - Date.parse(use.lastScan) >= minIdleDays * MS_PER_DAY;
}

/** Names of the indexes in the workload's plans; null unless each statement has a plan, for an unplanned one may use any. */
function indexesInPlans(workload: Workload, plans: Snapshot['plans']): ReadonlySet<string> | null {
  const known = workload.statements.flatMap((statement) => plans.get(statement.fingerprint) ?? []);
  if (known.length === 0 || known.length < workload.statements.length || workload.unusable.length > 0) return null;
  return new Set(known.flatMap((plan) => [...planNodes(plan.root)]).flatMap((node) => node['Index Name'] ?? []));
}

function isPlanned(catalog: Catalog, index: Index, planned: ReadonlySet<string>): boolean {
  return wholeIndex(catalog, index).stored.some((part) => planned.has(part.name));
}

function describe(snapshot: Snapshot, nodes: readonly Node[], index: Index, days: number): AdvisorFinding {
  const { catalog, replication } = snapshot;
  const unseen = Math.max(0, replication.standbys - replication.looked.length) + (replication.isStandby ? 1 : 0);
  const whole = wholeIndex(catalog, index);
  const last = whole.stored
    .flatMap((part) => nodes.map((node) => node.use(part)?.lastScan ?? null))
    .filter((one) => one !== null)
    .toSorted()
    .at(-1);
  const idle = last === undefined ? 'was not scanned' : `was last scanned on ${last.slice(0, 10)}, and not once more`;
  const where = nodes.length === 1 ? 'on this server' : `on ${nodes.length} servers`;
  const not =
    unseen === 0
      ? ''
      : `; ${unseen === 1 ? 'one other was' : `${unseen} others were`} not looked at, and may use it: give each with --replica`;
  return {
    title: `Index ${placeOf(index)} ${idle} ${where} in ${Math.floor(days)} days${not}.`,
    place: placeOf(index),
    evidence: [
      measured('scans', scansOn(nodes, whole.stored), 'scans', 'pg_stat_all_indexes.idx_scan'),
      ...(last === undefined ? [] : [measured('last scan', last, '', 'pg_stat_all_indexes.last_idx_scan')]),
      measured('servers looked at', nodes.length, 'servers', 'the target and --replica'),
      measured('servers not looked at', unseen, 'servers', 'pg_stat_replication, pg_replication_slots'),
      measured('time counted', Math.floor(days), 'days', AGE_SOURCE),
      measured('seasons that the counters saw', seasons(nodes), '', AGE_SOURCE),
      measured('size', whole.sizeBytes, 'bytes', 'pg_relation_size'),
      writesEvidence(catalog, index),
      ...expressionEvidence(index),
    ],
    statements: [],
    actions: unseen === 0 ? [dropIndexAction(index, catalog)] : [],
  };
}

function scansOn(nodes: readonly Node[], stored: readonly Index[]): number | null {
  const counts = nodes.flatMap((node) => stored.map((part) => node.use(part)?.scans ?? null));
  return counts.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0);
}

/** The ends of months, quarters and years (UTC) between the youngest start of counting and the oldest reading: what runs only then was seen that often. */
function seasons(nodes: readonly Node[]): string | null {
  const starts = nodes.map(countedSinceMs).filter((one) => one !== null);
  if (starts.length < nodes.length) return null;
  const since = new Date(Math.max(...starts));
  const until = new Date(Math.min(...nodes.map((node) => Date.parse(node.readAt))));
  const month = (at: Date): number => at.getUTCFullYear() * 12 + at.getUTCMonth();
  const ends = (months: number): number =>
    Math.max(0, Math.floor(month(until) / months) - Math.floor(month(since) / months));
  return `month ends: ${ends(1)}, quarter ends: ${ends(3)}, year ends: ${ends(12)}`;
}

/** Counters too young for a change: what can be said by now, without a remedy. */
function note(
  catalog: Catalog,
  index: Index,
  seen: { readonly days: number | null; readonly minDays: number; readonly statements: number },
): AdvisorFinding {
  const whole = wholeIndex(catalog, index);
  return {
    title: `No plan of the workload uses index ${placeOf(index)}; whether a function, a trigger or anything else does shows after ${seen.minDays} days of counting.`,
    place: placeOf(index),
    evidence: [
      measured('statements whose plans do not use it', seen.statements, 'statements', 'plans of the workload'),
      measured('scans', whole.scans, 'scans', 'pg_stat_all_indexes.idx_scan'),
      measured('time counted', seen.days === null ? null : Math.floor(seen.days), 'days', AGE_SOURCE),
      measured('size', whole.sizeBytes, 'bytes', 'pg_relation_size'),
      writesEvidence(catalog, index),
    ],
    statements: [],
    actions: [],
  };
}

const AGE_SOURCE = 'pg_stat_database.stats_reset, pg_postmaster_start_time()';

function writesEvidence(catalog: Catalog, index: Index): Evidence {
  const tables = wholeIndex(catalog, index).stored.map((part) => findTable(catalog, part.table)?.activity);
  const writes = tables.reduce<number | null>(
    (sum, one) => (sum === null || !one ? null : sum + one.inserts + one.updates - one.hotUpdates + one.deletes),
    0,
  );
  return measured(`writes to ${placeOf(index.table)} that maintained it`, writes, 'rows', 'pg_stat_all_tables');
}

/** ANALYZE keeps statistics for an expression only while an index (or extended statistics) holds it. */
function expressionEvidence(index: Index): readonly Evidence[] {
  const expressions = index.keys.filter((key) => key.column === null).map((key) => key.expression);
  return expressions.length === 0
    ? []
    : [measured('expressions whose statistics go with it', expressions.join(', '), '', 'pg_get_indexdef')];
}
