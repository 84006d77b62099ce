import type { Rewrite } from '../model/action.js';
import type { Iteration } from '../model/run.js';
import { comment, terminated } from './sql-text.js';
import type { Attribution, ProgramPlace } from '../programs/places.js';
import { catalogue as rules } from '../rewrites/catalogue.js';
import { majorsOf } from '../rewrites/define.js';
import { layoutOf } from '../sql/layout.js';
import { changedLines, sentLines } from './text/sent-lines.js';
import { effectSentence, placeWords } from './words.js';

/** A file to write, its path relative to the output folder. */
export interface ReportFile {
  readonly path: string;
  readonly content: string;
}

export interface MigrationFiles {
  readonly migrations: readonly {
    readonly iteration: number;
    readonly title: string;
    readonly up: ReportFile;
    readonly down: ReportFile;
  }[];
  readonly rewrites: readonly {
    readonly iteration: number;
    readonly title: string;
    readonly holdsFor: string;
    readonly foundIn: readonly ProgramPlace[];
    readonly file: ReportFile;
    /** Null where there is none; then `noPatch` says why, where program text was searched. */
    readonly patch: ReportFile | null;
    readonly noPatch: string | null;
  }[];
}

/**
 * The accepted changes as plain SQL that psql runs, in the order accepted, numbered from 0001; rewrites apart, with their own numbers.
 * A file is wrapped in BEGIN and COMMIT only where every statement in it may run inside a transaction.
 */
export function migrationFiles(iterations: readonly Iteration[], attributions: Attributions = NONE): MigrationFiles {
  const accepted = iterations.filter((iteration) => iteration.decision.kind === 'accept');
  const changes = accepted.filter(({ hypothesis }) => hypothesis.action.up.length > 0);
  const rewritten = accepted.filter(({ hypothesis }) => hypothesis.action.rewrite !== null);
  return {
    migrations: changes.map((iteration, position) => {
      const base = `migrations/${fileName(position, iteration)}`;
      return {
        iteration: iteration.number,
        title: iteration.hypothesis.title,
        up: { path: `${base}.up.sql`, content: upContent(iteration, base) },
        down: { path: `${base}.down.sql`, content: downContent(iteration, base) },
      };
    }),
    rewrites: rewritten.map((iteration, position) => {
      const base = `rewrites/${fileName(position, iteration)}`;
      const { places, patch } = attributions.get(iteration.number) ?? UNKNOWN;
      const holdsFor = holdsForOf(iteration.hypothesis.action.rewrite);
      const written = patch && 'patch' in patch ? { path: `${base}.patch`, content: patch.patch } : null;
      return {
        iteration: iteration.number,
        title: iteration.hypothesis.title,
        holdsFor,
        foundIn: places,
        file: { path: `${base}.sql`, content: rewriteContent(iteration, { holdsFor, places, patch: written }) },
        patch: written,
        noPatch: patch && 'reason' in patch ? patch.reason : null,
      };
    }),
  };
}

function holdsForOf(rewrite: Rewrite | null): string {
  if (rewrite?.hint) return `the data as they are; wants a new trial after ${rewrite.hint.until}`;
  const rule = rules.find(({ id }) => id === rewrite?.rule);
  return rule ? majorsOf(rule) : 'unknown';
}

/** By number of iteration, where the statement of a rewrite comes from. */
export type Attributions = ReadonlyMap<number, Attribution>;

const NONE: Attributions = new Map();
const UNKNOWN: Attribution = { places: [], patch: null };

function upContent(iteration: Iteration, base: string): string {
  const { action } = iteration.hypothesis;
  const transactional = isTransactional(iteration);
  const header = [
    ...comment('', action.title),
    '--',
    ...evidenceLines(iteration).flatMap(([label, text]) => comment(`${label}:`.padEnd(10), text)),
    ...comment('Run:      ', `psql -v ON_ERROR_STOP=1 -f ${base}.up.sql`),
    ...(transactional
      ? []
      : comment('          ', 'outside a transaction: neither psql -1 nor a migration tool that opens one')),
    ...interruptionWords(action.up).flatMap((text) => comment('          ', text)),
    ...comment(
      'Revert:   ',
      `${base}.down.sql${iteration.verdict.revertVerified ? ' (was run in the lab, and left the catalog as before)' : ''}`,
    ),
  ];
  return file(header, action.up, transactional);
}

/** The change runs inside one transaction. */
export function isTransactional({ hypothesis: { action } }: Iteration): boolean {
  return action.transactional && action.up.every(mayRunInTransaction);
}

/** Why a change was accepted, with its figures: a label, and what it says. */
export function evidenceLines(iteration: Iteration): readonly (readonly [string, string])[] {
  const { action, finding, risk } = iteration.hypothesis;
  const where = action.kind === 'reindex' ? 'as read on the target against as built in the lab' : 'on a lab copy';
  return [
    ['Why', finding.title],
    ['Effect', `${effectSentence(iteration.verdict.effect)} (iteration ${iteration.number}, ${where})`],
    ['Lock', action.lock],
    ['Risk', `${risk.level}; ${risk.behaviour}`],
  ];
}

