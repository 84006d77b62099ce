import { bareLiteral, quoteIdent } from '../base/quote.js';
import { tryParseStatement } from '../sql/parse.js';
import { bodyOf, list, names, textOf } from '../sql/tree.js';
import type { TreeNode, TreeValue } from '../sql/tree.js';

/** A relation as a migration names it; `schema` is null where the search path decides. */
export interface Relation {
  readonly schema: string | null;
  readonly name: string;
}

/** Of a `RangeVar`'s body. */
export function relationOf(body: TreeNode | null): Relation | null {
  const name = body ? textOf(body, 'relname') : null;
  return body && name !== null ? { schema: textOf(body, 'schemaname'), name } : null;
}

/** Of a list of `String` nodes such as DROP and ALTER TYPE hold, possibly inside a `List`. */
export function relationOfNames(value: TreeValue): Relation | null {
  const inner = Array.isArray(value) ? null : bodyOf(value, 'List');
  const path = names(inner ? list(inner, 'items') : Array.isArray(value) ? (value as readonly TreeValue[]) : []);
  const name = path.at(-1);
  return name === undefined ? null : { schema: path.at(-2) ?? null, name };
}

/** Each of them once, in their order. */
export function uniqueRelations<T extends Relation>(relations: readonly T[]): readonly T[] {
  return [...new Map(relations.map((one) => [JSON.stringify([one.schema, one.name]), one])).values()];
}

/** As SQL, always quoted. */
export function written({ schema, name }: Relation): string {
  return schema === null ? quoteIdent(name) : `${quoteIdent(schema)}.${quoteIdent(name)}`;
}

/** As a string literal that `regclass` takes. */
export function writtenLiteral(relation: Relation): string {
  return bareLiteral(written(relation));
}

/** For a reader: bare where a statement could have it bare. Needs `loadParser()`. */
export function shown({ schema, name }: Relation): string {
  return schema === null ? shownPart(name) : `${shownPart(schema)}.${shownPart(name)}`;
}

function shownPart(text: string): string {
  if (!/^[a-z_][a-z0-9_$]*$/.test(text)) return quoteIdent(text);
  // `order` is a word of SQL.
  return tryParseStatement(`TABLE ${text}`) ? text : quoteIdent(text);
}

/** Bytes of a name (`NAMEDATALEN` - 1). */
const NAME_BYTES = 63;

/** The name that PostgreSQL gives to an object of a table: parts joined with `_`, the longer of the first two cut until it fits (`makeObjectName`). */
export function objectName(table: string, column: string | null, label: string): string {
  let [first, second] = [table, column];
  const whole = (): string => [first, ...(second === null ? [] : [second]), label].join('_');
  while (Buffer.byteLength(whole()) > NAME_BYTES) {
    if (second === null || Buffer.byteLength(first) > Buffer.byteLength(second))
      first = Array.from(first).slice(0, -1).join('');
    else second = Array.from(second).slice(0, -1).join('');
  }
  return whole();
}
