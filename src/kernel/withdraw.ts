import { unquoteIdent } from '../base/quote.js';
import type { Iteration } from '../model/run.js';
import type { StatementEffect } from '../model/verdict.js';
import { stateAfter } from './memory.js';
import type { LedgerEntry } from './ports.js';

/**
 * The accepted change that makes a statement slower in the end: its plan uses the index that the change made, or used the one that it dropped, or runs
 * the rewritten text. Of several the one under which the statement was measured slowest already, then the last. Null where none is to blame, or the one that is can not be taken back.
 */
export function culpritOf(slower: readonly StatementEffect[], history: readonly Iteration[]): Iteration | null {
  const suspects = history.flatMap((iteration) => {
    const blamed = iteration.decision.kind === 'accept' ? slower.filter((one) => isBehind(iteration, one)) : [];
    const ratios = blamed.map((one) => ratioUnder(iteration, one));
    return blamed.length === 0 ? [] : [{ iteration, ratio: Math.max(...ratios) }];
  });
  const [worst] = suspects.toSorted((a, b) => b.ratio - a.ratio || b.iteration.number - a.iteration.number);
  return worst?.iteration ?? null;
}

/** A history without what the end of the run refuted, what the ledger is told, and the state that the others lead to: those behind it follow once more. */
export function withoutCulprit(
  history: readonly Iteration[],
  culprit: Iteration,
  because: string,
  { at, run }: { readonly at: string; readonly run: string },
): { readonly history: readonly Iteration[]; readonly entries: readonly LedgerEntry[]; readonly state: string } {
  const reason = `withdrawn in the end: all accepted changes together were ${because}`;
  const entries: LedgerEntry[] = [
    { type: 'withdrawn', at, run, state: culprit.stateBefore, hypothesis: culprit.hypothesis.id, reason },
  ];
  let state = culprit.stateBefore;
  for (const later of history) {
    if (later.number <= culprit.number || later.decision.kind !== 'accept') continue;
    const iteration = { ...later, stateBefore: state };
    state = stateAfter(state, later.hypothesis);
    entries.push({ type: 'iteration', at, run, iteration, stateAfter: state });
  }
  const rejected: Iteration = { ...culprit, decision: { kind: 'reject', reason, escalation: null } };
  return { history: history.map((one) => (one === culprit ? rejected : one)), entries, state };
}

function isBehind({ hypothesis }: Iteration, { fingerprint, planBefore, planAfter }: StatementEffect): boolean {
  const { action } = hypothesis;
  if (action.rewrite) return action.rewrite.fingerprint === fingerprint;
  if (action.kind === 'create-index') return action.index !== null && names(planAfter, action.index.name);
  const dropped =
    action.kind === 'drop-index'
      ? /^DROP INDEX (?:CONCURRENTLY )?(?:IF EXISTS )?(.*)$/s.exec(action.up[0] ?? '')
      : null;
  return dropped !== null && names(planBefore, lastName(dropped[1] ?? ''));
}

/** Whether a plan's shape (`Index Scan:name@table`) has an index. */
function names(plan: string | null, index: string): boolean {
  return plan !== null && plan.split(/[(),@]/).some((part) => part.slice(part.indexOf(':') + 1) === index);
}

/** Of `"schema"."in""dex"`. */
function lastName(qualified: string): string {
  const quoted = /"(?:[^"]|"")*"(?=\s*;?\s*$)/.exec(qualified)?.[0];
  return quoted === undefined ? (qualified.split('.').at(-1)?.trim() ?? '') : unquoteIdent(quoted);
}

/** How much slower the statement was in the change's own trial; 1 where it was not measured there. */
function ratioUnder({ statements }: Iteration, { fingerprint }: StatementEffect): number {
  return statements.find((one) => one.fingerprint === fingerprint)?.timeRatio ?? 1;
}
