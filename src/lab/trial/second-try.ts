import { WizardError } from '../../base/errors.js';
import type { LabServer } from '../server.js';
import type { Layout } from './layout.js';
import { troubleOf } from './sessions.js';
import type { LabSessions } from './sessions.js';

/** Runs `work` again, once, when the server died under it. After an abort every error is the abort. Throws `lab/died` where it dies again. */
export type SecondTry = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/** What a server that died is brought back with. */
export interface SecondTrySetting {
  readonly sessions: LabSessions;
  readonly layout: Layout;
  /** Null for a staging server of the user's, which may only be waited for. */
  readonly server: LabServer | null;
  /** A database that is always there. */
  readonly maintenance: string;
  readonly note: (text: string) => void;
}

/** A server that one of its backends' crash took along is back within seconds. */
const RECOVERY_MS = 30_000;

/** Gives work on a lab a second try, from the accepted state, on a server that was started again. */
export function createSecondTry({ sessions, layout, server, maintenance, note }: SecondTrySetting): SecondTry {
  const revive = async (): Promise<void> => {
    layout.soil();
    const deadline = performance.now() + RECOVERY_MS;
    for (;;) {
      // A killed server counts as alive until its end is reported, so ask again each time.
      await server?.restart();
      try {
        return await sessions.within(maintenance, async () => undefined);
      } catch (thrown) {
        if (troubleOf(thrown) !== 'lost' || performance.now() > deadline) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  };
  return async (what, work) => {
    try {
      return await work();
    } catch (thrown) {
      sessions.checkAborted();
      if (troubleOf(thrown) !== 'lost') throw thrown;
      note(`the lab server ended during ${what}: starting it again, and once more from the accepted state`);
    }
    try {
      await revive();
      return await work();
    } catch (thrown) {
      sessions.checkAborted();
      if (troubleOf(thrown) !== 'lost') throw thrown;
      throw new WizardError('lab/died', `The lab server ended twice during ${what}`, { cause: thrown });
    }
  };
}
