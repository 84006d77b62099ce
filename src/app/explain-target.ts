import { asWizardError, WizardError } from '../base/errors.js';
import { mergeCoverage } from '../model/coverage.js';
import type { Skipped } from '../model/coverage.js';
import type { Snapshot } from '../model/snapshot.js';
import type { WorkloadStatement } from '../model/workload.js';
import type { PlanFacts } from '../plans/facts.js';
import { readPlan } from '../plans/read/read-plan.js';
import { viewPlan } from '../plans/view.js';
import type { PlanView } from '../plans/view.js';
import { resolveConnection } from '../postgres/conninfo.js';
import type { ReadOnlySession } from '../postgres/connect.js';
import { explain, toPlan } from '../postgres/explain.js';
import type { Session } from '../postgres/session.js';
import { parseStatement } from '../sql/parse.js';
import { advise, untriedBecause } from './advice.js';
import { createCleanup } from './cleanup.js';
import type { Cleanup } from './cleanup.js';
import type { CommandContext } from './command.js';
import { examineTarget } from './examination.js';
import type { Given } from './explain-input.js';
import { explainInLab } from './explain-lab.js';
import type { Explained } from './explanation.js';
import { untilAborted } from './interruption.js';
import { bindWorkload } from './parameters.js';
import { openTarget } from './open-target.js';
import { boundTexts } from '../sql/parameters.js';
import { openWhatIf, planOn } from './what-if.js';
import { writtenStatement } from './written-statement.js';

/** What is explained with a database at hand. */
export interface TargetQuestion {
  readonly given: Given;
  readonly url: string;
  readonly lab: string | null;
  readonly budgetMs: number;
}

/** Explains with what a database says: reads its catalog, plans a query there (never runs it), asks for advice; runs it on a copy where a lab is wanted. */
export async function explainOnTarget(
  { given, url, lab, budgetMs }: TargetQuestion,
  context: CommandContext,
): Promise<Explained> {
  const { signal, watch } = context;
  const cleanup = createCleanup((text) => watch({ type: 'note', text }));
  try {
    const settings = await resolveConnection(url, context.env);
    const place = lab === null || lab === 'auto' ? lab : await resolveConnection(lab, context.env);
    watch({ type: 'phase', phase: 'examine', text: 'reading the target' });
    const { session } = await openTarget(settings, signal);
    cleanup.add(() => session.close());
    const statement = statementOf(given);
    const { snapshot } = await untilAborted(
      signal,
      examineTarget(session, workloadOf(statement), { replicas: [], exactBloat: false, signal }),
    );
    const facts = factsOf(snapshot);
    if (given.what === 'plan' && statement === null)
      return { ...withoutQuery(viewPlan(given.tree), snapshot), facts, overhead: session.overhead() };
    const asked = await ask(session, snapshot, given, context);
    if (place !== null) {
      const tried = await explainInLab({ ...asked, lab: place, source: settings, session, cleanup, budgetMs }, context);
      return { ...tried, facts, target: snapshot.target, overhead: session.overhead() };
    }
    const advised = await adviseWithClone(session, asked, context, cleanup);
    return {
      view: asked.view,
      source: given.what === 'plan' ? 'given' : 'target',
      target: snapshot.target,
      facts,
      advice: advised.advice,
      parallel: null,
      coverage: mergeCoverage(asked.snapshot.coverage, {
        examined: [],
        skipped: [...asked.skipped, ...advised.skipped],
      }),
      overhead: session.overhead(),
    };
  } finally {
    await cleanup.run();
  }
}

/** A statement planned on the target, with the snapshot in which it is the whole workload. */
export interface Asked {
  readonly snapshot: Snapshot;
  readonly statement: WorkloadStatement;
  readonly view: PlanView;
  readonly skipped: readonly Skipped[];
}

