import { createIndexAction } from '../advisors/actions.js';
import { estimated } from '../advisors/evidence.js';
import type { Action, IndexSpec } from '../model/action.js';
import type { Evidence } from '../model/finding.js';
import type { Snapshot } from '../model/snapshot.js';
import type { IndexWhatIf } from '../model/what-if.js';
import type { WorkloadStatement } from '../model/workload.js';
import { fingerprintOf } from '../sql/fingerprint.js';
import { tryParseStatement } from '../sql/parse.js';
import { specKey } from '../indexes/candidates/candidates.js';
import { INDEX_SEARCHERS, advisorsOf } from './advisors.js';
import { stepsAnew } from './rewrite-chains.js';
import type { Chain } from './rewrite-chains.js';

/** A rewrite with the new indexes that its text asks for. All costs are the planner's: `estimated`. */
export interface Pair {
  readonly rewrite: Chain;
  /** At least one, each its own change. */
  readonly indexes: readonly Action[];
  readonly cost: { readonly before: number; readonly after: number };
  /** What neither the indexes nor the text reach by themselves. */
  readonly evidence: readonly Evidence[];
}

/** What a pair is held against: what is offered as one change. */
export interface SingleChanges {
  /** New indexes for the original text. */
  readonly indexes: readonly IndexSpec[];
  /** Proved texts, the most promising first, with what the planner thinks of them under the indexes that exist; null where that is unknown. */
  readonly texts: readonly { readonly rewrite: Chain; readonly cost: number | null }[];
}

/** The engine that plans without data, with the statements that it knows. */
export interface PairPlanner {
  readonly whatIf: IndexWhatIf;
  /** Sets the statements that the engine plans, in place of those before. */
  readonly plan: (statements: readonly WorkloadStatement[]) => void;
}

/** Texts for which indexes are searched. */
const MOST_TEXTS = 8;
/** EXPLAINs after which no search for a further text begins: one took 1 to 76 of them for statements of one and two tables. */
const MOST_EXPLAINS = 500;
/** Indexes of one pair: each alternative of an OR that became a UNION wants its own. */
const MOST_INDEXES = 3;
/** An index stays in a pair where the cost falls by so much with it: as the advisors' own `minFall`. */
const LEAST_FALL = 0.2;
/** A pair is two changes in one: it is offered where it costs less than this share of each that is one, as a chain of rewrites is. */
const WORTH_IT = 0.5;
/** Of the original's cost the second of the two changes has to win so much: as the advisors' own `minShare`. After an index that leaves a thousandth, half of that is not worth another text. */
const LEAST_SHARE = 0.01;

/** The cheapest text with new indexes that costs far less than the original, than that with new indexes or with the very same, and than each text without new indexes; null where there is none. */
export async function cheapestPair(
  snapshot: Snapshot,
  statement: WorkloadStatement,
  changes: SingleChanges,
  { whatIf, plan }: PairPlanner,
): Promise<Pair | null> {
  const texts = changes.texts.flatMap(({ rewrite }) => asStatement(statement, rewrite)).slice(0, MOST_TEXTS);
  if (texts.length === 0 || changes.indexes.some(holdsExpression)) return null;
  plan([...snapshot.workload.statements, ...texts.map((text) => text.statement)]);
  const asked = counted(whatIf);
  const original = await asked.costOf(statement, []);
  if (original === null) return null;
  const indexed = await leastCost(asked, statement, [...changes.indexes.map((one) => [one]), changes.indexes]);
  const rewritten = [
    ...changes.texts.map(({ cost }) => cost),
    ...(await Promise.all(texts.map((text) => asked.costOf(text.statement, [])))),
  ];
  const alone = Math.min(...rewritten.map((cost) => cost ?? Infinity));
  let best: Pair | null = null;
  for (const text of texts) {
    if (asked.explains() > MOST_EXPLAINS) break;
    const specs = await indexesFor(snapshot, text.statement, asked);
    const after = specs.length > 0 ? await asked.costOf(text.statement, specs) : null;
    const withoutText = await leastCost(asked, statement, [specs]);
    const single = Math.min(original, indexed, withoutText, alone);
    const bar = Math.min(WORTH_IT * single, single - LEAST_SHARE * original);
    if (after === null || after >= Math.min(bar, best?.cost.after ?? Infinity)) continue;
    best = {
      rewrite: text.rewrite,
      indexes: specs.map((spec) => createIndexAction(spec, snapshot.catalog)),
      cost: { before: original, after },
      evidence: [
        estimated(
          'the original with new indexes alone, at best',
          Math.min(original, indexed, withoutText),
          'cost',
          SOURCE,
        ),
        estimated('a rewrite without new indexes, at best', Number.isFinite(alone) ? alone : null, 'cost', SOURCE),
      ],
    };
  }
  return best;
}

