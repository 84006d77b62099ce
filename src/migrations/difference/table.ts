import { quoteIdent, quoteLiteral } from '../../base/quote.js';
import type { ColumnFacts, TableFacts } from '../../model/schema.js';
import { checkAdditions, checkDrops } from './checks.js';
import { orderAfter, type ColumnPlan } from './columns.js';
import { plainly } from './names.js';
import { laterNotNull, notNullChange, notNullWords } from './not-null.js';
import { narrows, needsCast } from './retype.js';
import type { DifferenceStatement, Unwritten } from './statement.js';

/** A table that is there on both sides. */
export interface TableChange {
  readonly identity: string;
  readonly a: TableFacts;
  readonly b: TableFacts;
  readonly plan: ColumnPlan;
  /** Columns and checks that change in the same way on a parent, which takes this table along. */
  readonly above: readonly { readonly a: TableFacts; readonly b: TableFacts; readonly plan: ColumnPlan }[];
  /** Defaults and checks whose function or type is made anew. */
  readonly loosened: ReadonlySet<string>;
  readonly swapped: ReadonlySet<string>;
}

/** What is taken from the table before what it needed goes, and what it gets after what it needs is there. */
export interface TableStatements {
  readonly release: readonly DifferenceStatement[];
  readonly alter: readonly DifferenceStatement[];
  readonly unwritten: readonly Unwritten[];
}

export function tableStatements(change: TableChange): TableStatements {
  const { identity, a, b, plan } = change;
  const release: DifferenceStatement[] = [];
  const alter: DifferenceStatement[] = [];
  const say = (sql: string, loses: string | null = null): DifferenceStatement => ({
    sql,
    about: `table ${plainly(identity)}`,
    loses: loses && plainly(loses),
  });
  for (const check of checkDrops(change))
    release.push(say(`ALTER TABLE ${identity} DROP CONSTRAINT ${quoteIdent(check)}`));
  for (const column of a.columns) {
    const name = quoteIdent(column.name);
    if (isLoosened(change, column)) release.push(say(`ALTER TABLE ONLY ${identity} ALTER COLUMN ${name} DROP DEFAULT`));
    if (!plan.gone.has(column.name) && !plan.remade.has(column.name)) continue;
    if (change.above.some((one) => one.plan.gone.has(column.name) || one.plan.remade.has(column.name))) continue;
    const loses = column.generated === '' ? `the values of column ${name} of ${identity}` : null;
    release.push(say(`ALTER TABLE ${identity} DROP COLUMN ${name}`, loses));
  }
  alter.push(...wholeTable(change).map((sql) => say(sql)));
  for (const column of b.columns) {
    const was = a.columns.find(({ name }) => name === column.name);
    if (was === undefined || plan.remade.has(column.name))
      alter.push(...addition(change, column).map((sql) => say(sql)));
    else alter.push(...columnChange(change, was, column).map(({ sql, loses }) => say(sql, loses)));
  }
  alter.push(...[...checkAdditions(change), ...inheritances(change)].map((sql) => say(sql)));
  return { release, alter, unwritten: unwritten(change) };
}

function isLoosened({ plan, loosened, b }: TableChange, column: ColumnFacts): boolean {
  if (column.default === null || column.generated !== '') return false;
  if (loosened.has(`default ${column.name}`)) return true;
  const is = b.columns.find(({ name }) => name === column.name);
  return (
    is !== undefined &&
    !plan.remade.has(column.name) &&
    (plan.retyped.has(column.name) || is.default !== column.default)
  );
}

function wholeTable({ identity, a, b }: TableChange): string[] {
  const found: string[] = [];
  for (const parent of a.parents.filter((one) => !b.parents.includes(one)))
    found.push(`ALTER TABLE ${identity} NO INHERIT ${parent}`);
  if (a.unlogged !== b.unlogged) found.push(`ALTER TABLE ${identity} SET ${b.unlogged ? 'UNLOGGED' : 'LOGGED'}`);
  if (a.accessMethod !== b.accessMethod)
    found.push(`ALTER TABLE ${identity} SET ACCESS METHOD ${quoteIdent(b.accessMethod ?? 'heap')}`);
  const reset = a.options.map(optionName).filter((name) => !b.options.map(optionName).includes(name));
  if (reset.length > 0) found.push(`ALTER TABLE ${identity} RESET (${reset.join(', ')})`);
  const set = b.options.filter((option) => !a.options.includes(option));
  if (set.length > 0) found.push(`ALTER TABLE ${identity} SET (${set.map(optionText).join(', ')})`);
  if (a.ofType !== b.ofType) found.push(`ALTER TABLE ${identity} ${b.ofType === null ? 'NOT OF' : `OF ${b.ofType}`}`);
  return found;
}

