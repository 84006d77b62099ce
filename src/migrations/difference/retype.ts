/** Text takes anything by assignment; a cast that is written out would cut to a length without a word. */
const TEXTS = /^(?:text|character varying|character|name)(?:\(\d+\))?$/;
const NUMBERS = /^(?:smallint|integer|bigint|numeric|real|double precision)(?:\(.*\))?$/;
const TIMES = /^(?:date|timestamp|time)\b/;
/** From narrow to wide: each holds all that those before it do. */
const WHOLE = ['smallint', 'integer', 'bigint', 'numeric'];

/** PostgreSQL has no assignment cast between the two types, as `format_type` writes them (`pg_cast.castcontext`). */
export function needsCast(from: string, to: string): boolean {
  if (TEXTS.test(to) || bareType(from) === bareType(to)) return false;
  return ![NUMBERS, TIMES].some((family) => family.test(from) && family.test(to));
}

/** The new type may not hold all that the old one did; also true where it is not known that it does. */
export function narrows(from: string, to: string): boolean {
  if (from === to || to === 'text') return false;
  const [was, is] = [WHOLE.indexOf(from), WHOLE.indexOf(to)];
  if (was >= 0 && is >= 0) return is < was;
  if (from === 'real' && to === 'double precision') return false;
  const [old, now] = [lengthOf(from), lengthOf(to)];
  // Longer, or without a limit: of the same type only. Text that is too long is refused, not cut.
  if (bareType(from) === bareType(to)) return now !== null && !TEXTS.test(to) && (old === null || old !== now);
  return !TEXTS.test(to);
}

function bareType(type: string): string {
  return type.replace(/\([^)]*\)/, '');
}

function lengthOf(type: string): string | null {
  return /\(([^)]*)\)/.exec(type)?.[1] ?? null;
}
