import type { PlanDetails } from '../tree.js';
import { isRawObject, objectsOf, rawNumber, rawText } from './raw.js';
import type { RawObject, RawValue } from './raw.js';

/** What the typed fields of a node hold, or what the text form can not say. */
const ELSEWHERE =
  /^(?:Node Type|Parent Relationship|Subplan Name|Strategy|Partial Mode|Join Type|Operation|Command|Scan Direction|Parallel Aware|Async Capable|Schema|Relation Name|Function Name|Table Function Name|CTE Name|Tuplestore Name|Alias|Index Name|Startup Cost|Total Cost|Plan Rows|Plan Width|Actual .*|.* Blocks|.*I\/O (?:Read|Write) Time|WAL .*|Workers.*|Worker Number|Plans|Grouping Sets|Target Tables)$/;
/** Two that end in "Blocks" and are no buffers. */
const HEAP_BLOCKS = new Set(['Exact Heap Blocks', 'Lossy Heap Blocks']);
/** Expressions and words: a filter that reads `5` is no figure. */
const TEXTS =
  /^(?!Rows Removed).*(?:Filter|Cond|Key|Keys|Output|Call|Order By|Condition|Window|Remote SQL|Evaluated|Parameters|Seed)$/;

/** All of a raw node that has no field of its own. */
export function detailsOf(raw: RawObject): PlanDetails {
  const details: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(raw)) {
    if (ELSEWHERE.test(key) && !HEAP_BLOCKS.has(key)) continue;
    const plain = /^(?:Full|Pre)-sort(?:ed)? Groups$/.test(key) ? sortGroups(value) : plainOf(key, value);
    if (plain === null || plain === 0 || plain === false || plain === '') continue;
    if (isUnchanged(key, raw)) continue;
    details[key] = plain;
  }
  for (const set of objectsOf(raw['Grouping Sets'])) addGroupingSet(set, details);
  return details;
}

function plainOf(key: string, value: RawValue): string | number | boolean | null {
  if (Array.isArray(value)) return (value as readonly RawValue[]).map((item) => plainOf(key, item)).join(', ');
  if (isRawObject(value)) return JSON.stringify(value);
  if (TEXTS.test(key)) return rawText(value) ?? null;
  if (value === 'true' || value === 'false') return value === 'true';
  return rawNumber(value) ?? (value as string | boolean | null);
}

/** `Original Hash Batches` and the like: the text form writes them only where they changed. */
function isUnchanged(key: string, raw: RawObject): boolean {
  return key.startsWith('Original ') && rawNumber(raw[key]) === rawNumber(raw[key.slice('Original '.length)]);
}

/** The text form's words for the groups of an incremental sort. */
function sortGroups(value: RawValue): string | null {
  if (!isRawObject(value)) return rawText(value) ?? null;
  const methods = value['Sort Methods Used'];
  const names = Array.isArray(methods) ? (methods as readonly RawValue[]).map(String) : [];
  const space = (['Memory', 'Disk'] as const).flatMap((kind) => {
    const used = value[`Sort Space ${kind}`];
    if (!isRawObject(used)) return [];
    return [
      `Average ${kind}: ${rawText(used['Average Sort Space Used'])}kB  Peak ${kind}: ${rawText(used['Peak Sort Space Used'])}kB`,
    ];
  });
  const head = `${rawText(value['Group Count'])}  Sort Method${names.length > 1 ? 's' : ''}: ${names.join(', ')}`;
  return [head, ...space].join('  ');
}

/** One line for each key, as the text form has it; several sets are told apart by `; `. */
function addGroupingSet(set: RawObject, details: Record<string, string | number | boolean>): void {
  for (const [key, value] of Object.entries(set)) {
    const name = key.replace(/ Keys$/, ' Key');
    for (const one of Array.isArray(value) ? (value as readonly RawValue[]) : [value]) {
      const text = Array.isArray(one)
        ? (one as readonly RawValue[]).map((item) => rawText(item) ?? '').join(', ')
        : (rawText(one) ?? '');
      details[name] = details[name] === undefined ? text || '()' : `${String(details[name])}; ${text || '()'}`;
    }
  }
}
