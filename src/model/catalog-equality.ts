import { relationKey } from './catalog.js';
import { changeWords, nameWords } from './structure-words.js';
import type { Catalog, Column, Constraint, ExtendedStatistics, Index, Table } from './catalog.js';
import type { FunctionInfo } from './function.js';

/** A catalog without what changes by itself (oids, sizes, counters, sequence positions), one JSON text per object under its name. */
export type CatalogStructure = ReadonlyMap<string, string>;

/** The structural part of a catalog: two catalogs with equal structures were made by equivalent DDL. Order of reading does not matter. */
export function structureOf(catalog: Catalog): CatalogStructure {
  const entries: [string, unknown][] = [
    ...catalog.schemas.map((schema): [string, unknown] => [`schema ${schema}`, true]),
    ...catalog.extensions.map((extension): [string, unknown] => [`extension ${extension.name}`, { ...extension }]),
    ...catalog.tables.map((table): [string, unknown] => [`table ${relationKey(table)}`, tableStructure(table)]),
    ...catalog.indexes.map((index): [string, unknown] => [`index ${relationKey(index)}`, indexStructure(index)]),
    ...catalog.constraints.map((constraint): [string, unknown] => [
      `constraint ${constraint.name} on ${relationKey(constraint.table)}`,
      constraintStructure(constraint),
    ]),
    ...catalog.extendedStatistics.map((object): [string, unknown] => [
      `statistics ${relationKey(object)}`,
      statisticsStructure(object),
    ]),
    ...catalog.functions.map((info): [string, unknown] => [
      `function ${relationKey(info)}(${info.argumentTypes})`,
      functionStructure(info),
    ]),
    ...Object.entries(catalog.otherCounts).map(([kind, count]): [string, unknown] => [
      `number of ${kind} objects`,
      count,
    ]),
  ];
  const sorted = entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return new Map(sorted.map(([name, structure]) => [name, JSON.stringify(structure)]));
}

/** What differs between two catalogs, in words, sorted by object; empty when their structures are equal. */
export function structureDifferences(before: Catalog, after: Catalog): readonly string[] {
  return differences(structureOf(before), structureOf(after));
}

/** The same of two structures. */
export function differences(old: CatalogStructure, now: CatalogStructure): readonly string[] {
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  return names.flatMap((name) => {
    const [was, is] = [old.get(name), now.get(name)];
    if (was === is) return [];
    const words = nameWords(name);
    if (was === undefined) return [`${words} is new`];
    if (is === undefined) return [`${words} is gone`];
    return changeWords(words, was, is);
  });
}

/** One text for the whole structure, stable between runs and servers: feed it to a hash. */
export function structureText(catalog: Catalog): string {
  return [...structureOf(catalog)].map(([name, structure]) => `${name} ${structure}`).join('\n');
}

function tableStructure(table: Table): unknown {
  return {
    kind: table.kind,
    persistence: table.persistence,
    columns: table.columns.map(columnStructure),
    partitionOf: table.partitionOf && relationKey(table.partitionOf),
    partitionKey: table.partitionKey,
  };
}

function columnStructure(column: Column): unknown {
  const { name, position, type, baseType, notNull, hasDefault, identity, generated, sequence } = column;
  const { statisticsTarget, distinctSetting } = column;
  const fedBy = sequence && {
    name: relationKey(sequence.name),
    maxValue: String(sequence.maxValue),
    increment: String(sequence.increment),
  };
  const analysed = {
    ...(statisticsTarget === null ? {} : { statisticsTarget }),
    ...(distinctSetting === null ? {} : { distinctSetting }),
  };
  return { name, position, type, baseType, notNull, hasDefault, identity, generated, fedBy, ...analysed };
}

function indexStructure(index: Index): unknown {
  return {
    table: relationKey(index.table),
    definition: index.definition,
    keys: index.keys.map(({ expression, opclass, collation, descending, nullsFirst }) => [
      expression,
      opclass,
      collation,
      descending,
      nullsFirst,
    ]),
    unique: index.unique,
    nullsNotDistinct: index.nullsNotDistinct,
    primary: index.primary,
    exclusion: index.exclusion,
    valid: index.valid,
    replicaIdentity: index.replicaIdentity,
    clustered: index.clustered,
    constraint: index.constraint,
    referencedByForeignKeys: index.referencedByForeignKeys.toSorted(),
    partitionOf: index.partitionOf && relationKey(index.partitionOf),
  };
}

function constraintStructure(constraint: Constraint): unknown {
  const { kind, columns, validated, deferrable, references, onDelete, definition } = constraint;
  const target = references && { table: relationKey(references.table), columns: references.columns };
  return { kind, columns, validated, deferrable, references: target, onDelete, definition };
}

function statisticsStructure(object: ExtendedStatistics): unknown {
  return { table: relationKey(object.table), columns: object.columns, kinds: object.kinds.toSorted() };
}

function functionStructure(info: FunctionInfo): unknown {
  return { returnsTrigger: info.returnsTrigger, volatility: info.volatility };
}
