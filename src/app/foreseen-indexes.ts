import { quoteIdent } from '../base/quote.js';
import type { Catalog, Index, IndexColumn, Table } from '../model/catalog.js';

/**
 * A catalog in which these tables have the indexes that rules of rewrites ask for beside the form of a statement: a btree on each column, one on lower() of each text, and
 * trigrams of it where pg_trgm is there. None of them is unique, so that they prove nothing of the rows; what a rule says of one reads `an index to be made`.
 */
export function withForeseenIndexes(catalog: Catalog, tables: ReadonlySet<Table>): Catalog {
  const trigrams = catalog.extensions.find(({ name }) => name === 'pg_trgm');
  const foreseen = [...tables].flatMap((table) =>
    table.columns.flatMap(({ name, baseType }) => {
      const written = /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdent(name);
      const plain: Key = { column: name, expression: written, opclass: null };
      const isText = baseType === 'text' || baseType === 'varchar';
      return [
        foreseenIndex(table, 'btree', plain),
        ...(isText ? [foreseenIndex(table, 'btree', { ...plain, column: null, expression: `lower(${written})` })] : []),
        ...(isText && trigrams
          ? [foreseenIndex(table, 'gin', { ...plain, opclass: `${trigrams.schema}.gin_trgm_ops` })]
          : []),
      ];
    }),
  );
  return { ...catalog, indexes: [...catalog.indexes, ...foreseen] };
}

type Key = Pick<IndexColumn, 'column' | 'expression' | 'opclass'>;

function foreseenIndex({ schema, name }: Table, method: string, key: Key): Index {
  return {
    schema,
    name: 'an index to be made',
    // No relation has it (`InvalidOid`).
    oid: 0,
    table: { schema, name },
    method,
    keys: [
      {
        ...key,
        opclassIsDefault: key.opclass === null,
        opclassOptions: null,
        mergesEqual: false,
        lengthBytes: -1,
        alignmentBytes: 4,
        collation: null,
        collationIsDefault: true,
        descending: false,
        nullsFirst: false,
      },
    ],
    include: [],
    predicate: null,
    unique: false,
    nullsNotDistinct: false,
    primary: false,
    exclusion: false,
    valid: true,
    building: false,
    replicaIdentity: false,
    clustered: false,
    constraint: null,
    referencedByForeignKeys: [],
    partitionOf: null,
    definition: '',
    parameters: {},
    sizeBytes: 0,
    rowsEstimated: null,
    scans: null,
    entriesRead: null,
    lastScan: null,
  };
}