function addition(change: TableChange, column: ColumnFacts): string[] {
  const { identity } = change;
  const name = quoteIdent(column.name);
  const settings = column.settings.map((clause) => `ALTER TABLE ONLY ${identity} ALTER COLUMN ${name} ${clause}`);
  const above = change.above
    .filter(({ plan }) => plan.added.has(column.name) || plan.remade.has(column.name))
    .flatMap(({ b }) => b.columns.filter((one) => one.name === column.name));
  const [parent] = above;
  if (parent !== undefined) {
    if (column.generated !== '' || parent.default === column.default) return settings;
    return [`ALTER TABLE ONLY ${identity} ALTER COLUMN ${name} ${defaultClause(column)}`, ...settings];
  }
  const words = [
    `ALTER TABLE ${identity} ADD COLUMN ${name} ${column.type}`,
    column.collation === null ? '' : `COLLATE ${column.collation}`,
    column.generated === ''
      ? column.default === null
        ? ''
        : `DEFAULT ${column.default}`
      : `GENERATED ALWAYS AS (${column.default ?? 'NULL'}) ${column.generated === 's' ? 'STORED' : 'VIRTUAL'}`,
    notNullWords(column),
    column.identity ?? '',
  ];
  return [words.filter((word) => word !== '').join(' '), ...laterNotNull(identity, column), ...settings];
}

function columnChange(
  change: TableChange,
  was: ColumnFacts,
  is: ColumnFacts,
): readonly { readonly sql: string; readonly loses: string | null }[] {
  const { identity, plan } = change;
  const found: { sql: string; loses: string | null }[] = [];
  const column = `ALTER COLUMN ${quoteIdent(is.name)}`;
  const whole = (clause: string, loses: string | null = null): void =>
    void found.push({ sql: `ALTER TABLE ${identity} ${clause}`, loses });
  const only = (clause: string): void =>
    void found.push({ sql: `ALTER TABLE ONLY ${identity} ${clause}`, loses: null });
  const above = change.above.flatMap((one) => {
    const [old] = one.a.columns.filter(({ name }) => name === is.name);
    const [now] = one.b.columns.filter(({ name }) => name === is.name);
    return old && now ? [{ old, now, plan: one.plan }] : [];
  });
  if (was.identity !== null && is.identity !== was.identity && !sameSequence(was.identity, is.identity))
    whole(`${column} DROP IDENTITY`, `the position of the sequence of column ${quoteIdent(is.name)} of ${identity}`);
  if (was.generated === 's' && is.generated === '') only(`${column} DROP EXPRESSION`);
  if (plan.retyped.has(is.name) && !above.some((one) => one.plan.retyped.has(is.name))) {
    const cast = change.swapped.has(is.name)
      ? ` USING ${quoteIdent(is.name)}::text::${is.type}`
      : needsCast(was.type, is.type)
        ? ` USING ${quoteIdent(is.name)}::${is.type}`
        : '';
    const collation = is.collation === null ? '' : ` COLLATE ${is.collation}`;
    const loses =
      !change.swapped.has(is.name) && narrows(was.type, is.type)
        ? `what the values of column ${quoteIdent(is.name)} of ${identity} hold beyond ${is.type}`
        : null;
    whole(`${column} TYPE ${is.type}${collation}${cast}`, loses);
  }
  if (is.generated !== '' && was.generated === is.generated && was.default !== is.default)
    whole(`${column} SET EXPRESSION AS (${is.default ?? 'NULL'})`);
  const lostDefault = isLoosened(change, was) || was.generated !== is.generated;
  if (is.generated === '' && is.default !== null && (lostDefault || was.default !== is.default))
    only(`${column} SET DEFAULT ${is.default}`);
  const notNullAbove = above.some(({ old, now }) => old.notNull !== now.notNull && now.notNull === is.notNull);
  if (!notNullAbove) for (const clause of notNullChange(identity, was, is)) found.push({ sql: clause, loses: null });
  if (is.identity !== null && is.identity !== was.identity) {
    if (was.identity !== null && sameSequence(was.identity, is.identity))
      whole(`${column} ${setIdentity(is.identity)}`);
    else whole(`${column} ADD ${is.identity}`);
  }
  for (const clause of settingChanges(was.settings, is.settings)) only(`${column} ${clause}`);
  return found;
}

