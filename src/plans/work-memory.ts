import { parseBytes } from '../base/units.js';
import { settingValue } from '../model/settings.js';
import type { PlanFacts } from './facts.js';
import type { PlanView } from './view.js';

/** How to say that a statement wants more memory: what it had where that is known, what it took. */
export function moreWorkMemory(view: PlanView, facts: PlanFacts | null, neededKb: number | null): string {
  const had = view.tree.settings['work_mem'] ?? (facts && settingValue(facts.settings, 'work_mem'));
  const hadKb = (had ? (parseBytes(had) ?? 0) : 0) / 1024;
  const wanted = neededKb === null ? '' : ` to ${wantedMb(neededKb, hadKb)}MB or a little more`;
  return `Raise work_mem${wanted} for this statement or its role (SET LOCAL, ALTER ROLE ... SET)${had ? `; it was ${had}` : ''}. Each sort and hash of each session may take as much`;
}

/** A sort in memory takes more than its file on disk: about twice is what PostgreSQL's own comments reckon with. What it had was too little whatever the file says: then twice that. */
function wantedMb(kb: number, hadKb: number): number {
  const wanted = Math.max(1, Math.ceil((kb * 2) / 1024));
  return wanted * 1024 > hadKb ? wanted : Math.ceil((hadKb * 2) / 1024);
}
