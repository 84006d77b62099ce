import { WizardError } from '../base/errors.js';
import { inspectBody, inspectStatement, type Inspection, type WrittenName } from './guard.js';
import { HARMLESS_OF_EXTENSIONS, isForbidden, isHarmlessVolatile } from './guard-names.js';
import { DEFINITIONS_SQL, NAMED_SQL, REACHED_SQL, type Definition, type Named, type Reached } from './guard-reach.js';
import type { Row } from './session.js';

/** Sends one statement of the guard's own, with nothing but `pg_catalog` on the search path; the caller holds the connection and a read-only transaction. */
export type Send = <T extends Row>(sql: string, params: readonly unknown[]) => Promise<T[]>;

/** Views on views, and functions that call functions, deeper than this are refused. */
const MAX_DEPTH = 20;

/** Languages whose text the guard can read. */
const READABLE = new Set(['sql', 'plpgsql']);

/** Second half of the guard: looks up on the target what the names in a statement stand for. What was found harmless is remembered for the session. */
export class CatalogGuard {
  readonly #harmless = new Set<string>();

  constructor(readonly send: Send) {}

  /**
   * Throws `guard/refused` when a statement that runs would call a volatile function, whatever it hides behind, or read a foreign table; and, also for one that is only planned, when a function that calls itself
   * stable or immutable, which the planner evaluates, holds one in its text or can not be read.
   */
  async check(inspection: Inspection): Promise<void> {
    try {
      await this.#check(inspection, 0);
    } catch (error) {
      // What was found on the way may rest on what was refused.
      this.#harmless.clear();
      throw error;
    }
  }

  async #check(inspection: Inspection, depth: number): Promise<void> {
    if (depth > MAX_DEPTH) refuse('Views and functions are nested too deep to be checked');
    const asked = this.#unknown(inspection);
    if (asked === null) return;
    const [named] = await this.send<Row & Named>(NAMED_SQL, [
      asked.functions.map(lastPart),
      asked.attributes,
      asked.operators,
      asked.types.map(lastPart),
      asked.relations.map(lastPart),
      inspection.makesRows,
    ]);
    if (named === undefined || Object.values(named).every((oids) => (oids as string[]).length === 0)) return;
    const { functions, attributes, operators, casts, relations, types, given } = named;
    const params = [functions, attributes, operators, casts, relations, types, given];
    const reached = await this.send<Row & Reached>(REACHED_SQL, params);
    const definitions = await this.send<Row & Definition>(DEFINITIONS_SQL, [relations, given]);
    for (const row of reached) {
      if (row.kind === 'function' && !asked.functions.some((name) => matches(name, row))) continue;
      await this.#checkFunction(row, inspection.executes, depth);
    }
    for (const row of definitions) await this.#checkDefinition(row, asked, inspection.executes, depth);
  }

  async #checkFunction(row: Reached, executes: boolean, depth: number): Promise<void> {
    // Reading a table runs none of its defaults, checks and rules.
    const runs = row.kind === 'expression' ? false : executes;
    if (runs && row.isVolatile && !isHarmless(row)) {
      refuse(`The ${row.kind} ${row.schema}.${row.name} may have side effects: it is VOLATILE`);
    }
    if (row.isBuiltIn || row.extension !== null) return;
    const evaluated = runs || !row.isVolatile;
    if (!this.#isNew(`${evaluated ? 'run' : 'plan'} oid ${row.oid}`)) return;
    const what = `The ${row.kind} ${row.schema}.${row.name}`;
    if (row.defaults !== null) await this.#within(what, () => this.#checkText(`SELECT ${row.defaults}`, runs, depth));
    if (row.language === 'internal' && isForbidden(row.source)) refuse(`${what} is ${row.source} by another name`);
    if (READABLE.has(row.language)) {
      const body = inspectBody(row.source, evaluated);
      await this.#within(what, async () => this.#check(await body, depth + 1));
    } else if (row.language === 'internal') {
      await this.#within(what, () => this.#check(internalCall(row.source, evaluated), depth + 1));
    } else if (evaluated) {
      refuse(`${what} is written in ${row.language}, where it can not be checked for side effects`);
    }
  }

  async #checkDefinition(row: Definition, asked: Asked, executes: boolean, depth: number): Promise<void> {
    const isNamed = asked.relations.some((name) => lastPart(name) === row.name);
    if (isNamed && row.kind !== 'd' && !asked.relations.some((name) => matches(name, row))) return;
    if (row.kind === 'f' && executes) {
      refuse(`The foreign table ${row.schema}.${row.name} reaches another server or program`);
    }
    // A text becomes a value of a type while the statement is parsed.
    const runs = executes || row.kind === 'd';
    for (const sql of row.texts) {
      await this.#within(`${row.schema}.${row.name}`, () => this.#checkText(sql, runs, depth));
    }
  }

  async #checkText(sql: string, executes: boolean, depth: number): Promise<void> {
    const inspection = await inspectStatement(executes ? sql : `EXPLAIN ${sql}`);
    await this.#check(inspection, depth + 1);
  }

  async #within(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof WizardError) || !/^(?:guard|sql)\//.test(error.code)) throw error;
      const message = error.code === 'guard/refused' ? error.message : `its text can not be checked: ${error.message}`;
      throw new WizardError('guard/refused', `${what}: ${message}`, { hint: HINT, cause: error });
    }
  }

  /** Whether `check` will ask the target something. */
  asks(inspection: Inspection): boolean {
    const asked = namesIn(inspection, (key) => !this.#harmless.has(key));
    return Object.values(asked).some((names) => names.length > 0);
  }

  /** Null where all was asked before. */
  #unknown(inspection: Inspection): Asked | null {
    const asked = namesIn(inspection, (key) => this.#isNew(key));
    return Object.values(asked).every((names) => names.length === 0) ? null : asked;
  }

  #isNew(key: string): boolean {
    if (this.#harmless.has(key)) return false;
    this.#harmless.add(key);
    return true;
  }
}

