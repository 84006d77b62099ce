import { relationKey } from '../model/catalog.js';
import type { Catalog, RelationName, Table } from '../model/catalog.js';
import { differences, structureOf } from '../model/catalog-equality.js';
import { readCatalog } from '../postgres/read/catalog.js';
import { readDatabaseSettings } from '../postgres/read/deployments.js';
import { readDetaching } from '../postgres/read/detaching.js';
import { readLocked } from '../postgres/read/locked.js';
import type { Session } from '../postgres/session.js';
import { tablesNamed, type PlanStep } from './plan.js';

/** An index of a touched table. */
export interface TouchedIndex extends RelationName {
  readonly oid: number;
  readonly table: RelationName;
  readonly valid: boolean;
  readonly building: boolean;
}

/** The catalog state of all that a plan touches. */
export interface TouchedState {
  /** One text per object under its name: tables, their indexes, constraints and extended statistics, settings. */
  readonly structure: Readonly<Record<string, string>>;
  readonly indexes: readonly TouchedIndex[];
  /** Tables that are partitions. */
  readonly partitions: readonly (RelationName & {
    /** DETACH CONCURRENTLY was begun. */
    readonly detaching: boolean;
  })[];
  /** Tables, partitions included. */
  readonly tables: readonly RelationName[];
  /** Bytes of each table with its partitions, by `relationKey`. */
  readonly sizes: ReadonlyMap<string, number>;
  /** A table whose definition can not be read now: somebody holds it in ACCESS EXCLUSIVE mode. */
  readonly locked: string | null;
}

/** Reads the state of what the steps touch. `known` are tables that are touched whatever the catalog says now: that of an index which a step dropped. */
export async function readTouched(
  session: Session,
  steps: readonly PlanStep[],
  known: readonly RelationName[] = [],
): Promise<TouchedState> {
  const { catalog, locked: hidden } = await readCatalog(session);
  const locked = [...hidden, ...(await readLocked(session))];
  const touched = touchedTables(catalog, steps, known);
  const tables = touched.map(({ schema, name }) => ({ schema, name }));
  const settings = await readDatabaseSettings(session, settingsOf(steps));
  const part = partOf(catalog, tables);
  // Each look reads this anew, and few plans detach anything.
  const isDetached = steps.some(({ up, down }) => [...up, ...down].some(({ form }) => form === 'detach-partition'));
  const detaching = new Set(isDetached ? (await readDetaching(session)).map(relationKey) : []);
  return {
    structure: {
      ...Object.fromEntries(structureOf(part)),
      ...Object.fromEntries(settings.map((setting) => settingEntry(setting))),
    },
    indexes: part.indexes.map(({ schema, name, oid, table, valid, building }) => ({
      schema,
      name,
      oid,
      table,
      valid,
      building,
    })),
    partitions: touched.flatMap(({ schema, name, partitionOf }) =>
      partitionOf ? [{ schema, name, detaching: detaching.has(relationKey({ schema, name })) }] : [],
    ),
    tables,
    sizes: sizesOf(catalog),
    locked: locked.find(({ oid }) => touched.some((table) => String(table.oid) === oid))?.place ?? null,
  };
}

/** What differs between two states, in words. */
export function stateDifferences(
  before: TouchedState['structure'],
  after: TouchedState['structure'],
): readonly string[] {
  return differences(new Map(Object.entries(before)), new Map(Object.entries(after)));
}

/** The same of an examined catalog, for what steps touch, with the bytes of each table by `relationKey`. */
export function touchedPart(
  catalog: Catalog,
  steps: readonly PlanStep[],
): { readonly structure: TouchedState['structure']; readonly sizes: ReadonlyMap<string, number> } {
  const tables = touchedTables(catalog, steps, []);
  const touched = new Set(tables.map(relationKey));
  return {
    structure: Object.fromEntries(structureOf(partOf(catalog, tables))),
    sizes: new Map([...sizesOf(catalog)].filter(([key]) => touched.has(key))),
  };
}

/** An index by its name; undefined where there is none on a touched table. */
export function findIndex(state: Pick<TouchedState, 'indexes'>, name: RelationName): TouchedIndex | undefined {
  return state.indexes.find((index) => index.schema === name.schema && index.name === name.name);
}

/** The tables of one step: those that it names, and those of the indexes that it names. */
export function tablesOf(step: PlanStep, state: Pick<TouchedState, 'indexes'>): readonly RelationName[] {
  const ofIndexes = [...step.up, ...step.down].flatMap(({ object }) => {
    const index = object && findIndex(state, object);
    return index ? [index.table] : [];
  });
  return [...tablesNamed([step]), ...ofIndexes];
}

/** Tables that steps name, those of the indexes that they name, and the partitions of all. */
function touchedTables(catalog: Catalog, steps: readonly PlanStep[], known: readonly RelationName[]): readonly Table[] {
  const objects = steps
    .flatMap((step) => [...step.up, ...step.down])
    .flatMap(({ object }) => (object ? [relationKey(object)] : []));
  const ofObjects = [...catalog.indexes, ...catalog.extendedStatistics]
    .filter((index) => objects.includes(relationKey(index)))
    .map((index) => index.table);
  const wanted = new Set([...known, ...tablesNamed(steps), ...ofObjects].map(relationKey));
  for (let grew = true; grew;) {
    const children = catalog.tables.filter(
      (table) =>
        table.partitionOf !== null && wanted.has(relationKey(table.partitionOf)) && !wanted.has(relationKey(table)),
    );
    for (const child of children) wanted.add(relationKey(child));
    grew = children.length > 0;
  }
  return catalog.tables.filter((table) => wanted.has(relationKey(table)));
}

function partOf(catalog: Catalog, tables: readonly RelationName[]): Catalog {
  const wanted = new Set(tables.map(relationKey));
  return {
    schemas: [],
    extensions: [],
    functions: [],
    domains: [],
    dependents: [],
    cascades: null,
    additions: null,
    formers: null,
    otherCounts: {},
    tables: catalog.tables.filter((table) => wanted.has(relationKey(table))),
    indexes: catalog.indexes.filter((index) => wanted.has(relationKey(index.table))),
    constraints: catalog.constraints.filter((constraint) => wanted.has(relationKey(constraint.table))),
    extendedStatistics: catalog.extendedStatistics.filter((object) => wanted.has(relationKey(object.table))),
  };
}

function sizesOf(catalog: Catalog): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  const parentOf = new Map(catalog.tables.map((table) => [relationKey(table), table.partitionOf]));
  for (const table of catalog.tables) {
    for (let at: RelationName | null = table; at !== null; at = parentOf.get(relationKey(at)) ?? null)
      sizes.set(relationKey(at), (sizes.get(relationKey(at)) ?? 0) + table.sizeBytes);
  }
  return sizes;
}

function settingsOf(steps: readonly PlanStep[]): readonly string[] {
  return steps.flatMap((step) => [...step.up, ...step.down]).flatMap(({ setting }) => (setting ? [setting] : []));
}

function settingEntry(setting: string): [string, string] {
  const at = setting.indexOf('=');
  return [`setting ${setting.slice(0, at).toLowerCase()} of the database`, setting.slice(at + 1)];
}
