import { lookupTable, sameRelation } from '../model/catalog.js';
import type { Catalog } from '../model/catalog.js';
import type { Firing, FunctionInfo } from '../model/function.js';
import type { Skipped } from '../model/coverage.js';
import { functionBody } from '../sql/function-body.js';
import type { FunctionBody } from '../sql/function-body.js';
import { calledFunctions } from '../sql/functions.js';
import type { CalledFunction } from '../sql/functions.js';
import type { ParsedStatement } from '../sql/parse.js';
import { field, textOf } from '../sql/tree.js';

/** Finds the functions that statements call or fire, and reads each body once. */
export class BodyReader {
  readonly #catalog: Catalog;
  readonly #skip: (row: Skipped) => void;
  readonly #bodies = new Map<FunctionInfo, FunctionBody>();

  constructor(catalog: Catalog, skip: (row: Skipped) => void) {
    this.#catalog = catalog;
    this.#skip = skip;
  }

  /** The user's functions that a statement calls, and those that they call; not those that FROM reads as a query. */
  calledBy(statement: ParsedStatement): readonly FunctionInfo[] {
    return this.#reached(calledFunctions(statement), []);
  }

  /** Those of the triggers on the table that a statement writes to, and those that they call. */
  firedBy({ type, body }: ParsedStatement): readonly FunctionInfo[] {
    const events = EVENTS[type] ?? [];
    const relation = events.length === 0 ? null : field(body, 'relation');
    if (relation === null) return [];
    const table = lookupTable(this.#catalog, textOf(relation, 'schemaname'), textOf(relation, 'relname') ?? '');
    const isUpsert = type === 'InsertStmt' && field(body, 'onConflictClause') !== null;
    const wanted = isUpsert ? [...events, 'update' as const] : events;
    const fires = (one: Firing): boolean =>
      table !== undefined && sameRelation(one.table, table) && one.events.some((event) => wanted.includes(event));
    const fired = this.#catalog.functions.filter((one) => one.firedBy.some(fires));
    return this.#reached(
      fired.flatMap((one) => this.bodyOf(one).calls),
      fired,
    );
  }

  #reached(calls: readonly CalledFunction[], first: readonly FunctionInfo[]): readonly FunctionInfo[] {
    const found = new Set(first);
    const open = [...calls];
    for (let called = open.pop(); called !== undefined; called = open.pop())
      for (const one of this.#catalog.functions) {
        if (!isCall(called, one) || one.rowsQuery !== null || found.has(one)) continue;
        found.add(one);
        open.push(...this.bodyOf(one).calls);
      }
    return [...found];
  }

  bodyOf(one: FunctionInfo): FunctionBody {
    const body = this.#bodies.get(one) ?? this.#read(one);
    this.#bodies.set(one, body);
    return body;
  }

  #read(one: FunctionInfo): FunctionBody {
    const { definition, language } = one;
    if (language === 'c' || language === 'internal') return NOTHING;
    const isRead = definition !== null && (language === 'plpgsql' || language === 'sql');
    const body = isRead
      ? functionBody(
          definition,
          language,
          (schema, table) => lookupTable(this.#catalog, schema, table)?.columns.map((column) => column.name) ?? null,
        )
      : null;
    const name = nameOf(one);
    if (body === null)
      this.#skip({
        what: `what ${name} runs`,
        reason: isRead ? 'its body can not be parsed' : `it is written in ${language}`,
        remedy: RUN_TIME,
      });
    else if (body.dynamic)
      this.#skip({ what: `some of what ${name} runs`, reason: 'EXECUTE makes the text at run time', remedy: RUN_TIME });
    return body ?? NOTHING;
  }
}

const EVENTS: Readonly<Record<string, Firing['events']>> = {
  InsertStmt: ['insert'],
  UpdateStmt: ['update'],
  DeleteStmt: ['delete'],
  MergeStmt: ['insert', 'update', 'delete'],
};

const NOTHING: FunctionBody = { parameters: [], statements: [], calls: [], dynamic: false };
const RUN_TIME = 'Give these statements in a workload file, or set pg_stat_statements.track = all.';

/** Whether the name that a statement writes is this function's. */
export function isCall(called: CalledFunction, { schema, name }: FunctionInfo): boolean {
  return name === called.name && (called.schema ?? schema) === schema;
}

/** With its schema. */
export function nameOf({ schema, name }: FunctionInfo): string {
  return `${schema}.${name}`;
}
