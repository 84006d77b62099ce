import { spawn, spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';

import { WizardError } from '../../base/errors.js';

/** Who the server's processes run as. PostgreSQL refuses to run as root, so root has to become somebody else. */
export interface Identity {
  /** `self`: not root; `namespace`: root outside, nobody inside a user namespace; `nobody`: the user id is given up. */
  readonly kind: 'self' | 'namespace' | 'nobody';
  /** What goes in front of the command line. */
  readonly prefix: readonly string[];
  readonly ids: { readonly uid: number; readonly gid: number } | Record<string, never>;
}

/** What a finished command left: its exit code (null when a signal ended it) and both its outputs, in order. */
interface CommandResult {
  readonly code: number | null;
  readonly output: string;
}

/** The traditional ids of `nobody`; `initdb` looks the name up, and every usual distribution has one for this id. */
const NOBODY = 65534;

let chosen: Identity | null = null;

/** The first identity that works here, probed once per process. Throws `lab/start` when root can become nobody else. */
export function chooseIdentity(): Identity {
  chosen ??= probeIdentity();
  return chosen;
}

/** Makes a folder belong to the server's identity, where that is another user than ours. */
export function giveTo(identity: Identity, folder: string): void {
  if (identity.kind === 'nobody') chownSync(folder, NOBODY, NOBODY);
}

/** The command line that runs `file` as `identity`. */
export function commandLine(identity: Identity, file: string, args: readonly string[]): [string, string[]] {
  const [first, ...rest] = [...identity.prefix, file, ...args];
  return [first as string, rest];
}

/** Runs a command to its end as `identity`; never throws: what can not be spawned has code null and says why in `output`. */
export async function runAs(
  identity: Identity,
  file: string,
  args: readonly string[],
  cwd: string,
): Promise<CommandResult> {
  const [command, rest] = commandLine(identity, file, args);
  return new Promise((resolve) => {
    const child = spawn(command, rest, {
      cwd,
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...identity.ids,
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** The environment without what would steer PostgreSQL (`PG*`) or translate its messages. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG$|LANGUAGE$)/.test(name));
  return { ...Object.fromEntries(kept), LC_ALL: 'C' };
}

function probeIdentity(): Identity {
  // With this prefix the kernel ends the server as soon as the wizard dies, even by SIGKILL.
  const leash = ['setpriv', '--pdeathsig', 'QUIT'];
  const leashed = process.platform === 'linux' && works(leash);
  const suffix = leashed ? leash : [];
  if (process.platform === 'win32' || process.getuid?.() !== 0) return { kind: 'self', prefix: suffix, ids: {} };
  const namespace = ['unshare', '-U', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, ...suffix];
  if (process.platform === 'linux' && works(namespace)) return { kind: 'namespace', prefix: namespace, ids: {} };
  const ids = { uid: NOBODY, gid: NOBODY };
  if (works(suffix, ids)) return { kind: 'nobody', prefix: suffix, ids };
  throw new WizardError('lab/start', 'PostgreSQL refuses to run as root, and root can not become another user here.', {
    hint: 'Run as a normal user, or allow user namespaces or setuid in this container, or name a server with --lab.',
  });
}

function works(prefix: readonly string[], ids: { uid?: number; gid?: number } = {}): boolean {
  const [command, ...args] = [...prefix, 'true'];
  return spawnSync(command, args, { stdio: 'ignore', cwd: '/', timeout: 5000, ...ids }).status === 0;
}
