import { WizardError } from '../base/errors.js';
import { mergeCoverage } from '../model/coverage.js';
import type { Coverage } from '../model/coverage.js';
import { catalogue } from '../plans/catalogue.js';
import { describeDifference } from '../plans/difference.js';
import type { PlanFacts } from '../plans/facts.js';
import { viewPlan } from '../plans/view.js';
import type { PlanView } from '../plans/view.js';
import { readTags, sourceOf } from '../logs/tags.js';
import type { ProgramPlace } from '../programs/places.js';
import { renderPlanHtml } from '../report/plan/plan-html.js';
import type { PlanReport, PlansReport } from '../report/plan/plan-report.js';
import { toPatch } from '../report/schema-parts.js';
import { toPlanReport } from '../report/plan/to-plan-report.js';
import type { PlanReportFacts } from '../report/plan/to-plan-report.js';
import type { CommandContext } from './command.js';
import { hasConnection, isConnectionString, readGiven } from './explain-input.js';
import type { Given } from './explain-input.js';
import { explainOnTarget } from './explain-target.js';
import { writeWhole } from './whole-file.js';
import { planCoverage } from './plan-coverage.js';
import { searchSource, taggedPlaces } from './source-search.js';
import type { SearchedSource } from './source-search.js';
import { tool } from './version.js';

/** What is to be explained. */
export interface ExplanationOptions {
  /** One or two arguments: what to explain, a connection string before it. */
  readonly given: readonly string[];
  /** A plan to compare with: a path, `-`, or the text. */
  readonly against: string | null;
  /** `auto`, a connection string, or null for none. */
  readonly lab: string | null;
  /** Time for trying advice in the lab. */
  readonly budgetMs: number;
  readonly htmlFile: string | null;
  /** A folder with the program that sends the query. */
  readonly sourceFolder: string | null;
}

/** Explains a query, or a plan and those that the same text holds behind it. A target is only read; what a lab needs is cleaned up. Throws `WizardError`. */
export async function explainGiven(options: ExplanationOptions, context: CommandContext): Promise<PlansReport> {
  const { url, argument } = argumentsOf(options.given);
  const read = await readGiven(argument, context.signal);
  const isPlanned = url !== null || hasConnection(context.env);
  // Without a database the plan in a comment is all there is of the query.
  const given = read.what === 'query' && !isPlanned ? (read.commented ?? read) : read;
  const first = await explainOne(given, url, options, context);
  if (given.what === 'query' || given.further.length === 0) return first;
  const further: PlanReport[] = [];
  for (const tree of given.further.slice(0, MOST_PLANS - 1))
    further.push(await explainOne({ ...given, tree, further: [], cut: 0 }, url, options, context));
  return { ...first, further };
}

/** Of one text: more are read with another command. */
const MOST_PLANS = 20;

async function explainOne(
  given: Given,
  named: string | null,
  options: ExplanationOptions,
  context: CommandContext,
): Promise<PlanReport> {
  const startedAt = new Date().toISOString();
  refuseForSeveral(given, options);
  const url = named ?? (given.what === 'query' && hasConnection(context.env) ? '' : null);
  if (given.what === 'query' && url === null)
    throw new WizardError('input/invalid', 'A query was given without a database to plan it on', {
      hint: 'Give a connection string before it (PG* variables fill in what it leaves out), or the output of EXPLAIN in place of the query.',
    });
  if (given.what === 'plan' && options.lab !== null)
    throw new WizardError('input/invalid', '--lab: a plan can not be run, only the query that it is of', {
      hint: 'Give the connection string and the query.',
    });
  const earlier = options.against === null ? null : await planOf(options.against, context);
  const explained = await explain(given, url, options, context);
  const { view } = explained;
  const query = given.what === 'query' ? given.sql : given.tree.query;
  const searched = await searchFor(query, options.sourceFolder, context);
  const report = toPlanReport({
    tool,
    startedAt,
    finishedAt: new Date().toISOString(),
    given: { what: given.what, form: given.what === 'plan' ? given.form : null, origin: given.origin },
    query,
    ...explained,
    advice: explained.advice.map((one) =>
      one.rewrite && one.kind !== 'hint' && searched
        ? {
            ...one,
            rewrite: { ...one.rewrite, patch: toPatch(searched.attribution(GIVEN, one.up.at(-1) ?? '').patch) },
          }
        : one,
    ),
    foundIn: [...(searched?.places.get(GIVEN) ?? (query === null ? [] : taggedIn(query)))],
    findings: catalogue.flatMap((kind) => kind.find(view, explained.facts)),
    difference: earlier && {
      against: options.against === '-' ? 'standard input' : earlier.origin,
      words: [...describeDifference(earlier.view, view)],
    },
    coverage: mergeCoverage(
      planCoverage(view, { hasFacts: explained.facts !== null, isOurs: explained.source !== 'given' }),
      explained.coverage,
      furtherPlans(given),
      ...(searched ? [searched.coverage] : []),
    ),
  });
  if (options.htmlFile !== null) await writeWhole(options.htmlFile, renderPlanHtml(report));
  return report;
}

