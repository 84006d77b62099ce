import { formatCount, formatMs } from '../base/units.js';
import { labelOf } from './label.js';
import { blocksOf, inputsOf, isGather } from './view.js';
import type { PlanView, ViewedNode } from './view.js';

/** What changed between two plans of one statement, in sentences, the figures first. `Nothing` is a sentence as well. */
export function describeDifference(before: PlanView, after: PlanView): readonly string[] {
  const shape = describeChanges(before, after);
  return [
    ...figures(before, after),
    ...(shape.length > 0 ? shape : ['Both do the same work in the same order: no node, no index and no join differs.']),
    ...estimates(before, after),
  ];
}

/** What two plans of one statement do otherwise, in sentences, figures and estimates left aside; none where they do the same work in the same way. */
export function describeChanges(before: PlanView, after: PlanView): readonly string[] {
  return [...access(before, after), ...joins(before, after), ...counts(before, after), ...workers(before, after)];
}

function figures(before: PlanView, after: PlanView): readonly string[] {
  const said: string[] = [];
  const both = (name: string, one: number | null, other: number | null, format: (value: number) => string): void => {
    if (one === null || other === null) return;
    said.push(`${name}: ${format(one)} before, ${format(other)} after${one > 0 ? ` (x${ratio(other / one)})` : ''}.`);
  };
  both('Execution time', before.executionMs, after.executionMs, formatMs);
  both('Planning time', before.tree.planningMs, after.tree.planningMs, formatMs);
  both('Blocks touched', blocks(before), blocks(after), formatCount);
  both('Rows given', before.root.rows, after.root.rows, formatCount);
  if (!before.ran || !after.ran)
    both(
      'Estimated cost',
      before.root.node.estimate?.totalCost ?? null,
      after.root.node.estimate?.totalCost ?? null,
      formatCount,
    );
  return said;
}

function blocks({ root, hasBuffers }: PlanView): number | null {
  return hasBuffers && root.node.buffers ? blocksOf(root.node.buffers) : null;
}

function ratio(value: number): string {
  return value >= 100 ? formatCount(value) : value.toPrecision(2);
}

/** How each table is read, by the name that the statement gives it. */
function access(before: PlanView, after: PlanView): readonly string[] {
  const [old, now] = [readers(before), readers(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((alias) => {
    const [was, is] = [old.get(alias) ?? null, now.get(alias) ?? null];
    if (was === is) return [];
    if (was === null) return [`${alias} is read now: ${is}.`];
    if (is === null) return [`${alias} is not read any more: it was by ${was}.`];
    return [`${alias} is read by ${is} instead of ${was}.`];
  });
}

function readers({ nodes }: PlanView): ReadonlyMap<string, string> {
  const found = new Map<string, Set<string>>();
  for (const { node } of nodes) {
    if (node.relation === null || node.type === 'ModifyTable') continue;
    const index = node.type === 'Bitmap Heap Scan' ? bitmapIndexes(node) : '';
    const type = `${node.parallelAware ? 'parallel ' : ''}${node.type.toLowerCase()}`;
    const how = `${withArticle(type)}${node.index === null ? index : ` by ${node.index}`}`;
    const name = node.alias ?? node.relation;
    found.set(name, (found.get(name) ?? new Set()).add(how));
  }
  return new Map([...found].map(([name, ways]) => [name, [...ways].toSorted().join(' and ')]));
}

function withArticle(noun: string): string {
  return `${/^[aeiou]/i.test(noun) ? 'an' : 'a'} ${noun}`;
}

function bitmapIndexes(node: ViewedNode['node']): string {
  const names = node.children.flatMap(function within(child): readonly string[] {
    return child.index === null ? child.children.flatMap(within) : [child.index];
  });
  return names.length > 0 ? ` by ${names.join(' and ')}` : '';
}

/** Joins by the set of tables that they have put together. */
function joins(before: PlanView, after: PlanView): readonly string[] {
  const [old, now] = [joinsOf(before), joinsOf(after)];
  const changed = [...now].flatMap(([tables, how]) => {
    const was = old.get(tables);
    return was === undefined || was === how
      ? []
      : [`${tables} are joined by ${withArticle(how)} instead of ${withArticle(was)}.`];
  });
  const fresh = [...now.keys()].filter((tables) => !old.has(tables));
  const gone = [...old.keys()].filter((tables) => !now.has(tables));
  const order =
    fresh.length > 0 && gone.length > 0
      ? [`The join order changed: ${fresh.join('; ')} where there was ${gone.join('; ')}.`]
      : fresh.length > 0
        ? [`There is a join more: ${fresh.join('; ')}.`]
        : gone.length > 0
          ? [`A join is gone: ${gone.join('; ')}.`]
          : [];
  return [...changed, ...order];
}

function joinsOf({ nodes }: PlanView): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const one of nodes) {
    if (!/^(?:Nested Loop|Hash Join|Merge Join)$/.test(one.node.type)) continue;
    const names = [...new Set(aliasesBelow(one))].toSorted();
    found.set(names.join(', '), labelOf({ ...one.node, parallelAware: false }).toLowerCase());
  }
  return found;
}

function aliasesBelow(one: ViewedNode): readonly string[] {
  const own = one.node.relation === null ? [] : [one.node.alias ?? one.node.relation];
  return [...own, ...inputsOf(one).flatMap(aliasesBelow)];
}

/** Sorts, groupings, kept rows and the like: how many of each. */
function counts(before: PlanView, after: PlanView): readonly string[] {
  const [old, now] = [tally(before), tally(after)];
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    const [was, is] = [old.get(name) ?? 0, now.get(name) ?? 0];
    if (was === is) return [];
    if (is === 0) return [`No ${name} any more${was > 1 ? ` (there were ${was})` : ''}.`];
    return [
      was === 0
        ? `${withArticle(name).replace('a', 'A')} is new${is > 1 ? ` (${is} of them)` : ''}.`
        : `${is} x ${name} instead of ${was}.`,
    ];
  });
}

function tally({ nodes }: PlanView): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { node } of nodes) {
    if (node.relation !== null || /Scan|Loop|Join|^Hash$|^Gather|^Bitmap/.test(node.type)) continue;
    const name = labelOf({ ...node, parallelAware: false });
    found.set(name, (found.get(name) ?? 0) + 1);
  }
  return found;
}

function workers(before: PlanView, after: PlanView): readonly string[] {
  const planned = ({ nodes }: PlanView): number =>
    nodes.reduce((sum, { node }) => sum + (isGather(node) ? (node.workersPlanned ?? 0) : 0), 0);
  const [was, is] = [planned(before), planned(after)];
  return was === is ? [] : [`${is} parallel workers are planned instead of ${was}.`];
}

/** An estimate has to have changed by this factor to be worth a sentence. */
export const NOTABLE = 2;

function estimates(before: PlanView, after: PlanView): readonly string[] {
  const rows = (view: PlanView): ReadonlyMap<string, number> =>
    new Map(
      view.nodes.flatMap(({ node }) =>
        node.relation !== null && node.estimate
          ? [[node.alias ?? node.relation, Math.max(1, node.estimate.rows)] as const]
          : [],
      ),
    );
  const [old, now] = [rows(before), rows(after)];
  return [...now].flatMap(([alias, is]) => {
    const was = old.get(alias);
    if (was === undefined || Math.max(is / was, was / is) < NOTABLE) return [];
    return [`Of ${alias} ${formatCount(is)} rows an execution are expected instead of ${formatCount(was)}.`];
  });
}
