import { z } from 'zod';
import type { Snapshot } from '../../model/snapshot.js';
import type { WorkloadStatement } from '../../model/workload.js';
import { catalogue } from '../../rewrites/catalogue.js';
import { isFor } from '../../rewrites/define.js';
import type { Proposal, RewriteRule } from '../../rewrites/define.js';
import { shows } from '../../rewrites/plan-signs.js';
import { relationsRead } from '../../rewrites/view.js';
import { loadParser, tryParseStatement } from '../../sql/parse.js';
import type { ParsedStatement } from '../../sql/parse.js';
import { rewriteAction } from '../actions.js';
import { defineAdvisor, type AdvisorFinding } from '../define.js';
import { measured, usage } from '../evidence.js';

export default defineAdvisor({
  id: 'query/rewritable-statement',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Statements that a rule can write in another form of the same meaning, where the plan shows that the present one costs something.',
    why: 'The planner takes a statement as it is written: it does not turn NOT IN into a join, look behind a function on a column, or compute a correlated aggregate once for all rows.',
    limits:
      "Speaks only where the catalog proves every precondition of the rule (NOT NULL, keys, validated foreign keys, no volatile function, no row locks) and the plan shows the rule's sign. Without a plan it is worth knowing at most, and `info`. " +
      'Whether the new form is faster, only the trial can tell; `optimize` holds both forms against each other on small adversarial databases before. `without` names rules to leave out.',
    sources: ['PostgreSQL manual, "Performance Tips"', 'The pages of the rules: docs/rewrites'],
    bad: `
      CREATE TABLE visitor (id bigint PRIMARY KEY, email text NOT NULL);
      CREATE TABLE unwanted (email text NOT NULL, why text NOT NULL);
      INSERT INTO visitor SELECT n, repeat('v', 400) || n FROM generate_series(1, 40) AS n;
      INSERT INTO unwanted SELECT repeat('v', 400) || n * 7, 'spam' FROM generate_series(1, 30000) AS n;
      ANALYZE;`,
    good: `
      DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''64MB''', current_database()); END $$;
      TRUNCATE unwanted;
      INSERT INTO unwanted SELECT repeat('v', 400) || n * 7, 'spam' FROM generate_series(1, 30) AS n;
      ANALYZE unwanted;`,
    workload: ['SELECT id FROM visitor WHERE id < 20 AND email NOT IN (SELECT email FROM unwanted)'],
  },
  options: z.object({ without: z.array(z.string()).default([]) }),
  async examine(snapshot, { without }) {
    await loadParser();
    const rules = catalogue.filter((rule) => isFor(rule, snapshot.target.major) && !without.includes(rule.id));
    return snapshot.workload.statements.flatMap((statement) => {
      const parsed = tryParseStatement(statement.sql);
      if (!parsed) return [];
      const plan = snapshot.plans.get(statement.fingerprint);
      return rules
        .filter((rule) => !plan || shows(plan, rule.triggers))
        .flatMap((rule) => {
          const sound = rule.propose(parsed, snapshot.catalog).filter((one) => one.missing.length === 0);
          return sound.length > 0 ? [describe(snapshot, { statement, parsed, rule }, sound)] : [];
        });
    });
  },
});

interface Found {
  readonly statement: WorkloadStatement;
  readonly parsed: ParsedStatement;
  readonly rule: RewriteRule;
}

function describe(
  snapshot: Snapshot,
  { statement, parsed, rule }: Found,
  proposals: readonly Proposal[],
): AdvisorFinding {
  const source = `statement ${statement.fingerprint}`;
  const planned = snapshot.plans.has(statement.fingerprint);
  const signs = rule.triggers.length === 0 ? 'none needed' : rule.triggers.join(' or ');
  return {
    ...(planned ? {} : { severity: 'info' as const }),
    title: `"${statement.name}" can be written in another form (${rule.id}).`,
    place: `${source} ${rule.id}`,
    evidence: [
      measured('places of the pattern', proposals.length, 'places', source),
      ...usage(statement),
      measured('signs of it in the plan', planned ? signs : null, '', `plan of ${source}`),
    ],
    statements: [statement.fingerprint],
    actions: proposals.map((proposal) =>
      rewriteAction(statement, rule.id, proposal, {
        title: `Rewrite "${statement.name}" (${rule.id})`,
        tables: relationsRead(parsed, snapshot.catalog),
      }),
    ),
  };
}
