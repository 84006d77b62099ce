import { wasCutShort } from '../indexes/proposals/proposals.js';
import type { Advisors } from '../kernel/ports.js';
import type { Skipped } from '../model/coverage.js';

/** Advisors of a run, and which of their searches the time ended: what was not found then is not health. */
export interface WatchedSearches {
  readonly advisors: Advisors;
  /** Empty where every search came to its end. */
  readonly skipped: readonly Skipped[];
}

/** Looks after each examination whether its search was cut short, and tells it once. */
export function watchSearches(advisors: Advisors, note: (text: string) => void): WatchedSearches {
  let asked = 0;
  let cut = 0;
  return {
    get skipped() {
      return cut === 0 ? [] : [cutSearches(cut, asked)];
    },
    advisors: {
      async examine(snapshot, whatIf, bounds) {
        const findings = await advisors.examine(snapshot, whatIf, bounds);
        asked += 1;
        if (await wasCutShort(snapshot)) {
          if (cut === 0) note(NOTE);
          cut += 1;
        }
        return findings;
      },
    },
  };
}

const NOTE = 'the search for indexes was ended by its share of the time: what it had found by then is tried';

function cutSearches(cut: number, asked: number): Skipped {
  return {
    what: 'a part of the search for indexes',
    reason: `its share of the time was used up in ${cut} of ${asked} ${asked === 1 ? 'search' : 'searches'}: what was found by then was taken`,
    remedy: 'Give the run more time with --budget, or let `index` choose a set.',
  };
}
