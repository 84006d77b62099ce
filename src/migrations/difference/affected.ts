import { entryId, type Schema, type SchemaEntry, type TableFacts } from '../../model/schema.js';
import { alteration, type Alteration } from './alterations.js';
import { movedColumns, planColumns, type ColumnPlan } from './columns.js';

/** Two schemas side by side, by id. */
export interface Sides {
  readonly a: ReadonlyMap<string, SchemaEntry>;
  readonly b: ReadonlyMap<string, SchemaEntry>;
  /** Major version of the server that is changed. */
  readonly major: number;
}

/** A table on both sides that changes, or that something else makes change. */
export interface AffectedTable {
  readonly a: TableFacts;
  readonly b: TableFacts;
  readonly plan: ColumnPlan;
  readonly loosened: ReadonlySet<string>;
  readonly swapped: ReadonlySet<string>;
}

/** What becomes of each object, by id. */
export interface Affected {
  readonly gone: ReadonlySet<string>;
  readonly added: ReadonlySet<string>;
  /** On both sides, and dropped and made anew: because nothing changes it in place, or because it needs something that is. */
  readonly remade: ReadonlySet<string>;
  readonly altered: ReadonlyMap<string, Alteration>;
  readonly tables: ReadonlyMap<string, AffectedTable>;
  /** Types that columns of tables have, which are exchanged under their name. */
  readonly swapped: ReadonlySet<string>;
}

/** Both sides; pieces of tables and domains that are there twice are compared with their objects. */
export function sidesOf(a: Schema, b: Schema): Sides {
  const ids = (schema: Schema): Set<string> => new Set(schema.entries.map(entryId));
  const [idsA, idsB] = [ids(a), ids(b)];
  const isCompared = ({ kind, pieceOf }: SchemaEntry): boolean =>
    kind === 'view query' || pieceOf === null || !idsA.has(pieceOf) || !idsB.has(pieceOf);
  // Unchecked constraints are among the facts of their table.
  const isOwnCheck = ({ kind, owner }: SchemaEntry): boolean =>
    kind === 'check' && owner !== null && idsA.has(owner) && idsB.has(owner);
  const byId = (schema: Schema): ReadonlyMap<string, SchemaEntry> =>
    new Map(
      schema.entries.filter((entry) => isCompared(entry) && !isOwnCheck(entry)).map((entry) => [entryId(entry), entry]),
    );
  return { a: byId(a), b: byId(b), major: Math.floor(a.serverVersion / 10_000) };
}

/** The same object, as far as it is compared. */
export function isSame(a: SchemaEntry, b: SchemaEntry): boolean {
  if (a.facts !== null && a.facts.type !== 'view') return JSON.stringify(a.facts) === JSON.stringify(b.facts);
  return a.statements.join('\0') === b.statements.join('\0');
}

/** Objects whose change in place PostgreSQL refuses while one that needs the column is there. */
const IN_THE_WAY = new Set([
  'view',
  'view query',
  'materialized view',
  'rule',
  'trigger',
  'policy',
  'function',
  'aggregate',
  'foreign key',
]);

/** Works out what has to be made anew along with what differs, until nothing is added. */
export function affectedBy(sides: Sides): Affected {
  const { a, b } = sides;
  const gone = new Set([...a.keys()].filter((id) => !b.has(id)));
  const added = new Set([...b.keys()].filter((id) => !a.has(id)));
  const altered = new Map<string, Alteration>();
  const remade = new Set<string>();
  for (const [id, was] of a) {
    const is = b.get(id);
    if (is === undefined || isTable(was) || isSame(was, is)) continue;
    const change = alteration(was, is);
    if (change === null) remade.add(id);
    else altered.set(id, change);
  }
  for (;;) {
    const tables = affectedTables(sides, gone, remade);
    const more = alsoRemade(sides, { gone, remade, tables });
    if (more.length === 0)
      return { gone, added, remade, altered, tables, swapped: swappedTypes(tables, sides, remade) };
    for (const id of more) {
      remade.add(id);
      altered.delete(id);
    }
  }
}

/** A table that holds rows, and so is never made anew. */
export function isTable(entry: SchemaEntry): boolean {
  return entry.kind === 'table';
}

function affectedTables(
  { a, b, major }: Sides,
  gone: ReadonlySet<string>,
  remade: ReadonlySet<string>,
): ReadonlyMap<string, AffectedTable> {
  const found = new Map<string, AffectedTable>();
  for (const [id, was] of a) {
    const is = b.get(id);
    if (!isTable(was) || was.facts?.type !== 'table' || is?.facts?.type !== 'table') continue;
    const marks = was.needs.flatMap(({ id: need, part }) =>
      part !== null && (remade.has(need) || gone.has(need)) ? [{ need, part, again: remade.has(need) }] : [],
    );
    const columns = was.facts.columns;
    const generated = new Set(columns.filter((column) => column.generated !== '').map(({ name }) => `column ${name}`));
    const named = (parts: readonly { readonly part: string }[]): Set<string> =>
      new Set(parts.map(({ part }) => part.slice(part.indexOf(' ') + 1)));
    const ofColumns = marks.filter(({ part, again }) => again && part.startsWith('column '));
    const isFunction = (need: string): boolean => need.startsWith('function ');
    const pressure = {
      swapped: named(ofColumns.filter(({ need }) => !isFunction(need))),
      remade: named(ofColumns.filter(({ part }) => generated.has(part))),
    };
    const plan = planColumns(was.facts, is.facts, pressure, major);
    const loosened = new Set(marks.map(({ part }) => part).filter((part) => !part.startsWith('column ')));
    if (isSame(was, is) && movedColumns(plan).size === 0 && loosened.size === 0) continue;
    found.set(id, { a: was.facts, b: is.facts, plan, loosened, swapped: pressure.swapped });
  }
  return found;
}

function alsoRemade(
  { a, b }: Sides,
  { gone, remade, tables }: Pick<Affected, 'gone' | 'remade' | 'tables'>,
): readonly string[] {
  return [...a].flatMap(([id, entry]) => {
    if (gone.has(id) || remade.has(id) || isTable(entry) || !b.has(id)) return [];
    const kept = b.get(id);
    const must = entry.needs.some((need) => {
      if (remade.has(need.id)) return entry.kind !== 'sequence owner' || !need.id.startsWith('table ');
      if (gone.has(need.id))
        return kept?.kind === 'view' || kept?.kind === 'function' || kept?.kind === 'materialized view';
      const plan = tables.get(need.id)?.plan;
      if (plan === undefined || need.column === null) return false;
      if (plan.gone.has(need.column) || plan.remade.has(need.column)) return true;
      return plan.retyped.has(need.column) && IN_THE_WAY.has(entry.kind);
    });
    return must ? [id] : [];
  });
}

function swappedTypes(
  tables: ReadonlyMap<string, AffectedTable>,
  { a }: Sides,
  remade: ReadonlySet<string>,
): ReadonlySet<string> {
  const types = [...tables.keys()].flatMap((id) =>
    (a.get(id)?.needs ?? [])
      .filter(({ part, id: need }) => part?.startsWith('column ') === true && remade.has(need))
      .map(({ id: need }) => need),
  );
  return new Set(types.filter((id) => /^(?:enum|domain|composite type|range type) /.test(id)));
}
