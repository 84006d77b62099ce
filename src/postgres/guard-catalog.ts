import { WizardError } from '../base/errors.js';
import { inspectStatement, type Inspection, type WrittenName } from './guard.js';
import { HARMLESS_OF_EXTENSIONS, isHarmlessVolatile } from './guard-names.js';
import type { Row } from './session.js';

/** Sends one statement of the guard's own; the caller holds the connection and a read-only transaction. */
export type Send = <T extends Row>(sql: string, params: readonly unknown[]) => Promise<T[]>;

/** Views on views deeper than this are refused. */
const MAX_DEPTH = 20;

/** Second half of the guard: looks up on the target what the names in a statement stand for. What was found harmless is remembered for the session. */
export class CatalogGuard {
  readonly #harmless = new Set<string>();

  constructor(readonly send: Send) {}

  /** Throws `guard/refused` when a statement that runs would call a volatile function (by name, operator, cast, aggregate, view or row policy) or read a foreign table. */
  async check(inspection: Inspection, depth = 0): Promise<void> {
    if (!inspection.executes) return;
    if (depth > MAX_DEPTH) refuse('Views are nested too deep to be checked');
    await this.#checkCalls(inspection);
    await this.#checkRelations(inspection.relations, depth);
  }

  async #checkCalls(inspection: Inspection): Promise<void> {
    const functions = this.#unknown('function', inspection.functions.map(spell));
    const attributes = this.#unknown('attribute', inspection.attributes);
    const operators = this.#unknown('operator', inspection.operators);
    const types = this.#unknown(
      'type',
      inspection.types.filter(({ schema }) => schema !== 'pg_catalog').map(({ name }) => name),
    );
    if (functions.length + attributes.length + operators.length + types.length === 0) return;
    const rows = await this.send<CallRow>(CALLS_SQL, [functions.map(lastPart), attributes, operators, types]);
    const guilty = rows.find((row) => isGuilty(row, functions));
    if (guilty) refuse(`The ${guilty.kind} ${guilty.schema}.${guilty.name} may have side effects: it is VOLATILE`);
    for (const [kind, known] of Object.entries({
      function: functions,
      attribute: attributes,
      operator: operators,
      type: types,
    })) {
      for (const name of known) this.#harmless.add(`${kind} ${name}`);
    }
  }

  async #checkRelations(relations: readonly WrittenName[], depth: number): Promise<void> {
    const asked = relations.filter(({ schema }) => schema !== 'pg_catalog' && schema !== 'information_schema');
    const unknown = this.#unknown('relation', asked.map(spell));
    if (unknown.length === 0) return;
    const rows = await this.send<RelationRow>(RELATIONS_SQL, [unknown.map(lastPart)]);
    for (const row of rows) {
      if (!unknown.some((name) => matches(name, row))) continue;
      if (row.kind === 'f') refuse(`The foreign table ${row.schema}.${row.name} reaches another server or program`);
      for (const sql of row.definitions) await this.#checkDefinition(sql, row, depth);
    }
    for (const name of unknown) this.#harmless.add(`relation ${name}`);
  }

  /** The text of a view, or of a row policy's condition as a SELECT. */
  async #checkDefinition(sql: string, row: RelationRow, depth: number): Promise<void> {
    try {
      await this.check(await inspectStatement(sql), depth + 1);
    } catch (error) {
      if (!(error instanceof WizardError)) throw error;
      throw new WizardError('guard/refused', `${row.schema}.${row.name}: ${error.message}`, {
        hint: error.hint ?? '',
        cause: error,
      });
    }
  }

  #unknown(kind: string, names: readonly string[]): string[] {
    return [...new Set(names)].filter((name) => !this.#harmless.has(`${kind} ${name}`));
  }
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

function isGuilty(row: CallRow, functions: readonly string[]): boolean {
  if (row.kind === 'function' && !functions.some((name) => matches(name, row))) return false;
  if (row.schema === 'pg_catalog') return !isHarmlessVolatile(row.name);
  return row.extension === null || HARMLESS_OF_EXTENSIONS.get(row.name) !== row.extension;
}

type CallRow = {
  kind: 'function' | 'aggregate' | 'operator' | 'cast' | 'domain';
  schema: string;
  name: string;
  extension: string | null;
};

/** Everything volatile behind the names given: functions, one-argument functions in attribute notation, aggregates by their parts, operators, casts; and domains with conditions. */
const CALLS_SQL = `
  WITH volatile AS (
    SELECT p.oid, n.nspname AS schema, p.proname AS name, p.pronargs, e.extname AS extension
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    LEFT JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
    LEFT JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
    WHERE p.provolatile = 'v'
  )
  SELECT 'function' AS kind, v.schema, v.name, v.extension FROM volatile AS v WHERE v.name = ANY ($1::pg_catalog.name[])
  UNION ALL
  SELECT 'attribute', v.schema, v.name, v.extension FROM volatile AS v WHERE v.name = ANY ($2::pg_catalog.name[]) AND v.pronargs = 1
  UNION ALL
  SELECT 'aggregate', v.schema, v.name, v.extension FROM pg_catalog.pg_aggregate AS a
    JOIN pg_catalog.pg_proc AS p ON p.oid = a.aggfnoid AND p.proname = ANY ($1::pg_catalog.name[])
    JOIN volatile AS v ON v.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggmtransfn, a.aggmfinalfn)
  UNION ALL
  SELECT 'operator', v.schema, v.name, v.extension FROM pg_catalog.pg_operator AS o
    JOIN volatile AS v ON v.oid = o.oprcode WHERE o.oprname = ANY ($3::pg_catalog.name[])
  UNION ALL
  SELECT 'cast', v.schema, v.name, v.extension FROM pg_catalog.pg_cast AS c
    JOIN pg_catalog.pg_type AS t ON t.oid IN (c.castsource, c.casttarget) AND t.typname = ANY ($4::pg_catalog.name[])
    JOIN volatile AS v ON v.oid = c.castfunc
  UNION ALL
  SELECT 'cast', v.schema, v.name, v.extension FROM pg_catalog.pg_type AS t
    JOIN volatile AS v ON v.oid = t.typinput OR v.oid = t.typoutput WHERE t.typname = ANY ($4::pg_catalog.name[])
  UNION ALL
  SELECT 'domain', v.schema, v.name, v.extension FROM pg_catalog.pg_type AS t
    JOIN pg_catalog.pg_constraint AS k ON k.contypid = t.oid
    JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND d.objid = k.oid
      AND d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass
    JOIN volatile AS v ON v.oid = d.refobjid WHERE t.typname = ANY ($4::pg_catalog.name[])
  ORDER BY 1, 2, 3`;

type RelationRow = {
  schema: string;
  name: string;
  kind: string;
  definitions: string[];
};

/** Views by their text, tables with row level security by their policies' conditions. */
const RELATIONS_SQL = `
  SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
    CASE WHEN c.relkind = 'v' THEN ARRAY[pg_catalog.pg_get_viewdef(c.oid)]
      ELSE ARRAY(SELECT 'SELECT ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid)
        FROM pg_catalog.pg_policy AS p WHERE p.polrelid = c.oid AND p.polqual IS NOT NULL AND c.relrowsecurity ORDER BY p.polname)
    END AS definitions
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relname = ANY ($1::pg_catalog.name[]) AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND (c.relkind IN ('v', 'f') OR c.relrowsecurity)
  ORDER BY n.nspname, c.relname`;

function refuse(reason: string): never {
  throw new WizardError('guard/refused', `${reason}, and this target is only read`, {
    hint: 'Nothing was run. Statements that write are tried on a lab copy.',
  });
}
