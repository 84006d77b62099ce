import { quoteIdent } from '../../base/quote.js';
import type { ColumnFacts } from '../../model/schema.js';
import { lastPart } from './names.js';

/** A not-null constraint that is not checked can not stand in a column's definition. */
export function laterNotNull(identity: string, column: ColumnFacts): string[] {
  return column.notNullName?.endsWith(' NOT VALID') === true ? [addNotNull(identity, column)] : [];
}

export function notNullWords({ notNull, notNullName }: ColumnFacts): string {
  if (!notNull || notNullName?.endsWith(' NOT VALID') === true) return '';
  if (notNullName === null) return 'NOT NULL';
  const { name, suffix } = notNullParts(notNullName);
  return `CONSTRAINT ${quoteIdent(name)} NOT NULL${suffix}`;
}

function notNullParts(text: string): { readonly name: string; readonly suffix: string } {
  const suffix = /(?: NO INHERIT)?(?: NOT VALID)?$/.exec(text)?.[0] ?? '';
  return { name: text.slice(0, text.length - suffix.length), suffix };
}

export function addNotNull(identity: string, { name, notNullName }: ColumnFacts): string {
  if (notNullName === null) return `ALTER TABLE ${identity} ALTER COLUMN ${quoteIdent(name)} SET NOT NULL`;
  const parts = notNullParts(notNullName);
  return `ALTER TABLE ${identity} ADD CONSTRAINT ${quoteIdent(parts.name)} NOT NULL ${quoteIdent(name)}${parts.suffix}`;
}

export function notNullChange(identity: string, was: ColumnFacts, is: ColumnFacts): readonly string[] {
  if (was.notNull === is.notNull && was.notNullName === is.notNullName) return [];
  const drop = `ALTER TABLE ${identity} ALTER COLUMN ${quoteIdent(is.name)} DROP NOT NULL`;
  if (!is.notNull) return [drop];
  if (!was.notNull) return [addNotNull(identity, is)];
  const usual = `${unquoted(lastPart(identity))}_${is.name}_not_null`;
  const [old, now] = [notNullParts(was.notNullName ?? usual), notNullParts(is.notNullName ?? usual)];
  const rename =
    old.name === now.name
      ? []
      : [`ALTER TABLE ${identity} RENAME CONSTRAINT ${quoteIdent(old.name)} TO ${quoteIdent(now.name)}`];
  if (old.suffix === now.suffix) return rename;
  if (old.suffix.endsWith(' NOT VALID') && `${now.suffix} NOT VALID` === old.suffix)
    return [...rename, `ALTER TABLE ${identity} VALIDATE CONSTRAINT ${quoteIdent(now.name)}`];
  return [drop, addNotNull(identity, is)];
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
