import type { LedgerEntry } from '../kernel/ports.js';
import type { LoopOutcome } from '../kernel/run.js';
import type { EarlierHint } from '../model/plan-review.js';
import type { Iteration } from '../model/run.js';

/** The run that looks at them. */
export interface HintReview {
  readonly run: string;
  readonly target: string;
  /** Statements of which it has a plan. */
  readonly planned: ReadonlySet<string>;
  readonly outcome: Pick<LoopOutcome, 'iterations' | 'untried'>;
}

/** What became of the hints that earlier runs on the target accepted and none refuted since: the last one of each statement and its settings. */
export function reviewHints(entries: readonly LedgerEntry[], review: HintReview): readonly EarlierHint[] {
  const earlier = new Set(
    entries.flatMap((entry) =>
      entry.type === 'run-started' && entry.target === review.target && entry.run !== review.run ? [entry.run] : [],
    ),
  );
  const known = new Map<string, { readonly at: string; readonly iteration: Iteration }>();
  for (const entry of entries) {
    if (!('run' in entry) || !earlier.has(entry.run)) continue;
    if (entry.type === 'withdrawn') known.delete(entry.hypothesis);
    if (entry.type !== 'iteration' || entry.iteration.hypothesis.action.kind !== 'hint') continue;
    const { id } = entry.iteration.hypothesis;
    if (entry.iteration.decision.kind === 'accept') known.set(id, entry);
    else if (entry.iteration.decision.kind === 'reject') known.delete(id);
  }
  return [...known].flatMap(([id, { at, iteration }]): readonly EarlierHint[] => {
    const { rewrite } = iteration.hypothesis.action;
    if (!rewrite?.hint) return [];
    const { fingerprint, hint } = rewrite;
    const settings = Object.entries(hint.settings).map(([name, value]) => `${name} = ${value}`);
    return [
      {
        fingerprint,
        name: iteration.statements.find((one) => one.fingerprint === fingerprint)?.name ?? fingerprint,
        settings: settings.join(', '),
        since: at,
        until: hint.until,
        now: nowOf(id, fingerprint, review),
      },
    ];
  });
}

function nowOf(id: string, fingerprint: string, { outcome, planned }: HintReview): EarlierHint['now'] {
  const again = outcome.iterations.findLast(({ hypothesis }) => hypothesis.id === id);
  if (again?.decision.kind === 'accept') return 'confirmed';
  if (again?.decision.kind === 'reject') return 'refuted';
  if (again || outcome.untried.some(({ hypothesis }) => hypothesis.id === id)) return 'not-tried';
  return planned.has(fingerprint) ? 'not-needed' : 'not-seen';
}
