import { asWizardError } from '../base/errors.js';
import type { Examined, Skipped } from '../model/coverage.js';
import type { NodeCounters, Replication } from '../model/replication.js';
import { resolveConnection } from '../postgres/conninfo.js';
import { describeTarget } from '../postgres/errors.js';
import { readNodeCounters, readNodeIdentity, toReplication, type NodeIdentity } from '../postgres/read/replication.js';
import type { ConnectionSettings, Session } from '../postgres/session.js';
import { untilAborted } from './interruption.js';
import { openTarget } from './open-target.js';

/** What was seen of the target's standbys. */
export interface ReplicasSeen {
  readonly replication: Replication;
  readonly examined: readonly Examined[];
  readonly skipped: readonly Skipped[];
}

/** How to reach each standby, by the rules of the target's own connection string. Throws `input/invalid` and its like for a bad one. */
export function resolveReplicas(
  urls: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<readonly ConnectionSettings[]> {
  return Promise.all(urls.map((url) => resolveConnection(url, env)));
}

interface Look {
  readonly label: string;
  readonly identity: NodeIdentity;
  readonly counters: NodeCounters;
}

/** Reads each standby under the same guard as the target. One that can not be had, or is no standby of it, is skipped with the reason; only an abort throws. */
export async function lookAtReplicas(
  target: Session,
  replicas: readonly ConnectionSettings[],
  signal: AbortSignal,
): Promise<ReplicasSeen> {
  const identity = await untilAborted(signal, readNodeIdentity(target));
  const looks: Look[] = [];
  const notLooked: { label: string; reason: string }[] = [];
  for (const settings of replicas) {
    const seen = await lookAt(settings, identity, signal);
    if (typeof seen === 'string') notLooked.push({ label: describeTarget(settings), reason: seen });
    else if (looks.some((one) => one.label === seen.label))
      notLooked.push({ label: seen.label, reason: 'it was given twice' });
    else looks.push(seen);
  }
  const replication = toReplication(identity, looks, notLooked);
  return {
    replication,
    examined: looks.map(({ label, counters }) => ({
      what: `index counters of replica ${label}`,
      count: counters.indexes.length,
    })),
    skipped: [...notLooked.map(notLookedAt), ...unnamed(replication)],
  };
}

/** What the standby counted, or why it is not to be had. */
async function lookAt(settings: ConnectionSettings, target: NodeIdentity, signal: AbortSignal): Promise<Look | string> {
  try {
    const { session } = await openTarget(settings, signal);
    try {
      const identity = await untilAborted(signal, readNodeIdentity(session));
      const wrong = whyNoStandby(identity, target);
      if (wrong !== null) return wrong;
      const counters = await untilAborted(signal, readNodeCounters(session));
      return { label: counters.label, identity, counters };
    } finally {
      await session.close();
    }
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return asWizardError(thrown).message;
  }
}

function whyNoStandby(node: NodeIdentity, target: NodeIdentity): string | null {
  if (node.database !== target.database) return 'it is another database than the target';
  if (!node.isStandby) return 'it is no standby: it is not in recovery';
  const sameSystem = node.system === null || target.system === null || node.system === target.system;
  return sameSystem ? null : 'it is a standby of another server';
}

function notLookedAt({ label, reason }: Replication['notLooked'][number]): Skipped {
  return {
    what: `replica ${label}, and with it whether an index is unused`,
    reason,
    remedy: 'Give the connection string of a hot standby that this role may read.',
  };
}

/** Standbys that nobody named: what they use is not known. */
function unnamed({ standbys, looked, isStandby }: Replication): readonly Skipped[] {
  const skipped: Skipped[] = [];
  const missing = standbys - looked.length;
  if (missing > 0) {
    skipped.push({
      what: `index use on ${missing} standby${missing === 1 ? '' : 's'}`,
      reason: 'The target has more standbys than were given.',
      remedy: 'Give each with --replica <url>: an index may be used there only.',
    });
  }
  if (isStandby) {
    skipped.push({
      what: 'index use on the primary',
      reason: 'The target is a standby, and counts its own scans only.',
      remedy: 'Examine the primary, and give this one with --replica <url>.',
    });
  }
  return skipped;
}
