import type { ChangeBounds } from '../../model/change-bounds.js';
import type { Catalog } from '../../model/catalog.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { IndexWhatIf } from '../../model/what-if.js';
import { loadParser } from '../../sql/parse.js';
import { specKey, tableUses } from '../candidates/candidates.js';
import type { Candidate, SizeLimits, TableUse } from '../candidates/candidates.js';
import { heuristicWhatIf } from '../candidates/heuristic-what-if.js';
import { reasonedCandidates } from '../candidates/reasoned.js';
import { writesOf } from '../measured/write-cost.js';
import { selectIndexes } from '../selection/selection.js';
import type { IndexSelection, SelectedIndex, StatementGain } from '../selection/selection-types.js';
import { writeCostOf } from './keeping-cost.js';

/** What is searched for. */
export interface ProposalLimits extends SizeLimits {
  /** A table of fewer pages gets no BRIN index. */
  readonly minBrinPages: number;
}

/** An index of the best set for the workload, which is worth having in the present state by itself. All figures are `estimated`. */
export interface ProposedIndex {
  readonly candidate: Candidate;
  /** The statements that get cheaper with it alone, the greatest gain first: what a trial of it can show. */
  readonly changes: readonly StatementGain[];
  /** Share of the objective (0 to 1) that would be lost if the set went without it, less what keeping it costs. */
  readonly gainInSet: number;
  /** Null where no what-if engine told it. */
  readonly sizeBytes: number | null;
  /** Others that could stand in for it, best first. */
  readonly variants: readonly Candidate[];
}

/** The best set that was found, as what is to be tried one by one. */
export interface Proposals {
  /** What would be lost without it decides the order. */
  readonly indexes: readonly ProposedIndex[];
  /** How tables are used, as the candidates were made from it. */
  readonly uses: readonly TableUse[];
  /** No set of the candidates is better by more than this share of the objective, by the planner's own costs. */
  readonly gap: number;
  /** Where the costs come from, e.g. `what-if planner cost`. */
  readonly costSource: string;
  /** Whether the time ended the search. */
  readonly cutShort: boolean;
}

const known = new WeakMap<Snapshot, Map<string, Promise<Proposals>>>();

/**
 * Searches the best set of indexes of all classes for the whole workload, once for a snapshot: who asks again with the same
 * limits gets the same answer. Without a what-if engine it goes by what the statistics let guess. The same input gives the
 * same set, unless the time given ends the search: but for that, questions limit it, no clock.
 */
export function proposeIndexes(
  snapshot: Snapshot,
  whatIf: IndexWhatIf | null,
  limits: ProposalLimits & ChangeBounds,
): Promise<Proposals> {
  const searches = known.get(snapshot) ?? new Map<string, Promise<Proposals>>();
  known.set(snapshot, searches);
  const { minRows, minPages, minBrinPages, storageBytes, refuted } = limits;
  const key = JSON.stringify([
    whatIf === null,
    minRows,
    minPages,
    minBrinPages,
    storageBytes,
    refuted.map(specKey).toSorted(),
  ]);
  const search = searches.get(key) ?? searchProposals(snapshot, whatIf, limits);
  searches.set(key, search);
  return search;
}

/** Whether the time ended a search that was made for a snapshot. */
export async function wasCutShort(snapshot: Snapshot): Promise<boolean> {
  for (const search of known.get(snapshot)?.values() ?? []) if ((await search).cutShort) return true;
  return false;
}

/** EXPLAINs that a search may take: it ends with the best set so far. */
const MOST_QUESTIONS = 4000;
/** Turns of improving and proving: the next search begins from the accepted state, so the last permille is not worth more. */
const MOST_TURNS = 2;
/** Of so many statements guesses are not improved by programmes: with 91 their solution took minutes, and a set that is found without them 12 s. */
const MANY_GUESSED = 40;

