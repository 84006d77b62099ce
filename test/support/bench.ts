import type { Bench } from '../../src/lab/indexes/case-record.js';
import type { Subsets } from '../../src/lab/indexes/subset.js';

/** A bench without a server: what is planned and run is answered by the test. */
export function aBench(
  subsets: Partial<Pick<Subsets, 'plan' | 'run'>>,
  { deadlineMs = Number.POSITIVE_INFINITY }: { readonly deadlineMs?: number } = {},
): Bench {
  const runner = { use: (work: (session: never) => unknown) => work(undefined as never), check: () => undefined };
  return { runner, subsets, timeoutMs: 10_000, deadlineMs } as unknown as Bench;
}
