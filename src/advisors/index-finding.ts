import type { Evidence } from '../model/finding.js';
import type { Snapshot } from '../model/snapshot.js';
import type { WorkloadStatement } from '../model/workload.js';
import { createIndexAction } from './actions.js';
import type { Candidate, TableUse } from '../indexes/candidates/candidates.js';
import type { ProposedIndex, Proposals } from '../indexes/proposals/proposals.js';
import type { StatementGain } from '../indexes/selection/selection-types.js';
import type { AdvisorFinding } from './define.js';
import { estimated, measured, usage } from './evidence.js';
import { estimatedRows } from '../indexes/facts.js';
import { placeOf } from '../model/catalog.js';
import { unquoteIdent } from '../base/quote.js';

/** A finding for an index worth having: the statements that need it with calls, measured time and cost before and after, the table, the index's size, and the writes that would feed it. */
export function indexFinding(
  snapshot: Snapshot,
  { uses, costSource, gap }: Proposals,
  proposed: ProposedIndex,
  title: string,
): AdvisorFinding {
  const { catalog, workload } = snapshot;
  const { candidate, changes, variants, gainInSet, sizeBytes } = proposed;
  const rows = estimatedRows(catalog, candidate.table);
  const byFingerprint = new Map(workload.statements.map((one) => [one.fingerprint, one]));
  const perStatement = changes.slice(0, MOST_STATEMENTS).flatMap((change) => {
    const statement = byFingerprint.get(change.fingerprint);
    return statement ? statementEvidence(statement, change, costSource) : [];
  });
  return {
    title,
    place: candidatePlace(candidate),
    evidence: [
      estimated(`rows of ${placeOf(candidate.table)}`, rows.rows, 'rows', rows.source),
      ...perStatement,
      estimated('share of the objective that the best set would lose without it', gainInSet, 'fraction', costSource),
      estimated('share by which another set of candidates can be better at most', gap, 'fraction', costSource),
      estimated('size of the index', sizeBytes, 'bytes', 'index size model'),
      measured('executions of statements that write to the table', writes(uses, candidate), 'calls', workload.origin),
    ],
    statements: changes.map((change) => change.fingerprint),
    actions: [candidate, ...variants].map((one) => createIndexAction(one.spec, catalog)),
  };
}

/** `public.orders(customer_id, placed_at)`, with `where ...` for a partial index. */
export function candidatePlace({ spec, table }: Candidate): string {
  const include = spec.include.length > 0 ? ` include (${spec.include.map(unquoteIdent).join(', ')})` : '';
  const method = spec.method === 'btree' ? '' : ` using ${spec.method}`;
  const where = spec.where === null ? '' : ` where ${withoutQuotes(spec.where)}`;
  return `${placeOf(table, spec.keys.map(readable))}${include}${method}${where}`;
}

/** SQL for people: plain names lose their quotes. */
export function withoutQuotes(sql: string): string {
  return sql.replaceAll(/"([a-z_][a-z0-9_]*)"/g, '$1');
}

/** Names of the statements that gain, for titles: the first, and how many more. */
export function statementNames(snapshot: Snapshot, chosen: ProposedIndex): string {
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
  change: StatementGain,
  costSource: string,
): readonly Evidence[] {
  return [
    ...usage(statement),
    { ...estimated('cost now', change.before, 'planner cost', costSource), of: statement.name },
    { ...estimated('cost with the index', change.after, 'planner cost', costSource), of: statement.name },
  ];
}

function writes(uses: readonly TableUse[], { table }: Candidate): number {
  const writing = uses.filter((one) => one.table === table && one.use.role !== 'read').map((one) => one.statement);
  return [...new Set(writing)].reduce((sum, statement) => sum + statement.calls, 0);
}

function readable(key: string): string {
  const quoted = /^("(?:[^"]|"")*")(.*)$/s.exec(key);
  if (quoted) return `${unquoteIdent(quoted[1] ?? '')}${quoted[2] ?? ''}`;
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
