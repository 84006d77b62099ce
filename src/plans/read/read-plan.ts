import { WizardError } from '../../base/errors.js';
import type { Plan } from '../../model/plan.js';
import type { PlanJit, PlanTree, PlanTrigger } from '../tree.js';
import { readJson } from './json.js';
import { buffersOf, part, toNode } from './normalise.js';
import { isRawObject, objectsOf, rawNumber, rawText } from './raw.js';
import type { RawObject, RawValue } from './raw.js';
import { splitJson, splitText, splitXml, splitYaml } from './split.js';
import { readText } from './text.js';
import { unwrap } from './unwrap.js';
import { readXml } from './xml.js';
import { readYaml } from './yaml.js';

/** EXPLAIN's four forms. */
export type PlanForm = 'text' | 'json' | 'yaml' | 'xml';

/** A plan out of a text. */
export interface FoundPlan {
  readonly form: PlanForm;
  readonly tree: PlanTree;
}

/**
 * Reads a plan from whatever was pasted: EXPLAIN's text, JSON, YAML or XML, with psql's decoration, a log's prefix or other words
 * around it. Throws `input/invalid` where no plan is found; the message holds nothing of the text.
 */
export function readPlan(text: string): FoundPlan {
  const found = findPlan(text);
  if (!found) throw noPlan();
  return found;
}

/** As `readPlan`; null where there is no plan. */
export function findPlan(given: string): FoundPlan | null {
  return findPlans(given)[0] ?? null;
}

/** All plans of a text, which are of one form; what looks like a further one and can not be read is left out. */
export function findPlans(given: string): readonly FoundPlan[] {
  const text = unwrap(given);
  for (const { form, read, split } of FORMS) {
    const first = treeIn(read, text);
    if (!first) continue;
    const pieces = split(text);
    const trees = pieces.length < 2 ? [] : pieces.flatMap((piece) => treeIn(read, piece) ?? []);
    // A paste that lost its arrows has many beginnings and is one plan.
    const isSame = JSON.stringify(trees[0]?.root) === JSON.stringify(first.root);
    return (trees.length > 1 && isSame ? trees : [first]).map((tree) => ({ form, tree }));
  }
  return [];
}

interface Reader {
  readonly form: PlanForm;
  /** The first plan of a text; null for none. */
  readonly read: (text: string) => RawObject | null;
  /** Pieces with a plan each. */
  readonly split: (text: string) => readonly string[];
}

const FORMS: readonly Reader[] = [
  { form: 'json', read: (text) => (text.includes('"Node Type"') ? readJson(text) : null), split: splitJson },
  { form: 'xml', read: (text) => (text.includes('<Node-Type>') ? readXml(text) : null), split: splitXml },
  { form: 'yaml', read: (text) => (/Node Type: "/.test(text) ? readYaml(text) : null), split: splitYaml },
  { form: 'text', read: readText, split: splitText },
];

function treeIn(read: Reader['read'], text: string): PlanTree | null {
  const raw = read(text);
  return raw ? treeOf(raw) : null;
}

/** A plan that came as JSON already; null where it is none. */
export function treeOfPlan({ root, planningMs, executionMs }: Plan): PlanTree | null {
  const times = {
    ...(planningMs === null ? {} : { 'Planning Time': planningMs }),
    ...(executionMs === null ? {} : { 'Execution Time': executionMs }),
  };
  return treeOf({ Plan: root as unknown as RawObject, ...times });
}

function noPlan(): WizardError {
  return new WizardError('input/invalid', 'No plan could be found in the text', {
    hint: 'Give the output of EXPLAIN as it is: text, JSON, YAML or XML.',
  });
}

function treeOf(raw: RawObject): PlanTree | null {
  const plan = part(raw, 'Plan');
  if (!plan) return null;
  try {
    return topFields(raw, plan);
  } catch (thrown) {
    if (thrown instanceof TypeError) return null;
    throw thrown;
  }
}

function topFields(raw: RawObject, plan: RawObject): PlanTree {
  const planning = part(raw, 'Planning');
  const memoryKb = rawNumber(planning?.['Memory Used']);
  const serialization = part(raw, 'Serialization');
  return {
    root: toNode(plan),
    query: rawText(raw['Query Text']) ?? null,
    planningMs: rawNumber(raw['Planning Time']) ?? null,
    executionMs: rawNumber(raw['Execution Time'] ?? raw['Total Runtime']) ?? null,
    isBefore94: raw['Total Runtime'] !== undefined,
    isRebuilt: raw['Indentation Lost'] === true,
    planningBuffers: planning ? buffersOf(planning) : null,
    planningMemoryBytes: memoryKb === undefined ? null : memoryKb * 1024,
    settings: settingsOf(raw['Settings']),
    jit: jitOf(part(raw, 'JIT')),
    triggers: objectsOf(raw['Triggers']).map(triggerOf),
    serialization: serialization
      ? {
          timeMs: rawNumber(serialization['Time']) ?? null,
          outputKb: rawNumber(serialization['Output Volume']) ?? 0,
          format: rawText(serialization['Format']) ?? 'text',
        }
      : null,
    queryIdentifier: rawText(raw['Query Identifier']) ?? null,
  };
}

function settingsOf(value: RawValue | undefined): Readonly<Record<string, string>> {
  if (!isRawObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, setting]) => [name, rawText(setting) ?? '']));
}

/** Before 17 the total is a number in `Timing`; since, `Generation` is an object beside it. */
function jitOf(raw: RawObject | null): PlanJit | null {
  if (!raw) return null;
  const options = Object.entries(part(raw, 'Options') ?? {}).map(([name, on]) => [name, on === true || on === 'true']);
  return {
    functions: rawNumber(raw['Functions']) ?? 0,
    options: Object.fromEntries(options) as Readonly<Record<string, boolean>>,
    totalMs: rawNumber(part(raw, 'Timing')?.['Total']) ?? null,
  };
}

function triggerOf(raw: RawObject): PlanTrigger {
  const constraint = rawText(raw['Constraint Name']);
  return {
    name: constraint ?? rawText(raw['Trigger Name']) ?? 'unnamed',
    isConstraint: constraint !== undefined,
    timeMs: rawNumber(raw['Time']) ?? null,
    calls: rawNumber(raw['Calls']) ?? 0,
  };
}
