import type { Snapshot } from '../../model/snapshot.js';
import type { Candidate } from '../../indexes/candidates/candidates.js';
import { partialCandidates } from '../../indexes/candidates/partial-candidates.js';
import { MOST_RARE, type RareRows } from '../../indexes/candidates/rare-rows.js';
import type { ProposedIndex } from '../../indexes/proposals/proposals.js';
import { candidatePlace, indexFinding, statementNames, withoutQuotes } from '../index-finding.js';
import { searchClass, searchOptions } from '../index-search.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { estimated } from '../evidence.js';
import { placeOf } from '../../model/catalog.js';

export default defineAdvisor({
  id: 'index/partial-index',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: "Statements which ask for the same few rows each time, such as those with `status = 'pending'`, with no index of those rows alone.",
    why: 'An index with the condition in its WHERE clause holds only those rows: it is a fraction of the size, and rows that do not meet the condition cost nothing to write.',
    limits:
      `Only conditions with constants in the statement's text, which at most ${MOST_RARE * 100} % of the rows meet according to the column's statistics; a parameter can take any value. ` +
      'A statement whose constant is replaced by a parameter (as pg_stat_statements does) is not seen, but for IS NULL, IS NOT NULL and booleans. ' +
      'Silent on tables below `minRows` rows or `minPages` pages, and where the cost falls by less than `minFall`.',
    sources: ['PostgreSQL manual, "Partial Indexes"'],
    bad: `
      CREATE TABLE message (id bigint PRIMARY KEY, state text NOT NULL, made_at timestamptz NOT NULL, body text NOT NULL);
      INSERT INTO message SELECT n, CASE WHEN n % 400 = 0 THEN 'waiting' WHEN n % 2 = 0 THEN 'sent' ELSE 'read' END, timestamptz '2024-01-01 00:00:00+00' + n * 7919 % 20000 * interval '1 minute', repeat('x', 80)
      FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    good: `CREATE INDEX ON message (made_at) WHERE state = 'waiting';`,
    workload: [`SELECT * FROM message WHERE state = 'waiting' ORDER BY made_at LIMIT 10`],
  },
  options: searchOptions(2),
  async examine(snapshot, options, whatIf, bounds) {
    const { proposals, found } = await searchClass('partial', { snapshot, options, whatIf, bounds });
    const rare = new Map<string, RareRows>();
    for (const one of proposals.uses) {
      for (const { candidate, rows } of partialCandidates(snapshot, one))
        rare.set(rareKey(candidate, rows.where), rows);
    }
    return found.map((one) => withFraction(indexFinding(snapshot, proposals, one, titleOf(snapshot, one)), one, rare));
  },
});

function titleOf(snapshot: Snapshot, chosen: ProposedIndex): string {
  const { table, spec } = chosen.candidate;
  return `Few rows of ${placeOf(table)} meet ${withoutQuotes(spec.where ?? '')}, and no index ${candidatePlace(chosen.candidate)} holds those alone for ${statementNames(snapshot, chosen)}.`;
}

function withFraction(
  finding: AdvisorFinding,
  { candidate }: ProposedIndex,
  rare: ReadonlyMap<string, RareRows>,
): AdvisorFinding {
  const fraction = rare.get(rareKey(candidate, candidate.spec.where ?? ''))?.fraction ?? null;
  const [first, ...rest] = finding.evidence;
  return {
    ...finding,
    evidence: [
      first,
      estimated('share of the rows that meet the condition', fraction, 'fraction', 'pg_stats'),
      ...rest,
    ],
  };
}

function rareKey({ table }: Pick<Candidate, 'table'>, where: string): string {
  return `${table.oid} ${where}`;
}
