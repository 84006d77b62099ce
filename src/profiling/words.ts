import type { Evidence } from '../model/finding.js';
import { nameOf } from '../sql/name.js';
import type { ShapeFacts } from './facts.js';

/** A statement in a title. */
export function named(facts: ShapeFacts): string {
  return nameOf(facts.text);
}

/** A figure that the log holds or that was counted in it. */
export function measured(what: string, value: number, unit: string): Evidence {
  return { what, value: Math.round(value * 1000) / 1000, unit, source: 'log', provenance: 'measured' };
}

/** What a log can not tell. */
export function unknown(what: string, unit: string): Evidence {
  return { what, value: null, unit, source: 'log', provenance: 'unknown' };
}

/** The sum of times, null when none of them is known. */
export function addTime(sum: number | null, ms: number | null): number | null {
  return ms === null ? sum : (sum ?? 0) + ms;
}
