import type { Catalog } from './catalog.js';
import type { Coverage } from './coverage.js';
import type { IndexRebuild } from './index-rebuild.js';
import type { PlanModes } from './plan-modes.js';
import type { Plan } from './plan.js';
import type { Replication } from './replication.js';
import type { Settings } from './settings.js';
import type { Statistics } from './statistics.js';
import type { Target } from './target.js';
import type { Workload } from './workload.js';

/** All that was examined at one instant. Frozen: advisors read it and nothing else. */
export interface Snapshot {
  readonly target: Target;
  readonly catalog: Catalog;
  readonly workload: Workload;
  readonly settings: Settings;
  readonly statistics: Statistics;
  /** Plans of workload statements by fingerprint, where one was read: estimated on production, run in the lab. */
  readonly plans: ReadonlyMap<string, Plan>;
  readonly replication: Replication;
  /** Indexes whose size after REINDEX is known from more than statistics; empty where nobody asked. */
  readonly rebuilds: readonly IndexRebuild[];
  /** Prepared statements whose generic plan differs from that for some values, as measured in a lab; empty where there is none. */
  readonly planModes: readonly PlanModes[];
  readonly coverage: Coverage;
}
