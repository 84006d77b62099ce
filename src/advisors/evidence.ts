import type { Evidence } from '../model/finding.js';
import type { RelationName } from '../model/catalog.js';

/** A figure or text that was read as it is; a null value becomes `unknown`. */
export function measured(what: string, value: number | string | null, unit: string, source: string): Evidence {
  return { what, value, unit, source, provenance: value === null ? 'unknown' : 'measured' };
}

/** A figure that the planner or a model guesses; a null value becomes `unknown`. */
export function estimated(what: string, value: number | string | null, unit: string, source: string): Evidence {
  return { what, value, unit, source, provenance: value === null ? 'unknown' : 'estimated' };
}

/** `schema.name` for titles and places, unquoted: for people and for comparing, never for SQL. */
export function placeOf(name: RelationName, columns: readonly string[] = []): string {
  const relation = `${name.schema}.${name.name}`;
  return columns.length === 0 ? relation : `${relation}(${columns.join(', ')})`;
}
