import { beforeAll, expect, test } from 'vitest';
import { aCatalog, aColumn, aSnapshot, aStatement, aTable } from '../../test/support/snapshot.js';
import { catalogue } from '../rewrites/catalogue.js';
import { loadParser, parseStatement } from '../sql/parse.js';
import { cheapestChain, holdsFor, stepsAnew } from './rewrite-chains.js';
import type { Step } from './rewrite-chains.js';

beforeAll(loadParser);

const catalog = aCatalog({
  tables: [
    aTable('document', {
      columns: [
        aColumn('id', { type: 'integer', baseType: 'int4', notNull: true }),
        aColumn('tags', { type: 'text[]', baseType: '_text', notNull: true }),
      ],
    }),
  ],
});
const statement = aStatement(
  "SELECT d.id FROM document AS d WHERE (SELECT count(*) FROM unnest(d.tags) AS x WHERE x = 'a') > 0",
);

/** The single rewrites of the statement, each with this cost. */
function steps(cost: number): readonly Step[] {
  const parsed = parseStatement(statement.sql);
  return catalogue.flatMap((rule) => rule.propose(parsed, catalog).map((proposal) => ({ rule, proposal, cost })));
}

const chainAt = async (cost: (sql: string) => number | null): Promise<string | null> => {
  const snapshot = { ...aSnapshot(), catalog };
  const planCost = (sql: string): Promise<number | null> => Promise.resolve(cost(sql));
  const found = await cheapestChain(snapshot, statement, steps(900), { asWritten: 1000, planCost });
  return found && `${found.id}: ${found.proposal.to.replaceAll(/\s+/g, ' ')}`;
};

test('a second step that is much cheaper is offered with both rules and the proofs of both', async () => {
  expect(await chainAt(() => 100)).toBe(
    "subquery/count-to-exists + sargable/unnest-exists-to-containment: SELECT d.id FROM document AS d WHERE d.tags @> CAST(ARRAY['a'] AS text[])",
  );
});

test.each([
  ['no cheaper than half of the single step', 450],
  ['not known to the planner', null],
])('a second step is not offered where it is %s', async (_, cost) => {
  expect(await chainAt(() => cost)).toBeNull();
});

test('a recursion that the original has not has no cost to compare', () => {
  expect(stepsAnew('SELECT 1', 'WITH RECURSIVE s AS (SELECT 1) SELECT 1')).toBe(true);
  expect(stepsAnew('WITH RECURSIVE s AS (SELECT 1) SELECT 1', 'with recursive s AS (SELECT 1) SELECT 2')).toBe(false);
  expect(stepsAnew('SELECT 1', 'SELECT 2')).toBe(false);
});

test('a chain holds for the majors of both rules', () => {
  expect(holdsFor('subquery/count-to-exists + sargable/unnest-exists-to-containment')).toBe('PostgreSQL 14 and later');
  expect(holdsFor('subquery/same-table-in + subquery/count-to-exists')).toBe('PostgreSQL 14 to 17');
  expect(holdsFor('no/such')).toBe('unknown');
});
