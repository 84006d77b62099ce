import { settingValue } from '../model/settings.js';
import type { PlanFacts } from './facts.js';
import type { PlanView } from './view.js';

/** How to say that a statement wants more memory: what it had where that is known, what it took. */
export function moreWorkMemory(view: PlanView, facts: PlanFacts | null, neededKb: number | null): string {
  const had = view.tree.settings['work_mem'] ?? (facts && settingValue(facts.settings, 'work_mem'));
  const wanted = neededKb === null ? '' : ` to ${wholeMb(neededKb)}MB or a little more`;
  return `Raise work_mem${wanted} for this statement or its role (SET LOCAL, ALTER ROLE ... SET)${had ? `; it was ${had}` : ''}. Each sort and hash of each session may take as much`;
}

/** A sort in memory takes more than its file on disk: about twice is what PostgreSQL's own comments reckon with. */
function wholeMb(kb: number): number {
  return Math.max(1, Math.ceil((kb * 2) / 1024));
}