/** Names as `spell` writes them. */
interface Asked {
  readonly functions: readonly string[];
  readonly attributes: readonly string[];
  readonly operators: readonly string[];
  readonly types: readonly string[];
  readonly relations: readonly string[];
}

/** Names by kind, those of which the key passes. */
function namesIn(inspection: Inspection, passes: (key: string) => boolean): Asked {
  const mode = `${inspection.executes ? 'run' : 'plan'}${inspection.makesRows ? ' rows' : ''}`;
  const fresh = (kind: string, names: readonly string[]): string[] =>
    [...new Set(names)].filter((name) => passes(`${mode} ${kind} ${name}`));
  return {
    functions: fresh('function', inspection.functions.map(spell)),
    attributes: fresh('attribute', inspection.attributes),
    operators: fresh('operator', inspection.operators),
    types: fresh('type', inspection.types.map(spell)),
    relations: fresh('relation', inspection.relations.map(spell)),
  };
}

function isHarmless(row: Reached): boolean {
  if (row.isBuiltIn) return isHarmlessVolatile(row.name);
  return row.extension !== null && HARMLESS_OF_EXTENSIONS.get(row.name) === row.extension;
}

/** A function of another name that is one of the server's own. */
function internalCall(source: string, executes: boolean): Inspection {
  const functions = [{ schema: 'pg_catalog', name: source }];
  return { executes, functions, attributes: [], operators: [], types: [], relations: [], makesRows: false };
}

/** Separates schema and name: a byte that no identifier holds. */
const SEPARATOR = '\u0000';

function spell({ schema, name }: WrittenName): string {
  return schema === null ? name : `${schema}${SEPARATOR}${name}`;
}

function lastPart(spelled: string): string {
  return spelled.slice(spelled.indexOf(SEPARATOR) + 1);
}

/** A name without a schema may be in any. */
function matches(spelled: string, row: { readonly schema: string; readonly name: string }): boolean {
  return spelled === row.name || spelled === `${row.schema}${SEPARATOR}${row.name}`;
}

const HINT = 'Nothing was run. Statements that write are tried on a lab copy.';

function refuse(reason: string): never {
  throw new WizardError('guard/refused', `${reason}, and this target is only read`, { hint: HINT });
}
