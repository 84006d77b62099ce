import type { Evidence } from '../model/finding.js';
import type { Snapshot } from '../model/snapshot.js';
import type { WhatIf } from '../model/what-if.js';
import type { WorkloadStatement } from '../model/workload.js';
import { createIndexAction } from './actions.js';
import { unquoted } from '../indexes/candidates/candidates.js';
import type { Candidate, TableUse } from '../indexes/candidates/candidates.js';
import type { Chosen } from '../indexes/candidates/search.js';
import type { AdvisorFinding } from './define.js';
import { estimated, measured, placeOf } from './evidence.js';
import { estimatedRows } from '../indexes/facts.js';

/** What a finding about an index is told from. */
export interface FindingBasis {
  readonly snapshot: Snapshot;
  readonly uses: readonly TableUse[];
  readonly whatIf: WhatIf;
  /** Where the costs come from, e.g. `what-if planner cost`. */
  readonly costSource: string;
}

/** A finding for an index worth having: the statements that need it with calls, measured time and cost before and after, the table, the index's size, and the writes that would feed it. */
export async function indexFinding(basis: FindingBasis, chosen: Chosen, title: string): Promise<AdvisorFinding> {
  const { catalog, workload } = basis.snapshot;
  const { candidate, changes, variants } = chosen;
  const rows = estimatedRows(catalog, candidate.table);
  const size = await basis.whatIf.size(candidate.spec);
  const byFingerprint = new Map(workload.statements.map((one) => [one.fingerprint, one]));
  const perStatement = changes.slice(0, MOST_STATEMENTS).flatMap((change) => {
    const statement = byFingerprint.get(change.fingerprint);
    return statement ? statementEvidence(statement, change, basis.costSource) : [];
  });
  return {
    title,
    place: candidatePlace(candidate),
    evidence: [
      estimated(`rows of ${placeOf(candidate.table)}`, rows.rows, 'rows', rows.source),
      ...perStatement,
      estimated('share of the workload that falls away', chosen.share, 'fraction', basis.costSource),
      estimated('size of the index', size.sizeBytes > 0 ? size.sizeBytes : null, 'bytes', 'index size model'),
      measured('executions of statements that write to the table', writes(basis, candidate), 'calls', workload.origin),
    ],
    statements: changes.map((change) => change.fingerprint),
    actions: [candidate, ...variants].map((one) => createIndexAction(one.spec, catalog)),
  };
}

/** `public.orders(customer_id, placed_at)`, with `where ...` for a partial index. */
export function candidatePlace({ spec, table }: Candidate): string {
  const include = spec.include.length > 0 ? ` include (${spec.include.map(unquoted).join(', ')})` : '';
  const method = spec.method === 'btree' ? '' : ` using ${spec.method}`;
  const where = spec.where === null ? '' : ` where ${withoutQuotes(spec.where)}`;
  return `${placeOf(table, spec.keys.map(readable))}${include}${method}${where}`;
}

/** SQL for people: plain names lose their quotes. */
export function withoutQuotes(sql: string): string {
  return sql.replaceAll(/"([a-z_][a-z0-9_]*)"/g, '$1');
}

/** Names of the statements that gain, for titles: the first, and how many more. */
export function statementNames(snapshot: Snapshot, chosen: Chosen): string {
  const [first, ...others] = chosen.changes;
  const name =
    snapshot.workload.statements.find((one) => one.fingerprint === first?.fingerprint)?.name ?? 'a statement';
  return others.length === 0
    ? `"${name}"`
    : `"${name}" and ${others.length} more statement${others.length === 1 ? '' : 's'}`;
}

/** Evidence is read by people: the heaviest statements tell the story. */
const MOST_STATEMENTS = 4;

function statementEvidence(
  statement: WorkloadStatement,
  change: Chosen['changes'][number],
  costSource: string,
): readonly Evidence[] {
  const source = `statement ${statement.fingerprint}`;
  return [
    measured(`calls of ${statement.name}`, statement.calls, 'calls', source),
    measured(`mean time of ${statement.name}`, statement.meanMs, 'ms', source),
    estimated(`cost of ${statement.name} now`, change.before, 'planner cost', costSource),
    estimated(`cost of ${statement.name} with the index`, change.after, 'planner cost', costSource),
  ];
}

function writes({ uses }: FindingBasis, { table }: Candidate): number {
  const writing = uses.filter((one) => one.table === table && one.use.role !== 'read').map((one) => one.statement);
  return [...new Set(writing)].reduce((sum, statement) => sum + statement.calls, 0);
}

function readable(key: string): string {
  const quoted = /^("(?:[^"]|"")*")(.*)$/s.exec(key);
  if (quoted) return `${unquoted(quoted[1] ?? '')}${quoted[2] ?? ''}`;
  return withoutQuotes(closesAtEnd(key) ? key.slice(1, -1) : key);
}

/** Whether the parenthesis that opens the text is the one that closes it. */
function closesAtEnd(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '(') depth += 1;
    if (text[i] === ')') depth -= 1;
    if (depth === 0) return i > 0 && i === text.length - 1;
  }
  return false;
}
