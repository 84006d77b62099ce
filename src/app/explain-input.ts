import { readFile, stat } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { WizardError } from '../base/errors.js';
import { lex, withoutConstants } from '../logs/lex.js';
import { foreignPlan } from '../plans/foreign.js';
import { findPlans } from '../plans/read/read-plan.js';
import type { PlanForm } from '../plans/read/read-plan.js';
import type { PlanTree } from '../plans/tree.js';
import { whereCutOff } from '../plans/whole.js';
import { loadParser, parseStatement } from '../sql/parse.js';
import { splitStatements } from '../sql/split.js';

/** What a person gave to be explained. */
export type Given = GivenPlan | GivenQuery;

export interface GivenPlan {
  readonly what: 'plan';
  readonly origin: string;
  readonly form: PlanForm;
  readonly tree: PlanTree;
  /** The plans behind the first. */
  readonly further: readonly PlanTree[];
  /** How many more there are that are not whole. */
  readonly cut: number;
}

export interface GivenQuery {
  readonly what: 'query';
  readonly origin: string;
  readonly sql: string;
  /** Its plan, where a comment beside it holds one. */
  readonly commented: GivenPlan | null;
}

/** Reads what was given: a path, `-` for standard input, or the text itself. Throws `input/invalid` and `sql/parse`, with a hint. */
export async function readGiven(argument: string, signal: AbortSignal): Promise<Given> {
  const { text, origin } = await textOf(argument, signal);
  await loadParser();
  return classify(text, origin);
}

/** Whether an argument is a connection string, rather than a query or a file. */
export function isConnectionString(argument: string): boolean {
  return (
    /^postgres(?:ql)?:\/\//i.test(argument) ||
    /^\s*(?:host|hostaddr|port|dbname|user|service|sslmode)\s*=/i.test(argument)
  );
}

/** Whether PG* variables name a database. */
export function hasConnection(env: NodeJS.ProcessEnv): boolean {
  return ['PGHOST', 'PGHOSTADDR', 'PGDATABASE', 'PGSERVICE'].some((name) => Boolean(env[name]));
}

/** More than this is no plan that a person could read. */
const MOST_BYTES = 64 * 1024 * 1024;

async function textOf(
  argument: string,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly origin: string }> {
  if (argument === '-') return { text: await readStandardInput(signal), origin: 'standard input' };
  const found = /\n/.test(argument) ? null : await stat(argument).catch(() => null);
  if (found?.isFile() === true) {
    if (found.size > MOST_BYTES)
      throw invalid(`The file ${argument} is larger than 64 MB`, 'Give the output of EXPLAIN alone.');
    const bytes = await readFile(argument).catch((cause: unknown) => {
      throw new WizardError('input/invalid', `The file ${argument} can not be read`, {
        cause,
        hint: 'Look at its permissions.',
      });
    });
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    return { text: decode(plain), origin: argument };
  }
  if (found) throw invalid(`${argument} is not a file`, WHAT_IT_TAKES);
  if (/^\S+\.(?:json|txt|text|sql|ya?ml|xml|plan|log|out|gz)$/i.test(argument))
    throw invalid(`There is no file ${argument}`, WHAT_IT_TAKES);
  return { text: argument, origin: 'argument' };
}

/** psql and PowerShell on Windows write UTF-16. */
function decode(bytes: Buffer): string {
  return bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.toString('utf16le') : bytes.toString('utf8');
}

async function readStandardInput(signal: AbortSignal): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) {
    signal.throwIfAborted();
    pieces.push(Buffer.from(piece as Uint8Array));
  }
  return decode(Buffer.concat(pieces));
}

