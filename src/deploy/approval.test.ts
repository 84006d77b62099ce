import { beforeAll, describe, expect, test } from 'vitest';
import { loadParser } from '../sql/parse.js';
import { approvalsFor } from './approval.js';
import { toSteps, type LabEvidence } from './plan.js';

beforeAll(() => loadParser());

const QUICK = { durationMs: 20, diskBytes: 1000, walBytes: 0, basis: 'as in the lab' };
const UNKNOWN = { durationMs: null, diskBytes: null, walBytes: null, basis: 'not known' };

interface Given {
  readonly up: string;
  readonly down?: string;
  readonly ran?: LabEvidence['revertVerified'];
}

function asked({ up, down, ran = true }: Given, estimate = QUICK as typeof QUICK | typeof UNKNOWN): readonly string[] {
  const evidence = { applyMs: 1, sizeBytes: 1, walBytes: null, revertVerified: ran, effect: '' };
  const steps = toSteps([{ title: 'Step', up: [up], down: down === undefined ? [] : [down], evidence }]);
  return steps.flatMap((step) =>
    approvalsFor(step, estimate, 10_000).map(
      ({ protocol, decidedBy, decisionNeeded }) => `${protocol}, ${decidedBy}: ${decisionNeeded}`,
    ),
  );
}

const CREATE = {
  up: 'CREATE INDEX CONCURRENTLY x ON public.t (a)',
  down: 'DROP INDEX CONCURRENTLY IF EXISTS public.x',
};
const DROP = { up: 'DROP INDEX CONCURRENTLY public.x', down: 'CREATE INDEX CONCURRENTLY x ON public.t (a)' };
const WIDEN = {
  up: 'ALTER TABLE public.t ALTER COLUMN a TYPE bigint',
  down: 'ALTER TABLE public.t ALTER COLUMN a TYPE integer',
};

describe('who has to approve', () => {
  test('nobody else, for what blocks nobody and has a way back that was run', () => {
    expect(asked(CREATE)).toEqual([]);
    expect(asked(CREATE, UNKNOWN)).toEqual([]);
    expect(asked(DROP)).toEqual([]);
    expect(asked({ up: 'ANALYZE public.t' })).toEqual([]);
  });

  test('what drops, where the way back was not run or is not there', () => {
    expect(asked({ ...DROP, ran: null })).toEqual([
      'schema-change, DBA and data governance: Step: it drops something, and the way back was not run in the lab',
    ]);
    expect(asked({ up: DROP.up })).toEqual(['schema-change, DBA and data governance: Step: there is no way back']);
  });

  test('what writes rows anew', () => {
    expect(asked(WIDEN)).toEqual(['data-integrity, DBA and data governance: Step: it writes every row anew']);
  });

  test('what keeps clients waiting, for too long or nobody knows how long', () => {
    const build = { up: 'CREATE INDEX x ON public.t (a)', down: 'DROP INDEX public.x' };
    expect(asked(build)).toEqual([]);
    expect(asked(build, { ...QUICK, durationMs: 9000 })).toEqual([
      'downtime, change management: Step: it keeps clients waiting for 9.00 s (estimated)',
    ]);
    expect(asked(build, UNKNOWN)).toEqual([
      'downtime, change management: Step: it keeps clients waiting for an unknown time',
    ]);
    expect(asked(build, { ...QUICK, durationMs: 5 * 3_600_000 })).toEqual([
      expect.stringContaining('over the 4.00 h that are tolerated'),
    ]);
  });

  test('what needs much of the free disk', () => {
    expect(asked(CREATE, { ...QUICK, diskBytes: 6000 })).toEqual([
      'capacity-planning, infrastructure: Step: it needs 5.86 kB (estimated) of 9.77 kB of free disk',
    ]);
  });
});
