/** One thing that was looked at, and how much of it. */
export interface Examined {
  /** e.g. `catalog`, `workload`, `advisor index/duplicate-index`. */
  readonly what: string;
  /** How many things were seen; null where a count makes no sense. */
  readonly count: number | null;
}

/** One thing that was not looked at, and why. */
export interface Skipped {
  readonly what: string;
  readonly reason: string;
  /** What the reader can do so that it is looked at next time. */
  readonly remedy: string | null;
}

/** What was examined and what was not: nothing is called healthy that is not in `examined`. */
export interface Coverage {
  readonly examined: readonly Examined[];
  readonly skipped: readonly Skipped[];
}

/** All coverages as one; what several skipped for the same reason is said once. */
export function mergeCoverage(...parts: readonly Coverage[]): Coverage {
  const skipped = new Map(parts.flatMap((part) => part.skipped.map((row) => [rowKey(row), row])));
  return { examined: parts.flatMap((part) => part.examined), skipped: [...skipped.values()] };
}

function rowKey({ what, reason }: Skipped): string {
  return JSON.stringify([what, reason]);
}
