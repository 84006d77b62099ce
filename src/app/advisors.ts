import { availableParallelism } from 'node:os';
import { catalogue } from '../advisors/catalogue.js';
import type { Advisors } from '../kernel/ports.js';

/** Options by advisor id. */
export type AdvisorDefaults = Readonly<Record<string, unknown>>;

/** What advisors may know of the machine that trials run on. */
const MACHINE: AdvisorDefaults = { 'settings/too-few-workers': { cores: availableParallelism() } };

/** The whole catalogue behind the kernel's port. An advisor that throws fails the examination: silence would look like health. */
export function advisorsOf(options: AdvisorDefaults = {}): Advisors & { readonly names: readonly string[] } {
  return {
    names: catalogue.map((advisor) => advisor.id),
    async examine(snapshot, whatIf, bounds) {
      const findings = [];
      for (const advisor of catalogue) {
        findings.push(...(await advisor.examine(snapshot, whatIf, options[advisor.id] ?? MACHINE[advisor.id], bounds)));
      }
      return findings;
    },
  };
}