/** What a text is: a plan in any form, or one statement. Needs `loadParser()`. */
export function classify(given: string, origin: string): Given {
  const text = given.replace(/^\ufeff/, '');
  if (text.trim() === '') throw invalid(`${capital(origin)} is empty`, WHAT_IT_TAKES);
  const foreign = foreignPlan(text);
  if (foreign !== null)
    throw invalid(`This is a plan of ${foreign}`, 'Plans of PostgreSQL are read, in text, JSON, YAML or XML form.');
  if (/^#\s+exclusive\s+inclusive\s+rows/m.test(text))
    throw invalid(
      'This is a table of a web page, in which the plan has lost its indentation',
      'Give the text that the page was made of (on explain.depesz.com the tab "text").',
    );
  const failure = parseFailure(text);
  if (failure === null) return query(text, origin);
  const plan = plansIn(text, origin);
  if (plan) {
    if (plan.tree.root.children.length === 0 && IN_ONE_LINE.test(text))
      throw invalid(
        'The plan stands in one line: its ends of lines are lost, and with them what is below what',
        'Give the text of EXPLAIN with its lines.',
      );
    const cut = whereCutOff(plan.tree);
    if (cut !== null)
      throw invalid(`The plan is not whole: ${cut}`, 'Give all that EXPLAIN printed, from the first line to the last.');
    return plan;
  }
  if (/"Node Type"|<Node-Type>|Node Type: "|"Plan":/.test(text))
    throw invalid(
      'The plan ends before it is whole, or is not as EXPLAIN writes it',
      'Give all that EXPLAIN printed, from the first bracket to the last.',
    );
  if (STATEMENT.test(text)) throw failure;
  throw invalid(
    `Neither a plan of PostgreSQL nor a statement was found in ${origin === 'argument' ? 'the text' : origin}`,
    WHAT_IT_TAKES,
  );
}

function plansIn(text: string, origin: string): GivenPlan | null {
  const [plan, ...others] = findPlans(text);
  if (plan === undefined) return null;
  const further = others.map(({ tree }) => tree).filter((tree) => whereCutOff(tree) === null);
  return { what: 'plan', origin, ...plan, further, cut: others.length - further.length };
}

const WHAT_IT_TAKES =
  'Give the output of EXPLAIN (ANALYZE, BUFFERS) in text, JSON, YAML or XML form, or one SQL statement: as a file, in quotes, or - for standard input.';

/** A node's figures with an arrow and those of another behind them. */
const IN_ONE_LINE = /\((?:cost=\d|actual )[^()]*\)[^\n]* -> [^\n]*\((?:cost=\d|actual )/;

const STATEMENT =
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/|\()*(?:select|with|insert|update|delete|merge|values|table|explain|create|alter|drop|begin|set|do|call|copy|execute|prepare|vacuum|analyze)\b/i;

/** Why a text is not one statement; null where it is. */
function parseFailure(text: string): WizardError | null {
  try {
    parseStatement(text);
    return null;
  } catch (thrown) {
    if (!(thrown instanceof WizardError) || thrown.code !== 'sql/parse') throw thrown;
    return isSeveral(text)
      ? invalid('There are several statements, and one is explained at a time', 'Give one of them.')
      : new WizardError('sql/parse', `${thrown.message}${lineOf(text, thrown.message)}`, {
          cause: thrown,
          hint: 'The statement has to be one that PostgreSQL can parse; values may stand for themselves or be $1, $2, ...',
        });
  }
}

function isSeveral(text: string): boolean {
  try {
    return splitStatements(text).length > 1 && STATEMENT.test(text);
  } catch {
    return false;
  }
}

/** The line that the parser stopped at, without the constants in it. */
function lineOf(text: string, message: string): string {
  const number = Number(/\(line (\d+), column \d+\)/.exec(message)?.[1] ?? 0);
  const line = text.split('\n')[number - 1]?.trim() ?? '';
  return line === '' ? '' : `: ${withoutConstants(line).slice(0, 120)}`;
}

const EXPLAINED = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt']);

function query(text: string, origin: string): GivenQuery {
  const bare = text.replace(
    /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*explain\s*(?:\((?:[^()]|\([^()]*\))*\)|(?:(?:analyze|verbose)\b\s*)*)/i,
    '',
  );
  const sql = bare.trim().replace(/\s*;\s*$/, '');
  const { type } = parseStatement(sql);
  if (!EXPLAINED.has(type))
    throw invalid(
      `${type.replace(/Stmt$/, '')} has no plan`,
      'SELECT, INSERT, UPDATE, DELETE and MERGE are explained.',
    );
  return { what: 'query', origin, sql, commented: commentedPlan(text, origin, sql) };
}

function commentedPlan(text: string, origin: string, sql: string): GivenPlan | null {
  const plan = /--|\/\*/.test(text) ? plansIn(text, origin) : null;
  if (plan === null || whereCutOff(plan.tree) !== null) return null;
  const { comments } = lex(sql);
  const bare = withoutConstants(sql, { literals: [], comments }).replace(/\s*;\s*$/, '');
  return { ...plan, tree: { ...plan.tree, query: plan.tree.query ?? bare } };
}

function invalid(message: string, hint: string): WizardError {
  return new WizardError('input/invalid', message, { hint });
}

function capital(text: string): string {
  return { argument: 'The argument', 'standard input': 'Standard input' }[text] ?? text;
}
