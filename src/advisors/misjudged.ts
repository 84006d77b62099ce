import { z } from 'zod';
import { usesOf } from '../indexes/candidates/candidates.js';
import { lookupTable, sameRelation } from '../model/catalog.js';
import type { Table } from '../model/catalog.js';
import type { Evidence } from '../model/finding.js';
import type { Snapshot } from '../model/snapshot.js';
import type { WorkloadStatement } from '../model/workload.js';
import { firstWrongEstimate } from '../plans/estimates.js';
import type { FirstWrongEstimate } from '../plans/estimates.js';
import { treeOfPlan } from '../plans/read/read-plan.js';
import { viewPlan } from '../plans/view.js';
import type { ViewedNode } from '../plans/view.js';
import type { RelationUse } from '../sql/use-types.js';
import { estimated, measured } from './evidence.js';

/** From when on an estimate is wrong: by this factor, where so many rows were expected or came. */
export const MISJUDGING = z.object({
  factor: z.number().min(2).default(10),
  leastRows: z.number().nonnegative().default(1000),
});

/** A statement whose plan, when it was run, was first wrong about the rows of one table. */
export interface Misjudged {
  readonly statement: WorkloadStatement;
  readonly wrong: FirstWrongEstimate;
  readonly table: Table;
  /** What the estimate is of: the conditions on the table's own columns, or what it is grouped by. */
  readonly items: readonly MisjudgedItem[];
  /** Whether the number of groups was wrong, not that of rows. */
  readonly grouped: boolean;
}

/** A column, or an expression over columns. */
export interface MisjudgedItem {
  /** As people read it. */
  readonly name: string;
  /** SQL of the expression; null for a plain column. */
  readonly expression: string | null;
}

/** Where the plans of a workload are first wrong by the factor or more. Plans that were not run say nothing, nor does a wrong join. The parser must be loaded. */
export function misjudgedIn(
  { catalog, plans, workload }: Snapshot,
  { factor, leastRows }: z.output<typeof MISJUDGING>,
): readonly Misjudged[] {
  return workload.statements.flatMap((statement) => {
    const plan = plans.get(statement.fingerprint);
    const tree = plan ? treeOfPlan(plan) : null;
    const wrong = tree && firstWrongEstimate(viewPlan(tree), factor, leastRows);
    if (!wrong) return [];
    const relations = usesOf(statement, catalog)?.relations ?? [];
    const grouped = /^(?:Aggregate|Unique|Group)$/.test(wrong.one.node.type);
    const use = grouped ? groupedOf(relations) : useOf(wrong.one, relations);
    const table = use && lookupTable(catalog, use.schema, use.name);
    if (!use || !table) return [];
    return [{ statement, wrong, table, grouped, items: grouped ? groupKeys(use) : conditions(use) }];
  });
}

/** What was expected, and what came. */
export function estimateEvidence({
  statement,
  wrong: { one, estimated: expected, actual, factor, tooFew, leadsTo },
}: Misjudged): readonly [Evidence, ...Evidence[]] {
  const source = `plan of ${statement.name}, node ${one.id} (${one.node.type})`;
  return [
    estimated('rows expected', expected, 'rows', source),
    measured('rows that came', actual, 'rows', source),
    measured(tooFew ? 'too few by a factor of' : 'too many by a factor of', factor, '', source),
    measured('nodes above that are wrong because of it', leadsTo.length, 'nodes', source),
  ];
}

/** Whether the columns have statistics. Without them an ANALYZE comes first, which another advisor asks for. */
export function areAnalysed({ statistics }: Snapshot, table: Table, columns: readonly string[]): boolean {
  const known = statistics.columns.filter((one) => sameRelation(one.table, table)).map(({ column }) => column);
  return known.length > 0 && columns.every((column) => known.includes(column));
}

/** What every row must meet, against values: a join's condition is not about this table alone. */
function conditions({ predicates }: RelationUse): readonly MisjudgedItem[] {
  const items = predicates
    .filter(({ branch, value }) => branch === null && value.kind !== 'join')
    .map(({ column, expression }) => ({
      name: column ?? expression ?? '',
      expression: column === null ? expression : null,
    }));
  return unique(items);
}

function groupKeys({ sorts }: RelationUse): readonly MisjudgedItem[] {
  const keys =
    sorts.find(({ purpose, complete }) => (purpose === 'group' || purpose === 'distinct') && complete)?.keys ?? [];
  return unique(
    keys.map(({ column, expression }) => ({
      name: column ?? expression ?? '',
      expression: column === null ? expression : null,
    })),
  );
}

function unique(items: readonly MisjudgedItem[]): readonly MisjudgedItem[] {
  return [...new Map(items.filter(({ name }) => name !== '').map((item) => [item.name, item])).values()];
}

/** The relation by which the statement groups; null where more than one is grouped. */
function groupedOf(relations: readonly RelationUse[]): RelationUse | null {
  const grouped = relations.filter((use) => groupKeys(use).length > 0);
  return grouped.length === 1 ? (grouped[0] ?? null) : null;
}

/** The relation of a scan, or of the heap that a bitmap is for; null where the statement has none or several of that name. */
function useOf(one: ViewedNode, relations: readonly RelationUse[]): RelationUse | null {
  const scan = one.node.type === 'Bitmap Index Scan' ? heapOf(one) : one;
  if (scan === null || scan.node.relation === null) return null;
  const { relation, alias } = scan.node;
  const named = relations.filter((use) => use.name === relation && (use.alias ?? use.name) === (alias ?? relation));
  return named.length === 1 ? (named[0] ?? null) : null;
}

function heapOf(one: ViewedNode): ViewedNode | null {
  for (let at = one.parent; at !== null; at = at.parent) if (at.node.relation !== null) return at;
  return null;
}
