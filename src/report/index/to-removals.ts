import type { MeasuredRemovals, RemovalTotals, TriedRemoval } from '../../indexes/measured/measured-removals.js';
import { placeOf } from '../../model/catalog.js';
import type { Finding } from '../../model/finding.js';
import { finite, toAction } from '../schema-parts.js';
import type { ExistingAdvice, IndexReport } from './index-report.js';
import { totals } from './to-measured-set.js';

/** What was tried to drop, whatever became of it. */
export function tried(removals: MeasuredRemovals | null): readonly TriedRemoval[] {
  return removals === null ? [] : [...removals.gone, ...removals.stay];
}

/** What became of dropping each index, by its place. Of one that nothing was held against without the set, it is the set that makes it redundant. */
export function trialsOf({
  removals,
  review,
}: {
  readonly removals: MeasuredRemovals | null;
  readonly review: readonly Finding[];
}): ReadonlyMap<string, NonNullable<ExistingAdvice['trial']>> {
  const stays = new Map((removals?.stay ?? []).map((one) => [placeOf(one.index), one.reason]));
  const droppable = new Set(review.filter(isDrop).map(({ place }) => place));
  return new Map(
    tried(removals).map((one) => {
      const place = placeOf(one.index);
      const reason = stays.get(place) ?? null;
      return [
        place,
        {
          outcome: reason === null ? 'goes' : 'stays',
          reason,
          needsSet: !droppable.has(place),
          sizeBytes: finite(one.sizeBytes),
          drop: toAction(one.action),
        },
      ];
    }),
  );
}

function isDrop({ actions }: Finding): boolean {
  return actions.some(({ kind }) => kind === 'drop-index');
}

/** All of them together. */
export function toRemovals(removals: MeasuredRemovals | null): IndexReport['removals'] {
  return (
    removals && {
      gone: removals.gone.length,
      sizeBytes: finite(removals.sizeBytes),
      statements: removals.perStatement.length,
      before: withWal(removals.before),
      after: withWal(removals.after),
      unasked: removals.unasked,
      unended: removals.unended,
      reverted: removals.reverted,
    }
  );
}

function withWal(figures: RemovalTotals): NonNullable<IndexReport['removals']>['before'] {
  return { ...totals(figures), walBytes: finite(figures.walBytes) };
}