const SOURCE = 'what-if planner cost';

/** Before ANALYZE has seen its values the planner takes a fixed share of the rows for what such an index finds (`DEFAULT_EQ_SEL` of selfuncs.h): it may serve the original far better than its cost says, so that nothing is clearly better. */
function holdsExpression({ keys }: IndexSpec): boolean {
  return keys.some((key) => key.startsWith('('));
}

/** A text as a statement with the values of the original; none for one of which the planner's cost tells nothing. */
function asStatement(
  original: WorkloadStatement,
  rewrite: Chain,
): readonly { readonly rewrite: Chain; readonly statement: WorkloadStatement }[] {
  const { to } = rewrite.proposal;
  const parsed = stepsAnew(original.sql, to) ? null : tryParseStatement(to);
  if (!parsed) return [];
  return [{ rewrite, statement: { ...original, sql: to, fingerprint: fingerprintOf(parsed) } }];
}

/** What the advisors of missing indexes would add for a text, without what it hardly needs beside the others. */
async function indexesFor(
  snapshot: Snapshot,
  statement: WorkloadStatement,
  asked: Counted,
): Promise<readonly IndexSpec[]> {
  // The plans are those of the original.
  const own: Snapshot = {
    ...snapshot,
    workload: { ...snapshot.workload, statements: [statement] },
    plans: new Map(),
  };
  const findings = await advisorsOf({}, (id) => INDEX_SEARCHERS.has(id)).examine(own, asked.whatIf);
  const found = findings.flatMap(({ actions: [action] }) => action?.index ?? []);
  let kept = [...new Map(found.map((spec) => [specKey(spec), spec])).values()].slice(0, MOST_INDEXES);
  for (const spec of kept.toReversed()) {
    const others = kept.filter((one) => one !== spec);
    const [withIt, without] = [await asked.costOf(statement, kept), await asked.costOf(statement, others)];
    if (withIt !== null && without !== null && withIt > without * (1 - LEAST_FALL)) kept = others;
  }
  return kept;
}

async function leastCost(
  asked: Counted,
  statement: WorkloadStatement,
  sets: readonly (readonly IndexSpec[])[],
): Promise<number> {
  const costs: number[] = [];
  for (const specs of sets) costs.push((await asked.costOf(statement, specs)) ?? Infinity);
  return Math.min(...costs);
}

interface Counted {
  readonly whatIf: IndexWhatIf;
  readonly explains: () => number;
  readonly costOf: (statement: WorkloadStatement, add: readonly IndexSpec[]) => Promise<number | null>;
}

/** The engine, with the EXPLAINs that its answers took. */
function counted(engine: IndexWhatIf): Counted {
  let explains = 0;
  const whatIf: IndexWhatIf = {
    cost: async (fingerprints, change) => {
      const answers = await engine.cost(fingerprints, change);
      for (const { planned } of answers) explains += planned;
      return answers;
    },
    size: (spec) => engine.size(spec),
    sizes: (specs) => engine.sizes(specs),
  };
  return {
    whatIf,
    explains: () => explains,
    costOf: async ({ fingerprint }, add) => {
      const [answer] = await whatIf.cost([fingerprint], { add, drop: [] });
      return answer?.cost ?? null;
    },
  };
}

/**
 * The indexes and the text as what one trial in a lab takes. It is no single change: the kernel refuses it (`assertSingleChange`), and no loop sees it. Taken back by dropping
 * the indexes and sending the old text.
 */
export function pairAction(rewrite: Action, indexes: readonly Action[]): Action {
  return {
    ...rewrite,
    up: indexes.flatMap(({ up }) => up),
    down: indexes.toReversed().flatMap(({ down }) => down),
    lock: indexes.map(({ lock }) => lock).join('; '),
    transactional: indexes.every(({ transactional }) => transactional),
    tables: indexes.flatMap(({ tables }) => tables),
  };
}
