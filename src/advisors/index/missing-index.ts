import { candidatePlace, indexFinding, statementNames } from '../index-finding.js';
import { searchClass, searchOptions } from '../index-search.js';
import { defineAdvisor } from '../define.js';

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
  options: searchOptions(6),
  async examine(snapshot, options, whatIf, bounds) {
    const { proposals, found } = await searchClass('plain', { snapshot, options, whatIf, bounds });
    return found.map((one) => {
      const title = `No index ${candidatePlace(one.candidate)} serves ${statementNames(snapshot, one)}.`;
      return indexFinding(snapshot, proposals, one, title);
    });
  },
});
