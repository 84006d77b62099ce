import type { Session } from '../../postgres/session.js';

/** An output column of a query. */
export interface OutputColumn {
  readonly name: string;
  readonly typeOid: number;
}

/** The output columns of a SELECT without parameters. Throws `target/statement` where the server refuses it. */
export async function outputOf(session: Session, sql: string): Promise<readonly OutputColumn[]> {
  const { columns } = await session.queryText(`SELECT * FROM (${sql.replace(/;\s*$/, '')}\n) AS t LIMIT 0`);
  return columns.map(({ name, typeOid }) => ({ name, typeOid }));
}

export function namesOf(columns: readonly OutputColumn[]): readonly string[] {
  return columns.map(({ name }) => name);
}

/** Why two lists of columns can not hold the same, in words; null where they can. By position, only their number counts. */
export function columnsDiffer(
  before: readonly OutputColumn[],
  after: readonly OutputColumn[],
  byPosition: boolean,
): string | null {
  if (byPosition) {
    if (before.length === after.length) return null;
    return `the first gives ${count(before.length)}, the second ${count(after.length)}`;
  }
  const [first, second] = [before, after].map((columns) => columns.map(({ name, typeOid }) => `${name} ${typeOid}`));
  if (first?.join('\n') === second?.join('\n')) return null;
  return `the output columns differ: ${first?.join(', ')} became ${second?.join(', ')}`;
}

/** How a column is read where the two statements give it different types: an expression over `t.column`, null to read it as it is. */
export function readingOf(before: OutputColumn, after: OutputColumn): ((column: string) => string) | null {
  if (before.typeOid === after.typeOid) return null;
  const numbers = NUMBERS.has(before.typeOid) && NUMBERS.has(after.typeOid);
  return numbers ? (column) => `trim_scale(${column}::numeric)` : (column) => `${column}::text`;
}

/** `pg_type.oid` of int8, int2, int4, float4, float8 and numeric: fixed in every version. */
const NUMBERS = new Set([20, 21, 23, 700, 701, 1700]);

function count(columns: number): string {
  return columns === 1 ? '1 column' : `${columns} columns`;
}
