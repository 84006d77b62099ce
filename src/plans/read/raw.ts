/** A plan as a form gives it: PostgreSQL's JSON keys, values as text, number or nested. */
export type RawValue = string | number | boolean | null | readonly RawValue[] | { readonly [key: string]: RawValue };
export type RawObject = { readonly [key: string]: RawValue };

/** An object and no list. */
export function isRawObject(value: RawValue | undefined): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list; empty for anything else. */
export function objectsOf(value: RawValue | undefined): readonly RawObject[] {
  return Array.isArray(value) ? (value as readonly RawValue[]).filter(isRawObject) : [];
}

/** A number, written as one or as text; undefined for anything else. */
export function rawNumber(value: RawValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)) return undefined;
  return Number(value);
}

/** A text; undefined for what is none. */
export function rawText(value: RawValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : undefined;
}
