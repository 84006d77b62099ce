import { z } from 'zod';
import { formatMs } from '../../base/units.js';
import type { Evidence } from '../../model/finding.js';
import type { PlanModes, PlanModesOfSet } from '../../model/plan-modes.js';
import { defineAdvisor } from '../define.js';
import { measured } from '../evidence.js';

export default defineAdvisor({
  id: 'query/slow-generic-plan',
  status: 'stable',
  severity: 'warning',
  docs: {
    what: 'Statements with parameters for which the server goes over from plans made for the values to one generic plan, where that plan is slower for some of the values: measured with `plan_cache_mode` at both, in turn.',
    why: 'A prepared statement is planned for its values five times. Then the server takes the generic plan if its estimated cost is no higher than the mean of those, and keeps it; for a value that is far more frequent than most, that plan can be many times slower.',
    limits:
      'Needs a lab and values for the parameters. Bears only on statements that are sent as prepared ones, by name or by a driver that prepares what repeats, and on those inside PL/pgSQL functions. ' +
      'Reads only. Silent where the server stays with custom plans by itself, and where all sets of values get the same plan. Which plan the server takes depends on the values of the first five executions: here the sets in turn.',
    sources: [
      'PostgreSQL manual, "PREPARE", notes',
      'PostgreSQL manual, plan_cache_mode',
      'PostgreSQL source, plancache.c, choose_custom_plan',
    ],
    bad: `
      CREATE TABLE account (id integer PRIMARY KEY, balance integer NOT NULL, note text);
      INSERT INTO account SELECT n, n % 100, repeat('x', 50) FROM generate_series(1, 50000) AS n;
      CREATE TABLE booking (id integer PRIMARY KEY, account_id integer NOT NULL, batch integer NOT NULL);
      INSERT INTO booking
        SELECT n, 1 + (n::bigint * 7919) % 50000, CASE WHEN n % 2 = 0 THEN 0 ELSE n END FROM generate_series(1, 120000) AS n;
      CREATE INDEX ON booking (batch);
      ANALYZE;`,
    good: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET plan_cache_mode = force_custom_plan', current_database()); END $$;`,
    workload: ['SELECT sum(a.balance) FROM booking AS b JOIN account AS a ON a.id = b.account_id WHERE b.batch = $1'],
    noRemedy:
      'A trial runs each statement with its values in place, which no plan_cache_mode bears on: the measurement in the evidence is the trial. Set it where the statement is sent: `ALTER ROLE ... SET plan_cache_mode = force_custom_plan`, `ALTER FUNCTION ... SET ...` for one inside a function, or send that one statement without preparing it.',
  },
  options: z.object({
    tolerance: z.number().min(1).default(1.15),
    minMs: z.number().nonnegative().default(1),
  }),
  examine({ planModes, workload }, { tolerance, minMs }) {
    return planModes.flatMap((modes) => {
      const statement = workload.statements.find(({ fingerprint }) => fingerprint === modes.fingerprint);
      const slow = modes.sets.filter((set) => set.ciLow > tolerance && set.genericMs - set.customMs >= minMs);
      const worst = slow.toSorted((a, b) => b.ratio - a.ratio)[0];
      if (!statement || !worst || modes.chosen !== 'generic') return [];
      return [
        {
          title: `Prepared, ${statement.name} goes over to a generic plan, which is ${worst.ratio.toFixed(1)} times slower for ${worst.parameterClass} values; plan_cache_mode = force_custom_plan for its role or function keeps it from that.`,
          place: statement.name,
          evidence: [chosenEvidence(modes), ...slow.flatMap(evidenceOf)],
          statements: [statement.fingerprint],
          actions: [],
        },
      ];
    });
  },
});

function chosenEvidence({ chosen }: PlanModes): Evidence {
  return measured(
    'plan of the sixth execution, the sets of values in turn',
    chosen,
    'plan',
    'pg_prepared_statements.generic_plans',
  );
}

function evidenceOf(set: PlanModesOfSet): readonly Evidence[] {
  const source = `lab, ${set.rounds} pairs in turn, planning included`;
  const of = `for ${set.parameterClass} values`;
  const cutOff = set.genericTimedOutMs;
  return [
    measured(`custom plan ${of}: ${set.customShape}`, set.customMs, 'ms', source),
    measured(
      `generic plan ${of}: ${set.genericShape}`,
      set.genericMs,
      'ms',
      cutOff === null ? source : `${source}; cut off after ${formatMs(cutOff)}, a lower bound`,
    ),
    measured(
      `generic against custom ${of}`,
      Number(set.ratio.toFixed(2)),
      'ratio',
      `95 % interval ${set.ciLow.toFixed(2)} to ${set.ciHigh.toFixed(2)}`,
    ),
    measured(`blocks of the custom plan ${of}`, set.customBuffers, 'blocks', source),
    measured(`blocks of the generic plan ${of}`, set.genericBuffers, 'blocks', source),
  ];
}
