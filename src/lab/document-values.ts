import type { ParameterUse, PathStep } from '../sql/use-types.js';
import type { KnownColumn } from './column-values.js';

/** Parts of the documents that the statistics of a column hold: at most some 200 of them, none longer than 1 kB (`WIDTH_THRESHOLD` of analyze.c). */
export function documentsAt({ statistics }: KnownColumn, path: readonly string[]): readonly unknown[] {
  const texts = [...(statistics?.commonValues ?? []), ...(statistics?.histogram ?? [])];
  return texts.flatMap((text) => {
    const found = path.reduce<unknown>((part, key) => (isObject(part) ? part[key] : undefined), parsed(text));
    return found === undefined || found === null ? [] : [found];
  });
}

/** Keys of the documents, those that most of them have first; `nested` ones hold documents, the others values. */
export function keysOf(documents: readonly unknown[], nested: boolean): readonly string[] {
  const keys = documents.flatMap((one) =>
    isObject(one) ? Object.keys(one).filter((key) => isObject(one[key]) === nested && one[key] !== null) : [],
  );
  return byFrequency(keys);
}

/** The keys of a path; for those that parameters hold the most frequent one, of several conditions each another. Null where no document goes on. */
export function drawnKeys(
  parameters: readonly ParameterUse[],
  known: KnownColumn,
  path: readonly PathStep[],
): readonly string[] | null {
  const last = parameters.flatMap((use) => (use.role === 'argument' ? [] : (use.path.at(-1) ?? [])));
  const conditions = [...new Set(last)];
  const keys: string[] = [];
  for (const step of path) {
    const isNested = parameters.some((use) => use.role === 'argument' && use.path.includes(step));
    const found = typeof step === 'string' ? [step] : keysOf(documentsAt(known, keys), isNested);
    const key = found[Math.max(0, conditions.indexOf(step)) % Math.max(1, found.length)];
    if (key === undefined) return null;
    keys.push(key);
  }
  return keys;
}

/** The values as `->>` gives them, as a column of their own, the most frequent first. Null where there are none. */
export function valuesColumn(known: KnownColumn, documents: readonly unknown[]): KnownColumn | null {
  const values = documents.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
  if (!known.statistics || values.length === 0) return null;
  const isNumber = documents.every((one) => typeof one === 'number');
  return {
    ...known,
    column: { ...known.column, type: 'text', baseType: 'text', typeCategory: isNumber ? 'N' : 'S' },
    statistics: { ...known.statistics, commonValues: byFrequency(values), commonFrequencies: [], histogram: [] },
    unique: false,
  };
}

function byFrequency(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([value]) => value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
