import { z } from 'zod';
import {
  findTable,
  type Catalog,
  type Column,
  type Constraint,
  type RelationName,
  placeOf,
} from '../../model/catalog.js';
import { alterTypesAction, integerMax } from '../column-type.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { measured } from '../evidence.js';

export default defineAdvisor({
  id: 'schema/foreign-key-type-mismatch',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Foreign-key columns whose type differs from that of the column they refer to.',
    why: 'A narrower column refuses keys which the referenced table can hold; a different type costs a conversion in joins and may keep an index from being used.',
    limits:
      'Compares base types: domains are resolved, lengths and varchar against text are the same. `critical` once the referenced sequence has passed half of ' +
      'what the referencing column can hold. A wider integer column only informs: it does no harm. A remedy is offered between integer types only.',
    sources: ['PostgreSQL manual, "Constraints", section "Foreign Keys"', 'PostgreSQL manual, "Numeric Types"'],
    bad: `
      CREATE TABLE account (id bigint PRIMARY KEY);
      CREATE TABLE payment (id bigint PRIMARY KEY, account_id integer NOT NULL REFERENCES account);`,
    good: 'ALTER TABLE payment ALTER COLUMN account_id TYPE bigint;',
  },
  options: z.object({}),
  examine({ catalog }) {
    const seen = new Set<string>();
    return catalog.constraints.flatMap((foreignKey) =>
      columnPairs(catalog, foreignKey).flatMap((pair): AdvisorFinding[] => {
        const place = placeOf(pair.table, [pair.column.name]);
        if (sameKind(pair.column.baseType, pair.referenced.baseType) || seen.has(place)) return [];
        seen.add(place);
        return [describe(place, foreignKey, pair)];
      }),
    );
  },
});

interface Pair {
  readonly table: RelationName;
  readonly column: Column;
  readonly referencedTable: RelationName;
  readonly referenced: Column;
}

/** Referencing and referenced columns side by side; none for a partition's share of its parent's key. */
function columnPairs(catalog: Catalog, foreignKey: Constraint): readonly Pair[] {
  const { references } = foreignKey;
  const table = findTable(catalog, foreignKey.table);
  const referencedTable = references && findTable(catalog, references.table);
  if (foreignKey.kind !== 'foreign' || !table || !referencedTable || table.partitionOf !== null) return [];
  return foreignKey.columns.flatMap((name, position) => {
    const column = table.columns.find((one) => one.name === name);
    const referenced = referencedTable.columns.find((one) => one.name === references.columns[position]);
    return column && referenced ? [{ table, column, referencedTable, referenced }] : [];
  });
}

/** varchar is text with a length: comparing them converts nothing. */
function sameKind(a: string, b: string): boolean {
  const [one, other] = [a, b].map((type) => (type === 'varchar' ? 'text' : type));
  return one === other;
}

function describe(place: string, foreignKey: Constraint, pair: Pair): AdvisorFinding {
  const { column, referenced } = pair;
  const [own, other] = [integerMax(column.baseType), integerMax(referenced.baseType)];
  const last = referenced.sequence?.lastValue ?? null;
  const isWider = own !== null && other !== null && own > other;
  const isUrgent = own !== null && last !== null && last * 2n > own;
  const referencedPlace = placeOf(pair.referencedTable, [referenced.name]);
  const change = { table: pair.table, column: column.name, from: column.type, to: referenced.type };
  return {
    severity: isUrgent ? 'critical' : isWider ? 'info' : 'warning',
    title: `${place} is ${column.type} and refers to ${referencedPlace}, which is ${referenced.type}.`,
    place,
    evidence: [
      measured('type of the referencing column', column.type, '', 'pg_attribute'),
      measured('type of the referenced column', referenced.type, '', 'pg_attribute'),
      measured('foreign key', foreignKey.definition, '', foreignKey.name),
      measured(
        'last value of the referenced sequence',
        last === null ? null : String(last),
        '',
        'pg_sequences.last_value',
      ),
    ],
    statements: [],
    actions:
      own !== null && other !== null && !isWider
        ? [alterTypesAction(`Change ${place} to ${referenced.type}`, [change])]
        : [],
  };
}
