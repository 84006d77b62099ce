import type { z } from 'zod';
import { NO_BOUNDS } from '../model/change-bounds.js';
import type { ChangeBounds } from '../model/change-bounds.js';
import type { Finding, Severity } from '../model/finding.js';
import type { Snapshot } from '../model/snapshot.js';
import type { IndexWhatIf } from '../model/what-if.js';

/** Documentation that is executed: `bad` on a fresh server gives exactly one finding, `good` none. */
export interface AdvisorDocs {
  readonly what: string;
  readonly why: string;
  /** When it stays silent, and what it can not know. */
  readonly limits: string;
  readonly sources: readonly string[];
  /** SQL that makes the fault (run with psql semantics, `ANALYZE` at the end where statistics matter). */
  readonly bad: string;
  /** SQL, run after `bad`, that mends it. */
  readonly good: string;
  /** Workload that goes with `bad`, one statement each, where the advisor needs one. `calls` is 100 each. */
  readonly workload?: readonly string[];
  /** Options that go with `bad` where the defaults would keep silent on it, e.g. `{ minDays: 0 }`. */
  readonly contractOptions?: unknown;
  /** Why the first action has no revert that restores the catalog; left out where it has one. */
  readonly noRevert?: string;
  /** Why it offers no change; left out where it offers one. */
  readonly noRemedy?: string;
}

export interface AdvisorDefinition<Options extends z.ZodType> {
  /** `<category>/<symptom>`; the file is `advisors/<category>/<symptom>.ts`. Never renamed. */
  readonly id: string;
  readonly status: 'stable' | 'experimental';
  readonly severity: Severity;
  readonly docs: AdvisorDocs;
  readonly options: Options;
  /** Pure but for `whatIf`, which is null when no what-if engine could be had. */
  examine(
    snapshot: Snapshot,
    options: z.output<Options>,
    whatIf: IndexWhatIf | null,
    bounds: ChangeBounds,
  ): readonly AdvisorFinding[] | Promise<readonly AdvisorFinding[]>;
}

/** A finding without the advisor's own id, which the catalogue adds. `severity` defaults to the advisor's. */
export type AdvisorFinding = Omit<Finding, 'advisor' | 'severity'> & { readonly severity?: Severity };

/** An advisor as the catalogue holds it: options closed over. */
export interface Advisor {
  readonly id: string;
  readonly status: 'stable' | 'experimental';
  readonly severity: Severity;
  readonly docs: AdvisorDocs;
  /** JSON-able defaults, for the documentation. */
  readonly defaults: unknown;
  /** Throws a ZodError for options of the wrong form. */
  examine(
    snapshot: Snapshot,
    whatIf: IndexWhatIf | null,
    options?: unknown,
    bounds?: ChangeBounds,
  ): Promise<readonly Finding[]>;
}

/** The only way to make an advisor. */
export function defineAdvisor<Options extends z.ZodType>(definition: AdvisorDefinition<Options>): Advisor {
  return {
    id: definition.id,
    status: definition.status,
    severity: definition.severity,
    docs: definition.docs,
    defaults: definition.options.parse({}),
    async examine(snapshot, whatIf, options = {}, bounds = NO_BOUNDS) {
      const parsed = definition.options.parse(options);
      const found = await definition.examine(snapshot, parsed, whatIf, bounds);
      return found.map((finding) => ({ severity: definition.severity, ...finding, advisor: definition.id }));
    },
  };
}
