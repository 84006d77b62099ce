import { WizardError } from '../../src/base/errors.js';
import { verifyEquivalence } from '../../src/lab/equivalence/verify.js';
import type { Equivalence } from '../../src/lab/equivalence/verify.js';
import { createDatabase } from '../../src/lab/databases.js';
import type { LabServer } from '../../src/lab/server.js';
import type { Catalog } from '../../src/model/catalog.js';
import { planNodes } from '../../src/model/plan.js';
import { connect } from '../../src/postgres/connect.js';
import { explain } from '../../src/postgres/explain.js';
import { readCatalog } from '../../src/postgres/read/catalog.js';
import type { Session } from '../../src/postgres/session.js';
import { catalogue } from '../../src/rewrites/catalogue.js';
import type { Proposal, RewriteRule } from '../../src/rewrites/define.js';
import { parseStatement } from '../../src/sql/parse.js';
import { splitStatements } from '../../src/sql/split.js';

let databases = 0;

/** A database of its own with a schema in it. */
export async function withSchema<T>(
  server: LabServer,
  schema: string,
  work: (session: Session, catalog: Catalog) => Promise<T>,
): Promise<T> {
  databases += 1;
  const database = `rewrite_${databases}`;
  const admin = await connect(server.connection);
  await createDatabase(admin, database);
  const session = await connect({ ...server.connection, database });
  try {
    await runScript(session, schema);
    return await work(session, (await readCatalog(session)).catalog);
  } finally {
    await session.close();
    await admin.run(`DROP DATABASE ${database} WITH (FORCE)`);
    await admin.close();
  }
}

/** What a rule says and the verifier sees of its unsound twin. */
export async function judgeTwin(
  server: LabServer,
  { example, unsoundTwin, ...rule }: RewriteRule,
): Promise<{ readonly proposals: readonly Proposal[]; readonly found: Equivalence }> {
  const statement = unsoundTwin.statement ?? example.statement;
  return withSchema(server, unsoundTwin.schema ?? example.schema, async (session, catalog) => {
    const proposals = rule.propose(parseStatement(statement), catalog);
    const to = unsoundTwin.to ?? proposals[0]?.to;
    if (to === undefined) throw new Error('the rule does not even match its unsound twin');
    const failures = rule.sparesOverflow ? 'fewer-overflows' : 'same';
    const claim = { before: statement, after: to, parameterSets: [] };
    const found = await verifyEquivalence(session, catalog, claim, { failures });
    if (found.kind === 'refuted') await runCounterexample(session, found);
    return { proposals, found };
  });
}

/** As a person would run it: it fails just where one of the two statements does. */
async function runCounterexample(
  session: Session,
  { difference, counterexample }: Extract<Equivalence, { readonly kind: 'refuted' }>,
): Promise<void> {
  const error = /fails with (\w{5})/.exec(difference)?.[1];
  const failed = await session.run(counterexample).then(
    () => null,
    (thrown: unknown) => (thrown instanceof WizardError ? thrown.message : String(thrown)),
  );
  if (error === undefined ? failed !== null : failed?.includes(error) !== true)
    throw new Error(`the counterexample ${failed === null ? 'runs' : `gives "${failed}"`} where ${difference}`);
  if (error !== undefined) await session.run('ROLLBACK');
}

/** Shared buffers of one execution, and rows read or compared. */
export async function workOf(
  session: Session,
  sql: string,
): Promise<{ readonly buffers: number; readonly rows: number }> {
  const { root } = await explain(session, sql, { analyze: true });
  let rows = 0;
  for (const node of planNodes(root))
    rows +=
      ((node['Actual Rows'] ?? 0) +
        (node['Rows Removed by Filter'] ?? 0) +
        (node['Rows Removed by Join Filter'] ?? 0)) *
      (node['Actual Loops'] ?? 1);
  return { buffers: (root['Shared Hit Blocks'] ?? 0) + (root['Shared Read Blocks'] ?? 0), rows };
}

/** Runs a script statement by statement. */
export async function runScript(session: Session, script: string): Promise<void> {
  for (const { sql } of splitStatements(script)) await session.run(sql);
}

/** What is wrong with the offers for statements: other rules than those named beside each, sorted, or an offer that the verifier does not let stand. */
export async function wrongOffers(
  server: LabServer,
  schema: string,
  cases: readonly (readonly [string, string])[],
  databases = 150,
): Promise<readonly string[]> {
  return withSchema(server, schema, async (session, catalog) => {
    const wrong: string[] = [];
    for (const [sql, expected] of cases) {
      const offers = catalogue
        .flatMap((rule) => rule.propose(parseStatement(sql), catalog))
        .filter(({ missing }) => missing.length === 0)
        .toSorted((a, b) => (a.rule < b.rule ? -1 : 1));
      const rules = [...new Set(offers.map(({ rule }) => rule))].join(' ');
      if (rules !== expected) wrong.push(`${sql}: ${rules || 'nothing'} and not ${expected || 'nothing'}`);
      for (const { rule, to } of offers) {
        const claim = { before: sql, after: to, parameterSets: [] };
        const found = await verifyEquivalence(session, catalog, claim, {
          databases,
          failures: 'fewer-overflows',
        });
        if (found.kind !== 'held')
          wrong.push(`${rule}: ${to}\n${found.kind === 'refuted' ? found.counterexample : found.reason}`);
      }
    }
    return wrong;
  });
}
