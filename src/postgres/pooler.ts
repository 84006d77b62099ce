import { openClient } from './open.js';
import { tagged, Wire } from './wire.js';

export type Pooling = 'none-seen' | 'transaction';

const PROBE_STATEMENTS = 4;
/** A second connection that gets no server within this time shares none. */
const PROBE_WAIT_MS = 2000;

/**
 * Finds out whether successive transactions keep the same server connection: the backend changes between statements, a SET is lost, or
 * a second connection is given the same backend while this one is open. Costs up to 8 statements; ask only when
 * `pg_backend_pid()` differs from the key of the connection.
 */
export async function detectPooling(wire: Wire): Promise<Pooling> {
  const first = await probe(wire);
  await wire.exclusive(() => wire.send(tagged(`SELECT pg_catalog.set_config('wizard.probe', 'kept', false)`)));
  for (let turn = 0; turn < PROBE_STATEMENTS; turn += 1) {
    const seen = await probe(wire);
    if (seen.pid !== first.pid || seen.kept !== 'kept') return 'transaction';
  }
  return (await secondConnectionSharesBackend(wire, first.pid)) ? 'transaction' : 'none-seen';
}

async function probe(wire: Wire): Promise<{ pid: number; kept: string | null }> {
  const [row] = await wire.exclusive(() =>
    wire.send<{ pid: number; kept: string | null }>(
      tagged(`SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.current_setting('wizard.probe', true) AS kept`),
    ),
  );
  return row ?? { pid: 0, kept: null };
}

async function secondConnectionSharesBackend(wire: Wire, pid: number): Promise<boolean> {
  let second: Wire | null = null;
  try {
    const settings = { ...wire.settings, connectTimeoutMs: PROBE_WAIT_MS };
    second = new Wire(await openClient(settings), settings);
    const waiting = setTimeout(() => second?.drop(), PROBE_WAIT_MS);
    const seen = await probe(second).finally(() => clearTimeout(waiting));
    return seen.pid === pid;
  } catch {
    return false;
  } finally {
    await second?.close();
  }
}

/** The settings in libpq's `options` (`-c name=value`, `--name=value`, backslash escapes), for where a pooler refused them at start-up. */
export function parseOptions(options: string | null): [string, string][] {
  const words =
    options === null ? [] : (options.match(/(?:\\.|[^\s\\])+/gs) ?? []).map((word) => word.replace(/\\(.)/gs, '$1'));
  const settings: [string, string][] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const assignment =
      word === '-c'
        ? words[(at += 1)]
        : word.startsWith('--')
          ? word.slice(2)
          : word.startsWith('-c')
            ? word.slice(2)
            : undefined;
    const match = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(assignment ?? '');
    if (match?.[1] !== undefined && match[2] !== undefined) settings.push([match[1].replaceAll('-', '_'), match[2]]);
  }
  return settings;
}