/** The plan that was given, else the target's own for the values that stand in the statement or are drawn for it. */
async function ask(
  session: ReadOnlySession,
  snapshot: Snapshot,
  given: Given,
  { signal }: CommandContext,
): Promise<Asked> {
  const bound = bindWorkload(snapshot);
  const [asked] = snapshot.workload.statements;
  const statement = bound.workload.statements.find((one) => one.fingerprint === asked?.fingerprint);
  if (!statement) {
    const [why] = bound.workload.unusable;
    throw new WizardError('input/invalid', `The query can not be planned: ${why?.reason ?? 'unknown'}`, {
      hint: 'Put values in place of $1, $2, ...',
    });
  }
  const sql = shownText(statement);
  const rows = await untilAborted(signal, session.queryText(`EXPLAIN (FORMAT JSON, VERBOSE, SETTINGS) ${sql}`));
  const text = rows.rows.map(([line]) => line ?? '').join('\n');
  const view = given.what === 'plan' ? viewPlan(given.tree) : viewPlan(readPlan(text).tree);
  return {
    view,
    statement,
    snapshot: {
      ...snapshot,
      workload: bound.workload,
      plans: new Map([[statement.fingerprint, toPlan(text)]]),
    },
    skipped: [...bound.skipped, ...drawnValues(statement)],
  };
}

/** The statement with one set of values: a typical one where they were drawn. */
export function shownText(statement: WorkloadStatement): string {
  const typical = statement.parameterSets.findIndex((set) => set.class === 'typical');
  return boundTexts(statement.sql, statement.parameterSets)[Math.max(0, typical)] ?? statement.sql;
}

function drawnValues({ parameterSets }: WorkloadStatement): readonly Skipped[] {
  if (parameterSets.every((set) => set.class === 'given' || set.values.length === 0)) return [];
  return [
    {
      what: 'the values that the parameters really have',
      reason: 'they were drawn from the column statistics: the plan is for a typical one',
      remedy: 'Put values in place of $1, $2, ...',
    },
  ];
}

async function adviseWithClone(
  session: ReadOnlySession,
  { snapshot, statement }: Asked,
  context: CommandContext,
  cleanup: Cleanup,
): Promise<{ readonly advice: Explained['advice']; readonly skipped: readonly Skipped[] }> {
  const { signal, watch } = context;
  watch({
    type: 'phase',
    phase: 'hypothesise',
    text: 'what would help: indexes on a clone of the statistics, rewrites, statistics',
  });
  const { whatIf, skipped } = await untilAborted(
    signal,
    openWhatIf({ wanted: true, session, snapshot, context, cleanup }),
  );
  const planCost = (sql: string): Promise<number | null> => costOn(session, statement, sql);
  const plan = planOn(whatIf);
  const { advice } = await untilAborted(signal, advise(snapshot, statement, { whatIf, plan, planCost }));
  return {
    skipped,
    advice: advice.map((one) => untriedBecause(one, 'no lab was asked for; --lab auto tries it on a copy')),
  };
}

/** What the planner says of another text of the statement, with the first of its parameter sets; null where it can not be planned. */
export async function costOn(session: Session, statement: WorkloadStatement, sql: string): Promise<number | null> {
  const [bound = sql] = boundTexts(sql, statement.parameterSets);
  try {
    return (await explain(session, bound)).root['Total Cost'];
  } catch (thrown) {
    if (asWizardError(thrown).code === 'target/statement') return null;
    throw thrown;
  }
}

function statementOf(given: Given): WorkloadStatement | null {
  const sql = given.what === 'query' ? given.sql : given.tree.query;
  if (sql === null) return null;
  return writtenStatement(parseStatement(sql), { name: 'the query' });
}

function workloadOf(statement: WorkloadStatement | null): Parameters<typeof examineTarget>[1] {
  const statements = statement === null ? [] : [statement];
  return { workload: { source: 'file', origin: 'what was given', statements, unusable: [], since: null }, skipped: [] };
}

function factsOf({ catalog, statistics, settings }: Snapshot): PlanFacts {
  return { catalog, columns: statistics.columns, settings };
}

function withoutQuery(view: PlanView, snapshot: Snapshot): Omit<Explained, 'facts' | 'overhead'> {
  return {
    view,
    source: 'given',
    target: snapshot.target,
    advice: [],
    parallel: null,
    coverage: mergeCoverage(snapshot.coverage, {
      examined: [],
      skipped: [
        {
          what: 'what-if indexes and rewrites',
          reason: 'the plan does not hold its statement',
          remedy: 'Give the query in place of the plan.',
        },
      ],
    }),
  };
}
