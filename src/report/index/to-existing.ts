import type { MeasuredIndexSet } from '../../indexes/measured/measured-index-set.js';
import type { MeasuredRemovals } from '../../indexes/measured/measured-removals.js';
import type { IndexSelection } from '../../indexes/selection/selection-types.js';
import type { UnvaluedIndex } from '../../indexes/selection/unvalued.js';
import type { Action, IndexSpec } from '../../model/action.js';
import { placeOf, sameRelation } from '../../model/catalog.js';
import type { Finding } from '../../model/finding.js';
import type { Snapshot } from '../../model/snapshot.js';
import { toFinding } from '../schema-parts.js';
import type { IndexReport } from './index-report.js';
import { trialsOf, tried } from './to-removals.js';

/** What advisors say of indexes, and what the search and the lab made of them. */
interface ReviewInput {
  readonly snapshot: Snapshot;
  readonly selection: IndexSelection;
  readonly alternatives: readonly UnvaluedIndex[];
  readonly unvalued: readonly UnvaluedIndex[];
  readonly measured: MeasuredIndexSet | null;
  readonly removals: MeasuredRemovals | null;
  readonly review: readonly Finding[];
}

/** What the advisors say, then what the new indexes make redundant. One that merely was not used in the time that was seen is not in it: that is no reason to drop it. */
export function toExisting(input: ReviewInput): IndexReport['existing'] {
  const trials = trialsOf(input);
  const reviewed = input.review.filter((finding) => isOfExisting(input, finding));
  const known = new Set(reviewed.map(({ place }) => place));
  const found = [...reviewed, ...tried(input.removals).map(({ finding }) => finding)].filter(
    (finding, at) => at < reviewed.length || !known.has(finding.place),
  );
  const named = new Set(found.map(({ place }) => place));
  const rows = found.map((finding) => ({
    index: finding.place,
    ...advice(finding),
    trial: trials.get(finding.place) ?? null,
  }));
  const all = [...rows, ...superseded(input).filter(({ index }) => !named.has(index))];
  return all.toSorted((a, b) => Number(b.trial?.outcome === 'goes') - Number(a.trial?.outcome === 'goes'));
}

/** What the kept indexes give as well, by the search; where nothing was dropped in the lab. */
function superseded({ selection, measured }: ReviewInput): IndexReport['existing'] {
  const created = new Set(measured?.kept.map((one) => one.spec.name));
  return selection.chosen
    .filter(({ spec }) => created.has(spec.name))
    .flatMap(({ spec, redundant }) =>
      redundant.map((index) => ({
        index,
        advice: `Redundant once ${spec.table.schema}.${spec.name} is there, which gives all that it does; drop it after that proved itself.`,
        advisor: 'index selection',
        evidence: [],
        action: null,
        others: [],
        trial: null,
      })),
    );
}

/** What the advisors miss, but for what a kept index gives, and for an index that the report tells the end of: a wider one that was refused leaves the gap open. */
export function toMissing(input: ReviewInput): IndexReport['missing'] {
  const specs = [...input.selection.chosen, ...input.alternatives, ...input.unvalued].map((one) => one.spec);
  const kept = input.measured === null ? specs : input.measured.kept.map((one) => one.spec);
  const isGiven = ({ index }: Action): boolean =>
    index !== null &&
    (kept.some((spec) => leadsWith(spec, index)) ||
      specs.some((spec) => spec.keys.length === index.keys.length && leadsWith(spec, index)));
  return input.review
    .filter((finding) => !isOfExisting(input, finding) && !finding.actions.some(isGiven))
    .map((finding) => ({ place: finding.place, ...advice(finding) }));
}

/** One index, or several that could be one. */
function isOfExisting({ snapshot }: ReviewInput, { advisor, place }: Finding): boolean {
  // Invalid ones are on the target alone.
  if (advisor === 'index/invalid-index') return true;
  const names = new Set(snapshot.catalog.indexes.map((index) => placeOf(index)));
  return names.has(place) || place.split(', ').every((name) => names.has(name));
}

/** Whether the first keys of a whole btree are the other's, in any order: a search for all of them finds its rows. */
function leadsWith(spec: IndexSpec, { table, keys }: IndexSpec): boolean {
  if (!sameRelation(spec.table, table) || spec.method !== 'btree' || spec.where !== null) return false;
  const first = new Set(spec.keys.slice(0, keys.length));
  return keys.every((key) => first.has(key));
}

function advice(finding: Finding): Omit<IndexReport['missing'][number], 'place'> {
  const { title, advisor, evidence, actions } = toFinding(finding);
  const [action = null, ...others] = actions;
  return { advice: title, advisor, evidence, action, others };
}