/**
 * What an index as large as all tables together is taken to cost, as a share of the objective. An index has to earn its
 * room: one of a tenth of the database wins at least a statement of a twentieth of the weight that gets 1.8 times cheaper.
 */
const STORAGE_PRICE = 0.02;

async function searchProposals(
  snapshot: Snapshot,
  whatIf: IndexWhatIf | null,
  limits: ProposalLimits & ChangeBounds,
): Promise<Proposals> {
  await loadParser();
  const { catalog } = snapshot;
  const uses = tableUses(snapshot, limits);
  const refuted = new Set(limits.refuted.map(specKey));
  const candidates = reasonedCandidates(snapshot, uses, { leastBrinPages: limits.minBrinPages }).filter(
    ({ spec }) => !refuted.has(specKey(spec)),
  );
  const costSource = whatIf ? 'what-if planner cost' : 'rows read, guessed from the statistics';
  if (candidates.length === 0) return { indexes: [], uses, gap: 0, costSource, cutShort: false };
  const startedMs = performance.now();
  const now = (): number => performance.now() - startedMs;
  const engine = whatIf ?? heuristicWhatIf(snapshot, uses);
  const selection = await selectIndexes({
    snapshot,
    whatIf: engine,
    candidates,
    storageBytes: limits.storageBytes,
    keepExisting: true,
    preferSmall: true,
    objective: 'robust',
    writeShare: await writeShares(snapshot, engine),
    bytePrice: STORAGE_PRICE / Math.max(1, tableBytes(catalog)),
    allowance: {
      timeMs: limits.searchMs,
      plannerCalls: MOST_QUESTIONS,
      turns: whatIf === null && snapshot.workload.statements.length > MANY_GUESSED ? 0 : MOST_TURNS,
    },
    now,
  });
  const cutShort = limits.searchMs !== null && now() >= limits.searchMs;
  return { indexes: proposed(selection, candidates, whatIf !== null), uses, gap: selection.gap, costSource, cutShort };
}

type WriteShare = NonNullable<Parameters<typeof selectIndexes>[0]['writeShare']>;

/** Of the workload's cost: what writes pay for an index is reckoned in the same unit. */
async function writeShares({ catalog, workload }: Snapshot, whatIf: IndexWhatIf): Promise<WriteShare> {
  const writes = writesOf(workload, catalog);
  if (writes.length === 0) return () => 0;
  const calls = new Map(workload.statements.map((one) => [one.fingerprint, one.calls]));
  const costs = await whatIf.cost([...calls.keys()], { add: [], drop: [] });
  const total = costs.reduce((sum, one) => sum + (calls.get(one.fingerprint) ?? 0) * (one.cost ?? 0), 0);
  return (index) => ('existing' in index || total <= 0 ? 0 : writeCostOf(index, writes, catalog) / total);
}

function tableBytes({ tables }: Catalog): number {
  return tables.reduce((sum, table) => sum + table.sizeBytes, 0);
}

/** One that wins nothing by itself waits for the one that it needs: it is found again in the state that has that. */
function proposed(
  { chosen }: IndexSelection,
  candidates: readonly Candidate[],
  isSized: boolean,
): readonly ProposedIndex[] {
  const byKey = new Map(candidates.map((one) => [specKey(one.spec), one]));
  const isWorthATrial = ({ gainAlone, alone }: SelectedIndex): boolean => (gainAlone ?? 0) > 0 && alone.length > 0;
  return chosen.filter(isWorthATrial).flatMap(({ spec, sizeBytes, alone, gainInSet, variants }) => {
    const candidate = byKey.get(specKey(spec));
    if (candidate === undefined) return [];
    return [
      {
        candidate,
        changes: alone,
        gainInSet: gainInSet ?? 0,
        sizeBytes: isSized ? sizeBytes : null,
        variants: variants.flatMap((one) => byKey.get(specKey(one)) ?? []),
      },
    ];
  });
}
