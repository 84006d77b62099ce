import { groupBy } from '../../../base/group.js';
import { quoteIdent, quoteLiteral, quoteQualified } from '../../../base/quote.js';
import { type ExtractContext } from '../context.js';
import { columnAlterations, columnClause, inheritedAlterations, isUsualNotNull, notNullClause } from './columns.js';
import { simpleObject, type SchemaObject, type SchemaPart } from '../script.js';
import { identityClause, persistenceAlteration, type SequenceRow } from './sequences.js';
import { factsOfTable, labelsOfTable } from './table-facts.js';
import { readCheckRows, type CheckRow, type ColumnRow, type TableRow } from './table-rows.js';

/** What tables are made from. */
export interface TableParts {
  readonly tables: readonly TableRow[];
  readonly columns: ReadonlyMap<string, readonly ColumnRow[]>;
  readonly sequences: readonly SequenceRow[];
}

/** Tables, partitions (made alone, then attached) and foreign tables, with their columns, defaults and checks. */
export async function readTables(context: ExtractContext, parts: TableParts): Promise<readonly SchemaObject[]> {
  const checks = groupBy(await readCheckRows(context), (row) => row.table_key);
  const identities = new Map(
    parts.sequences
      .filter((row) => row.ownership === 'i')
      .map((row) => [`${row.table_key} ${row.column_number}`, row] as const),
  );
  noteTablespaces(context, parts.tables);
  return parts.tables.flatMap((table) => {
    const columns = parts.columns.get(table.key) ?? [];
    const parents = (table.parent_keys ?? []).map((key) => parts.columns.get(key) ?? []);
    const identityOf = (column: ColumnRow): SequenceRow | undefined => identities.get(`${table.key} ${column.attnum}`);
    const looseAbove = (table.parent_keys ?? []).flatMap((key) =>
      (checks.get(key) ?? []).filter((check) => !check.validated),
    );
    return tableObjects({ table, columns, parents, checks: checks.get(table.key) ?? [], looseAbove, identityOf });
  });
}

/** A table with all that is told of it elsewhere. */
export interface ReadTable {
  readonly table: TableRow;
  readonly columns: readonly ColumnRow[];
  /** The columns of each parent. */
  readonly parents: readonly (readonly ColumnRow[])[];
  readonly checks: readonly CheckRow[];
  /** Those of the parents that are not validated there. */
  readonly looseAbove: readonly CheckRow[];
  readonly identityOf: (column: ColumnRow) => SequenceRow | undefined;
}

function tableObjects(facts: ReadTable): SchemaObject[] {
  const { table, columns, checks } = facts;
  const identity = quoteQualified(table.nspname, table.relname);
  const alter = table.relkind === 'f' ? `ALTER FOREIGN TABLE ONLY ${identity}` : `ALTER TABLE ONLY ${identity}`;
  const early = checks.filter((check) => check.contype === 'c' && check.validated && isOwn(table, check));
  const parts: SchemaPart[] = [
    ...columns
      .filter((column) => column.generated === '' && isWritten(table, column))
      .flatMap((column) => defaultPart(identity, alter, column)),
    ...early.map((check) => checkPart(identity, check)),
  ];
  const aliases = [table.type_key, table.array_key];
  for (const column of columns) {
    const sequence = facts.identityOf(column);
    if (sequence !== undefined) aliases.push(sequence.key);
    if (column.default_key !== null) aliases.push(column.default_key);
  }
  const object: SchemaObject = {
    key: table.key,
    aliases: [...aliases, ...checks.map((check) => check.key)],
    kind: table.relkind === 'f' ? 'foreign table' : 'table',
    identity,
    section: 'pre',
    parts,
    sql: (later) => tableStatements(facts, identity, alter, later),
    facts: factsOfTable(facts),
    labels: labelsOfTable(facts),
    ...(table.foreign_options === null ? {} : { inLab: createTable(facts, identity, new Set(), null) }),
  };
  const unchecked = checks
    .filter((check) => !check.validated && check.local)
    .map((check) => {
      const part = checkPart(identity, check);
      return simpleObject({ ...part, section: 'post', needs: [table.key] }, part.sql);
    });
  return [
    object,
    ...partitionObjects(table, identity),
    ...unchecked,
    ...validatedBelow(facts, identity),
    ...rowSecurityObjects(table, identity),
    ...replicaIdentityObjects(table, identity),
  ];
}

/** A partition is made alone, so it must hold all that its parent has; an inheriting table gets it from its parents. */
function isOwn(table: TableRow, check: CheckRow): boolean {
  return check.local || table.is_partition;
}