function downContent(iteration: Iteration, base: string): string {
  const { action } = iteration.hypothesis;
  const header = [
    ...comment('', `Reverts: ${action.title}`),
    '--',
    ...comment('Run:      ', `psql -v ON_ERROR_STOP=1 -f ${base}.down.sql`),
  ];
  if (action.down.length === 0)
    return file([...header, ...comment('', 'Nothing to run: the change left the schema as it was.')], [], false);
  const transactional = action.down.every(mayRunInTransaction);
  if (!transactional)
    header.push(...comment('          ', 'outside a transaction: neither psql -1 nor a migration tool that opens one'));
  return file(header, action.down, transactional);
}

function rewriteContent(
  iteration: Iteration,
  {
    holdsFor,
    places,
    patch,
  }: { readonly holdsFor: string; readonly places: readonly ProgramPlace[]; readonly patch: ReportFile | null },
): string {
  const { action, title } = iteration.hypothesis;
  const { rewrite } = action;
  if (!rewrite) return '';
  const header = [
    ...comment('', title),
    '--',
    ...(rewrite.hint ? [] : comment('Rule:     ', rewrite.rule)),
    ...rewrite.proof.flatMap((fact) => comment(rewrite.hint ? 'Note:     ' : 'Proof:    ', fact)),
    ...comment(
      'Effect:   ',
      `${effectSentence(iteration.verdict.effect)} (iteration ${iteration.number}, on a lab copy)`,
    ),
    ...comment(
      'Results:  ',
      iteration.verdict.resultsEqual === true ? 'equal for every parameter set that was run' : 'could not be compared',
    ),
    ...comment('Holds for:', ` ${holdsFor}`),
    ...places.flatMap((place) => comment('Stands in:', ` ${placeWords(place)}`)),
    ...(patch === null ? [] : comment('Patch:    ', `git apply ${patch.path} in the folder of the program`)),
    '--',
    '-- This statement stands in the application. Before:',
    ...commented(layoutOf(rewrite.from)),
    '-- What changes:',
    ...commented(changedLines(rewrite)),
    '-- After:',
  ];
  return file(header, [sentLines(rewrite).join('\n')], false);
}

/** A string of a statement may go over lines of its own. */
function commented(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => line.split(/\r\n|\r|\n/)).map((line) => `--   ${line}`);
}

function file(header: readonly string[], statements: readonly string[], transactional: boolean): string {
  const body = statements.map(terminated);
  const wrapped =
    transactional && body.length > 0 ? ['BEGIN;', "SET LOCAL lock_timeout = '5s';", ...body, 'COMMIT;'] : body;
  return `${[...header, ...(wrapped.length > 0 ? ['', ...wrapped] : [])].join('\n')}\n`;
}

/** What to do when statements that run concurrently are cut off; empty where none does. */
export function interruptionWords(statements: readonly string[]): readonly string[] {
  const first = statements.find(isConcurrent);
  if (first === undefined) return [];
  if (/^\s*REINDEX\b/i.test(first))
    return [
      'if it is interrupted, an invalid index whose name ends in _ccnew may stay behind: drop that one, then run this file again',
    ];
  if (/^\s*DROP\b/i.test(first))
    return ['if it is interrupted, the index may stay behind invalid: run this file again'];
  if (/\bDETACH\b/i.test(first))
    return ['if it is interrupted, end it with the same ALTER TABLE, and FINALIZE in place of CONCURRENTLY'];
  return ['if it is interrupted, an invalid index may stay behind: run the down file, then this one again'];
}

function isConcurrent(sql: string): boolean {
  return (
    /^\s*(?:CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX|REINDEX\b.*?)\s+CONCURRENTLY\b/is.test(sql) ||
    /^\s*REINDEX\s*\([^)]*\bCONCURRENTLY\b/is.test(sql) ||
    /\bDETACH\s+PARTITION\b.*\bCONCURRENTLY\b/is.test(sql)
  );
}

/** PostgreSQL refuses these inside a transaction block (PreventInTransactionBlock). */
export function mayRunInTransaction(sql: string): boolean {
  return (
    !isConcurrent(sql) &&
    !/^\s*(?:VACUUM|ALTER\s+SYSTEM|CREATE\s+DATABASE|DROP\s+DATABASE|CREATE\s+TABLESPACE|DROP\s+TABLESPACE)\b/i.test(
      sql,
    )
  );
}

function fileName(position: number, iteration: Iteration): string {
  const words = iteration.hypothesis.title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 60)
    .replace(/^_+|_+$/g, '');
  return `${String(position + 1).padStart(4, '0')}_${words || iteration.hypothesis.action.kind.replaceAll('-', '_')}`;
}
