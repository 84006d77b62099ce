import { z } from 'zod';
import { quoteIdent } from '../../../base/quote.js';
import { definePattern } from '../../define.js';
import type { ShapeFacts } from '../../facts.js';
import type { Step } from '../../step.js';
import { measured, named } from '../../words.js';

export default definePattern({
  id: 'sessions/no-statement-timeout',
  severity: 'info',
  needs: ['times'],
  docs: {
    what: 'Statements that ran for minutes, in a log in which none was ended by statement_timeout.',
    why: 'Whoever waited has left long ago; the statement holds its snapshot, its locks and a connection until it ends.',
    limits:
      'The setting itself is not in a log. Reports and maintenance may run long on purpose: those want a role of their own.',
    sources: ['PostgreSQL manual, "statement_timeout"'],
    bad: [
      'a 200000 duration: 190000.0 ms  statement: SELECT count(*) FROM event, person',
      'a 200100 duration: 1.0 ms  statement: SELECT 1 FROM person WHERE id = 4',
    ],
    good: [
      'a 100000 duration: 59000.0 ms  statement: SELECT count(*) FROM event, person',
      'b 200000 ERROR:  canceling statement due to statement timeout',
    ],
  },
  options: z.object({ minMs: z.number().min(0).default(60_000) }),
  watch({ minMs }) {
    const long = new Map<ShapeFacts, { calls: number; ms: number; most: number; readonly line: number }>();
    let ended = 0;
    const follow = ({ facts, ms, line }: Step): void => {
      if (ms === null || ms < minMs) return;
      const one = long.get(facts) ?? { calls: 0, ms: 0, most: 0, line };
      one.calls += 1;
      one.ms += ms;
      one.most = Math.max(one.most, ms);
      long.set(facts, one);
    };
    return {
      event({ kind }) {
        if (kind === 'statement-timeout') ended += 1;
      },
      follow: ({ kind }) => (kind === 'read' || kind === 'write' ? follow : null),
      findings() {
        const all = [...long].map(([facts, one]) => ({ facts, ...one })).toSorted((a, b) => b.most - a.most);
        const [first] = all;
        if (!first || ended > 0) return [];
        const users = all.flatMap(({ facts }) => facts.totals.users);
        const [user] = users;
        return [
          {
            title: `Nothing ended statements that ran for more than ${Math.round(minMs / 1000)} s, the longest: ${named(first.facts)}`,
            count: all.reduce((sum, one) => sum + one.calls, 0),
            counted: 'executions',
            timeMs: all.reduce((sum, one) => sum + one.ms, 0),
            timeIs: 'in the database, of these executions',
            evidence: [
              measured('longest execution', first.most, 'ms'),
              measured('executions that statement_timeout ended', ended, 'executions'),
            ],
            statements: all.slice(0, 5).map((one) => one.facts.text),
            change:
              'Set statement_timeout for the role of the program to what its users wait at most, and another role for long reports.',
            sql:
              user === undefined
                ? null
                : `ALTER ROLE ${quoteIdent(user)} SET statement_timeout = '${Math.round(minMs / 1000)}s'`,
            line: first.line,
            shapes: all.slice(0, 5).map((one) => one.facts),
          },
        ];
      },
    };
  },
});
