import { z } from 'zod';
import type { Snapshot } from '../../model/snapshot.js';
import { loadParser } from '../../sql/parse.js';
import type { Predicate } from '../../sql/use-types.js';
import { columnKey, indexSpec, tableUses, type Candidate, type TableUse } from '../../indexes/candidates.js';
import { indexableParts, sortedKeys } from '../../indexes/btree-candidates.js';
import { candidatePlace, indexFinding, statementNames } from '../index-finding.js';
import { heuristicWhatIf } from '../../indexes/heuristic-what-if.js';
import { trigramOpclass } from '../../indexes/method-candidates.js';
import { searchIndexes } from '../../indexes/search.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { isImmutable } from '../../indexes/immutability.js';

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
    const candidates = uses.flatMap((one) => candidatesFor(snapshot, one));
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

function candidatesFor(snapshot: Snapshot, tableUse: TableUse): readonly Candidate[] {
  const { use, table } = tableUse;
  if (use.role === 'insert') return [];
  const usable = (expression: string | null): expression is string =>
    expression !== null && isImmutable(expression, table, snapshot.catalog);
  const conditions = use.predicates.filter((one) => usable(one.expression));
  const sorted = use.sorts.filter(
    (sort) =>
      sort.keys.some((key) => usable(key.expression)) &&
      sort.keys.every((key) => key.column !== null || usable(key.expression)),
  );
  const btree = [
    ...conditions.flatMap((predicate) => conditionKeys(snapshot, tableUse, predicate)),
    ...sorted.map((sort) =>
      sort.keys.map(
        (key) =>
          `${key.column === null ? `(${key.expression})` : columnKey(key.column)}${key.descending ? ' DESC' : ''}`,
      ),
    ),
  ];
  return [
    ...btree.map((keys) => toCandidate(snapshot, tableUse, keys, 'btree')),
    ...conditions.flatMap((predicate) => {
      const opclass = invertedOpclass(snapshot, predicate);
      return opclass === null ? [] : [toCandidate(snapshot, tableUse, [`(${predicate.expression})${opclass}`], 'gin')];
    }),
  ];
}

/** The expression alone, and with what else the statement asks of the table before or behind it. */
function conditionKeys(snapshot: Snapshot, tableUse: TableUse, predicate: Predicate): readonly (readonly string[])[] {
  const key = `(${predicate.expression})`;
  const parts = indexableParts(snapshot, tableUse, () => false);
  const equal = parts.equal.map((column) => columnKey(column));
  if (predicate.kind === 'equality' || predicate.kind === 'list') {
    const sorts = parts.sorts.flatMap((sort) => sortedKeys(sort, parts.equal) ?? []);
    return [
      [key],
      ...(equal.length > 0 ? [[...equal, key]] : []),
      ...sorts.map((sort) => [...equal, key, ...sort.keys]),
      ...parts.ranges.map((range) => [...equal, key, range]),
    ];
  }
  if (predicate.kind === 'range') return [[...equal, key]];
  return predicate.kind === 'prefix' || predicate.kind === 'pattern' ? [[...equal, `${key} text_pattern_ops`]] : [];
}

/** Full text needs GIN; patterns too, with pg_trgm. Null where GIN does not serve. */
function invertedOpclass(snapshot: Snapshot, predicate: Predicate): string | null {
  if (predicate.kind === 'operator' && predicate.operator === '@@') return '';
  return predicate.kind === 'contains' ? trigramOpclass(snapshot.catalog) : null;
}

function toCandidate(snapshot: Snapshot, tableUse: TableUse, keys: readonly string[], method: string): Candidate {
  return {
    spec: indexSpec(snapshot.catalog, tableUse.table, { keys, method }),
    table: tableUse.table,
    for: [tableUse.statement.fingerprint],
  };
}
