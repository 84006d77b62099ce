import { WizardError } from '../base/errors.js';
import { sameRelation, type RelationName } from '../model/catalog.js';
import { readOutcome } from '../postgres/read/deployments.js';
import type { Session } from '../postgres/session.js';
import type { OpenStep } from './journal.js';
import { runsAlone } from './plan.js';
import type { PlanStatement } from './statement.js';
import { findIndex, stateDifferences, type TouchedIndex, type TouchedState } from './state.js';

/** What became of a step that was started. */
export interface Outcome {
  readonly applied: boolean;
  /** Invalid indexes that this deployment left: to be dropped before anything else. */
  readonly leftovers: readonly TouchedIndex[];
  /** A drop that was cut short: it can only be ended, not taken back. */
  readonly halfDropped: boolean;
  /** What was found, in words. */
  readonly note: string;
}

/**
 * Finds out by looking at the target whether a started step was applied. Call it when its server process has ended. `ran` where all of its statements just ended without an error: of those that may be run again nothing else tells.
 * Throws `deploy/drift` where that can not be told because somebody else had their hands in it.
 */
export async function settle(
  reader: Session,
  open: Pick<OpenStep, 'before' | 'xid'>,
  statements: readonly PlanStatement[],
  now: TouchedState,
  ran: boolean,
): Promise<Outcome> {
  const [statement] = statements;
  if (statement === undefined)
    return { applied: true, leftovers: [], halfDropped: false, note: 'there was nothing to run' };
  if (!runsAlone(statements)) return settleTransaction(reader, open, now);
  if (statement.form === 'create-index') return settleCreate(open, statement, now);
  if (statement.form === 'drop-index') return settleDrop(statement, now);
  if (statement.form === 'detach-partition') return settleDetach(statement, now);
  if (statement.form === 'reindex-table') return settleReindexTable(open, statement, now, ran);
  if (statement.form === 'repeatable')
    return {
      applied: ran,
      leftovers: [],
      halfDropped: false,
      note: ran ? 'it ran to its end' : 'how far it came is not known: it is run again, and finds what is left to do',
    };
  return settleReindex(open, statement, now);
}

async function settleTransaction(
  reader: Session,
  { before, xid }: Pick<OpenStep, 'before' | 'xid'>,
  now: TouchedState,
): Promise<Outcome> {
  if (xid === null)
    return {
      applied: false,
      leftovers: [],
      halfDropped: false,
      note: 'its transaction never came to its commit, and is undone',
    };
  const outcome = await readOutcome(reader, xid);
  if (outcome === 'committed')
    return { applied: true, leftovers: [], halfDropped: false, note: `its transaction ${xid} was committed` };
  if (outcome === 'aborted')
    return { applied: false, leftovers: [], halfDropped: false, note: `its transaction ${xid} was rolled back` };
  if (outcome === 'in progress') throw running(`transaction ${xid}`);
  const changed = stateDifferences(before.structure, now.structure).length > 0;
  return {
    applied: changed,
    leftovers: [],
    halfDropped: false,
    note: `the server no longer knows its transaction ${xid}; the catalog ${changed ? 'has changed' : 'is as before'}`,
  };
}

function settleCreate({ before }: Pick<OpenStep, 'before'>, statement: PlanStatement, now: TouchedState): Outcome {
  const { name, index } = look(statement, now);
  if (!index) return { applied: false, leftovers: [], halfDropped: false, note: `the index ${name} is not there` };
  if (findIndex(before, index)?.oid === index.oid) throw foreign(name);
  if (index.valid)
    return { applied: true, leftovers: [], halfDropped: false, note: `the index ${name} is there and valid` };
  if (index.building) throw running(`the build of ${name}`);
  return { applied: false, leftovers: [index], halfDropped: false, note: `the index ${name} was left invalid` };
}

/** A drop that was cut short leaves the index invalid: dropping it again ends it. */
function settleDrop(statement: PlanStatement, now: TouchedState): Outcome {
  const { name, index } = look(statement, now);
  if (!index) return { applied: true, leftovers: [], halfDropped: false, note: `the index ${name} is gone` };
  return {
    applied: false,
    leftovers: [],
    halfDropped: !index.valid,
    note: index.valid
      ? `the index ${name} is still there`
      : `the index ${name} is half dropped: invalid, and still there`,
  };
}

/** What was cut short after its first transaction can only be ended. */
function settleDetach({ object }: PlanStatement, now: TouchedState): Outcome {
  const name = `${object?.schema}.${object?.name}`;
  const state = now.partitions.find((one) => object !== null && sameRelation(one, object));
  if (!state) return { applied: true, leftovers: [], halfDropped: false, note: `${name} is detached` };
  return {
    applied: false,
    leftovers: [],
    halfDropped: state.detaching,
    note: state.detaching ? `${name} is half detached` : `${name} is still a partition`,
  };
}

function settleReindex({ before }: Pick<OpenStep, 'before'>, statement: PlanStatement, now: TouchedState): Outcome {
  const { name, index } = look(statement, now);
  const was = statement.object ? findIndex(before, statement.object) : undefined;
  const leftovers = index ? leftByRebuild(before, index.table, now, was) : [];
  if (leftovers.some((one) => one.building)) throw running(`the rebuild of ${name}`);
  const applied = index !== undefined && index.valid && index.oid !== was?.oid;
  return {
    applied,
    leftovers,
    halfDropped: false,
    note: applied ? `the index ${name} was rebuilt` : `the index ${name} is the old one`,
  };
}

/** Of some of its indexes it may have been done: it is run again. */
function settleReindexTable(
  { before }: Pick<OpenStep, 'before'>,
  { table }: PlanStatement,
  now: TouchedState,
  ran: boolean,
): Outcome {
  const leftovers = table ? leftByRebuild(before, table, now, undefined) : [];
  if (leftovers.some((one) => one.building)) throw running('the rebuild of the indexes');
  const note = ran ? 'its indexes were rebuilt' : 'which of its indexes were rebuilt is not known: it is run again';
  return { applied: ran, leftovers, halfDropped: false, note };
}

/** Invalid indexes of a table, named as REINDEX CONCURRENTLY names them, which were not there before; or that was the one which is rebuilt. */
function leftByRebuild(
  before: OpenStep['before'],
  table: RelationName,
  now: TouchedState,
  was: TouchedIndex | undefined,
): readonly TouchedIndex[] {
  return now.indexes.filter(
    (one) =>
      !one.valid &&
      /_cc(?:new|old)\d*$/.test(one.name) &&
      sameRelation(one.table, table) &&
      before.indexes.every((known) => known.oid !== one.oid || known.oid === was?.oid),
  );
}

function look(
  { object }: PlanStatement,
  now: TouchedState,
): { readonly name: string; readonly index: TouchedIndex | undefined } {
  const name: RelationName = object ?? { schema: '', name: '' };
  return { name: `${name.schema}.${name.name}`, index: findIndex(now, name) };
}

function running(what: string): WizardError {
  return new WizardError('deploy/blocked', `The server still works on ${what}, which an earlier start began`, {
    hint: 'Run the same command again when it has ended: it then goes on from there.',
  });
}

function foreign(name: string): WizardError {
  return new WizardError('deploy/drift', `The index ${name} was there before this deployment`, {
    hint: 'Nothing was changed. Make a new plan: run `optimize` or `index` again.',
  });
}
