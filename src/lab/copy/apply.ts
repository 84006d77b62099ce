import { WizardError } from '../../base/errors.js';
import { quoteIdent } from '../../base/quote.js';
import type { Skipped } from '../../model/coverage.js';
import type { SchemaStatement } from '../../postgres/extract/extract.js';
import type { Session } from '../../postgres/session.js';
import { asLabError } from '../databases.js';
import { labCollation } from './locale.js';

/** Statements that go to the server in one message; one transaction's locks stay far below max_locks_per_transaction. */
const BATCH = 100;

/**
 * Runs schema statements in the lab. One that fails is left out, with what the server said, and so is what needs it; a lab without disk or
 * without server ends it all.
 */
export async function applyStatements(
  lab: Session,
  statements: readonly SchemaStatement[],
  signal: AbortSignal,
): Promise<readonly Skipped[]> {
  const skipped: Skipped[] = [];
  for (let at = 0; at < statements.length; at += BATCH) {
    signal.throwIfAborted();
    const batch = statements.slice(at, at + BATCH);
    if (await succeeds(lab, batch)) continue;
    for (const statement of batch) skipped.push(...(await applyOne(lab, statement)));
  }
  return skipped;
}

/** Index builds and their like over several sessions: the statements of one table stay in order on one session. */
export async function applyByTable(
  labs: readonly Session[],
  statements: readonly SchemaStatement[],
  signal: AbortSignal,
): Promise<readonly Skipped[]> {
  const groups = new Map<string, SchemaStatement[]>();
  for (const statement of statements) {
    const group = groups.get(statement.on ?? '');
    if (group === undefined) groups.set(statement.on ?? '', [statement]);
    else group.push(statement);
  }
  const queue = [...groups.values()];
  const worker = async (lab: Session): Promise<Skipped[]> => {
    const skipped: Skipped[] = [];
    for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
      skipped.push(...(await applyStatements(lab, group, signal)));
    }
    return skipped;
  };
  return (await Promise.all(labs.map(worker))).flat();
}

async function succeeds(lab: Session, batch: readonly SchemaStatement[]): Promise<boolean> {
  try {
    await lab.run(batch.map(textInLab).join(';\n'));
    return true;
  } catch (error) {
    throwUnlessStatement(error);
    return false;
  }
}

async function applyOne(lab: Session, statement: SchemaStatement): Promise<Skipped[]> {
  try {
    await lab.run(textInLab(statement));
    return [];
  } catch (error) {
    throwUnlessStatement(error);
    const difference = await standIn(lab, statement, error);
    return difference === null ? [] : [difference];
  }
}

/** Tries once more with what the lab has instead; says what then differs from the source. */
async function standIn(lab: Session, statement: SchemaStatement, error: WizardError): Promise<Skipped | null> {
  // Only a superuser may mark a constraint as checked; anyone may have it checked.
  if (
    statement.kind === 'foreign key' &&
    statement.inLab !== undefined &&
    (await succeeds(lab, [asInSource(statement)]))
  )
    return null;
  const what = `${statement.kind} ${statement.identity}`;
  const unavailable: Skipped = {
    what,
    reason: `The lab can not create it: ${error.message}`,
    remedy: remedyFor(statement),
  };
  const missing = /collation "pg_catalog\.(.+)" for encoding/.exec(error.message)?.[1];
  if (missing !== undefined && error.sqlstate === '42704') {
    const again = (await createSystemCollation(lab, missing)) && (await succeeds(lab, [statement]));
    return again
      ? {
          what: `sort order of ${what}`,
          reason: `The lab has no collation ${missing}; another stands in for it.`,
          remedy: null,
        }
      : unavailable;
  }
  if (statement.kind === 'collation') {
    const again = await succeeds(lab, [
      { ...statement, sql: `CREATE COLLATION ${statement.identity} FROM pg_catalog."C"` },
    ]);
    return again
      ? {
          what: `sort order of ${what}`,
          reason: `${error.message}; the lab sorts by byte value instead.`,
          remedy: null,
        }
      : unavailable;
  }
  return unavailable;
}

async function createSystemCollation(lab: Session, name: string): Promise<boolean> {
  for (const definition of [labCollation(name), `LOCALE = 'C'`]) {
    const sql =
      `SET allow_system_table_mods = on; CREATE COLLATION IF NOT EXISTS pg_catalog.${quoteIdent(name)} (${definition}); ` +
      'RESET allow_system_table_mods';
    if (await succeeds(lab, [{ kind: 'collation', identity: name, sql }])) return true;
  }
  return false;
}

function asInSource({ kind, identity, sql }: SchemaStatement): SchemaStatement {
  return { kind, identity, sql };
}

function textInLab(statement: SchemaStatement): string {
  return statement.inLab ?? statement.sql;
}

function remedyFor({ kind }: SchemaStatement): string | null {
  return kind === 'extension' ? 'Give a lab server that has the extension, with --lab.' : null;
}

/** Anything but the refusal of one statement ends the work. */
function throwUnlessStatement(error: unknown): asserts error is WizardError {
  const seen = asLabError(error);
  if (seen instanceof WizardError && seen.code === 'lab/statement' && seen.sqlstate !== '57014') return;
  throw seen;
}