/** The column stands in the table's own list. */
function isWritten(table: TableRow, column: ColumnRow): boolean {
  return column.local || table.is_partition;
}

function tableStatements(facts: ReadTable, identity: string, alter: string, later: ReadonlySet<string>): string[] {
  const { table, columns, parents, checks } = facts;
  const alterations = columns.flatMap((column) => {
    const own = columnAlterations(column, table.relkind === 'f');
    if (isWritten(table, column)) return own;
    const ownNotNull = checks.some((check) => check.local && isUsualNotNull(table.relname, column, check));
    return [...own, ...inheritedAlterations(column, parents, ownNotNull)];
  });
  const statements = [createTable(facts, identity, later, table.foreign_options)];
  if (alterations.length > 0) statements.push(`${alter} ${alterations.join(', ')}`);
  for (const column of columns) {
    const sequence = facts.identityOf(column);
    const persistence = sequence === undefined ? null : persistenceAlteration(sequence);
    if (persistence !== null) statements.push(persistence);
  }
  if (isAdopted(facts))
    for (const parent of table.parents ?? []) statements.push(`ALTER TABLE ${identity} INHERIT ${parent}`);
  return statements;
}

function createTable(
  facts: ReadTable,
  identity: string,
  later: ReadonlySet<string>,
  foreignOptions: string | null,
): string {
  const { table } = facts;
  const lines = [...columnLines(facts, later), ...constraintLines(facts, later)];
  const head = table.relkind === 'f' ? 'CREATE FOREIGN TABLE' : `CREATE ${table.unlogged ? 'UNLOGGED ' : ''}TABLE`;
  const body = lines.length === 0 ? '' : `\n  ${lines.join(',\n  ')}\n`;
  const clauses: string[] = [];
  if (table.of_type !== null)
    clauses.push(lines.length === 0 ? `OF ${table.of_type}` : `OF ${table.of_type} (${body})`);
  else clauses.push(`(${body})`);
  if (table.parents !== null && !table.is_partition && !isAdopted(facts))
    clauses.push(`INHERITS (${table.parents.join(', ')})`);
  if (table.partition_key !== null) clauses.push(`PARTITION BY ${table.partition_key}`);
  if (table.server !== null) clauses.push(`SERVER ${quoteIdent(table.server)}`);
  if (foreignOptions !== null) clauses.push(`OPTIONS (${foreignOptions})`);
  if (table.access_method !== null && table.access_method !== 'heap')
    clauses.push(`USING ${quoteIdent(table.access_method)}`);
  const storage = [...(table.options ?? []), ...(table.toast_options ?? []).map((option) => `toast.${option}`)];
  if (storage.length > 0) clauses.push(`WITH (${storage.map(storageParameter).join(', ')})`);
  return `${head} ${identity} ${clauses.join(' ')}`;
}

/** The table was made alone and given its parents later, which shows when its columns are all its own and not in their order. */
function isAdopted({ table, columns, parents }: ReadTable): boolean {
  if (table.parents === null || table.is_partition || !columns.every(({ local }) => local)) return false;
  const inherited = new Set(parents.flat().map(({ attname }) => attname));
  return [...inherited].some((name, at) => columns[at]?.attname !== name);
}

function columnLines(facts: ReadTable, later: ReadonlySet<string>): string[] {
  const { table, columns, checks, identityOf } = facts;
  const written = columns.filter((column) => isWritten(table, column));
  const lines = written.map((column) => {
    const sequence = identityOf(column);
    const notNull = checks.find((check) => check.contype === 'n' && check.column_number === column.attnum);
    const words = [
      columnClause(column, table.of_type !== null),
      column.default_key !== null && later.has(column.default_key) ? null : defaultClause(column),
      notNullClause(table.relname, column, notNull, table.is_partition),
      sequence === undefined ? null : identityClause(sequence, column.identity === 'a'),
    ];
    return words.filter((word) => word !== null && word !== '').join(' ');
  });
  return table.of_type === null ? lines : lines.filter((_, at) => isTypedColumnChanged(lines[at], written[at]));
}

/** A column of a typed table is named only when it adds something to the type. */
function isTypedColumnChanged(line: string | undefined, column: ColumnRow | undefined): boolean {
  return line !== undefined && column !== undefined && line !== columnClause(column, true);
}

function constraintLines({ table, columns, checks }: ReadTable, later: ReadonlySet<string>): string[] {
  const own = checks.filter((check) => check.validated && isOwn(table, check) && !later.has(check.key));
  return own.flatMap((check) => {
    const name = `CONSTRAINT ${quoteIdent(check.conname)}`;
    if (check.contype === 'c') return [`${name} ${check.definition}`];
    const column = columns.find(({ attnum }) => attnum === check.column_number);
    if (column === undefined || isWritten(table, column) || isUsualNotNull(table.relname, column, check)) return [];
    return [`${name} ${check.definition}`];
  });
}

