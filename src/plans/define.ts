import type { z } from 'zod';
import type { Evidence, Severity } from '../model/finding.js';
import type { PlanFacts } from './facts.js';
import { shareOf } from './view.js';
import type { PlanView, ViewedNode } from './view.js';

/** What a plan must hold so that a finding can be looked for: whether it was run, its nodes timed, buffers counted. */
export type PlanNeed = 'run' | 'timing' | 'buffers';

/** What a finding says of itself. */
export interface PlanFindingDocs {
  /** What is found, with its thresholds, in one sentence. */
  readonly what: string;
  readonly why: string;
  /** When it stays silent, and what it can not know from a plan. */
  readonly limits: string;
  readonly sources: readonly string[];
}

/** A statement of an example, and what is done before it. */
export interface PlanCase {
  /** SQL that runs first, statement by statement, outside a transaction. */
  readonly before?: string;
  readonly statement: string;
  /** Settings of the session. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A database, a statement on it that the finding is about, and one that looks like it and is not. Both are really run. */
export interface PlanExample {
  readonly setup: string;
  readonly fires: PlanCase;
  readonly silent: PlanCase;
  /** Options of EXPLAIN beside ANALYZE and BUFFERS. */
  readonly explain?: string;
  /** Options of the finding where the defaults ask for more time than a test should take. */
  readonly options?: Readonly<Record<string, number>>;
  /** The first major that shows it in a plan. */
  readonly minMajor?: number;
  /** A query that is true on servers that can show it. */
  readonly where?: string;
  /** SQL that another session holds in an open transaction until the statement waits for it. */
  readonly beside?: string;
  /** Other findings above `info` that are right about the decoy. */
  readonly also?: readonly string[];
}

/** One place in one plan. */
export interface FoundInPlan {
  /** The node it is about; null for the whole statement. */
  readonly node: ViewedNode | null;
  /** One sentence: what, where. */
  readonly title: string;
  readonly evidence: readonly [Evidence, ...Evidence[]];
  /** What can be done, most likely first, in plain words or SQL. */
  readonly remedy: string;
  /** When not the definition's. A node that hardly counts in its statement makes an `info` of it in any case. */
  readonly severity?: Severity;
  /** What part of the statement it is about, 0 to 1, where that is not the node with all below it. */
  readonly share?: number | undefined;
}

/** A finding as its file defines it. */
export interface PlanFindingDefinition<Options extends z.ZodType> {
  /** `<family>/<symptom>`: the file's path. Never renamed; rewrites name the symptom alone. */
  readonly id: string;
  readonly severity: Severity;
  readonly needs: readonly PlanNeed[];
  /** Whether it is right about a node whose rows and loops the text leaves out, in a plan that has those of others. */
  readonly takesPart?: boolean;
  readonly docs: PlanFindingDocs;
  readonly options: Options;
  /** Pure. `facts` is null where there is no database to ask. */
  readonly find: (view: PlanView, options: z.output<Options>, facts: PlanFacts | null) => readonly FoundInPlan[];
  readonly example: PlanExample;
}

/** A finding in a plan. */
export interface PlanFinding extends Omit<FoundInPlan, 'share' | 'severity'> {
  readonly id: string;
  readonly severity: Severity;
  /** Of the statement, 0 to 1; null where the plan does not say. */
  readonly share: number | null;
}

/** A kind of finding as the catalogue holds it: options closed over. */
export interface PlanFindingKind extends Omit<PlanFindingDefinition<z.ZodType>, 'find' | 'options'> {
  /** JSON-able defaults, for the documentation. */
  readonly defaults: unknown;
  /** Empty for a plan that lacks what it `needs`. Throws a ZodError for options of the wrong form. */
  find(view: PlanView, facts: PlanFacts | null, options?: unknown): readonly PlanFinding[];
}

/** A part of a statement below which nothing in it is worth more than an `info`, and a statement that short. */
const LEAST_SHARE = 0.05;
const LEAST_MS = 5;

/** The only way to make a kind of finding. */
export function definePlanFinding<Options extends z.ZodType>(
  definition: PlanFindingDefinition<Options>,
): PlanFindingKind {
  const { find, options, ...rest } = definition;
  return {
    ...rest,
    defaults: options.parse({}),
    find(view, facts, given = {}) {
      if (missingFor(definition.needs, view).length > 0) return [];
      const isKnown = ({ node }: FoundInPlan): boolean =>
        definition.takesPart === true || !definition.needs.includes('run') || node?.node.actual !== null;
      const all = find(view, options.parse(given), facts);
      return all.filter(isKnown).map(({ share, severity, ...found }) => {
        const part = share ?? (found.node ? shareOf(view, found.node) : 1);
        const isSmall =
          (part !== null && part < LEAST_SHARE) || (view.executionMs !== null && tookOf(view, found.node) < LEAST_MS);
        return {
          ...found,
          id: definition.id,
          severity: isSmall ? ('info' as const) : (severity ?? definition.severity),
          share: part,
        };
      });
    },
  };
}

/** How long a statement took, planning it included where that is what is found. */
function tookOf({ executionMs, tree }: PlanView, node: ViewedNode | null): number {
  return (executionMs ?? 0) + (node === null ? (tree.planningMs ?? 0) : 0);
}

/** What a plan lacks of it. */
export function missingFor(needs: readonly PlanNeed[], view: PlanView): readonly PlanNeed[] {
  const has = { run: view.ran, timing: view.timed, buffers: view.hasBuffers };
  return needs.filter((need) => !has[need]);
}
