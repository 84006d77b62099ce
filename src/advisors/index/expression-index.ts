import { candidatePlace, indexFinding, statementNames } from '../index-finding.js';
import { searchClass, searchOptions } from '../index-search.js';
import { defineAdvisor } from '../define.js';

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
  options: searchOptions(2),
  async examine(snapshot, options, whatIf, bounds) {
    const { proposals, found } = await searchClass('expression', { snapshot, options, whatIf, bounds });
    return found.map((one) => {
      const title = `No index ${candidatePlace(one.candidate)} holds the expression that is asked for by ${statementNames(snapshot, one)}.`;
      return indexFinding(snapshot, proposals, one, title);
    });
  },
});
