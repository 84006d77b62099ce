import { z } from 'zod';
import type { Snapshot } from '../../model/snapshot.js';
import { loadParser } from '../../sql/parse.js';
import type { Predicate } from '../../sql/use-types.js';
import {
  mergeCandidates,
  specKey,
  tableUses,
  type Candidate,
  type TableUse,
} from '../../indexes/candidates/candidates.js';
import {
  btreeCandidates,
  coveringCandidate,
  indexableParts,
  type CandidateBasis,
} from '../../indexes/candidates/btree-candidates.js';
import { candidatePlace, indexFinding, statementNames } from '../index-finding.js';
import { heuristicWhatIf } from '../../indexes/candidates/heuristic-what-if.js';
import { otherCandidates } from '../../indexes/candidates/method-candidates.js';
import { searchIndexes } from '../../indexes/candidates/search.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { rareRows } from '../../indexes/candidates/rare-rows.js';

export default defineAdvisor({
  id: 'index/missing-index',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Workload statements that read far more rows than they need because no index leads to them.',
    why: 'A scan of a whole table grows with the table; a look-up hardly does. Sorts for the first few rows, joins and grouping can also be served in index order.',
    limits:
      'Silent on tables below `minRows` rows or `minPages` pages, and where the cost falls by less than `minFall` for every statement and less than `minShare` for the workload. ' +
      'Costs are estimates of the planner (of the statistics alone where no what-if engine could be had): the trial decides. ' +
      'Conditions on expressions, and constants that pick out few rows, are left to `index/expression-index` and `index/partial-index`.',
    sources: [
      'PostgreSQL manual, "Multicolumn Indexes", "Indexes and ORDER BY", "Index-Only Scans and Covering Indexes", "GIN Indexes", "BRIN Indexes"',
      'Chaudhuri & Narasayya, "An Efficient, Cost-Driven Index Selection Tool for Microsoft SQL Server", VLDB 1997',
    ],
    bad: `
      CREATE TABLE purchase (id bigint PRIMARY KEY, buyer_id bigint NOT NULL, made_at timestamptz NOT NULL, note text NOT NULL);
      INSERT INTO purchase SELECT n, n * 7919 % 4000, timestamptz '2024-01-01 00:00:00+00' + n * interval '1 minute', repeat('x', 80) FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    good: 'CREATE INDEX ON purchase (buyer_id, made_at);',
    workload: ['SELECT * FROM purchase WHERE buyer_id = 42 ORDER BY made_at DESC LIMIT 3'],
  },
  options: z.object({
    minRows: z.number().int().nonnegative().default(1000),
    minPages: z.number().int().nonnegative().default(10),
    minFall: z.number().min(0).max(1).default(0.2),
    minShare: z.number().min(0).max(1).default(0.01),
    mostPerTable: z.number().int().positive().default(6),
    minBrinPages: z.number().int().nonnegative().default(10_000),
  }),
  async examine(snapshot, options, whatIf) {
    await loadParser();
    const uses = tableUses(snapshot, options);
    const engine = whatIf ?? heuristicWhatIf(snapshot, uses);
    const input = { snapshot, uses, whatIf: engine, limits: options };
    const candidates = uses.flatMap((one) => candidatesFor(snapshot, one, options.minBrinPages));
    const chosen = await searchIndexes(input, candidates, (evaluated) => coveringOnes(snapshot, uses, evaluated));
    const basis = {
      snapshot,
      uses,
      whatIf: engine,
      costSource: whatIf ? 'what-if planner cost' : 'rows read, guessed from the statistics',
    };
    const findings: AdvisorFinding[] = [];
    for (const one of chosen) {
      findings.push(
        await indexFinding(
          basis,
          one,
          `No index ${candidatePlace(one.candidate)} serves ${statementNames(snapshot, one)}.`,
        ),
      );
    }
    return findings;
  },
});

/** Candidates per use of a table; more of them only cost questions. */
const MOST_CANDIDATES = 14;

function candidatesFor(snapshot: Snapshot, tableUse: TableUse, minBrinPages: number): readonly Candidate[] {
  if (tableUse.use.role === 'insert') return [];
  const basis: CandidateBasis = snapshot;
  const isRare = (predicate: Predicate): boolean => rareRows(predicate, tableUse, snapshot.statistics) !== null;
  const parts = indexableParts(basis, tableUse, isRare);
  const sorts = parts.equal.length === 0 && tableUse.use.predicates.some(isRare) ? [] : parts.sorts;
  return [
    ...btreeCandidates(basis, tableUse, { ...parts, sorts }, MOST_CANDIDATES),
    ...otherCandidates(basis, tableUse, minBrinPages),
  ];
}

/** A covering form of each candidate for each statement that it was thought of for. */
function coveringOnes(
  snapshot: Snapshot,
  uses: readonly TableUse[],
  evaluated: readonly Candidate[],
): readonly Candidate[] {
  const single = evaluated.flatMap((candidate) =>
    uses
      .filter((one) => one.table === candidate.table && candidate.for.includes(one.statement.fingerprint))
      .flatMap((one) => coveringCandidate(snapshot, one, candidate) ?? []),
  );
  const known = new Set(evaluated.map((one) => specKey(one.spec)));
  return mergeCandidates(single).filter((one) => !known.has(specKey(one.spec)));
}