/** The one statement that is looked for. */
const GIVEN = 'given';

async function searchFor(
  query: string | null,
  folder: string | null,
  { signal }: CommandContext,
): Promise<SearchedSource | null> {
  if (folder === null) return null;
  if (query === null)
    throw new WizardError('input/invalid', '--source: the plan does not hold the text of its query', {
      hint: 'Give the query itself.',
    });
  const tags = taggedIn(query).map(({ file, line }) => ({
    name: line === null ? file : `${file}:${line}`,
    executions: 1,
  }));
  return searchSource(folder, [{ fingerprint: GIVEN, sql: query, sources: tags }], signal);
}

/** What a text holds beside the plans that are explained. */
function furtherPlans(given: Given): Coverage {
  if (given.what === 'query') return { examined: [], skipped: [] };
  const beyond = Math.max(0, given.further.length + 1 - MOST_PLANS);
  const from = given.origin === 'argument' ? 'the text' : given.origin;
  const rows = [
    [
      beyond,
      `only the first ${MOST_PLANS} are explained`,
      'Give a log to `database-wizard workload`, which reads all of it.',
    ],
    [given.cut, 'they are not whole', 'Give all that EXPLAIN printed.'],
  ] as const;
  const skipped = rows
    .filter(([count]) => count > 0)
    .map(([count, reason, remedy]) => ({
      what: `${count} more plan${count === 1 ? '' : 's'} in ${from}`,
      reason,
      remedy,
    }));
  return { examined: [], skipped };
}

function refuseForSeveral(given: Given, { against, htmlFile }: ExplanationOptions): void {
  const option = against !== null ? '--against' : htmlFile !== null ? '--html' : null;
  if (option === null || given.what === 'query' || given.further.length === 0) return;
  throw new WizardError('input/invalid', `${option} takes one plan, and the text holds ${given.further.length + 1}`, {
    hint: 'Give one of them by itself.',
  });
}

/** What the query's own comments say of where it comes from. */
function taggedIn(query: string): readonly ProgramPlace[] {
  const comments = [...query.matchAll(/\/\*([\s\S]*?)\*\//g)].map(([, text]) => (text ?? '').trim());
  const tags = readTags(comments);
  const source = tags && sourceOf(tags);
  return source === null ? [] : taggedPlaces([{ name: source, executions: 1 }]);
}

/** What the plan is, and what is known beside it. */
export type Explained = Pick<
  PlanReportFacts,
  'view' | 'source' | 'target' | 'advice' | 'parallel' | 'coverage' | 'overhead'
> & {
  readonly facts: PlanFacts | null;
};

async function explain(
  given: Given,
  url: string | null,
  options: ExplanationOptions,
  context: CommandContext,
): Promise<Explained> {
  if (url !== null) return explainOnTarget({ given, url, lab: options.lab, budgetMs: options.budgetMs }, context);
  if (given.what === 'query') throw new WizardError('internal', 'A query came without a database');
  return {
    view: viewPlan(given.tree),
    source: 'given',
    target: null,
    advice: [],
    parallel: null,
    facts: null,
    coverage: { examined: [], skipped: [] },
    overhead: null,
  };
}

async function planOf(
  argument: string,
  context: CommandContext,
): Promise<{ readonly view: PlanView; readonly origin: string }> {
  const given = await readGiven(argument, context.signal);
  if (given.what === 'plan') return { view: viewPlan(given.tree), origin: given.origin };
  throw new WizardError('input/invalid', '--against: this is a query, and a plan is compared with', {
    hint: 'Give the output of EXPLAIN.',
  });
}

function argumentsOf(given: readonly string[]): { readonly url: string | null; readonly argument: string } {
  const [first, second] = given;
  if (first === undefined)
    throw new WizardError('input/invalid', 'Nothing was given to explain', {
      hint: 'E.g. `database-wizard explain plan.json`, or `database-wizard explain postgres://host/db "SELECT ..."`.',
    });
  if (given.length > 2)
    throw new WizardError('input/invalid', 'More than two arguments were given', { hint: 'Put the query in quotes.' });
  if (second === undefined && isConnectionString(first))
    throw new WizardError('input/invalid', 'A database was given and nothing to explain on it', {
      hint: 'Give the query after it, in quotes, as a file, or - for standard input.',
    });
  if (second !== undefined && !isConnectionString(first) && !/^[\w.-]+$/.test(first))
    throw new WizardError('input/invalid', 'The first of two arguments has to be a connection string', {
      hint: 'E.g. `database-wizard explain postgres://host/db "SELECT ..."`; put the query in quotes.',
    });
  return second === undefined ? { url: null, argument: first } : { url: first, argument: second };
}