function defaultClause(column: ColumnRow): string | null {
  if (column.default_sql === null) return null;
  if (column.generated === '') return `DEFAULT ${column.default_sql}`;
  return `GENERATED ALWAYS AS (${column.default_sql})${column.generated === 's' ? ' STORED' : ' VIRTUAL'}`;
}

function defaultPart(identity: string, alter: string, column: ColumnRow): SchemaPart[] {
  if (column.default_key === null || column.default_sql === null) return [];
  const name = quoteIdent(column.attname);
  const sql = `${alter} ALTER COLUMN ${name} SET DEFAULT ${column.default_sql}`;
  return [{ key: column.default_key, kind: 'default', identity: `${identity}.${name}`, sql }];
}

/** A constraint that came from a parent, where it is not validated, and is so here. */
function validatedBelow({ table, checks, looseAbove }: ReadTable, identity: string): SchemaObject[] {
  return checks.flatMap((check) => {
    const above = looseAbove.find(({ conname }) => conname === check.conname);
    if (above === undefined || check.local || !check.validated || table.is_partition) return [];
    const name = quoteIdent(check.conname);
    const base = {
      kind: 'check',
      identity: `${identity} ${name}`,
      section: 'post',
      needs: [table.key, above.key],
    } as const;
    return [
      simpleObject(
        { key: `validate ${check.key}`, ...base },
        `ALTER TABLE ONLY ${identity} VALIDATE CONSTRAINT ${name}`,
      ),
    ];
  });
}

function checkPart(identity: string, check: CheckRow): SchemaPart {
  const name = quoteIdent(check.conname);
  const sql = `ALTER TABLE ${identity} ADD CONSTRAINT ${name} ${check.definition}`;
  return { key: check.key, kind: 'check', identity: `${identity} ${name}`, sql };
}

function partitionObjects(table: TableRow, identity: string): SchemaObject[] {
  const parent = table.parents?.[0];
  const parentKey = table.parent_keys?.[0];
  if (!table.is_partition || parent === undefined || parentKey === undefined) return [];
  const base = {
    key: `partition ${table.key}`,
    kind: 'partition',
    identity,
    section: 'pre',
    needs: [table.key, parentKey],
  } as const;
  return [simpleObject(base, `ALTER TABLE ONLY ${parent} ATTACH PARTITION ${identity} ${table.bound ?? 'DEFAULT'}`)];
}

function rowSecurityObjects(table: TableRow, identity: string): SchemaObject[] {
  if (!table.row_security && !table.force_row_security) return [];
  const base = {
    key: `row security ${table.key}`,
    kind: 'row security',
    identity,
    section: 'post',
    needs: [table.key],
  } as const;
  return [
    simpleObject(
      base,
      table.row_security ? `ALTER TABLE ${identity} ENABLE ROW LEVEL SECURITY` : null,
      table.force_row_security ? `ALTER TABLE ONLY ${identity} FORCE ROW LEVEL SECURITY` : null,
    ),
  ];
}

/** The identity that is an index comes with the index. */
function replicaIdentityObjects(table: TableRow, identity: string): SchemaObject[] {
  const word = { f: 'FULL', n: 'NOTHING' }[table.replica_identity];
  if (word === undefined || table.relkind === 'f') return [];
  const base = {
    key: `replica identity ${table.key}`,
    kind: 'replica identity',
    identity,
    section: 'post',
    needs: [table.key],
  } as const;
  return [simpleObject(base, `ALTER TABLE ONLY ${identity} REPLICA IDENTITY ${word}`)];
}

/** `name=value` of pg_class.reloptions as a WITH clause takes it. */
export function storageParameter(option: string): string {
  const at = option.indexOf('=');
  const name = option.slice(0, at).split('.').map(quoteIdent).join('.');
  return `${name}=${quoteLiteral(option.slice(at + 1))}`;
}

function noteTablespaces(context: ExtractContext, tables: readonly TableRow[]): void {
  const named = tables.filter((table) => table.tablespace !== null);
  if (named.length === 0) return;
  const names = [...new Set(named.map((table) => table.tablespace))].join(', ');
  context.skip({
    what: `tablespace of ${named.length} table(s): ${names}`,
    reason: 'Tablespaces are folders of the source server; the copy keeps everything in one place.',
    remedy: null,
  });
}