const IDENTITY =
  /^GENERATED (ALWAYS|BY DEFAULT) AS IDENTITY \((SEQUENCE NAME .*) START WITH (-?\d+) INCREMENT BY (-?\d+) MINVALUE (-?\d+) MAXVALUE (-?\d+) CACHE (\d+)( CYCLE)?\)$/s;

function sameSequence(a: string, b: string | null): boolean {
  return b !== null && IDENTITY.exec(a)?.[2] === IDENTITY.exec(b)?.[2];
}

function setIdentity(clause: string): string {
  const [, always, , start, increment, minimum, maximum, cache, cycle] = IDENTITY.exec(clause) ?? [];
  const bounds = `SET START WITH ${start} SET INCREMENT BY ${increment} SET MINVALUE ${minimum} SET MAXVALUE ${maximum}`;
  return `SET GENERATED ${always} ${bounds} SET CACHE ${cache} SET ${cycle === undefined ? 'NO CYCLE' : 'CYCLE'}`;
}

/** Clauses that take one set of settings to another; what was set and is not gets its default. */
function settingChanges(was: readonly string[], is: readonly string[]): readonly string[] {
  const word = (clause: string): string => /^SET (?:STATISTICS|STORAGE|COMPRESSION|\()/.exec(clause)?.[0] ?? clause;
  const back: Readonly<Record<string, string>> = {
    'SET STATISTICS': 'SET STATISTICS -1',
    'SET STORAGE': 'SET STORAGE DEFAULT',
    'SET COMPRESSION': 'SET COMPRESSION DEFAULT',
  };
  const resets = was.flatMap((clause) => {
    const key = word(clause);
    if (key === 'SET (') {
      const names = [...clause.matchAll(/("(?:[^"]|"")*")=/g)].map(([, name]) => name);
      return is.includes(clause) ? [] : [`RESET (${names.join(', ')})`];
    }
    return is.some((one) => word(one) === key) ? [] : [back[key] ?? clause];
  });
  return [...resets, ...is.filter((clause) => !was.includes(clause))];
}

function unwritten(change: TableChange): Unwritten[] {
  const { identity, a, b, plan } = change;
  const found: Unwritten[] = [];
  if (a.partitionKey !== b.partitionKey)
    found.push({
      what: `partition key of ${plainly(identity)}: ${a.partitionKey ?? 'none'} -> ${b.partitionKey ?? 'none'}`,
      reason:
        'A table can not be partitioned, or partitioned otherwise, in place: make a new one, copy the rows, exchange the names.',
    });
  for (const column of b.columns) {
    const isNew = plan.added.has(column.name) || plan.remade.has(column.name);
    const isFilled = column.default !== null || column.identity !== null;
    if (isNew && column.notNull && !isFilled)
      found.push({
        what: `values of the new column ${plainly(quoteIdent(column.name))} of ${plainly(identity)}`,
        reason:
          'It is NOT NULL without a default: where the table holds rows, the statement fails until it says what they get.',
      });
  }
  const order = orderAfter(a, b, plan);
  const wanted = b.columns.map(({ name }) => name);
  if (order.join('\0') !== wanted.join('\0'))
    found.push({
      what: `order of the columns of ${plainly(identity)}: they will stand as ${order.map((name) => plainly(quoteIdent(name))).join(', ')}`,
      reason: 'PostgreSQL adds columns at the end only. Statements that name their columns do not notice.',
    });
  return found;
}

function defaultClause({ default: sql }: ColumnFacts): string {
  return sql === null ? 'DROP DEFAULT' : `SET DEFAULT ${sql}`;
}

function optionName(option: string): string {
  return option.slice(0, option.indexOf('=')).split('.').map(quoteIdent).join('.');
}

function optionText(option: string): string {
  return `${optionName(option)}=${quoteLiteral(option.slice(option.indexOf('=') + 1)).trim()}`;
}

/** Comes last: the columns and checks of the parent must be there. */
function inheritances({ identity, a, b }: TableChange): readonly string[] {
  return b.parents
    .filter((parent) => !a.parents.includes(parent))
    .map((parent) => `ALTER TABLE ${identity} INHERIT ${parent}`);
}
