import { availableParallelism } from 'node:os';
import { catalogue } from '../advisors/catalogue.js';
import type { Advisors } from '../kernel/ports.js';

/** Options by advisor id. */
export type AdvisorDefaults = Readonly<Record<string, unknown>>;

/** What advisors may know of the machine that trials run on. */
const MACHINE: AdvisorDefaults = { 'settings/too-few-workers': { cores: availableParallelism() } };

/** Advisors that share the search of missing indexes. */
export const INDEX_SEARCHERS: ReadonlySet<string> = new Set([
  'index/missing-index',
  'index/partial-index',
  'index/expression-index',
]);

/** The catalogue behind the kernel's port, or those of it that are asked. An advisor that throws fails the examination: silence would look like health. */
export function advisorsOf(
  options: AdvisorDefaults = {},
  isAsked: (id: string) => boolean = () => true,
): Advisors & { readonly names: readonly string[] } {
  const advisors = catalogue.filter(({ id }) => isAsked(id));
  return {
    names: advisors.map((advisor) => advisor.id),
    async examine(snapshot, whatIf, bounds) {
      const findings = [];
      for (const advisor of advisors) {
        findings.push(...(await advisor.examine(snapshot, whatIf, options[advisor.id] ?? MACHINE[advisor.id], bounds)));
      }
      return findings;
    },
  };
}
