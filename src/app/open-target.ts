import { connect } from '../postgres/connect.js';
import type { ReadOnlySession } from '../postgres/connect.js';
import type { ConnectionSettings } from '../postgres/session.js';
import { untilAborted } from './interruption.js';

/** A session that reads the target under the guard, and how long it took to connect. */
export async function openTarget(
  settings: ConnectionSettings,
  signal: AbortSignal,
): Promise<{ session: ReadOnlySession; connectMs: number }> {
  const startedMs = performance.now();
  const session = await untilAborted(signal, connect(settings, { readOnly: true }), (late) => late.close());
  return { session, connectMs: performance.now() - startedMs };
}
