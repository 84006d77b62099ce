import { z } from 'zod';
import { loadParser } from '../../sql/parse.js';
import { tableUses } from '../../indexes/candidates/candidates.js';
import { expressionCandidates } from '../../indexes/candidates/expression-candidates.js';
import { candidatePlace, indexFinding, statementNames } from '../index-finding.js';
import { heuristicWhatIf } from '../../indexes/candidates/heuristic-what-if.js';
import { searchIndexes } from '../../indexes/candidates/search.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';

export default defineAdvisor({
  id: 'index/expression-index',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Statements which compare, sort or group by an expression over a column, such as `lower(email) = $1`, with no index on that expression.',
    why: 'An index on the column holds other values than the ones compared, so the whole table is read and the expression computed for each row.',
    limits:
      'Only expressions that PostgreSQL takes for an index: IMMUTABLE ones. Silent for those which depend on the session, such as `date_trunc` or a cast to date of a `timestamptz`, where rewriting the condition as a range is the remedy. ' +
      'An expression with a parameter in it is only known where all parameter sets of the statement agree on it. ' +
      'Silent on tables below `minRows` rows or `minPages` pages, and where the cost falls by less than `minFall`.',
    sources: ['PostgreSQL manual, "Indexes on Expressions", "Function Volatility Categories"'],
    bad: `
      CREATE TABLE account (id bigint PRIMARY KEY, email text NOT NULL, about text NOT NULL);
      INSERT INTO account SELECT n, 'User' || n || '@Example.org', repeat('x', 80) FROM generate_series(1, 20000) AS n;
      ANALYZE;`,
    good: 'CREATE INDEX ON account (lower(email));',
    workload: [`SELECT * FROM account WHERE lower(email) = 'user77@example.org'`],
  },
  options: z.object({
    minRows: z.number().int().nonnegative().default(1000),
    minPages: z.number().int().nonnegative().default(10),
    minFall: z.number().min(0).max(1).default(0.2),
    minShare: z.number().min(0).max(1).default(0.01),
    mostPerTable: z.number().int().positive().default(2),
  }),
  async examine(snapshot, options, whatIf) {
    await loadParser();
    const uses = tableUses(snapshot, options);
    const engine = whatIf ?? heuristicWhatIf(snapshot, uses);
    const candidates = uses.flatMap((one) => expressionCandidates(snapshot, one));
    const chosen = await searchIndexes({ snapshot, uses, whatIf: engine, limits: options }, candidates);
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
          `No index ${candidatePlace(one.candidate)} holds the expression that is asked for by ${statementNames(snapshot, one)}.`,
        ),
      );
    }
    return findings;
  },
});
