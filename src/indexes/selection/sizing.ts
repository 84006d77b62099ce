import type { IndexSpec } from '../../model/action.js';
import { storedParts } from '../candidates/candidates.js';
import type { Candidate } from '../candidates/candidates.js';
import type { Allowance } from './allowance.js';
import { candidateDraft, existingDrafts } from './items.js';
import type { ItemDraft } from './items.js';
import { OBJECTIVE_SCALE } from './programmes.js';
import type { SelectionInput } from './selection-types.js';
import type { PlannedStatement } from './shares.js';

/** Sizing may take this share of the time that is left when it begins: a candidate on columns that were not read yet costs as much as some questions. */
const SIZING_SHARE = 0.6;
/** So many at most are sized between two looks at the clock, those on each partition counted: an index on a tree is one for each of its tables. */
const SIZED_AT_ONCE = 64;
/** The first ones show what one takes: 40 ms on a quiet machine where others are on the same columns, more than a second where a large table is read for it. */
const SIZED_AT_LEAST = 4;
/** Of the time that is left for it, for as many as the last ones foretell: others take longer, a GIN index ten times as long. */
const FORETOLD_SHARE = 0.5;

/** Finds the sizes of candidates, the most promising first and so many at a time: that takes most of a large search. */
export class CandidateSizing {
  readonly refused: { readonly spec: IndexSpec; readonly reason: string }[] = [];
  readonly #drafts = new Map<ItemDraft, readonly string[]>();
  readonly #input: SelectionInput;
  readonly #wanted: readonly Candidate[];
  readonly #allowance: Allowance;
  readonly #room: number;
  /** Share of the whole time at which it ends. */
  readonly #until: number;
  #sized = 0;
  #msPerIndex = 0;

  constructor(input: SelectionInput, wanted: readonly Candidate[], allowance: Allowance) {
    this.#input = input;
    this.#wanted = wanted;
    this.#allowance = allowance;
    this.#room = largestBudget(input);
    this.#until = 1 - (1 - allowance.timeShare) * (1 - SIZING_SHARE);
  }

  /** Those that can be and fit, with the statements they were made for. */
  get drafts(): ReadonlyMap<ItemDraft, readonly string[]> {
    return this.#drafts;
  }

  /** How many are left. */
  get unsized(): number {
    return this.#wanted.length - this.#sized;
  }

  /** Goes on until so many of all were looked at, or there is no more time for it. */
  async sizeUpTo(count: number): Promise<void> {
    const end = Math.min(count, this.#wanted.length);
    while (this.#sized < end && !this.#allowance.isOutOfTime(this.#until)) {
      const { some, indexes } = this.#some(end);
      const before = this.#allowance.elapsedMs;
      await this.#size(some);
      this.#msPerIndex = (this.#allowance.elapsedMs - before) / indexes;
      this.#sized += some.length;
    }
  }

  /** As many as are likely sized before the time for it is up. */
  get #atOnce(): number {
    const leftMs = this.#allowance.msUntil(this.#until);
    if (leftMs === null) return SIZED_AT_ONCE;
    const most = this.#sized === 0 ? 0 : (FORETOLD_SHARE * leftMs) / Math.max(this.#msPerIndex, Number.EPSILON);
    return Math.max(SIZED_AT_LEAST, Math.min(SIZED_AT_ONCE, most));
  }

  /** The next ones. */
  #some(end: number): { readonly some: readonly Candidate[]; readonly indexes: number } {
    const { catalog } = this.#input.snapshot;
    const atOnce = this.#atOnce;
    let last = this.#sized;
    let indexes = 0;
    for (; last < end && indexes < atOnce; last += 1) {
      const table = this.#wanted[last]?.table;
      indexes += table === undefined ? 1 : storedParts(catalog, table).length;
    }
    return { some: this.#wanted.slice(this.#sized, last), indexes };
  }

  async #size(some: readonly Candidate[]): Promise<void> {
    const { whatIf, writeShare = () => 0, bytePrice = 0 } = this.#input;
    const sizes = await whatIf.sizes(some.map((one) => one.spec));
    for (const [at, candidate] of some.entries()) {
      const size = sizes[at];
      if (size === undefined) continue;
      if (size.refused !== undefined) {
        this.refused.push({ spec: candidate.spec, reason: size.refused });
        continue;
      }
      const bytes = this.#input.sizeBytes?.(candidate.spec) ?? size.sizeBytes;
      const writeCost = (writeShare(candidate.spec) + bytes * bytePrice) * OBJECTIVE_SCALE;
      if (bytes <= this.#room) this.#drafts.set(candidateDraft(candidate, { bytes, writeCost }), candidate.for);
    }
  }
}

/** After so many candidates a first set is looked for, and again each time there are so many times as many. */
const FIRST_WAVE = 256;
const WAVE_GROWTH = 4;
/** Fewer are sized in some seconds: a set for the beginning would cost questions and come hardly sooner. */
const LEAST_IN_WAVES = 2000;

/** How many candidates are to be known each time a set is looked for, the last time all. */
export function wavesOf(candidates: number): readonly number[] {
  const waves: number[] = [];
  if (candidates >= LEAST_IN_WAVES)
    for (let count = FIRST_WAVE; count * WAVE_GROWTH <= candidates; count *= WAVE_GROWTH) waves.push(count);
  return [...waves, candidates];
}

/** The first thought for each statement before the second ones, and the weightiest statement first: there may be no time for all of them. */
export function inOrderOfWeight(
  candidates: readonly Candidate[],
  planned: readonly PlannedStatement[],
): readonly Candidate[] {
  const weights = new Map(
    planned.map(({ representative: { fingerprint, calls }, cost }) => [fingerprint, calls * cost]),
  );
  const weight = (candidate: Candidate): number =>
    Math.max(0, ...candidate.for.map((fingerprint) => weights.get(fingerprint) ?? 0));
  const thoughts = new Map<string, number>();
  const ranked = candidates.map((candidate) => {
    const least = Math.min(...candidate.for.map((fingerprint) => thoughts.get(fingerprint) ?? 0), candidates.length);
    for (const fingerprint of candidate.for) thoughts.set(fingerprint, (thoughts.get(fingerprint) ?? 0) + 1);
    return { candidate, thought: least, weight: weight(candidate) };
  });
  return ranked.toSorted((a, b) => a.thought - b.thought || b.weight - a.weight).map((one) => one.candidate);
}

/** No larger index can be part of an answer, unless existing ones make room. */
function largestBudget({ storageBytes, curveBytes = [], snapshot }: SelectionInput): number {
  const budgets = [storageBytes, ...curveBytes].map((bytes) => bytes ?? Number.POSITIVE_INFINITY);
  return Math.max(...budgets) + existingDrafts(snapshot.catalog, () => 0).reduce((sum, draft) => sum + draft.bytes, 0);
}
