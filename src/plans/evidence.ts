import type { Evidence } from '../model/finding.js';
import { labelOf } from './label.js';
import type { ViewedNode } from './view.js';

/** A figure that was counted when the plan ran. */
export function counted(what: string, value: number, unit: string, at: ViewedNode | null = null): Evidence {
  return { what, value: rounded(value), unit, source: sourceOf(at), provenance: 'measured' };
}

/** A figure of the planner. */
export function expected(what: string, value: number, unit: string, at: ViewedNode | null = null): Evidence {
  return { what, value: rounded(value), unit, source: sourceOf(at), provenance: 'estimated' };
}

/** Words that the plan holds: a filter, a setting. */
export function quoted(what: string, value: string, at: ViewedNode | null = null): Evidence {
  return { what, value, unit: '', source: sourceOf(at), provenance: 'measured' };
}

/** What neither the plan nor the database says. */
export function notKnown(what: string, source: string): Evidence {
  return { what, value: null, unit: '', source, provenance: 'unknown' };
}

function sourceOf(at: ViewedNode | null): string {
  return at === null ? 'plan' : `plan, node ${at.id} (${labelOf(at.node)})`;
}

/** Four decimals: shares are written as percentages. */
function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
