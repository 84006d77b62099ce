import { WizardError } from '../base/errors.js';
import type { Approved, Backend, DeploymentSession } from '../postgres/deployment/session.js';
import { readBuildProgress, readDeployer } from '../postgres/read/deployments.js';
import type { Session } from '../postgres/session.js';
import { sessionWords } from './obstacles.js';
import { startPatience } from './wait.js';

/** How a target is reached. */
export interface Reach {
  /** The reading session: the same until it is dropped. */
  reader(): Promise<Session>;
  /** Closes it: it was lost. */
  dropReader(): Promise<void>;
  openWriter(approved: Approved): Promise<DeploymentSession>;
}

/** The two connections of a deployment, opened again after they were lost. */
export interface Connections {
  reader(): Promise<Session>;
  /** Holds the target's deployment lock. Throws `deploy/locked` while another wizard has it. */
  writer(): Promise<DeploymentSession>;
  /** The writer's server process, where there is one. */
  own(): readonly number[];
  /** Closes both: one of them was lost. */
  drop(): Promise<void>;
  /** Closes the writer. */
  close(): Promise<void>;
}

export interface ConnectionOptions {
  readonly reach: Reach;
  readonly approved: Approved;
  /** A server process of an earlier start, or of a connection that was cut: it may still be at work. */
  readonly earlier: Backend | null;
  /** Told of each writer before it is used. */
  readonly opened: (backend: Backend) => Promise<void>;
  readonly note: (text: string) => void;
  readonly progress: (text: string, done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Connections that open when they are first asked for. */
export function createConnections(options: ConnectionOptions): Connections {
  const { reach } = options;
  let writer: DeploymentSession | null = null;
  let earlier = options.earlier;
  const close = async (): Promise<void> => {
    const last = writer;
    writer = null;
    await last?.close();
  };
  return {
    reader: () => reach.reader(),
    own: () => (writer ? [writer.backend.processId] : []),
    async writer() {
      if (writer) return writer;
      const opened = await reach.openWriter(options.approved);
      try {
        await takeLock(opened, await reach.reader(), earlier, options);
        await options.opened(opened.backend);
      } catch (thrown) {
        await opened.close();
        throw thrown;
      }
      earlier = opened.backend;
      writer = opened;
      return opened;
    },
    close,
    async drop() {
      await Promise.all([close(), reach.dropReader()]);
    },
  };
}

/** A killed wizard's server process goes on until its statement ends, and holds the lock as long: that one is waited for. */
async function takeLock(
  writer: DeploymentSession,
  reader: Session,
  earlier: Backend | null,
  { note, progress, signal }: ConnectionOptions,
): Promise<void> {
  const patience = startPatience(Number.POSITIVE_INFINITY, signal);
  for (let told = false; !(await writer.takeLock());) {
    const holder = await readDeployer(reader);
    const isOurs = holder !== null && holder.processId === earlier?.processId && holder.startedAt === earlier.startedAt;
    if (holder !== null && !isOurs) {
      throw new WizardError('deploy/locked', `Another wizard deploys to this database: ${sessionWords(holder)}`, {
        hint: 'Nothing was changed. Wait until it has ended.',
      });
    }
    if (holder !== null && !told) {
      note(`the server still runs what an earlier start began (process ${holder.processId}): waiting for its end`);
      told = true;
    }
    const build = holder && (await readBuildProgress(reader, holder.processId));
    if (build) progress(build.phase, build.done, build.total);
    await patience.wait();
  }
}
