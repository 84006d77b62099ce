import type { Catalog } from '../model/catalog.js';
import { parseStatement } from '../sql/parse.js';
import type { ParsedStatement } from '../sql/parse.js';
import type { TreeNode } from '../sql/tree.js';
import { factsOf } from './facts.js';
import type { Fact, Facts } from './facts.js';
import { formsOf } from './forms.js';
import type { Form } from './forms.js';
import type { PlanSign } from './plan-signs.js';
import { safetyOf } from './safety.js';
import { ungroupedColumns } from './ungrouped.js';
import { viewOf } from './view.js';
import type { StatementView } from './view.js';
import { writeBack } from './write-back.js';

/** What a rule says of itself. */
export interface RewriteDocs {
  /** The pattern and what it becomes, in one sentence. */
  readonly what: string;
  /** Why PostgreSQL does not do it by itself. */
  readonly why: string;
  /** Where it stays silent. */
  readonly limits: string;
  readonly sources: readonly string[];
}

/** A database and a statement on it that becomes faster. */
export interface RewriteExample {
  /** Tables, keys, constraints, functions; no rows. The verifier fills it. */
  readonly schema: string;
  /** Rows, indexes and ANALYZE: what the gain is measured on. */
  readonly data: string;
  readonly statement: string;
  /** The least factor by which buffers fall; or what falls instead, and why. */
  readonly gain: { readonly buffers: number } | { readonly rows: number; readonly why: string };
}

/** The same rewrite where it would be wrong: the verifier must find a database that shows it. */
export interface UnsoundTwin {
  /** What is missing, in words. */
  readonly why: string;
  /** In place of the example's. */
  readonly schema?: string;
  readonly statement?: string;
  /** The wrong text itself, for a rule that needs no fact: what a careless rewrite would be. Without it the rule's own rewrite is forced, and its `requires` must refuse. */
  readonly to?: string;
}

/** A rewrite as its file defines it. `Site` is what it found: trees by identity and names. */
export interface RewriteDefinition<Site> {
  /** `<family>/<what-it-does>`: the file's path. Never renamed. */
  readonly id: string;
  /** Majors of PostgreSQL for which it is offered; null where there is no newest. */
  readonly minMajor: number;
  readonly maxMajor: number | null;
  /** It takes arithmetic away from a column, so that where the original fails with an overflow the new form does not. */
  readonly sparesOverflow?: true;
  /** One place alone wins little: all that are proved are changed together, those included that show only after another has been changed. */
  readonly together?: true;
  readonly docs: RewriteDocs;
  /** The plan findings that the pattern causes: where the plan shows a sign of none, the statement is left alone. Empty for a rule that is worth a look whatever the plan. */
  readonly triggers: readonly PlanSign[];
  /** Every place where the pattern stands, by its form alone. */
  readonly match: (view: StatementView) => readonly Site[];
  /** Each precondition with the fact that proves it, or the one that is missing. At least one. */
  readonly requires: (site: Site, facts: Facts, view: StatementView) => readonly [Fact, ...Fact[]];
  /** The whole statement's tree, rewritten. Null where it can not be written. */
  readonly rewrite: (site: Site, view: StatementView) => TreeNode | null;
  readonly example: RewriteExample;
  readonly unsoundTwin: UnsoundTwin;
}

/** What a rule would do with a statement. */
export interface Proposal {
  readonly rule: string;
  /** Each precondition in words with the fact that proves it. */
  readonly proof: readonly string[];
  /** Facts that are missing: the rewrite is not offered unless this is empty. */
  readonly missing: readonly string[];
  /** The statement rewritten. */
  readonly to: string;
}

/** A rule as the catalogue holds it. */
export interface RewriteRule extends Omit<RewriteDefinition<never>, 'match' | 'requires' | 'rewrite'> {
  /** Every proposal for a statement, one per place, those with missing facts included; conditions that an index may serve are changed together. Needs `loadParser()`. */
  readonly propose: (statement: ParsedStatement, catalog: Catalog) => readonly Proposal[];
}

/** The only way to make a rule. */
export function defineRewrite<Site>(definition: RewriteDefinition<Site>): RewriteRule {
  const { match, requires, rewrite, ...rest } = definition;
  const proposeAsWritten = ({ statement, facts: given }: Form, catalog: Catalog): readonly Proposal[] => {
    const view = viewOf(statement, catalog);
    const facts = factsOf(catalog);
    const sites = match(view);
    const known = sites.length > 0 ? ungroupedColumns(view) : new Set<string>();
    return sites.flatMap((site) => {
      const tree = rewrite(site, view);
      const to = tree === null ? null : writeBack(statement, tree);
      if (to === null || isRefused(known, viewOf(parseStatement(to), catalog))) return [];
      const all = [...given, ...requires(site, facts, view), ...safetyOf(view)];
      return [
        {
          rule: definition.id,
          proof: all.filter((fact) => fact.holds).map((fact) => fact.says),
          missing: all.filter((fact) => !fact.holds).map((fact) => fact.says),
          to,
        },
      ];
    });
  };
  return {
    ...rest,
    propose(statement, catalog) {
      let unproved: readonly Proposal[] = [];
      for (const form of formsOf(statement, catalog)) {
        const found = proposeAsWritten(form, catalog);
        if (!found.some(isProved)) {
          if (unproved.length === 0) unproved = found;
          continue;
        }
        const several = definition.together || found.filter(isProved).length > 1;
        return several && (definition.together || definition.id.startsWith('sargable/'))
          ? together(found, (one) => proposeAsWritten({ ...form, statement: one }, catalog))
          : found;
      }
      return unproved;
    },
  };
}

/** Whether a column stands beside GROUP BY that did not: the server would refuse the new form. */
function isRefused(known: ReadonlySet<string>, after: StatementView): boolean {
  return [...ungroupedColumns(after)].some((one) => !known.has(one));
}

/** More places than this are left for another round. */
const PLACES = 12;

/** Conditions of an OR serve an index only when all of them do, and a join goes only after another that leans on it: what is proved of several places becomes one proposal. */
function together(
  found: readonly Proposal[],
  propose: (statement: ParsedStatement) => readonly Proposal[],
): readonly Proposal[] {
  const first = found.find(isProved);
  if (!first) return found;
  let all = first;
  for (let n = 1; n < PLACES; n += 1) {
    const next = propose(parseStatement(all.to)).find(isProved);
    if (!next) break;
    all = { ...next, proof: [...new Set([...all.proof, ...next.proof])] };
  }
  return [all, ...found.filter((one) => !isProved(one))];
}

function isProved({ missing }: Proposal): boolean {
  return missing.length === 0;
}

/** For which majors a rule is offered, in words. */
export function majorsOf({ minMajor, maxMajor }: Pick<RewriteRule, 'minMajor' | 'maxMajor'>): string {
  return maxMajor === null ? `PostgreSQL ${minMajor} and later` : `PostgreSQL ${minMajor} to ${maxMajor}`;
}

/** Whether a rule is offered for a major. */
export function isFor(rule: RewriteRule, major: number): boolean {
  return rule.minMajor <= major && (rule.maxMajor === null || major <= rule.maxMajor);
}
